// SPDX-License-Identifier: EUPL-1.2
// Sequence sets, against the messages of a session.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-limits.h"
#include "imap-set.h"

static WdUidSet *
make_known (const char *text)
{
  WdImapParser parser;
  g_autoptr (WdImapSet) set = NULL;
  WdUidSet *uids = wd_uidset_new ();

  if (*text == '\0')
    return uids;
  wd_imap_parse_init (&parser, text, strlen (text));
  g_assert_true (wd_imap_set_parse (&parser, &set));
  for (guint i = 0; i < set->ranges->len; i++)
    {
      const WdImapRange *range = &g_array_index (set->ranges, WdImapRange, i);

      wd_uidset_add_range (uids, range->first, range->last);
    }
  return uids;
}

static void
test_resolve (void)
{
  static const struct
  {
    const char *known;
    const char *set;
    const char *by_uid;
    const char *by_seq;
    gboolean is_valid;
  } rows[] = {
    { "1:5", "1", "1", "1", TRUE },
    { "1:5", "5:1", "1:5", "1:5", TRUE },
    { "1:5", "*", "5", "5", TRUE },
    { "1:5", "*:4", "4:5", "4:5", TRUE },
    { "1:5", "9:*", "5", "5", TRUE },
    { "1:5", "6", "", "", FALSE },
    { "1:5", "4:9", "4:5", "4:5", FALSE },
    { "10,20,30:35", "1", "", "10", TRUE },
    { "10,20,30:35", "2:4", "", "20,30:31", TRUE },
    { "10,20,30:35", "*,1", "35", "10,35", TRUE },
    { "10,20,30:35", "20:32", "20,30:32", "", FALSE },
    { "10,20,30:35", "4,2,2:3", "", "20,30:31", TRUE },
    { "10,20,30:35", "1:*", "10,20,30:35", "10,20,30:35", TRUE },
    { "", "1:*", "", "", TRUE },
    { "", "*", "", "", TRUE },
    { "", "1", "", "", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      g_autoptr (WdUidSet) known = make_known (rows[i].known);
      g_autoptr (WdImapSet) set = NULL;
      g_autoptr (GString) text = g_string_new (NULL);
      gboolean is_valid;

      wd_imap_parse_init (&parser, rows[i].set, strlen (rows[i].set));
      g_assert_true (wd_imap_set_parse (&parser, &set));
      g_autoptr (WdUidSet) uids = wd_imap_set_resolve_uids (set, known);
      wd_uidset_to_string (uids, text);
      g_assert_cmpstr (text->str, ==, rows[i].by_uid);
      g_string_truncate (text, 0);
      g_autoptr (WdUidSet) seqs = wd_imap_set_resolve_seqs (set, known, &is_valid);
      wd_uidset_to_string (seqs, text);
      g_assert_cmpstr (text->str, ==, rows[i].by_seq);
      g_assert_cmpint (is_valid, ==, rows[i].is_valid);
    }
}

static void
test_bad (void)
{
  static const char *const rows[]
      = { "", "0", "1:", ":1", "1,", ",1", "a", "1:0", "4294967296", "-1", "1::2" };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdImapParser parser;
      WdImapSet *set = NULL;

      wd_imap_parse_init (&parser, rows[i], strlen (rows[i]));
      g_assert_false (wd_imap_set_parse (&parser, &set));
      g_assert_null (set);
    }
}

// At, below and above; in the worst order, and in no time.
static void
test_limit (void)
{
  gint64 start = wd_core_clock_monotonic_us ();

  for (int extra = -1; extra <= 1; extra++)
    {
      guint n = (guint) (WD_LIMIT_IMAP_SET_RANGES + extra);
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (WdImapSet) set = NULL;
      g_autoptr (WdUidSet) known = wd_uidset_new_range (1, 100000);
      WdImapParser parser;

      for (guint i = n; i > 0; i--)
        g_string_append_printf (text, "%s%u", text->len > 0 ? "," : "", 2 * i);
      wd_imap_parse_init (&parser, text->str, text->len);
      g_assert_cmpint (wd_imap_set_parse (&parser, &set), ==, extra <= 0);
      if (set == NULL)
        continue;
      g_autoptr (WdUidSet) uids = wd_imap_set_resolve_uids (set, known);
      g_assert_cmpuint (wd_uidset_get_count (uids), ==, n);
      g_autoptr (WdUidSet) seqs = wd_imap_set_resolve_seqs (set, known, NULL);
      g_assert_true (wd_uidset_is_equal (uids, seqs));
    }
  g_assert_cmpint (wd_core_clock_monotonic_us () - start, <, 2000000);
}

static void
test_cursor (void)
{
  g_autoptr (WdUidSet) known = make_known ("10,20,30:35");
  g_autoptr (WdUidSet) some = make_known ("1:20,33:40");
  g_autoptr (WdUidSet) seqs = wd_imap_set_seqs_of (some, known);
  g_autoptr (GString) text = g_string_new (NULL);
  WdImapSeqCursor at;

  wd_imap_set_cursor_init (&at, known);
  for (WdUid uid = 1; uid < 50; uid++)
    g_assert_cmpuint (wd_imap_set_cursor_seek (&at, uid), ==, wd_uidset_get_seq (known, uid).n);
  wd_uidset_to_string (seqs, text);
  g_assert_cmpstr (text->str, ==, "1:2,6:8");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/set/resolve", test_resolve);
  g_test_add_func ("/imap/set/bad", test_bad);
  g_test_add_func ("/imap/set/limit", test_limit);
  g_test_add_func ("/imap/set/cursor", test_cursor);
  return g_test_run ();
}
