// SPDX-License-Identifier: EUPL-1.2
// Sliding windows: at, below and above the limit, over time, and in bounded memory.
#include "config.h"

#include "auth-limit.h"

#include "core-clock.h"
#include "core-limits.h"

static void
test_limit (void)
{
  g_autoptr (WdAuthLimit) limit = wd_auth_limit_new (3, 8000, 10);

  g_assert_false (wd_auth_limit_is_reached (limit, "a"));
  for (guint i = 1; i <= 4; i++)
    {
      wd_auth_limit_add (limit, "a");
      g_assert_cmpint (wd_auth_limit_is_reached (limit, "a"), ==, i >= 3);
    }
  g_assert_false (wd_auth_limit_is_reached (limit, "b"));
}

// One failure in each half of the window: each ends on its own.
static void
test_window (void)
{
  g_autoptr (WdAuthLimit) limit = wd_auth_limit_new (2, 8000, 10);

  wd_auth_limit_add (limit, "a");
  wd_core_clock_advance_for_test (4000 * 1000);
  wd_auth_limit_add (limit, "a");
  g_assert_true (wd_auth_limit_is_reached (limit, "a"));
  // The first is 7.5 s old and counts; at 9.1 s it does not, nor does the second at 13.2 s.
  wd_core_clock_advance_for_test (3500 * 1000);
  g_assert_true (wd_auth_limit_is_reached (limit, "a"));
  wd_core_clock_advance_for_test (1600 * 1000);
  g_assert_false (wd_auth_limit_is_reached (limit, "a"));
  wd_auth_limit_add (limit, "a");
  g_assert_true (wd_auth_limit_is_reached (limit, "a"));
  wd_core_clock_advance_for_test (4100 * 1000);
  g_assert_false (wd_auth_limit_is_reached (limit, "a"));
  g_assert_cmpuint (wd_auth_limit_get_n_entries (limit), ==, 1);
  // Long after, nothing is left of it.
  wd_core_clock_advance_for_test (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  g_assert_false (wd_auth_limit_is_reached (limit, "a"));
  g_assert_cmpuint (wd_auth_limit_get_n_entries (limit), ==, 0);
}

static void
test_bound (void)
{
  g_autoptr (WdAuthLimit) limit = wd_auth_limit_new (1, 8000, 3);

  wd_auth_limit_add (limit, "a");
  wd_auth_limit_add (limit, "b");
  wd_auth_limit_add (limit, "c");
  g_assert_cmpuint (wd_auth_limit_get_n_entries (limit), ==, 3);
  g_assert_true (wd_auth_limit_is_reached (limit, "a"));
  wd_auth_limit_add (limit, "a");
  // "b" is now the one that failed least recently.
  wd_auth_limit_add (limit, "d");
  g_assert_cmpuint (wd_auth_limit_get_n_entries (limit), ==, 3);
  g_assert_false (wd_auth_limit_is_reached (limit, "b"));
  g_assert_true (wd_auth_limit_is_reached (limit, "a"));
  g_assert_true (wd_auth_limit_is_reached (limit, "c"));
  g_assert_true (wd_auth_limit_is_reached (limit, "d"));
}

// As large as it gets in a service, and one more.
static void
test_entries_limit (void)
{
  g_autoptr (WdAuthLimit) limit = wd_auth_limit_new (1, 8000, WD_LIMIT_AUTH_FAILURE_ENTRIES);

  for (guint i = 0; i <= WD_LIMIT_AUTH_FAILURE_ENTRIES; i++)
    {
      char key[16];

      g_snprintf (key, sizeof key, "%u", i);
      wd_auth_limit_add (limit, key);
      if (i >= WD_LIMIT_AUTH_FAILURE_ENTRIES - 2)
        g_assert_cmpuint (wd_auth_limit_get_n_entries (limit), ==,
                          MIN (i + 1, WD_LIMIT_AUTH_FAILURE_ENTRIES));
    }
  g_assert_false (wd_auth_limit_is_reached (limit, "0"));
  g_assert_true (wd_auth_limit_is_reached (limit, "1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/limit/limit", test_limit);
  g_test_add_func ("/auth/limit/window", test_window);
  g_test_add_func ("/auth/limit/bound", test_bound);
  g_test_add_func ("/auth/limit/entries-limit", test_entries_limit);
  return g_test_run ();
}
