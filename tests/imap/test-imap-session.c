// SPDX-License-Identifier: EUPL-1.2
// Sessions over time: deadlines, the end of the service, accounts that go, much data each way, and
// how little an idle one keeps.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-log-private.h"
#include "core-limits.h"
#include "imap-fixture.h"
#include "imap-session.h"
#include "net-service-private.h"

static void
set_up (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_set_up (fixture, NULL, data);
}

static void
tear_down (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_tear_down (fixture);
}

static void
pass_time (ImapFixture *fixture, gint64 secs)
{
  wd_core_clock_advance_for_test (secs * G_USEC_PER_SEC);
  wd_net_service_kick_for_test (fixture->service);
}

static void
expect_end (ImapClient *client)
{
  g_autofree char *line = imap_client_read_line (client);

  g_assert_null (line);
}

static void
test_login_timeout (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new (fixture->port);

  imap_client_expect (client, "* OK ");
  imap_client_say (client, "a NOOP");
  imap_client_expect (client, "a OK ");
  // Deadlines are met within a second, and what the client says puts this one off by nothing.
  pass_time (fixture, WD_LIMIT_IMAP_LOGIN_SECS - 2);
  imap_client_say (client, "b NOOP");
  imap_client_expect (client, "b OK ");
  pass_time (fixture, 3);
  imap_client_expect (client, "* BYE Login took too long");
  expect_end (client);
}

static void
test_idle_timeout (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  pass_time (fixture, WD_LIMIT_IMAP_IDLE_SECS - 2);
  imap_client_say (client, "a NOOP");
  imap_client_expect (client, "a OK ");
  pass_time (fixture, WD_LIMIT_IMAP_IDLE_SECS - 2);
  imap_client_say (client, "b NOOP");
  imap_client_expect (client, "b OK ");
  pass_time (fixture, WD_LIMIT_IMAP_IDLE_SECS + 2);
  imap_client_expect (client, "* BYE Disconnected for inactivity");
  expect_end (client);
}

// Half a command is no activity.
static void
test_slow_command (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  imap_client_send (client, "a NO", 4, 0);
  pass_time (fixture, 20 * 60);
  imap_client_send (client, "O", 1, 0);
  pass_time (fixture, 20 * 60);
  imap_client_expect (client, "* BYE ");
  expect_end (client);
}

static void
test_idle_hello (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  imap_client_say (client, "a IDLE");
  imap_client_expect (client, "+ idling");
  for (guint i = 0; i < 3; i++)
    {
      pass_time (fixture, 121);
      imap_client_expect (client, "* OK Still here");
    }
  imap_client_say (client, "DONE");
  imap_client_expect (client, "a OK ");
}

static void
test_shutdown (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) idle = imap_client_new_login (fixture, "alice");
  g_autoptr (ImapClient) quiet = imap_client_new_login (fixture, "alice");
  g_autoptr (ImapClient) stranger = imap_client_new (fixture->port);

  imap_client_expect (stranger, "* OK ");
  imap_client_say (idle, "a IDLE");
  imap_client_expect (idle, "+ idling");
  g_assert_cmpint (wd_net_service_stop_for_test (fixture->service), ==, 0);
  imap_client_expect (idle, "* BYE Service is stopping");
  imap_client_expect (quiet, "* BYE Service is stopping");
  imap_client_expect (stranger, "* BYE Service is stopping");
  expect_end (idle);
  expect_end (quiet);
  expect_end (stranger);
  g_clear_pointer (&fixture->scratch, wd_test_store_free);
  g_clear_pointer (&fixture->hash, g_free);
}

static void
keep_fixture (ImapFixture *fixture, gconstpointer data)
{
}

