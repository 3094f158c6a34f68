// SPDX-License-Identifier: EUPL-1.2
// Names of keywords that sessions share.
#include "config.h"

#include <string.h>

#include "imap-keyword.h"

#define N_THREADS 4
#define N_ROUNDS 20000

static void
test_shared (void)
{
  g_autofree char *name = g_strdup ("$Work");
  const char *a = wd_imap_keyword_ref (name);
  const char *b = wd_imap_keyword_ref ("$Work");
  const char *c = wd_imap_keyword_ref ("$work");

  // One in memory, as it was written.
  g_assert_true (a == b && a != name);
  g_assert_cmpstr (c, ==, "$work");
  g_assert_cmpuint (wd_imap_keyword_get_count (), ==, 2);
  wd_imap_keyword_unref (a);
  g_assert_cmpstr (b, ==, "$Work");
  wd_imap_keyword_unref (b);
  g_assert_cmpuint (wd_imap_keyword_get_count (), ==, 1);
  wd_imap_keyword_unref (c);
  g_assert_cmpuint (wd_imap_keyword_get_count (), ==, 0);
}

static gpointer
take_and_leave (gpointer data)
{
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      const char *name = wd_imap_keyword_ref ("$Last");

      g_assert_cmpstr (name, ==, "$Last");
      wd_imap_keyword_unref (name);
    }
  return NULL;
}

// The last that leaves meets the first that comes.
static void
test_race (void)
{
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("keywords", take_and_leave, NULL);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (wd_imap_keyword_get_count (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/keyword/shared", test_shared);
  g_test_add_func ("/imap/keyword/race", test_race);
  return g_test_run ();
}
