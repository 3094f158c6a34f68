// SPDX-License-Identifier: EUPL-1.2
// Slots for hashes: never more at once, a bounded queue, and nobody is forgotten.
#include "config.h"

#include "auth-slots.h"

#include "auth.h"

static gint n_inside;
static gint n_done;
static gint n_refused;

static gpointer
enter_and_leave (gpointer data)
{
  WdAuthSlots *slots = data;

  for (guint i = 0; i < 2000; i++)
    {
      if (!wd_auth_slots_enter (slots, NULL))
        {
          g_atomic_int_inc (&n_refused);
          continue;
        }
      g_assert_cmpint (g_atomic_int_add (&n_inside, 1), <, 2);
      g_thread_yield ();
      g_atomic_int_add (&n_inside, -1);
      wd_auth_slots_leave (slots);
      g_atomic_int_inc (&n_done);
    }
  return NULL;
}

// Two slots and six that may wait are enough for eight threads, and too few for twelve.
static void
run_threads (guint n_threads)
{
  g_autoptr (WdAuthSlots) slots = wd_auth_slots_new (2, 6);
  GThread *threads[12];

  n_done = n_refused = 0;
  for (guint i = 0; i < n_threads; i++)
    threads[i] = g_thread_new ("slots", enter_and_leave, slots);
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (n_inside, ==, 0);
  g_assert_cmpint (n_done + n_refused, ==, n_threads * 2000);
}

static void
test_threads (void)
{
  run_threads (8);
  g_assert_cmpint (n_refused, ==, 0);
  run_threads (12);
}

static void
test_full (void)
{
  g_autoptr (WdAuthSlots) slots = wd_auth_slots_new (1, 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (wd_auth_slots_enter (slots, NULL));
  g_assert_false (wd_auth_slots_enter (slots, &error));
  g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_UNAVAILABLE);
  wd_auth_slots_leave (slots);
  g_assert_true (wd_auth_slots_enter (slots, NULL));
  wd_auth_slots_leave (slots);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/slots/threads", test_threads);
  g_test_add_func ("/auth/slots/full", test_full);
  return g_test_run ();
}
