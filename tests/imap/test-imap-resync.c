// SPDX-License-Identifier: EUPL-1.2
// A client that was away for long: QRESYNC tells it everything with the answer to its SELECT.
#include "config.h"

#include <string.h>

#include "imap-fixture.h"

#define N_MESSAGES 1024
#define N_ROUNDS 100

static void
do_ok (ImapClient *client, const char *text)
{
  imap_client_say (client, "x %s", text);
  g_free (imap_client_read_until (client, "x OK "));
}

// Reads a number that stands behind `prefix` in the line that begins with it.
static guint64
read_number (ImapClient *client, const char *prefix)
{
  g_autofree char *line = imap_client_read_until (client, prefix);

  return g_ascii_strtoull (line + strlen (prefix), NULL, 10);
}

static void
fill (ImapFixture *fixture, const WdId *user, ImapClient *client)
{
  wd_test_store_append (fixture->scratch, user, "INBOX", "Subject: x\r\n\r\nx\r\n", -1, 0);
  do_ok (client, "SELECT INBOX");
  for (guint n = 1; n < N_MESSAGES; n *= 2)
    do_ok (client, "COPY 1:* INBOX");
}

// 102,400 changes of flags, and half of the messages go.
static void
change (ImapClient *client)
{
  g_autoptr (GString) store = g_string_new ("STORE 2");

  for (guint i = 0; i < N_ROUNDS; i++)
    do_ok (client,
           i % 2 == 0 ? "STORE 1:* +FLAGS.SILENT (\\Seen)" : "STORE 1:* -FLAGS.SILENT (\\Seen)");
  for (guint i = 4; i <= N_MESSAGES; i += 2)
    g_string_append_printf (store, ",%u", i);
  g_string_append (store, " +FLAGS.SILENT (\\Deleted)");
  do_ok (client, store->str);
  do_ok (client, "EXPUNGE");
}

// Counts the UIDs of "1,3:4".
static guint
count_uids (const char *text)
{
  g_auto (GStrv) ranges = g_strsplit (text, ",", -1);
  guint n = 0;

  for (guint i = 0; ranges[i] != NULL; i++)
    {
      const char *colon = strchr (ranges[i], ':');
      guint64 first = g_ascii_strtoull (ranges[i], NULL, 10);

      n += colon != NULL ? (guint) (g_ascii_strtoull (colon + 1, NULL, 10) - first) + 1 : 1;
    }
  return n;
}

static void
test_long_away (void)
{
  ImapFixture fixture = { 0 };
  guint64 uidvalidity;
  guint64 modseq;
  guint n_vanished = 0;
  guint n_fetched = 0;
  gint64 start_us;

  imap_fixture_set_up (&fixture, NULL, NULL);
  WdId user = imap_fixture_add_user (&fixture, "alice");
  g_autoptr (ImapClient) away = imap_client_new_login (&fixture, "alice");
  g_autoptr (ImapClient) busy = imap_client_new_login (&fixture, "alice");
  fill (&fixture, &user, busy);
  do_ok (away, "ENABLE QRESYNC");
  imap_client_say (away, "s SELECT INBOX");
  uidvalidity = read_number (away, "* OK [UIDVALIDITY ");
  modseq = read_number (away, "* OK [HIGHESTMODSEQ ");
  g_free (imap_client_read_until (away, "s OK "));
  do_ok (away, "UNSELECT");
  change (busy);

  start_us = g_get_monotonic_time ();
  imap_client_say (away,
                   "r SELECT INBOX (QRESYNC (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " 1:%u))",
                   uidvalidity, modseq, N_MESSAGES);
  for (;;)
    {
      g_autofree char *line = imap_client_read_line (away);

      g_assert_nonnull (line);
      if (g_str_has_prefix (line, "r "))
        {
          g_assert_true (g_str_has_prefix (line, "r OK "));
          break;
        }
      if (g_str_has_prefix (line, "* VANISHED (EARLIER) "))
        n_vanished += count_uids (line + strlen ("* VANISHED (EARLIER) "));
      n_fetched += strstr (line, " FETCH (UID ") != NULL ? 1 : 0;
    }
  g_test_message ("%u changes told in %" G_GINT64_FORMAT " us", N_MESSAGES * N_ROUNDS,
                  g_get_monotonic_time () - start_us);
  g_assert_cmpuint (n_vanished, ==, N_MESSAGES / 2);
  g_assert_cmpuint (n_fetched, ==, N_MESSAGES / 2);
  g_clear_pointer (&away, imap_client_free);
  g_clear_pointer (&busy, imap_client_free);
  imap_fixture_tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/resync/long-away", test_long_away);
  return g_test_run ();
}
