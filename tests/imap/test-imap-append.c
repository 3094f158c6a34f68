// SPDX-License-Identifier: EUPL-1.2
// Several messages in one APPEND: how many, how much, and none of them when one does not fit; and
// messages with NUL.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-fixture.h"

#define SMALL "Subject: a\r\n\r\nb\r\n"

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
expect_messages (ImapClient *client, guint n)
{
  g_autofree char *expected = g_strdup_printf ("* STATUS \"INBOX\" (MESSAGES %u)", n);

  imap_client_say (client, "s STATUS INBOX (MESSAGES)");
  imap_client_expect (client, expected);
  imap_client_expect (client, "s OK ");
}

static void
append_many (ImapClient *client, guint n, const char *message)
{
  g_autoptr (GString) text = g_string_new ("a APPEND INBOX");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, " {%" G_GSIZE_FORMAT "+}\r\n%s", strlen (message), message);
  g_string_append (text, "\r\n");
  imap_client_send (client, text->str, text->len, 0);
}

static void
test_count (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  append_many (client, WD_LIMIT_IMAP_APPEND_MESSAGES - 1, SMALL);
  imap_client_expect (client, "a OK [APPENDUID ");
  append_many (client, WD_LIMIT_IMAP_APPEND_MESSAGES, SMALL);
  imap_client_expect (client, "a OK [APPENDUID ");
  append_many (client, WD_LIMIT_IMAP_APPEND_MESSAGES + 1, SMALL);
  imap_client_expect (client, "a NO [LIMIT] ");
  expect_messages (client, 2 * WD_LIMIT_IMAP_APPEND_MESSAGES - 1);
}

// The second message would be taken, or not; it is never sent.
static void
test_bytes (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

      imap_client_say (client, "a APPEND INBOX {%" G_GSIZE_FORMAT "}", strlen (SMALL));
      imap_client_expect (client, "+ ");
      imap_client_send (client, SMALL, strlen (SMALL), 0);
      imap_client_say (client, " {%" G_GSIZE_FORMAT "}",
                       WD_LIMIT_IMAP_APPEND_BYTES - strlen (SMALL) + (gsize) extra);
      imap_client_expect (client, extra <= 0 ? "+ " : "a NO [LIMIT] ");
    }
}

// What the store takes is waited for.
static void
test_message_limit (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

      imap_client_say (client, "a APPEND INBOX {%d}", WD_LIMIT_MESSAGE_BYTES + extra);
      imap_client_expect (client, extra <= 0 ? "+ " : "a NO [TOOBIG] ");
    }
}

// One message alone may be as large as the store allows.
static void
test_one_large (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  imap_client_say (client, "a APPEND INBOX {%u}", WD_LIMIT_IMAP_APPEND_BYTES + 1);
  imap_client_expect (client, "+ ");
}

