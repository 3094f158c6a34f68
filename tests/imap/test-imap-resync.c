// SPDX-License-Identifier: EUPL-1.2
// A client that was away for long: QRESYNC tells it everything with the answer to its SELECT.
#include "config.h"

#include <string.h>

#include "imap-fixture.h"

#define N_MESSAGES 1024
#define N_ROUNDS 100
#define N_CHANGES 300

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

// Adds the UIDs of "1,3:4".
static void
add_uids (WdUidSet *set, const char *text)
{
  g_auto (GStrv) ranges = g_strsplit (text, ",", -1);

  for (guint i = 0; ranges[i] != NULL; i++)
    {
      const char *colon = strchr (ranges[i], ':');
      WdUid first = (WdUid) g_ascii_strtoull (ranges[i], NULL, 10);

      wd_uidset_add_range (set, first,
                           colon != NULL ? (WdUid) g_ascii_strtoull (colon + 1, NULL, 10) : first);
    }
}

typedef struct
{
  ImapFixture imap;
  ImapClient *away;
  ImapClient *busy;
  guint64 uidvalidity; // As `away` saw it.
  guint64 modseq;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  WdId user;

  imap_fixture_set_up (&self->imap, NULL, NULL);
  user = imap_fixture_add_user (&self->imap, "alice");
  self->away = imap_client_new_login (&self->imap, "alice");
  self->busy = imap_client_new_login (&self->imap, "alice");
  fill (&self->imap, &user, self->busy);
  do_ok (self->away, "ENABLE QRESYNC");
  imap_client_say (self->away, "s SELECT INBOX");
  self->uidvalidity = read_number (self->away, "* OK [UIDVALIDITY ");
  self->modseq = read_number (self->away, "* OK [HIGHESTMODSEQ ");
  g_free (imap_client_read_until (self->away, "s OK "));
  do_ok (self->away, "UNSELECT");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  imap_client_free (self->away);
  imap_client_free (self->busy);
  imap_fixture_tear_down (&self->imap);
}

// What `away` is told when it comes back.
static void
resync (Fixture *self, WdUidSet *vanished, WdUidSet *fetched)
{
  gint64 start_us = g_get_monotonic_time ();

  imap_client_say (self->away,
                   "r SELECT INBOX (QRESYNC (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " 1:%u))",
                   self->uidvalidity, self->modseq, N_MESSAGES);
  for (;;)
    {
      g_autofree char *line = imap_client_read_line (self->away);
      const char *uid;

      g_assert_nonnull (line);
      if (g_str_has_prefix (line, "r "))
        {
          g_assert_true (g_str_has_prefix (line, "r OK "));
          break;
        }
      if (g_str_has_prefix (line, "* VANISHED (EARLIER) "))
        add_uids (vanished, line + strlen ("* VANISHED (EARLIER) "));
      uid = strstr (line, " FETCH (UID ");
      if (uid != NULL)
        wd_uidset_add (fetched, (WdUid) g_ascii_strtoull (uid + 12, NULL, 10));
    }
  g_test_message ("told in %" G_GINT64_FORMAT " us", g_get_monotonic_time () - start_us);
}

static void
test_long_away (Fixture *self, gconstpointer data)
{
  g_autoptr (WdUidSet) vanished = wd_uidset_new ();
  g_autoptr (WdUidSet) fetched = wd_uidset_new ();

  change (self->busy);
  resync (self, vanished, fetched);
  g_assert_cmpuint (wd_uidset_get_count (vanished), ==, N_MESSAGES / 2);
  g_assert_cmpuint (wd_uidset_get_count (fetched), ==, N_MESSAGES / 2);
}

// Message by message, in any order, some of which are then gone.
static void
test_one_by_one (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) commands = g_string_new (NULL);
  g_autoptr (WdUidSet) gone = wd_uidset_new ();
  g_autoptr (WdUidSet) changed = wd_uidset_new ();
  g_autoptr (WdUidSet) vanished = wd_uidset_new ();
  g_autoptr (WdUidSet) fetched = wd_uidset_new ();

  for (guint i = 0; i < N_CHANGES; i++)
    {
      WdUid uid = (WdUid) g_test_rand_int_range (1, N_MESSAGES + 1);
      gboolean goes = g_test_rand_bit () && !wd_uidset_has (gone, uid);

      wd_uidset_add (goes ? gone : changed, uid);
      g_string_append_printf (commands, "y UID STORE %u +FLAGS.SILENT (\\Seen)\r\n", uid);
      if (goes)
        g_string_append_printf (commands,
                                "y UID STORE %u +FLAGS.SILENT (\\Deleted)\r\n"
                                "y UID EXPUNGE %u\r\n",
                                uid, uid);
    }
  g_string_append (commands, "z NOOP\r\n");
  imap_client_send (self->busy, commands->str, commands->len, 0);
  g_free (imap_client_read_until (self->busy, "z OK "));
  resync (self, vanished, fetched);
  wd_uidset_remove_set (changed, gone);
  g_assert_true (wd_uidset_is_equal (vanished, gone));
  g_assert_true (wd_uidset_is_equal (fetched, changed));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/imap/resync/long-away", Fixture, NULL, set_up, test_long_away, tear_down);
  g_test_add ("/imap/resync/one-by-one", Fixture, NULL, set_up, test_one_by_one, tear_down);
  return g_test_run ();
}
