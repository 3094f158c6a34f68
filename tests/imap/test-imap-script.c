// SPDX-License-Identifier: EUPL-1.2
// Dialogues with the service, from the files in scripts/. A file is a list of cases:
//
//   == name             a case: a user of its own, whose mailbox is empty
//   C: text             the client sends a line; C2: is a second connection, and so on
//   S: pattern          the next line from the server; S2: …
//   U: pattern          the lines from the server up to the first that is so
//   M: name             sends the octets of the message `name` (below), without a line end
//   W: text             sends the text without a line end
//   D: name             delivers the message `name` to INBOX, by another process
//   H: a: b|c: d        delivers a message with these header fields
//   N: count            delivers so many small messages
//   E:                  the server ends the connection
//   @raw                connections of this case do not log in
//   @step n             sends in pieces of n octets
//
// In patterns ~ stands for any text, and <name> for text that is remembered when it comes first,
// and must be the same from then on; sent lines may have <name> in them, too. <user> is the user,
// <small> and the like are the octets of that message, as a number. Connections are opened, and
// logged in, when they are first used.
#include "config.h"

#include <string.h>

#include "imap-fixture.h"

static const struct
{
  const char *name;
  const char *text;
} messages[] = {
  { "small", "From: Alice <alice@example.com>\r\n"
             "To: bob@example.org\r\n"
             "Subject: lunch\r\n"
             "Date: Wed, 25 Nov 2026 12:00:00 +0100\r\n"
             "Message-ID: <1@example.com>\r\n"
             "\r\n"
             "Soup or salad?\r\n" },
  { "latin", "From: =?iso-8859-1?Q?J=F6rg?= <joerg@example.com>\r\n"
             "To: bob@example.org\r\n"
             "Cc: carol@example.org\r\n"
             "Bcc: dave@example.org\r\n"
             "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
             "X-Spam: no\r\n"
             "Date: Tue, 1 Dec 2020 23:30:00 -0500\r\n"
             "Content-Type: text/plain; charset=iso-8859-1\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n"
             "Sch=F6ne Gr=FC=DFe aus K=F6ln\r\n" },
  { "wide", "From: Jörg <jörg@exämple.org>\r\n"
            "Subject: Grüße\r\n"
            "\r\n"
            "Köln\r\n" },
  { "mixed", "From: a@example.com\r\n"
             "Subject: parts\r\n"
             "MIME-Version: 1.0\r\n"
             "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
             "\r\n"
             "preamble\r\n"
             "--b\r\n"
             "Content-Type: text/plain\r\n"
             "\r\n"
             "one\r\n"
             "--b\r\n"
             "Content-Type: message/rfc822\r\n"
             "\r\n"
             "Subject: inner\r\n"
             "Content-Type: multipart/alternative; boundary=c\r\n"
             "\r\n"
             "--c\r\n"
             "\r\n"
             "two\r\n"
             "--c\r\n"
             "Content-Type: text/html\r\n"
             "X-A: 1\r\n"
             "\r\n"
             "<p>three\r\n"
             "--c--\r\n"
             "--b--\r\n" },
  { "coded", "From: a@example.com\r\n"
             "Subject: coded\r\n"
             "MIME-Version: 1.0\r\n"
             "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
             "\r\n"
             "--b\r\n"
             "Content-Type: text/plain\r\n"
             "Content-Transfer-Encoding: base64\r\n"
             "\r\n"
             "VGhlIHF1aWNrIGJyb3duIGZveA==\r\n"
             "--b\r\n"
             "Content-Type: text/plain; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n"
             "\r\n"
             "Gr=C3=BC=C3=9Fe =\r\n"
             "aus K=C3=B6ln\r\n"
             "--b\r\n"
             "Content-Type: application/x-thing\r\n"
             "Content-Transfer-Encoding: x-uuencode\r\n"
             "\r\n"
             "begin 644 x\r\n"
             "--b\r\n"
             "Content-Type: text/plain\r\n"
             "\r\n"
             "plain\r\n"
             "--b--\r\n" },
};

typedef struct
{
  ImapFixture *fixture;
  GPtrArray *lines;
  guint first_line; // In its file.
  const char *file;
  // While it runs.
  WdId user;
  GHashTable *names;
  ImapClient *clients[10];
  gboolean is_raw;
  gsize step;
  guint line;
} Case;

static const char *
find_message (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    if (strcmp (messages[i].name, name) == 0)
      return messages[i].text;
  return NULL;
}

static ImapClient *
get_client (Case *self, guint n)
{
  if (self->clients[n] == NULL)
    self->clients[n]
        = self->is_raw
              ? imap_client_new (self->fixture->port)
              : imap_client_new_login (self->fixture, g_hash_table_lookup (self->names, "user"));
  return self->clients[n];
}