static void
test_quota (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");
  g_autofree char *body = g_strnfill (1000, 'x');
  g_autofree char *message = g_strconcat ("\r\n", body, NULL);
  const WdUser changes = { .quota_bytes = 3 * strlen (message) };
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_store_update_user (wd_test_store_get (fixture->scratch), &user, &changes,
                                      WD_USER_FIELD_QUOTA, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  append_many (client, 4, message);
  imap_client_expect (client, "a NO [OVERQUOTA] ");
  expect_messages (client, 0);
  append_many (client, 3, message);
  imap_client_expect (client, "a OK [APPENDUID ");
  append_many (client, 1, message);
  imap_client_expect (client, "a NO [OVERQUOTA] ");
  expect_messages (client, 3);
}

// Past what one message may have in memory they are in files; all come back as they were sent.
static void
test_spool (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  g_autofree char *body = g_strnfill (WD_LIMIT_SPOOL_MEMORY_BYTES / 3, 'x');
  g_autofree char *message = g_strconcat ("\r\n", body, NULL);
  g_autofree char *got = NULL;

  append_many (client, 7, message);
  imap_client_expect (client, "a OK [APPENDUID ");
  imap_client_say (client, "b EXAMINE INBOX");
  g_free (imap_client_read_until (client, "b OK "));
  imap_client_say (client, "c FETCH 7 BODY[]");
  imap_client_expect (client, "* 7 FETCH (BODY[] {");
  got = imap_client_read (client, strlen (message));
  g_assert_cmpstr (got, ==, message);
  imap_client_expect (client, ")");
  imap_client_expect (client, "c OK ");
}

// Appends octets with NUL in them. Returns the tagged reply.
static char *
append_binary (ImapClient *client, const char *data, gsize len)
{
  imap_client_say (client, "a APPEND INBOX ~{%" G_GSIZE_FORMAT "+}", len);
  imap_client_send (client, data, len, 7);
  imap_client_say (client, "%s", "");
  return imap_client_read_line (client);
}

// NUL in a part: it is kept in base64, and comes back as it was by BINARY.
static void
test_binary (ImapFixture *fixture, gconstpointer data)
{
  static const char message[] = "Subject: x\r\n"
                                "Content-Type: multipart/mixed; boundary=b\r\n"
                                "\r\n"
                                "--b\r\n"
                                "\r\n"
                                "text\r\n"
                                "--b\r\n"
                                "Content-Type: application/octet-stream\r\n"
                                "Content-Transfer-Encoding: binary\r\n"
                                "\r\n"
                                "a\0b\nc\r\n"
                                "--b\r\n"
                                "\r\n"
                                "\0\r\n"
                                "--b--\r\n";
  static const char stored[] = "Subject: x\r\n"
                               "Content-Type: multipart/mixed; boundary=b\r\n"
                               "\r\n"
                               "--b\r\n"
                               "\r\n"
                               "text\r\n"
                               "--b\r\n"
                               "Content-Type: application/octet-stream\r\n"
                               "Content-Transfer-Encoding: base64\r\n"
                               "\r\n"
                               "YQBiCmM=\r\n"
                               "--b\r\n"
                               "Content-Transfer-Encoding: base64\r\n"
                               "\r\n"
                               "AA==\r\n"
                               "--b--\r\n";
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  g_autofree char *reply = append_binary (client, message, sizeof message - 1);
  g_autofree char *whole = NULL;
  g_autofree char *part = NULL;

  g_assert_true (g_str_has_prefix (reply, "a OK [APPENDUID "));
  imap_client_say (client, "b EXAMINE INBOX");
  g_free (imap_client_read_until (client, "b OK "));
  imap_client_say (client, "c FETCH 1 BODY[]");
  imap_client_expect (client, "* 1 FETCH (BODY[] {");
  whole = imap_client_read (client, sizeof stored - 1);
  g_assert_cmpmem (whole, sizeof stored - 1, stored, sizeof stored - 1);
  imap_client_expect (client, ")");
  imap_client_expect (client, "c OK ");
  imap_client_say (client, "d FETCH 1 BINARY[2]");
  imap_client_expect (client, "* 1 FETCH (BINARY[2] ~{5}");
  part = imap_client_read (client, 5);
  g_assert_cmpmem (part, 5, "a\0b\nc", 5);
  imap_client_expect (client, ")");
  imap_client_expect (client, "d OK ");
}

// NUL where it cannot be encoded.
static void
test_binary_refused (ImapFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *data;
    gsize len;
  } messages[] = {

#define OCTETS(text) { text, sizeof text - 1 }
    OCTETS ("Subject: \0\r\n\r\ntext\r\n"),
    OCTETS ("Content-Transfer-Encoding: base64\r\n\r\nYQ\0==\r\n"),
    OCTETS ("Content-Type: multipart/mixed; boundary=b\r\n\r\n\0\r\n--b\r\n\r\nx\r\n--b--\r\n"),
#undef OCTETS
  };
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autofree char *reply = append_binary (client, messages[i].data, messages[i].len);

      g_assert_true (g_str_has_prefix (reply, "a NO [UNKNOWN-CTE] "));
    }
  expect_messages (client, 0);
}

