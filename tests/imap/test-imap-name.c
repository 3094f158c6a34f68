// SPDX-License-Identifier: EUPL-1.2
// Mailbox names and their patterns.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-limits.h"
#include "imap-name.h"
#include "imap-pattern.h"
#include "imap-utf7.h"

static void
test_utf7 (void)
{
  static const struct
  {
    const char *wire;
    const char *text;  // NULL: refused.
    const char *again; // NULL: as `wire`.
  } rows[] = {
    { "", "", NULL },
    { "abc", "abc", NULL },
    { "A&-B", "A&B", NULL },
    { "&-", "&", NULL },
    { "&-&-", "&&", NULL },
    { "Entw&APw-rfe", "Entw\xc3\xbcrfe", NULL },
    { "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
      "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", NULL },
    { "&2D3eAA-", "\xf0\x9f\x98\x80", NULL },
    { "&AOQ-&-&APY-", "\xc3\xa4&\xc3\xb6", NULL },
    { "&AAk-", "\t", NULL },
    { "Entw\xc3\xbcrfe", "Entw\xc3\xbcrfe", "Entw&APw-rfe" },
    { "&", NULL, NULL },
    { "&AP", NULL, NULL },
    { "&APw", NULL, NULL },
    { "&AP-", NULL, NULL },
    { "&APx-", NULL, NULL },
    { "&APwA-", NULL, NULL },
    { "&AGE-", NULL, NULL },
    { "&AAA-", NULL, NULL },
    { "&2D0-", NULL, NULL },
    { "&3gA-", NULL, NULL },
    { "&2D0AYQ-", NULL, NULL },
    { "&APw=-", NULL, NULL },
    { "&APw/-", NULL, NULL },
    { "&APw-&APw-", NULL, NULL },
    { "\xff", NULL, NULL },
    { "\xc3", NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = wd_imap_utf7_decode (rows[i].wire);
      g_autoptr (GString) wire = g_string_new (NULL);

      g_assert_cmpstr (text, ==, rows[i].text);
      if (text == NULL)
        continue;
      wd_imap_utf7_encode (text, wire);
      g_assert_cmpstr (wire->str, ==, rows[i].again != NULL ? rows[i].again : rows[i].wire);
    }
}

static void
test_utf7_round_trip (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GString) wire = g_string_new (NULL);
      g_autofree char *again = NULL;
      guint n = (guint) g_rand_int_range (rand, 0, 12);

      for (guint j = 0; j < n; j++)
        {
          static const gint32 tops[] = { 0x7f, 0x7f, 0x7ff, 0xffff, 0x10ffff };
          gunichar c = (gunichar) g_rand_int_range (rand, 1, tops[g_rand_int_range (rand, 0, 5)]);

          if (g_unichar_validate (c))
            g_string_append_unichar (text, c);
        }
      wd_imap_utf7_encode (text->str, wire);
      again = wd_imap_utf7_decode (wire->str);
      g_assert_cmpstr (again, ==, text->str);
      for (gsize j = 0; j < wire->len; j++)
        g_assert_true (wire->str[j] >= 0x20 && wire->str[j] <= 0x7e);
    }
}