static void
change_user (ImapFixture *fixture, const WdId *user, const WdUser *changes, WdUserFields fields)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_store_update_user (wd_test_store_get (fixture->scratch), user, changes, fields,
                                      NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
disable (ImapFixture *fixture, const WdId *user)
{
  const WdUser changes = { .disabled = TRUE };

  change_user (fixture, user, &changes, WD_USER_FIELD_DISABLED);
}

static void
test_account_disabled (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  disable (fixture, &user);
  imap_client_expect (client, "* BYE Account is disabled");
  expect_end (client);
}

// All sessions of the user end, in IDLE and out of it, and nobody else's; a change of other things
// ends none, and who logs in afterwards stays.
static void
test_account_logout (ImapFixture *fixture, gconstpointer data)
{
  const WdUser changes = { .name = "Alice" };
  WdId user = imap_fixture_add_user (fixture, "alice");
  WdId other = imap_fixture_add_user (fixture, "bob");
  g_autoptr (ImapClient) idle = imap_client_new_login (fixture, "alice");
  g_autoptr (ImapClient) quiet = imap_client_new_login (fixture, "alice");
  g_autoptr (ImapClient) bob = imap_client_new_login (fixture, "bob");

  imap_client_say (idle, "i IDLE");
  imap_client_expect (idle, "+ ");
  change_user (fixture, &user, &changes, WD_USER_FIELD_NAME);
  imap_client_say (quiet, "n NOOP");
  imap_client_expect (quiet, "n OK");
  change_user (fixture, &user, &changes, WD_USER_FIELD_SESSIONS);
  imap_client_expect (idle, "* BYE Logged out by the server");
  expect_end (idle);
  imap_client_expect (quiet, "* BYE Logged out by the server");
  expect_end (quiet);

  g_autoptr (ImapClient) again = imap_client_new_login (fixture, "alice");

  change_user (fixture, &user, &changes, WD_USER_FIELD_NAME);
  change_user (fixture, &other, &changes, WD_USER_FIELD_NAME);
  imap_client_say (again, "n NOOP");
  imap_client_expect (again, "n OK");
  imap_client_say (bob, "n NOOP");
  imap_client_expect (bob, "n OK");
}

static void
test_account_removed (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  g_autoptr (GError) error = NULL;
  guint n_addresses;
  gboolean ok = wd_store_delete_user (wd_test_store_get (fixture->scratch), &user, &n_addresses,
                                      NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  imap_client_expect (client, "* BYE Account was removed");
  expect_end (client);
}

static char *
make_message (gsize len)
{
  GString *text = g_string_new ("Subject: big\r\n\r\n");

  for (guint i = 0; text->len < len - 2; i++)
    g_string_append_c (text, (char) ('a' + (i * 7 + i / 77) % 26));
  g_string_append (text, "\r\n");
  return g_string_free (text, FALSE);
}

static void
append (ImapClient *client, const char *text, gsize step)
{
  imap_client_say (client, "app APPEND INBOX {%" G_GSIZE_FORMAT "+}", strlen (text));
  imap_client_send (client, text, strlen (text), step);
  imap_client_say (client, "%s", "");
  g_free (imap_client_read_until (client, "app OK "));
}

// A message far larger than every buffer, there and back, and in its middle.
static void
test_large_message (ImapFixture *fixture, gconstpointer data)
{
  gsize len = 5 * 1024 * 1024 + 3;
  g_autofree char *text = make_message (len);

  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  append (client, text, 100000);
  imap_client_say (client, "s SELECT INBOX");
  g_free (imap_client_read_until (client, "s OK "));
  imap_client_say (client, "f FETCH 1 (UID BODY.PEEK[] BODY.PEEK[TEXT]<1000000.2000000>)");
  g_autofree char *head = imap_client_read_line (client);
  g_autofree char *expected
      = g_strdup_printf ("* 1 FETCH (UID 1 BODY[] {%" G_GSIZE_FORMAT "}", len);
  g_assert_cmpstr (head, ==, expected);
  g_autofree char *whole = imap_client_read (client, len);
  g_assert_true (memcmp (whole, text, len) == 0);
  imap_client_expect (client, " BODY[TEXT]<1000000> {2000000}");
  g_autofree char *part = imap_client_read (client, 2000000);
  g_assert_true (memcmp (part, text + 16 + 1000000, 2000000) == 0);
  imap_client_expect (client, ")");
  imap_client_expect (client, "f OK ");
}

// Many more rows than fit into the output, while the client only writes.
static void
test_many_rows (ImapFixture *fixture, gconstpointer data)
{
  enum
  {
    N = 300,
    ROUNDS = 60
  };

  WdId user = imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (guint i = 0; i < N; i++)
    wd_test_store_append (fixture->scratch, &user, "INBOX", "Subject: x\r\n\r\ny\r\n", -1, 0);
  imap_client_say (client, "s SELECT INBOX");
  g_free (imap_client_read_until (client, "s OK "));
  for (guint i = 0; i < ROUNDS; i++)
    imap_client_say (client, "f%u FETCH 1:* (UID ENVELOPE BODYSTRUCTURE BODY.PEEK[])", i);
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autofree char *tagged = g_strdup_printf ("f%u OK ", i);

      for (guint j = 1; j <= N; j++)
        {
          g_autofree char *row = g_strdup_printf ("* %u FETCH (UID %u ENVELOPE (", j, j);

          imap_client_expect (client, row);
          imap_client_expect (client, "Subject: x");
          imap_client_expect (client, "");
          imap_client_expect (client, "y");
          imap_client_expect (client, ")");
        }
      imap_client_expect (client, tagged);
    }
}

// At, below and above the BADs in a row.
static void
test_bad_commands (ImapFixture *fixture, gconstpointer data)
{
  for (guint n = WD_LIMIT_IMAP_BAD_COMMANDS - 1; n <= WD_LIMIT_IMAP_BAD_COMMANDS; n++)
    {
      g_autoptr (ImapClient) client = imap_client_new (fixture->port);

      imap_client_expect (client, "* OK ");
      for (guint i = 0; i < n; i++)
        {
          imap_client_say (client, "a FOO");
          imap_client_expect (client, "a BAD ");
        }
      if (n < WD_LIMIT_IMAP_BAD_COMMANDS)
        {
          imap_client_say (client, "b NOOP");
          imap_client_expect (client, "b OK ");
          continue;
        }
      imap_client_expect (client, "* BYE ");
      expect_end (client);
    }
}

// At, below and above the failed logins of a connection: one that is not the last may be right.
static void
test_failed_logins (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (ImapClient) client = imap_client_new (fixture->port);

      imap_client_expect (client, "* OK ");
      for (int i = 1; i < WD_LIMIT_IMAP_FAILED_LOGINS + MIN (extra, 0); i++)
        {
          imap_client_say (client, "a LOGIN nobody%d wrong", i);
          imap_client_expect (client, "a NO [AUTHENTICATIONFAILED] ");
        }
      if (extra <= 0)
        {
          imap_client_say (client, "b LOGIN alice " IMAP_FIXTURE_PASSWORD);
          imap_client_expect (client, "b OK ");
          continue;
        }
      imap_client_say (client, "b LOGIN nobody wrong");
      imap_client_expect (client, "* BYE Too many failed logins");
      imap_client_expect (client, "b NO ");
      expect_end (client);
    }
}