// Lines of 76 characters, and more than is read at once.
static void
test_binary_large (ImapFixture *fixture, gconstpointer data)
{
  static const char header[] = "Content-Type: application/x\r\n\r\n";
  gsize len = 1000 * 1000;
  g_autofree char *message = g_malloc0 (sizeof header - 1 + len);
  g_autofree char *part = NULL;
  g_autofree char *reply = NULL;

  memcpy (message, header, sizeof header - 1);
  for (gsize i = 0; i < len; i++)
    message[sizeof header - 1 + i] = (char) (i * 7 + i / 1000);
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  imap_client_say (client, "a APPEND INBOX ~{%" G_GSIZE_FORMAT "+}", sizeof header - 1 + len);
  imap_client_send (client, message, sizeof header - 1 + len, 0);
  imap_client_say (client, "%s", "");
  imap_client_expect (client, "a OK ");
  imap_client_say (client, "b EXAMINE INBOX");
  g_free (imap_client_read_until (client, "b OK "));
  imap_client_say (client, "c FETCH 1 (BINARY.SIZE[1] BINARY[1]<300000.500000>)");
  imap_client_expect (client, "* 1 FETCH (BINARY.SIZE[1] 1000000 BINARY[1]<300000> ~{500000}");
  part = imap_client_read (client, 500000);
  g_assert_cmpmem (part, 500000, message + sizeof header - 1 + 300000, 500000);
  imap_client_expect (client, ")");
  imap_client_expect (client, "c OK ");
}

static void
test_catenate_limit (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_add_user (fixture, "alice");
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GString) text = g_string_new ("a APPEND INBOX CATENATE (TEXT {1+}\r\nx");

      for (int i = 1; i < WD_LIMIT_IMAP_CATENATE_PARTS + extra; i++)
        g_string_append (text, " TEXT {1+}\r\nx");
      g_string_append (text, ")\r\n");
      imap_client_send (client, text->str, text->len, 0);
      imap_client_expect (client, extra <= 0 ? "a OK [APPENDUID " : "a NO [LIMIT] ");
    }
}

// What the old message leaves free is free for the new one.
static void
test_replace_quota (ImapFixture *fixture, gconstpointer data)
{
  WdId user = imap_fixture_add_user (fixture, "alice");
  const WdUser changes = { .quota_bytes = 2 * strlen (SMALL) - 1 };
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_store_update_user (wd_test_store_get (fixture->scratch), &user, &changes,
                                      WD_USER_FIELD_QUOTA, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  append_many (client, 1, SMALL);
  imap_client_expect (client, "a OK [APPENDUID ");
  imap_client_say (client, "b SELECT INBOX");
  g_free (imap_client_read_until (client, "b OK "));
  imap_client_say (client, "c REPLACE 1 INBOX {%" G_GSIZE_FORMAT "+}", strlen (SMALL));
  imap_client_send (client, SMALL, strlen (SMALL), 0);
  imap_client_say (client, "%s", "");
  g_free (imap_client_read_until (client, "c OK "));
  imap_client_say (client, "d REPLACE 1 INBOX {%" G_GSIZE_FORMAT "+}", 2 * strlen (SMALL));
  imap_client_send (client, SMALL SMALL, 2 * strlen (SMALL), 0);
  imap_client_say (client, "%s", "");
  imap_client_expect (client, "d NO [OVERQUOTA] ");
  expect_messages (client, 1);
}

#define ADD(name, func, data)                                                                      \
  g_test_add ("/imap/append/" name, ImapFixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  static const char *const large[] = { "--set=store.max-message-size=1G", NULL };

  g_test_init (&argc, &argv, NULL);
  ADD ("count", test_count, NULL);
  ADD ("bytes", test_bytes, large);
  ADD ("message-limit", test_message_limit, NULL);
  ADD ("one-large", test_one_large, large);
  ADD ("quota", test_quota, NULL);
  ADD ("catenate-limit", test_catenate_limit, NULL);
  ADD ("replace-quota", test_replace_quota, NULL);
  ADD ("spool", test_spool, NULL);
  ADD ("binary", test_binary, NULL);
  ADD ("binary-refused", test_binary_refused, NULL);
  ADD ("binary-large", test_binary_large, NULL);
  return g_test_run ();
}
