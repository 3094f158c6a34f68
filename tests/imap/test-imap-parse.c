// SPDX-License-Identifier: EUPL-1.2
// Tokens, strings, literals, flags and dates, as tables.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-date.h"
#include "imap-flags.h"
#include "imap-format.h"
#include "imap-parse.h"

typedef gboolean (*StringFunc) (WdImapParser *parser, char **out_text);

static void
test_strings (void)
{
  static const struct
  {
    StringFunc func;
    const char *input;
    const char *text; // NULL: refused, or NIL.
    gboolean ok;
    gsize used;
  } rows[] = {
    { wd_imap_parse_astring, "abc def", "abc", TRUE, 3 },
    { wd_imap_parse_astring, "a]b", "a]b", TRUE, 3 },
    { wd_imap_parse_astring, "~abc", "~abc", TRUE, 4 },
    { wd_imap_parse_astring, "\"a b\"", "a b", TRUE, 5 },
    { wd_imap_parse_astring, "\"\"", "", TRUE, 2 },
    { wd_imap_parse_astring, "\"a\\\"b\\\\c\"", "a\"b\\c", TRUE, 9 },
    { wd_imap_parse_astring, "\"\xc3\xa4\"", "\xc3\xa4", TRUE, 4 },
    { wd_imap_parse_astring, "{3}\r\na\"(x", "a\"(", TRUE, 8 },
    { wd_imap_parse_astring, "{3+}\r\nabc", "abc", TRUE, 9 },
    { wd_imap_parse_astring, "{3-}\nabc", "abc", TRUE, 8 },
    { wd_imap_parse_astring, "{0}\r\n", "", TRUE, 5 },
    { wd_imap_parse_astring, "{4}\r\nabc", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "~{3}\r\nabc", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "{3}abc", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "{}\r\n", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "{99999999999999999999}\r\n", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "\"abc", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "\"a\\n\"", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "\"a\\", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "\"a\r\nb\"", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "(", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "*", NULL, FALSE, 0 },
    { wd_imap_parse_astring, "\xc3\xa4", NULL, FALSE, 0 },
    { wd_imap_parse_list_mailbox, "a*%]b c", "a*%]b", TRUE, 5 },
    { wd_imap_parse_string, "abc", NULL, FALSE, 0 },
    { wd_imap_parse_nstring, "nil", NULL, TRUE, 3 },
    { wd_imap_parse_nstring, "\"NIL\"", "NIL", TRUE, 5 },
    { wd_imap_parse_nstring, "nilly", NULL, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      g_autofree char *text = NULL;

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (rows[i].func (&parser, &text), ==, rows[i].ok);
      g_assert_cmpstr (text, ==, rows[i].text);
      if (rows[i].ok)
        g_assert_cmpuint (parser.pos, ==, rows[i].used);
      else
        g_assert_nonnull (parser.error);
    }
}

static void
test_nul (void)
{
  WdImapParser parser;
  char *text;

  wd_imap_parse_init (&parser, "{3}\r\na\0b", 8);
  g_assert_false (wd_imap_parse_astring (&parser, &text));
  wd_imap_parse_init (&parser, "\"a\0b\"", 5);
  g_assert_false (wd_imap_parse_astring (&parser, &text));
}

static void
test_numbers (void)
{
  static const struct
  {
    const char *input;
    gboolean ok32;
    gboolean ok64;
    guint64 value;
  } rows[] = {
    { "0", TRUE, TRUE, 0 },
    { "4294967295", TRUE, TRUE, G_MAXUINT32 },
    { "4294967296", FALSE, TRUE, (guint64) G_MAXUINT32 + 1 },
    { "9223372036854775807", FALSE, TRUE, G_MAXINT64 },
    { "9223372036854775808", FALSE, FALSE, 0 },
    { "99999999999999999999999", FALSE, FALSE, 0 },
    { "-1", FALSE, FALSE, 0 },
    { "", FALSE, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      guint32 n32 = 0;
      guint64 n64 = 0;

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (wd_imap_parse_number (&parser, &n32), ==, rows[i].ok32);
      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (wd_imap_parse_number64 (&parser, &n64), ==, rows[i].ok64);
      if (rows[i].ok32)
        g_assert_cmpuint (n32, ==, rows[i].value);
      g_assert_cmpuint (n64, ==, rows[i].value);
    }
}

// At, below and above the depth that is allowed.
static void
test_nesting (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      guint depth = (guint) (WD_LIMIT_IMAP_NESTING + extra);
      g_autofree char *text = g_strnfill (depth, '(');
      WdImapParser parser;
      guint n = 0;

      wd_imap_parse_init (&parser, text, depth);
      while (!wd_imap_parse_is_at_end (&parser) && wd_imap_parse_open (&parser))
        n++;
      g_assert_cmpuint (n, ==, MIN (depth, WD_LIMIT_IMAP_NESTING));
      g_assert_cmpint (parser.error != NULL, ==, extra > 0);
    }
}

static void
test_literal_ends (void)
{
  static const struct
  {
    const char *line;
    gboolean ok;
    guint64 size;
    gboolean is_sync;
    gboolean is_literal8;
    gsize start;
  } rows[] = {
    { "a {5}", TRUE, 5, TRUE, FALSE, 2 },
    { "{0+}", TRUE, 0, FALSE, FALSE, 0 },
    { "a ~{5+}", TRUE, 5, FALSE, TRUE, 2 },
    { "a {5-}", TRUE, 5, FALSE, FALSE, 2 },
    { "a {99999999999999999999999+}", TRUE, G_MAXINT64, FALSE, FALSE, 2 },
    { "a {5} ", FALSE, 0, FALSE, FALSE, 0 },
    { "a {}", FALSE, 0, FALSE, FALSE, 0 },
    { "a {+}", FALSE, 0, FALSE, FALSE, 0 },
    { "a {5x}", FALSE, 0, FALSE, FALSE, 0 },
    { "a 5}", FALSE, 0, FALSE, FALSE, 0 },
    { "5}", FALSE, 0, FALSE, FALSE, 0 },
    { "}", FALSE, 0, FALSE, FALSE, 0 },
    { "", FALSE, 0, FALSE, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapLiteral literal = { 0 };
      gsize start = 0;

      g_assert_cmpint (
          wd_imap_parse_ends_in_literal (rows[i].line, strlen (rows[i].line), &literal, &start), ==,
          rows[i].ok);
      if (!rows[i].ok)
        continue;
      g_assert_cmpuint (literal.size_bytes, ==, rows[i].size);
      g_assert_cmpint (literal.is_sync, ==, rows[i].is_sync);
      g_assert_cmpint (literal.is_literal8, ==, rows[i].is_literal8);
      g_assert_cmpuint (start, ==, rows[i].start);
    }
}

static void
test_dates (void)
{
  static const struct
  {
    const char *input;
    gboolean ok;
    gint32 day;
  } rows[] = {
    { "1-Jan-1970", TRUE, 0 },
    { "01-jan-1970", TRUE, 0 },
    { "\"2-Jan-1970\"", TRUE, 1 },
    { "31-Dec-1969", TRUE, -1 },
    { "29-Feb-2000", TRUE, 11016 },
    { "1-Mar-2000", TRUE, 11017 },
    { "25-Nov-2026", TRUE, 20782 },
    { "29-Feb-1900", FALSE, 0 },
    { "31-Apr-2000", FALSE, 0 },
    { "0-Jan-2000", FALSE, 0 },
    { "1-Foo-2000", FALSE, 0 },
    { "1-Jan-00", FALSE, 0 },
    { "\"1-Jan-2000", FALSE, 0 },
    { "", FALSE, 0 },
    { "1-J", FALSE, 0 },
    { "1 Jan 2000", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      gint32 day = 0;

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (wd_imap_date_parse (&parser, &day), ==, rows[i].ok);
      g_assert_cmpint (day, ==, rows[i].day);
    }
}

// Read, and written again the same.
static void
test_date_times (void)
{
  static const struct
  {
    const char *input;
    gboolean ok;
    gint64 secs;
    gint16 zone;
  } rows[] = {
    { "\"01-Jan-1970 00:00:00 +0000\"", TRUE, 0, 0 },
    { "\"25-Nov-2026 01:17:43 +0100\"", TRUE, 1795565863, 60 },
    { "\"31-Dec-1969 23:59:59 +0000\"", TRUE, -1, 0 },
    { "\"01-Jan-1970 00:00:00 +1400\"", TRUE, -50400, 840 },
    { "\"31-Dec-1999 23:59:59 -0930\"", TRUE, 946718999, -570 },
    { "\"29-Feb-2400 12:00:00 +0000\"", TRUE, 13574606400, 0 },
    { "\"32-Jan-1970 00:00:00 +0000\"", FALSE, 0, 0 },
    { "\"01-Jan-1970 24:00:00 +0000\"", FALSE, 0, 0 },
    { "\"01-Jan-1970 00:00:00 +0060\"", FALSE, 0, 0 },
    { "\"01-Jan-1970 00:00:00\"", FALSE, 0, 0 },
    { "\"01-Jan-1970 00:00:00 +0000", FALSE, 0, 0 },
    { "01-Jan-1970 00:00:00 +0000", FALSE, 0, 0 },
  };

  WdImapDateWriter writer = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      gint64 ms = 0;
      gint16 zone = 0;
      char text[WD_IMAP_DATE_TIME_LEN + 1] = { 0 };

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (wd_imap_date_parse_time (&parser, &ms, &zone), ==, rows[i].ok);
      if (!rows[i].ok)
        continue;
      g_assert_cmpint (ms, ==, rows[i].secs * 1000);
      g_assert_cmpint (zone, ==, rows[i].zone);
      wd_imap_date_write (&writer, ms, zone, text);
      g_assert_cmpstr (text, ==, rows[i].input);
    }
}

// date-day-fixed has a space for the first digit.
static void
test_date_time_space (void)
{
  WdImapParser parser;
  gint64 ms;
  gint16 zone;

  wd_imap_parse_init (&parser, "\" 2-Jan-1970 00:00:00 +0000\"", 28);
  g_assert_true (wd_imap_date_parse_time (&parser, &ms, &zone));
  g_assert_cmpint (ms, ==, 86400000);
}

// Every day of 800 years against GDateTime.
static void
test_date_calendar (void)
{
  WdImapDateWriter writer = { 0 };
  g_autoptr (GDate) date = g_date_new_dmy (1, 1, 1700);

  for (gint64 day = -98615; day < 193000; day++, g_date_add_days (date, 1))
    {
      char text[WD_IMAP_DATE_TIME_LEN + 1] = { 0 };
      static const char *const months[]
          = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
      char expected[32];

      wd_imap_date_write (&writer, day * 86400000 + 1999, 0, text);
      g_snprintf (expected, sizeof expected, "\"%02u-%s-%04u 00:00:01 +0000\"",
                  g_date_get_day (date), months[g_date_get_month (date) - 1],
                  g_date_get_year (date));
      g_assert_cmpstr (text, ==, expected);
    }
}

static void
test_flags (void)
{
  static const struct
  {
    const char *input;
    gboolean bare;
    gboolean ok;
    WdFlags system;
    const char *keywords;
    gboolean has_recent;
  } rows[] = {
    { "()", FALSE, TRUE, 0, "", FALSE },
    { "(\\Seen)", FALSE, TRUE, WD_FLAG_SEEN, "", FALSE },
    { "(\\sEEN \\Deleted $Junk)", FALSE, TRUE, WD_FLAG_SEEN | WD_FLAG_DELETED, "$Junk", FALSE },
    { "(\\Recent a b)", FALSE, TRUE, 0, "a b", TRUE },
    { "\\Flagged \\Draft x", TRUE, TRUE, WD_FLAG_FLAGGED | WD_FLAG_DRAFT, "x", FALSE },
    { "\\Answered", TRUE, TRUE, WD_FLAG_ANSWERED, "", FALSE },
    { "\\Answered", FALSE, FALSE, 0, NULL, FALSE },
    { "(\\Foo)", FALSE, FALSE, 0, NULL, FALSE },
    { "(\\*)", FALSE, FALSE, 0, NULL, FALSE },
    { "(a  b)", FALSE, FALSE, 0, NULL, FALSE },
    { "(a b", FALSE, FALSE, 0, NULL, FALSE },
    { "(a \"b\")", FALSE, FALSE, 0, NULL, FALSE },
    { "", TRUE, FALSE, 0, NULL, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      g_auto (WdImapFlags) flags = { 0 };

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_cmpint (wd_imap_flags_parse (&parser, rows[i].bare, &flags), ==, rows[i].ok);
      if (!rows[i].ok)
        continue;
      g_autofree char *joined = g_strjoinv (" ", (GStrv) flags.keywords->pdata);
      g_assert_cmpuint (flags.system, ==, rows[i].system);
      g_assert_cmpstr (joined, ==, rows[i].keywords);
      g_assert_cmpint (flags.has_recent, ==, rows[i].has_recent);
    }
}

static void
test_format (void)
{
  static const struct
  {
    void (*func) (GString *out, const char *text);
    const char *text;
    const char *written;
  } rows[] = {
    { wd_imap_format_string, "", "\"\"" },
    { wd_imap_format_string, "a\"b\\", "\"a\\\"b\\\\\"" },
    { wd_imap_format_string, "a\r\nb", "{4}\r\na\r\nb" },
    { wd_imap_format_string, "\xc3\xa4", "{2}\r\n\xc3\xa4" },
    { wd_imap_format_nstring, NULL, "NIL" },
    { wd_imap_format_astring, "abc", "abc" },
    { wd_imap_format_astring, "nil", "\"nil\"" },
    { wd_imap_format_astring, "a b", "\"a b\"" },
    { wd_imap_format_astring, "", "\"\"" },
  };

  static const guint64 numbers[] = { 0, 1, 9, 10, 99, 100, 101, 12345, 4294967295, G_MAXUINT64 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      rows[i].func (out, rows[i].text);
      g_assert_cmpstr (out->str, ==, rows[i].written);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      g_autofree char *expected = g_strdup_printf ("%" G_GUINT64_FORMAT, numbers[i]);

      wd_imap_format_number (out, numbers[i]);
      g_assert_cmpstr (out->str, ==, expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/parse/strings", test_strings);
  g_test_add_func ("/imap/parse/nul", test_nul);
  g_test_add_func ("/imap/parse/numbers", test_numbers);
  g_test_add_func ("/imap/parse/nesting", test_nesting);
  g_test_add_func ("/imap/parse/literal-ends", test_literal_ends);
  g_test_add_func ("/imap/parse/dates", test_dates);
  g_test_add_func ("/imap/parse/date-times", test_date_times);
  g_test_add_func ("/imap/parse/date-time-space", test_date_time_space);
  g_test_add_func ("/imap/parse/date-calendar", test_date_calendar);
  g_test_add_func ("/imap/parse/flags", test_flags);
  g_test_add_func ("/imap/parse/format", test_format);
  return g_test_run ();
}
