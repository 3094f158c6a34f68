// SPDX-License-Identifier: EUPL-1.2
// Commands put together from octets, however they are cut.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-reader.h"

// Feeds `input` in pieces of `step` octets and writes down what happens: C command, L literal
// (kept, streamed or refused by `policy`), D end of streamed data, T line too long, H hopeless.
static char *
run (const char *input, gsize len, gsize step, char policy)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GString) data = g_string_new (NULL);
  WdImapReader reader = { .is_trusted = TRUE };
  gsize at = 0;

  for (;;)
    {
      gsize n = MIN (step, len - at);
      gsize used;
      WdImapReaderEvent event = wd_imap_reader_feed (&reader, input + at, n, &used);

      if (event == WD_IMAP_READER_DATA)
        g_string_append_len (data, input + at, (gssize) used);
      at += used;
      if (event == WD_IMAP_READER_NEED_INPUT && at >= len)
        break;
      if (event == WD_IMAP_READER_COMMAND)
        {
          g_string_append_printf (log, "C<%s>", reader.text->str);
          wd_imap_reader_reset (&reader);
        }
      else if (event == WD_IMAP_READER_LITERAL)
        {
          g_string_append_c (log, 'L');
          if (policy == 'k')
            wd_imap_reader_keep (&reader);
          else if (policy == 's')
            wd_imap_reader_stream (&reader);
          else if (!wd_imap_reader_refuse (&reader))
            {
              g_string_append_c (log, 'H');
              break;
            }
        }
      else if (event == WD_IMAP_READER_DATA_END)
        {
          g_string_append_printf (log, "D<%s>", data->str);
          g_string_truncate (data, 0);
        }
      else if (event == WD_IMAP_READER_TOO_LONG)
        {
          g_string_append_c (log, 'T');
          wd_imap_reader_reset (&reader);
        }
    }
  wd_imap_reader_clear (&reader);
  return g_string_free (g_steal_pointer (&log), FALSE);
}

static void
test_cuts (void)
{
  static const struct
  {
    const char *input;
    char policy;
    const char *log;
  } rows[] = {
    { "a NOOP\r\n", 'k', "C<a NOOP>" },
    { "a NOOP\nb NOOP\r\n", 'k', "C<a NOOP>C<b NOOP>" },
    { "\r\n\n", 'k', "C<>C<>" },
    { "a X\r\r\n", 'k', "C<a X\r>" },
    { "a {3}\r\nb c\r\n", 'k', "LC<a {3}\r\nb c>" },
    { "a {3}\r\n\r\n\r\r\n", 'k', "LC<a {3}\r\n\r\n\r>" },
    { "a {0}\r\n\r\n", 'k', "LC<a {0}\r\n>" },
    { "a {1+}\r\nx {2+}\r\nyz\r\nb NOOP\r\n", 'k', "LLC<a {1+}\r\nx {2+}\r\nyz>C<b NOOP>" },
    { "a {3}\r\nb c d\r\n", 's', "LD<b c>C<a {3}\r\n d>" },
    { "a {0+}\r\n\r\n", 's', "LD<>C<a {0+}\r\n>" },
    { "a {1+}\r\nx {2+}\r\nyz\r\n", 's', "LD<x>LD<yz>C<a {1+}\r\n {2+}\r\n>" },
    // Refused: the client of a synchronising literal sends the next command, the other goes on.
    { "a {3}\r\nb NOOP\r\n", 'r', "LC<b NOOP>" },
    { "a {3+}\r\nx\r\n y\r\nb NOOP\r\n", 'r', "LC<b NOOP>" },
    { "a {0+}\r\n y\r\nb NOOP\r\n", 'r', "LC<b NOOP>" },
    { "a {3+}\r\nxyz {2+}\r\n\r\n\r\nb NOOP\r\n", 'r', "LC<b NOOP>" },
    { "a {3+}\r\nxyz {2}\r\nb NOOP\r\n", 'r', "LC<b NOOP>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize step = 1; step < 40; step++)
      {
        g_autofree char *log = run (rows[i].input, strlen (rows[i].input), step, rows[i].policy);

        g_assert_cmpstr (log, ==, rows[i].log);
      }
}

// At, below and above the limit of a line.
static void
test_line_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    for (guint crlf = 0; crlf < 2; crlf++)
      for (guint cut = 0; cut < 4; cut++)
        {
          static const gsize steps[] = { 1, 1000, 65537, 1 << 20 };
          gsize n = (gsize) (WD_LIMIT_IMAP_LINE_BYTES + extra);
          g_autoptr (GString) input = g_string_new (NULL);
          g_autofree char *log = NULL;

          while (input->len < n)
            g_string_append_c (input, 'x');
          g_string_append (input, crlf ? "\r\n" : "\n");
          g_string_append (input, "b NOOP\r\n");
          log = run (input->str, input->len, steps[cut], 'k');
          g_assert_true (g_str_has_suffix (log, "C<b NOOP>"));
          g_assert_cmpint (log[0] == 'T', ==, extra > 0);
        }
}

// A line far too long that ends in a literal which is not waited for.
static void
test_long_line_literal (void)
{
  g_autoptr (GString) input = g_string_new (NULL);
  g_autofree char *log = NULL;

  while (input->len < 3 * WD_LIMIT_IMAP_LINE_BYTES)
    g_string_append_c (input, 'x');
  g_string_append (input, "{5+}\r\na\nb\nc\r\nb NOOP\r\n");
  for (gsize step = 1; step < 40; step += 7)
    {
      g_autofree char *text = run (input->str, input->len, step, 'k');

      g_assert_cmpstr (text, ==, "TC<b NOOP>");
    }
}

static void
test_literal_limits (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      WdImapReader reader = { .is_trusted = TRUE };
      gsize used;
      g_autofree char *line = g_strdup_printf ("a {%d}\r\n", WD_LIMIT_IMAP_LITERAL_BYTES + extra);

      g_assert_cmpint (wd_imap_reader_feed (&reader, line, strlen (line), &used), ==,
                       WD_IMAP_READER_LITERAL);
      g_assert_cmpint (wd_imap_reader_may_keep (&reader), ==, extra <= 0);
      wd_imap_reader_clear (&reader);
    }
}