// The name between < and >, when that is what stands at `p`. Returns (transfer full) (nullable).
static char *
take_name (const char **inout_p)
{
  const char *end = *inout_p + 1;

  if (**inout_p != '<')
    return NULL;
  while (g_ascii_isalnum (*end))
    end++;
  if (*end != '>' || g_ascii_isdigit ((*inout_p)[1]))
    return NULL;
  char *name = g_strndup (*inout_p + 1, (gsize) (end - *inout_p - 1));
  *inout_p = end + 1;
  return name;
}

// A sent line with its names filled in.
static char *
fill_in (Case *self, const char *text)
{
  GString *filled = g_string_new (NULL);

  for (const char *p = text; *p != '\0';)
    {
      const char *start = p;
      g_autofree char *name = take_name (&p);
      const char *value;

      if (name == NULL)
        {
          g_string_append_c (filled, *p++);
          continue;
        }
      value = g_hash_table_lookup (self->names, name);
      if (value != NULL)
        g_string_append (filled, value);
      else if (find_message (name) != NULL)
        g_string_append_printf (filled, "%" G_GSIZE_FORMAT, strlen (find_message (name)));
      else
        g_string_append_len (filled, start, p - start);
    }
  return g_string_free (filled, FALSE);
}

static void
append_escaped (GString *pattern, const char *text)
{
  g_autofree char *escaped = g_regex_escape_string (text, -1);

  g_string_append (pattern, escaped);
}

// A pattern as a regular expression; `new_names` are those that it remembers.
static char *
make_regex (Case *self, const char *text, GPtrArray *new_names)
{
  GString *pattern = g_string_new ("^");

  for (const char *p = text; *p != '\0';)
    {
      g_autofree char *name = take_name (&p);

      if (name == NULL)
        {
          char octet[2] = { *p, '\0' };

          if (*p == '~')
            g_string_append (pattern, ".*");
          else
            append_escaped (pattern, octet);
          p++;
        }
      else if (g_hash_table_contains (self->names, name))
        append_escaped (pattern, g_hash_table_lookup (self->names, name));
      else if (find_message (name) != NULL)
        g_string_append_printf (pattern, "%" G_GSIZE_FORMAT, strlen (find_message (name)));
      else
        {
          g_string_append_printf (pattern, "(?<%s>.+?)", name);
          g_ptr_array_add (new_names, g_steal_pointer (&name));
        }
    }
  g_string_append_c (pattern, '$');
  return g_string_free (pattern, FALSE);
}

static gboolean
matches (Case *self, const char *text, const char *line)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *pattern = make_regex (self, text, names);
  g_autoptr (GError) error = NULL;
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_RAW | G_REGEX_DOTALL, 0, &error);
  g_autoptr (GMatchInfo) match = NULL;

  g_assert_no_error (error);
  if (!g_regex_match (regex, line, 0, &match))
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      g_hash_table_insert (self->names, g_strdup (name), g_match_info_fetch_named (match, name));
    }
  return TRUE;
}

static void
fail (Case *self, const char *got)
{
  g_error ("%s:%u: expected \"%s\", got \"%s\"", self->file, self->line,
           (const char *) g_ptr_array_index (self->lines, self->line - self->first_line),
           got != NULL ? got : "the end");
}

static void
do_client (Case *self, guint n, const char *text)
{
  g_autofree char *filled = fill_in (self, text);
  g_autofree char *line = g_strconcat (filled, "\r\n", NULL);

  imap_client_send (get_client (self, n), line, strlen (line), self->step);
}

static void
do_write (Case *self, guint n, const char *text)
{
  g_autofree char *filled = fill_in (self, text);

  imap_client_send (get_client (self, n), filled, strlen (filled), self->step);
}

static void
do_message (Case *self, guint n, const char *text)
{
  const char *message = find_message (text);

  g_assert_nonnull (message);
  imap_client_send (get_client (self, n), message, strlen (message), self->step);
}

static void
do_server (Case *self, guint n, const char *text)
{
  g_autofree char *line = imap_client_read_line (get_client (self, n));

  if (line == NULL || !matches (self, text, line))
    fail (self, line);
}

static void
do_until (Case *self, guint n, const char *text)
{
  for (;;)
    {
      g_autofree char *line = imap_client_read_line (get_client (self, n));

      if (line == NULL)
        fail (self, line);
      if (matches (self, text, line))
        return;
    }
}