// Commands that are sent ahead, a little less than what is read ahead, as much, and more: all are
// answered, in order, and none is lost.
static void
test_pipelined (ImapFixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = {
    WD_LIMIT_INPUT_BUFFER_BYTES - 1,
    WD_LIMIT_INPUT_BUFFER_BYTES,
    WD_LIMIT_INPUT_BUFFER_BYTES + 1,
    20 * WD_LIMIT_INPUT_BUFFER_BYTES,
  };
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      guint n = 0;

      while (text->len + 50 < sizes[i])
        g_string_append_printf (text, "t%u NOOP\r\n", n++);
      // The last one fills up the rest.
      g_string_append (text, "z NOOP ");
      while (text->len + 2 < sizes[i])
        g_string_append_c (text, 'x');
      g_string_append (text, "\r\n");
      g_assert_cmpuint (text->len, ==, sizes[i]);
      imap_client_send (client, text->str, text->len, 0);
      for (guint j = 0; j < n; j++)
        {
          g_autofree char *expected = g_strdup_printf ("t%u OK ", j);

          imap_client_expect (client, expected);
        }
      imap_client_expect (client, "z BAD Too many arguments");
    }
}

// At, below and above: patterns of a LIST, fields of an ID.
static void
test_list_limits (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GString) patterns = g_string_new ("a");
      g_autoptr (GString) fields = g_string_new ("\"a\" NIL");

      for (int i = 1; i < WD_LIMIT_IMAP_LIST_PATTERNS + extra; i++)
        g_string_append (patterns, " a");
      for (int i = 1; i < WD_LIMIT_IMAP_ID_FIELDS + extra; i++)
        g_string_append (fields, " \"a\" NIL");
      imap_client_say (client, "a LIST \"\" (%s)", patterns->str);
      imap_client_expect (client, extra <= 0 ? "a OK " : "a BAD ");
      imap_client_say (client, "b ID (%s)", fields->str);
      if (extra <= 0)
        imap_client_expect (client, "* ID ");
      imap_client_expect (client, extra <= 0 ? "b OK " : "b BAD ");
    }
}

