// SPDX-License-Identifier: EUPL-1.2
// INPROGRESS (RFC 9585): a search that takes long says how far it is.
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core-clock.h"
#include "imap-fixture.h"

#define N_MESSAGES 4096

static void
do_ok (ImapClient *client, const char *text)
{
  imap_client_say (client, "x %s", text);
  g_free (imap_client_read_until (client, "x OK "));
}

static gpointer
pass_time (gpointer data)
{
  gint *is_done = data;

  // Not so much that the session ends for it, and slowly enough to meet the search.
  for (guint i = 0; i < 100 && !g_atomic_int_get (is_done); i++)
    {
      wd_core_clock_advance_for_test (11 * G_USEC_PER_SEC);
      g_usleep (1000);
    }
  return NULL;
}

// Time flies while it searches: every piece is told of.
static void
test_search (void)
{
  ImapFixture fixture = { 0 };
  gint is_done = FALSE;
  guint n_told = 0;
  guint last = 0;
  GThread *thread;
  g_autoptr (GString) text = g_string_new (NULL);

  imap_fixture_set_up (&fixture, NULL, NULL);
  WdId user = imap_fixture_add_user (&fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (&fixture, "alice");
  g_string_append (text, "Subject: x\r\n\r\n");
  for (guint i = 0; i < 1000; i++)
    g_string_append (text, "hay, and nothing else\r\n");
  g_string_append (text, "needle\r\n");
  wd_test_store_append (fixture.scratch, &user, "INBOX", text->str, -1, 0);
  do_ok (client, "SELECT INBOX");
  for (guint n = 1; n < N_MESSAGES; n *= 2)
    do_ok (client, "COPY 1:* INBOX");
  // A search that reads no message tells nothing.
  imap_client_say (client, "a SEARCH RETURN (COUNT) UNDELETED");
  imap_client_expect (client, "* ESEARCH (TAG \"a\") COUNT 4096");
  imap_client_expect (client, "a OK ");
  imap_client_say (client, "b SEARCH RETURN (COUNT) BODY needle");
  thread = g_thread_new ("time", pass_time, &is_done);
  for (;;)
    {
      g_autofree char *line = imap_client_read_line (client);
      guint done;
      guint goal;

      g_assert_nonnull (line);
      if (sscanf (line, "* OK [INPROGRESS (\"b\" %u %u)] ", &done, &goal) != 2)
        {
          g_assert_cmpstr (line, ==, "* ESEARCH (TAG \"b\") COUNT 4096");
          break;
        }
      n_told++;
      g_assert_cmpuint (done, >, last);
      g_assert_cmpuint (done, <, goal);
      g_assert_cmpuint (goal, ==, N_MESSAGES);
      last = done;
    }
  imap_client_expect (client, "b OK ");
  g_atomic_int_set (&is_done, TRUE);
  g_thread_join (thread);
  g_assert_cmpuint (n_told, >, 0);
  g_clear_pointer (&client, imap_client_free);
  imap_fixture_tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/progress/search", test_search);
  return g_test_run ();
}