// Small literals add up.
static void
test_command_limit (void)
{
  WdImapReader reader = { .is_trusted = TRUE };
  gsize used;
  guint n = 0;
  g_autofree char *data = g_strnfill (WD_LIMIT_IMAP_LITERAL_BYTES, 'x');
  g_autofree char *line = g_strdup_printf ("{%d+}\r\n", WD_LIMIT_IMAP_LITERAL_BYTES);

  for (;;)
    {
      g_assert_cmpint (wd_imap_reader_feed (&reader, line, strlen (line), &used), ==,
                       WD_IMAP_READER_LITERAL);
      if (!wd_imap_reader_may_keep (&reader))
        break;
      wd_imap_reader_keep (&reader);
      wd_imap_reader_feed (&reader, data, WD_LIMIT_IMAP_LITERAL_BYTES, &used);
      n++;
    }
  g_assert_cmpuint (n, ==, WD_LIMIT_IMAP_COMMAND_BYTES / WD_LIMIT_IMAP_LITERAL_BYTES - 1);
  wd_imap_reader_clear (&reader);
}

// Before the client has logged in: a line, and a literal with what stands before it.
static void
test_login_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      gsize n = (gsize) (WD_LIMIT_IMAP_LOGIN_BYTES + extra);
      WdImapReader reader = { 0 };
      g_autoptr (GString) line = g_string_new (NULL);
      g_autofree char *header = g_strdup_printf ("a {%d}\r\n", (int) n - 11);
      gsize used;

      while (line->len < n)
        g_string_append_c (line, 'x');
      g_string_append (line, "\r\n");
      g_assert_cmpint (wd_imap_reader_feed (&reader, line->str, line->len, &used), ==,
                       extra <= 0 ? WD_IMAP_READER_COMMAND : WD_IMAP_READER_TOO_LONG);
      wd_imap_reader_clear (&reader);
      g_assert_cmpint (strlen (header), ==, 11);
      g_assert_cmpint (wd_imap_reader_feed (&reader, header, 11, &used), ==,
                       WD_IMAP_READER_LITERAL);
      g_assert_cmpint (wd_imap_reader_may_keep (&reader), ==, extra <= 0);
      wd_imap_reader_clear (&reader);
    }
}

static void
test_swallow_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      WdImapReader reader = { 0 };
      gsize used;
      g_autofree char *line = g_strdup_printf ("a {%d+}\r\n", WD_LIMIT_IMAP_SWALLOW_BYTES + extra);

      g_assert_cmpint (wd_imap_reader_feed (&reader, line, strlen (line), &used), ==,
                       WD_IMAP_READER_LITERAL);
      g_assert_cmpint (wd_imap_reader_refuse (&reader), ==, extra <= 0);
      wd_imap_reader_clear (&reader);
    }
}

static void
test_trim (void)
{
  WdImapReader reader = { 0 };
  gsize used;

  g_assert_true (wd_imap_reader_is_idle (&reader));
  wd_imap_reader_feed (&reader, "a NO", 4, &used);
  g_assert_false (wd_imap_reader_is_idle (&reader));
  wd_imap_reader_trim (&reader);
  g_assert_nonnull (reader.text);
  wd_imap_reader_feed (&reader, "OP\r\n", 4, &used);
  wd_imap_reader_reset (&reader);
  g_assert_true (wd_imap_reader_is_idle (&reader));
  wd_imap_reader_trim (&reader);
  g_assert_null (reader.text);
  wd_imap_reader_clear (&reader);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/reader/cuts", test_cuts);
  g_test_add_func ("/imap/reader/line-limit", test_line_limit);
  g_test_add_func ("/imap/reader/long-line-literal", test_long_line_literal);
  g_test_add_func ("/imap/reader/literal-limits", test_literal_limits);
  g_test_add_func ("/imap/reader/command-limit", test_command_limit);
  g_test_add_func ("/imap/reader/login-limit", test_login_limit);
  g_test_add_func ("/imap/reader/swallow-limit", test_swallow_limit);
  g_test_add_func ("/imap/reader/trim", test_trim);
  return g_test_run ();
}