// A command line at the limit is a command, one above is BAD and the connection goes on.
static void
test_line_limit (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *text = g_strnfill ((gsize) (WD_LIMIT_IMAP_LINE_BYTES + extra - 7), 'x');

      imap_client_say (client, "a NOOP %s", text);
      imap_client_expect (client,
                          extra <= 0 ? "a BAD Too many arguments" : "a BAD Command line too long");
    }
  imap_client_say (client, "b NOOP");
  imap_client_expect (client, "b OK ");
}

static void
test_over_quota (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");
  const WdUser changes = { .quota_bytes = 10240 };
  g_autoptr (GError) error = NULL;
  g_autofree char *text = make_message (4000);
  gboolean ok = wd_store_update_user (wd_test_store_get (fixture->scratch), &user, &changes,
                                      WD_USER_FIELD_QUOTA, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  append (client, text, 0);
  append (client, text, 0);
  imap_client_say (client, "a APPEND INBOX {4000}");
  imap_client_expect (client, "a NO [OVERQUOTA] ");
  imap_client_say (client, "b APPEND INBOX {4000+}");
  imap_client_send (client, text, 4000, 0);
  imap_client_say (client, "%s", "");
  imap_client_expect (client, "b NO [OVERQUOTA] ");
  imap_client_say (client, "c GETQUOTA \"\"");
  imap_client_expect (client, "* QUOTA \"\" (STORAGE 8 10 MESSAGE 2 4294967295 MAILBOX 5 1500)");
  imap_client_expect (client, "c OK ");
  imap_client_say (client, "d SELECT INBOX");
  g_free (imap_client_read_until (client, "d OK "));
  imap_client_say (client, "e COPY 1 Trash");
  imap_client_expect (client, "e NO [OVERQUOTA] ");
}

// Passwords are not taken in the clear from afar.
static void
test_far (void)
{
  static const char *const allow[] = { "--set=imap.allow-plaintext-login=yes", NULL };
  ImapFixture fixture = { .is_far = TRUE };

  imap_fixture_set_up (&fixture, NULL, NULL);
  imap_fixture_add_user (&fixture, "alice");
  {
    g_autoptr (ImapClient) client = imap_client_new (fixture.port);
    g_autofree char *greeting = imap_client_read_line (client);

    g_assert_nonnull (strstr (greeting, " LOGINDISABLED "));
    g_assert_nonnull (strstr (greeting, " AUTH=SCRAM-SHA-256"));
    g_assert_null (strstr (greeting, "AUTH=PLAIN"));
    imap_client_say (client, "a LOGIN alice " IMAP_FIXTURE_PASSWORD);
    imap_client_expect (client, "a NO [PRIVACYREQUIRED] ");
    imap_client_say (client, "b AUTHENTICATE PLAIN AHVzZXIAd3Jvbmc=");
    imap_client_expect (client, "b NO [CANNOT] ");
  }
  imap_fixture_tear_down (&fixture);

  fixture.is_far = TRUE;
  imap_fixture_set_up (&fixture, NULL, allow);
  imap_fixture_add_user (&fixture, "alice");
  imap_client_free (imap_client_new_login (&fixture, "alice"));
  imap_fixture_tear_down (&fixture);
}

static void
test_rate_limit (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new (fixture->port);

  imap_client_expect (client, "* OK ");
  for (guint i = 0; i < 2; i++)
    {
      imap_client_say (client, "a LOGIN alice wrong");
      imap_client_expect (client, "a NO [AUTHENTICATIONFAILED] ");
    }
  imap_client_say (client, "b LOGIN alice " IMAP_FIXTURE_PASSWORD);
  imap_client_expect (client, "b NO [UNAVAILABLE] ");
}

typedef struct
{
  GMutex mutex;
  GPtrArray *texts; // (element-type utf8)
} IdLog;

static void
catch_id (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  IdLog *log = data;
  const char *text = NULL;
  gboolean is_id = FALSE;

  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      text = fields[i].value;
    else if (strcmp (fields[i].key, "MESSAGE_ID") == 0)
      is_id = strcmp (fields[i].value, WD_MSG_CLIENT_ID) == 0;
  if (!is_id)
    return;
  g_mutex_lock (&log->mutex);
  g_ptr_array_add (log->texts, g_strdup (text));
  g_mutex_unlock (&log->mutex);
}

// What the client is goes to the log, once, and cannot forge a line of it.
static void
test_id (ImapFixture *fixture, gconstpointer data)
{
  IdLog log = { .texts = g_ptr_array_new_with_free_func (g_free) };

  wd_core_log_set_sink_for_test (catch_id, &log);
  {
    g_autoptr (ImapClient) client = imap_client_new (fixture->port);

    imap_client_expect (client, "* OK ");
    imap_client_say (client, "a ID NIL");
    imap_client_say (client, "b ID (\"name\" {3+}\r\nx\ny \"os\" NIL)");
    imap_client_say (client, "c ID (\"name\" \"other\")");
    g_free (imap_client_read_until (client, "c OK "));
  }
  tear_down (fixture, data);
  wd_core_log_set_sink_for_test (NULL, NULL);
  g_assert_cmpuint (log.texts->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (log.texts, 0), ==, "client is name=x\\ny os=NIL");
  g_ptr_array_unref (log.texts);
}

// Names of users in any script (RFC 6855 5); in AUTHENTICATE, and in a literal of LOGIN.
static void
test_unicode_login (ImapFixture *fixture, gconstpointer data)
{
  static const char plain[] = "\0j\xc3\xb6rg\0" IMAP_FIXTURE_PASSWORD;
  g_autofree char *response = g_base64_encode ((const guchar *) plain, sizeof plain - 1);

  imap_fixture_add_user (fixture, "jörg");
  g_autoptr (ImapClient) client = imap_client_new (fixture->port);

  imap_client_expect (client, "* OK ");
  imap_client_say (client, "a AUTHENTICATE PLAIN %s", response);
  imap_client_expect (client, "a OK ");
  imap_client_say (client, "b UNAUTHENTICATE");
  imap_client_expect (client, "b OK ");
  // The same in another form.
  imap_client_say (client, "c LOGIN {6+}\r\njo\xcc\x88rg " IMAP_FIXTURE_PASSWORD);
  imap_client_expect (client, "c OK ");
  imap_client_say (client, "d UNAUTHENTICATE");
  imap_client_expect (client, "d OK ");
  imap_client_say (client, "e LOGIN {3+}\r\nj\xc3\xb6 " IMAP_FIXTURE_PASSWORD);
  imap_client_expect (client, "e NO [AUTHENTICATIONFAILED] ");
}

// Commands with octets changed, left out or doubled: each connection ends in BYE or goes on.
static void
test_noise (ImapFixture *fixture, gconstpointer data)
{
  static const char *const lines[] = {
    "a FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[1.HEADER.FIELDS (a b)]<0.10>)\r\n",
    "b UID SEARCH RETURN (MIN ALL) CHARSET utf-8 OR (FROM {3+}\r\nabc 1:2) NOT SINCE "
    "1-Feb-2020\r\n",
    "c STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen $x)\r\n",
    "d LIST (SUBSCRIBED) \"\" (\"&AOQ-*\" %/%) RETURN (STATUS (MESSAGES))\r\n",
    "e APPEND INBOX (\\Seen) \"01-Feb-2020 10:00:00 +0100\" {5+}\r\nhello\r\n",
    "f CREATE {5+}\r\nabcde\r\n",
    "g COPY 1 Trash\r\nh MOVE 1 Trash\r\ni EXPUNGE\r\nj IDLE\r\nDONE\r\n",
    "k STATUS INBOX (MESSAGES SIZE)\r\nl SELECT INBOX (CONDSTORE)\r\n",
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  WdId user = imap_fixture_add_user (fixture, "alice");

  wd_test_store_append (fixture->scratch, &user, "INBOX", "Subject: x\r\n\r\ny\r\n", -1, 0);
  for (guint round = 0; round < 60; round++)
    {
      g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
      g_autoptr (GString) noise = g_string_new ("s SELECT INBOX\r\n");
      gsize len = noise->len;
      char *line;

      for (guint i = 0; i < 12; i++)
        g_string_append (noise, lines[g_rand_int_range (rand, 0, G_N_ELEMENTS (lines))]);
      for (guint i = 0; i < 8; i++)
        {
          gsize at = (gsize) g_rand_int_range (rand, (gint32) len, (gint32) noise->len);

          if (i % 4 == 0)
            g_string_erase (noise, (gssize) at, 1);
          else if (i % 4 == 1)
            g_string_insert_c (noise, (gssize) at, noise->str[at]);
          else
            noise->str[at] = (char) g_rand_int_range (rand, i % 4 == 2 ? 0 : ' ', 256);
        }
      // Whatever it waits for comes in the end: IDLE's DONE, the rest of a literal.
      g_string_append (noise, "\r\nDONE\r\n\r\n\r\nz LOGOUT\r\nz LOGOUT\r\n");
      imap_client_send (client, noise->str, noise->len, 0);
      imap_client_end (client);
      while ((line = imap_client_read_line (client)) != NULL)
        g_free (line);
    }
}

// Octets of a session that has selected a mailbox and waits, without the connection's own.
static void
test_idle_size (void)
{
  g_autoptr (WdMailboxState) state = g_new0 (WdMailboxState, 1);
  WdImapSession session = { 0 };

  state->info = g_new0 (WdMailboxInfo, 1);
  state->info->uidnext = 100001;
  state->uids = wd_uidset_new_range (1, 100000);
  state->keywords = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < 10; i++)
    g_ptr_array_add (state->keywords, g_strdup_printf ("$Keyword%u", i));
  session.view = wd_imap_view_new (state, FALSE);
  g_test_message ("%" G_GSIZE_FORMAT " octets", wd_imap_session_get_size_bytes (&session));
  g_assert_cmpuint (wd_imap_session_get_size_bytes (&session), <, 1024);
  wd_imap_view_free (session.view);
}

static const char *const few_failures[] = { "--set=auth.max-failures=2", NULL };

#define ADD(name, func)                                                                            \
  g_test_add ("/imap/session/" name, ImapFixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("login-timeout", test_login_timeout);
  ADD ("idle-timeout", test_idle_timeout);
  ADD ("slow-command", test_slow_command);
  ADD ("idle-hello", test_idle_hello);
  g_test_add ("/imap/session/shutdown", ImapFixture, NULL, set_up, test_shutdown, keep_fixture);
  ADD ("account-disabled", test_account_disabled);
  ADD ("account-logout", test_account_logout);
  ADD ("account-removed", test_account_removed);
  ADD ("large-message", test_large_message);
  ADD ("many-rows", test_many_rows);
  ADD ("bad-commands", test_bad_commands);
  ADD ("failed-logins", test_failed_logins);
  ADD ("pipelined", test_pipelined);
  ADD ("list-limits", test_list_limits);
  ADD ("line-limit", test_line_limit);
  ADD ("over-quota", test_over_quota);
  ADD ("unicode-login", test_unicode_login);
  ADD ("noise", test_noise);
  g_test_add ("/imap/session/id", ImapFixture, NULL, set_up, test_id, keep_fixture);
  g_test_add ("/imap/session/rate-limit", ImapFixture, few_failures, set_up, test_rate_limit,
              tear_down);
  g_test_add_func ("/imap/session/far", test_far);
  g_test_add_func ("/imap/session/idle-size", test_idle_size);
  return g_test_run ();
}