static void
test_names (void)
{
  static const struct
  {
    const char *input;
    const char *path;
    gboolean is_parent;
  } rows[] = {
    { "inbox", "INBOX", FALSE },
    { "InBox/x", "INBOX/x", FALSE },
    { "inboxes", "inboxes", FALSE },
    { "a/", "a", TRUE },
    { "\"\"", NULL, FALSE },
    { "\"A&B\"", NULL, FALSE },
    { "\"a\xcc\x88\"", "\xc3\xa4", FALSE },
    { "\"/\"", "/", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      g_autofree char *path = NULL;
      gboolean is_parent;

      wd_imap_parse_init (&parser, rows[i].input, strlen (rows[i].input));
      g_assert_true (wd_imap_name_parse (&parser, &path, &is_parent));
      g_assert_cmpstr (path, ==, rows[i].path);
      g_assert_cmpint (is_parent, ==, rows[i].is_parent);
    }
}

static void
test_patterns (void)
{
  static const struct
  {
    const char *pattern;
    const char *path;
    gboolean matches;
  } rows[] = {
    { "*", "INBOX", TRUE },     { "*", "a/b/c", TRUE },
    { "%", "a", TRUE },         { "%", "a/b", FALSE },
    { "%/%", "a/b", TRUE },     { "%/%", "a/b/c", FALSE },
    { "inbox", "INBOX", TRUE }, { "inbox/%", "INBOX/a", TRUE },
    { "a", "A", FALSE },        { "", "", TRUE },
    { "", "a", FALSE },         { "a*", "a", TRUE },
    { "*a", "ba", TRUE },       { "*a", "ab", FALSE },
    { "*%", "a/b", TRUE },      { "%*", "a/b", TRUE },
    { "%%", "ab", TRUE },       { "%%", "a/b", FALSE },
    { "a%c", "abc", TRUE },     { "a%c", "a/c", FALSE },
    { "a*c", "a/b/c", TRUE },   { "*a%b", "x/a/ayb", TRUE },
    { "%b*", "a/b", FALSE },    { "*/b", "a/b", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WdImapPattern) pattern = wd_imap_pattern_new (rows[i].pattern);

      g_assert_cmpint (wd_imap_pattern_matches (pattern, rows[i].path), ==, rows[i].matches);
    }
}

// What makes a backtracking matcher run for ever.
static void
test_pattern_time (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *path = g_strnfill (WD_LIMIT_MAILBOX_PATH_BYTES, 'a');
  gint64 start = wd_core_clock_monotonic_us ();

  for (guint i = 0; i < WD_LIMIT_MAILBOX_PATH_BYTES - 1; i++)
    g_string_append (text, i % 2 != 0 ? "*a" : "%a");
  g_string_append (text, "*b");
  g_autoptr (WdImapPattern) pattern = wd_imap_pattern_new (text->str);
  for (guint i = 0; i < 100; i++)
    g_assert_false (wd_imap_pattern_matches (pattern, path));
  g_assert_cmpint (wd_core_clock_monotonic_us () - start, <, 2000000);
}

// All patterns and paths of a small alphabet against the plain recursive definition.
static gboolean
matches_slowly (const char *pattern, const char *path)
{
  if (*pattern == '\0')
    return *path == '\0';
  if (*pattern == '*' || *pattern == '%')
    return matches_slowly (pattern + 1, path)
           || (*path != '\0' && (*pattern == '*' || *path != '/')
               && matches_slowly (pattern, path + 1));
  return *pattern == *path && matches_slowly (pattern + 1, path + 1);
}

static void
spell (guint number, const char *alphabet, char *out_text)
{
  guint n = (guint) strlen (alphabet);

  for (; number > 0; number = (number - 1) / n)
    *out_text++ = alphabet[(number - 1) % n];
  *out_text = '\0';
}

static void
test_pattern_definition (void)
{
  for (guint i = 0; i < 1365; i++)
    {
      char text[16];

      spell (i, "a/*%", text);
      g_autoptr (WdImapPattern) pattern = wd_imap_pattern_new (text);
      for (guint j = 0; j < 63; j++)
        {
          char path[16];

          spell (j, "a/", path);
          g_assert_cmpint (wd_imap_pattern_matches (pattern, path), ==,
                           matches_slowly (text, path));
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/name/utf7", test_utf7);
  g_test_add_func ("/imap/name/utf7-round-trip", test_utf7_round_trip);
  g_test_add_func ("/imap/name/names", test_names);
  g_test_add_func ("/imap/name/patterns", test_patterns);
  g_test_add_func ("/imap/name/pattern-time", test_pattern_time);
  g_test_add_func ("/imap/name/pattern-definition", test_pattern_definition);
  return g_test_run ();
}
