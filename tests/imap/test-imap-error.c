// SPDX-License-Identifier: EUPL-1.2
// What clients hear when the store fails: a code of RFC 5530 and a fixed text, and the session goes
// on.
#include "config.h"

#include "imap-fixture.h"

static void
set_up (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_set_up (fixture, NULL, NULL);
}

static void
tear_down (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_tear_down (fixture);
}

// Every outcome that there is.
static void
test_codes (ImapFixture *fixture, gconstpointer data)
{
  static const struct
  {
    WdStoreError code;
    const char *reply;
  } rows[] = {
    { WD_STORE_ERROR_NOT_FOUND, "a NO [NONEXISTENT] " },
    { WD_STORE_ERROR_EXISTS, "a NO [ALREADYEXISTS] " },
    { WD_STORE_ERROR_FORBIDDEN, "a NO [NOPERM] " },
    { WD_STORE_ERROR_OVER_QUOTA, "a NO [OVERQUOTA] " },
    { WD_STORE_ERROR_TOO_LARGE, "a NO [TOOBIG] " },
    { WD_STORE_ERROR_EXPUNGED, "a NO [EXPUNGEISSUED] " },
    { WD_STORE_ERROR_CONFLICT, "a NO [INUSE] " },
    { WD_STORE_ERROR_LIMIT, "a NO [LIMIT] " },
    { WD_STORE_ERROR_BUSY, "a NO [INUSE] " },
    { WD_STORE_ERROR_UNAVAILABLE, "a NO [UNAVAILABLE] " },
    { WD_STORE_ERROR_CORRUPT, "a NO [CORRUPTION] " },
    { WD_STORE_ERROR_INVALID, "a NO [CANNOT] " },
    { WD_STORE_ERROR_CANCELLED, "a NO [UNAVAILABLE] " },
  };

  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      wd_test_fail_plan (fixture->fail, "create_mailbox", 1, WD_TEST_FAIL_ONCE, rows[i].code);
      imap_client_say (client, "a CREATE x");
      imap_client_expect (client, rows[i].reply);
    }
}

// Each command, when the call that it lives by fails.
static void
test_commands (ImapFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *function;
    const char *command;
    gboolean is_ok; // It can do without.
  } rows[] = {
    { "find_mailbox", "STATUS INBOX (MESSAGES)", FALSE },
    { "find_mailbox", "SELECT INBOX", FALSE },
    { "select_mailbox", "SELECT INBOX", FALSE },
    { "select_mailbox", "EXAMINE INBOX", FALSE },
    { "list_mailboxes", "LIST \"\" *", FALSE },
    { "list_subscriptions", "LIST (SUBSCRIBED) \"\" *", FALSE },
    { "list_subscriptions", "LSUB \"\" *", FALSE },
    { "create_mailbox", "CREATE x", FALSE },
    { "delete_mailbox", "DELETE Junk", FALSE },
    { "rename_mailbox", "RENAME Junk y", FALSE },
    { "set_subscribed", "SUBSCRIBE x", FALSE },
    { "set_subscribed", "UNSUBSCRIBE x", FALSE },
    { "get_quota", "GETQUOTA \"\"", FALSE },
    { "get_quota", "GETQUOTAROOT INBOX", FALSE },
    { "get_quota", "APPEND INBOX {1+}\r\nx", FALSE },
    { "intern_keywords", "APPEND INBOX (New) {1+}\r\nx", FALSE },
    { "append", "APPEND INBOX {1+}\r\nx", FALSE },
    // From here on a mailbox is selected.
    { NULL, "SELECT INBOX", TRUE },
    { "list_changes", "NOOP", TRUE },
    { "fetch", "FETCH 1 FLAGS", FALSE },
    { "fetch", "FETCH 1 BODY.PEEK[]", FALSE },
    { "store_flags", "STORE 1 +FLAGS (\\Flagged)", FALSE },
    { "fetch", "STORE 1:* +FLAGS (\\Flagged)", FALSE },
    { "intern_keywords", "STORE 1 +FLAGS (New)", FALSE },
    { "search", "SEARCH ALL", FALSE },
    { "search", "SEARCH RETURN (COUNT) ALL", FALSE },
    { "copy", "COPY 1 Trash", FALSE },
    { "find_mailbox", "COPY 1 Trash", FALSE },
    { "copy", "MOVE 1 Trash", FALSE },
    { "expunge", "EXPUNGE", FALSE },
    { "expunge", "UID EXPUNGE 1", FALSE },
    { "expunge", "CLOSE", FALSE },
    { "list_changes", "FETCH 1 FLAGS (CHANGEDSINCE 1)", TRUE },
    { NULL, "CLOSE", TRUE },
  };

  WdId user = imap_fixture_add_user (fixture, "alice");

  // More than a change of flags tells by itself.
  for (guint i = 0; i <= WD_STORE_FLAGS_TOLD_MAX; i++)
    wd_test_store_append (fixture->scratch, &user, "INBOX", "Subject: x\r\n\r\ny\r\n", -1, 0);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *tagged = NULL;
      const char *expected = rows[i].is_ok ? "a OK " : "a NO [UNAVAILABLE] ";

      wd_test_fail_plan (fixture->fail, rows[i].function, rows[i].function != NULL ? 1 : 0,
                         WD_TEST_FAIL_ONCE, WD_STORE_ERROR_UNAVAILABLE);
      imap_client_say (client, "a %s", rows[i].command);
      tagged = imap_client_read_until (client, "a ");
      if (!g_str_has_prefix (tagged, expected))
        g_error ("%s, %s: \"%s\"", rows[i].command, rows[i].function, tagged);
    }
}

// \Seen could not be set: the message was sent all the same, and the client is told.
static void
test_seen (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");

  wd_test_store_append (fixture->scratch, &user, "INBOX", "Subject: x\r\n\r\ny\r\n", -1, 0);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  imap_client_say (client, "s SELECT INBOX");
  g_free (imap_client_read_until (client, "s OK "));
  wd_test_fail_plan (fixture->fail, "store_flags", 1, WD_TEST_FAIL_ONCE, WD_STORE_ERROR_BUSY);
  imap_client_say (client, "a FETCH 1 BODY[TEXT]");
  imap_client_expect (client, "* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {3}");
  imap_client_expect (client, "y");
  imap_client_expect (client, ")");
  // What was said too early is put right.
  imap_client_expect (client, "* 1 FETCH (FLAGS (\\Recent))");
  imap_client_expect (client, "a NO [INUSE] ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/imap/error/codes", ImapFixture, NULL, set_up, test_codes, tear_down);
  g_test_add ("/imap/error/commands", ImapFixture, NULL, set_up, test_commands, tear_down);
  g_test_add ("/imap/error/seen", ImapFixture, NULL, set_up, test_seen, tear_down);
  return g_test_run ();
}