static void
do_end (Case *self, guint n, const char *text)
{
  g_autofree char *line = imap_client_read_line (get_client (self, n));

  if (line != NULL)
    fail (self, line);
  g_clear_pointer (&self->clients[n], imap_client_free);
}

static void
do_deliver (Case *self, guint n, const char *text)
{
  g_assert_nonnull (find_message (text));
  wd_test_store_append (self->fixture->scratch, &self->user, "INBOX", find_message (text), -1, 0);
}

static void
do_deliver_header (Case *self, guint n, const char *text)
{
  g_auto (GStrv) fields = g_strsplit (text, "|", -1);
  g_autofree char *header = g_strjoinv ("\r\n", fields);
  g_autofree char *message = g_strconcat (header, "\r\n\r\nText.\r\n", NULL);

  wd_test_store_append (self->fixture->scratch, &self->user, "INBOX", message, -1, 0);
}

static void
do_deliver_many (Case *self, guint n, const char *text)
{
  for (guint64 i = g_ascii_strtoull (text, NULL, 10); i > 0; i--)
    do_deliver (self, n, "small");
}

static const struct
{
  char letter;
  void (*func) (Case *self, guint n, const char *text);
} verbs[] = {
  { 'C', do_client },  { 'W', do_write },        { 'M', do_message },
  { 'S', do_server },  { 'U', do_until },        { 'E', do_end },
  { 'D', do_deliver }, { 'N', do_deliver_many }, { 'H', do_deliver_header },
};

static void
run_verb (Case *self, const char *line)
{
  guint n = g_ascii_isdigit (line[1]) ? (guint) (line[1] - '0') : 1;
  const char *text = line + (g_ascii_isdigit (line[1]) ? 2 : 1);

  if (*text != ':')
    g_error ("%s:%u: what is \"%s\"?", self->file, self->line, line);
  text += text[1] == ' ' ? 2 : 1;
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (verbs[i].letter == line[0])
      {
        verbs[i].func (self, n, text);
        return;
      }
  g_error ("%s:%u: what is \"%s\"?", self->file, self->line, line);
}

static void
run_case (gconstpointer data)
{
  Case *self = (Case *) data;
  static guint n_users;
  char *user = g_strdup_printf ("user%u", ++n_users);

  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert (self->names, g_strdup ("user"), user);
  self->user = imap_fixture_add_user (self->fixture, user);
  for (guint i = 0; i < self->lines->len; i++)
    {
      const char *line = g_ptr_array_index (self->lines, i);

      self->line = self->first_line + i;
      if (strcmp (line, "@raw") == 0)
        self->is_raw = TRUE;
      else if (g_str_has_prefix (line, "@step "))
        self->step = g_ascii_strtoull (line + 6, NULL, 10);
      else if (*line != '\0' && *line != '#')
        run_verb (self, line);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (self->clients); i++)
    g_clear_pointer (&self->clients[i], imap_client_free);
  g_hash_table_unref (self->names);
}

static void
case_free (gpointer data)
{
  Case *self = data;

  g_ptr_array_unref (self->lines);
  g_free (self);
}

// Adds the cases of one file.
static void
add_file (ImapFixture *fixture, const char *dir, const char *file, GPtrArray *cases)
{
  g_autofree char *path = g_build_filename (dir, file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) lines = NULL;
  Case *current = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "== "))
        {
          g_autofree char *name = g_strdup_printf ("/imap/script/%s/%s", file, lines[i] + 3);

          current = g_new0 (Case, 1);
          current->fixture = fixture;
          current->lines = g_ptr_array_new_with_free_func (g_free);
          current->first_line = i + 2;
          current->file = file;
          g_ptr_array_add (cases, current);
          g_test_add_data_func (name, current, run_case);
          continue;
        }
      if (current != NULL)
        g_ptr_array_add (current->lines, g_strdup (lines[i]));
    }
}

int
main (int argc, char **argv)
{
  static const char *const files[] = {
    "login",   "mailboxes", "list",  "select",    "append",  "binary", "catenate",
    "replace", "metadata",  "fetch", "store",     "search",  "sort",   "thread",
    "expunge", "copy",      "idle",  "condstore", "qresync", "quota",  "searchres",
    "partial", "preview",   "rev2",  "utf8",      "syntax",  "two",    NULL,
  };
  ImapFixture fixture = { 0 };
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func (case_free);
  g_autofree char *dir = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  imap_fixture_set_up (&fixture, NULL, NULL);
  dir = g_test_build_filename (G_TEST_DIST, "imap", "scripts", NULL);
  for (guint i = 0; files[i] != NULL; i++)
    add_file (&fixture, dir, files[i], cases);
  status = g_test_run ();
  imap_fixture_tear_down (&fixture);
  return status;
}
