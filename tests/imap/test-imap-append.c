// SPDX-License-Identifier: EUPL-1.2
// Several messages in one APPEND: how many, how much, and none of them when one does not fit.
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

#define ADD(name, func, data)                                                                      \
  g_test_add ("/imap/append/" name, ImapFixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  static const char *const large[] = { "--set=store.max-message-size=1G", NULL };

  g_test_init (&argc, &argv, NULL);
  ADD ("count", test_count, NULL);
  ADD ("bytes", test_bytes, large);
  ADD ("one-large", test_one_large, large);
  ADD ("quota", test_quota, NULL);
  ADD ("spool", test_spool, NULL);
  return g_test_run ();
}
