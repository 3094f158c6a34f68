// SPDX-License-Identifier: EUPL-1.2
// INPROGRESS (RFC 9585): a command that takes long says how far it is.
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "imap-fixture.h"

#define N_MESSAGES 4096
// Of a piece: more than the client is left without a word.
#define DELAY_SECS 11

static void
do_ok (ImapClient *client, const char *text)
{
  imap_client_say (client, "x %s", text);
  g_free (imap_client_read_until (client, "x OK "));
}

static void
set_up (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("Subject: x\r\nReferences: <a@b>\r\n\r\n");
  WdId user;

  imap_fixture_set_up (fixture, NULL, NULL);
  user = imap_fixture_add_user (fixture, "alice");
  for (guint i = 0; i < 1000; i++)
    g_string_append (text, "hay, and nothing else\r\n");
  g_string_append (text, "needle\r\n");
  wd_test_store_append (fixture->scratch, &user, "INBOX", text->str, -1, 0);
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  do_ok (client, "SELECT INBOX");
  for (guint n = 1; n < N_MESSAGES; n *= 2)
    do_ok (client, "COPY 1:* INBOX");
}

static void
tear_down (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_tear_down (fixture);
}

typedef struct
{
  const char *name;
  const char *command;
  guint goal;
  const char *response; // What it begins with.
  gboolean may_end;     // The last that is told may be all of it.
} ProgressCase;

static const ProgressCase cases[] = {
  { "search", "SEARCH RETURN (COUNT) BODY needle", N_MESSAGES, "* ESEARCH (TAG \"b\") COUNT 4096" },
  { "uid-search", "UID SEARCH NOT BODY needle", N_MESSAGES, "* SEARCH" },
  // Finding and reading are a half each.
  { "sort", "SORT RETURN (COUNT) (SUBJECT) UTF-8 ALL", 2 * N_MESSAGES,
    "* ESEARCH (TAG \"b\") COUNT 4096" },
  { "sort-body", "UID SORT (REVERSE DATE) UTF-8 BODY needle", 2 * N_MESSAGES, "* SORT 1 2 3 " },
  { "thread", "THREAD REFERENCES UTF-8 ALL", 2 * N_MESSAGES, "* THREAD ((1)(2)(3)" },
  { "thread-subject", "THREAD ORDEREDSUBJECT UTF-8 BODY needle", 2 * N_MESSAGES,
    "* THREAD (1 (2)(3)" },
  { "copy", "COPY 1:* Trash", N_MESSAGES, "b OK [COPYUID ", TRUE },
  { "uid-copy", "UID COPY 1:* INBOX", N_MESSAGES, "* 8192 EXISTS", TRUE },
  { "move", "MOVE 1:* Trash", N_MESSAGES, "* OK [COPYUID ", TRUE },
};

// Each piece takes its time, and is told of.
static void
test_told (ImapFixture *fixture, gconstpointer data)
{
  const ProgressCase *about = data;
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  guint n_told = 0;
  guint last = 0;

  do_ok (client, "SELECT INBOX");
  wd_test_fail_set_delay (fixture->fail, DELAY_SECS * G_USEC_PER_SEC);
  imap_client_say (client, "b %s", about->command);
  for (;;)
    {
      g_autofree char *line = imap_client_read_line (client);
      guint done;
      guint goal;

      g_assert_nonnull (line);
      if (sscanf (line, "* OK [INPROGRESS (\"b\" %u %u)] ", &done, &goal) != 2)
        {
          g_assert_true (g_str_has_prefix (line, about->response));
          break;
        }
      n_told++;
      g_assert_cmpuint (done, >, last);
      g_assert_cmpuint (done, <, goal + about->may_end);
      g_assert_cmpuint (goal, ==, about->goal);
      last = done;
    }
  if (!g_str_has_prefix (about->response, "b "))
    g_free (imap_client_read_until (client, "b OK "));
  // Backends have pieces of several sizes.
  g_assert_cmpuint (n_told, >=, 4);
}

// What is quick tells nothing: a search that reads no message, and one that finds none to read.
static void
test_quick (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  do_ok (client, "SELECT INBOX");
  imap_client_say (client, "a SEARCH RETURN (COUNT) UNDELETED");
  imap_client_expect (client, "* ESEARCH (TAG \"a\") COUNT 4096");
  imap_client_expect (client, "a OK ");
  imap_client_say (client, "c SORT RETURN (COUNT) (SUBJECT) UTF-8 DELETED");
  imap_client_expect (client, "* ESEARCH (TAG \"c\") COUNT 0");
  imap_client_expect (client, "c OK ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/imap/progress/", cases[i].name, NULL);

      g_test_add (path, ImapFixture, &cases[i], set_up, test_told, tear_down);
    }
  g_test_add ("/imap/progress/quick", ImapFixture, NULL, set_up, test_quick, tear_down);
  return g_test_run ();
}
