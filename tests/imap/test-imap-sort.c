// SPDX-License-Identifier: EUPL-1.2
// What SORT holds of the messages that it sorts.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-sort.h"

static WdImapSort *
parse (const char *text)
{
  WdImapParser parser;
  WdImapSort *sort = NULL;

  wd_imap_parse_init (&parser, text, strlen (text));
  g_assert_true (wd_imap_sort_parse (&parser, &sort));
  return sort;
}

// Adds messages that have `n_bytes` of subjects together, with their ends.
static gboolean
fill (WdImapSort *sort, gsize n_bytes)
{
  gboolean ok = TRUE;

  for (WdUid uid = 1; n_bytes > 0; uid++)
    {
      gsize len = MIN (n_bytes, WD_LIMIT_IMAP_SORT_KEY_BYTES);
      g_autofree char *subject = g_strnfill (len - 1, 'x');
      g_autofree char *envelope
          = g_strdup_printf ("(NIL \"%s\" NIL NIL NIL NIL NIL NIL NIL NIL)", subject);
      const WdMessageRow row
          = { .uid = uid, .envelope = envelope, .envelope_len = strlen (envelope) };

      g_assert_true (ok);
      ok = wd_imap_sort_add (sort, &row);
      n_bytes -= len;
    }
  return ok;
}

static void
test_limit (void)
{
  g_autoptr (WdImapSort) sort = parse ("(SUBJECT)");

  g_assert_true (fill (sort, WD_LIMIT_IMAP_ORDER_BYTES - 1));
  g_assert_false (wd_imap_sort_is_full (sort));
  // At it: an empty subject has its end alone.
  g_assert_true (fill (sort, 1));
  g_assert_false (wd_imap_sort_is_full (sort));
  g_assert_false (fill (sort, 1));
  g_assert_true (wd_imap_sort_is_full (sort));
}

// Numbers take no texts.
static void
test_numbers (void)
{
  g_autoptr (WdImapSort) sort = parse ("(REVERSE SIZE ARRIVAL)");
  g_autoptr (GArray) sorted = NULL;

  for (WdUid uid = 1; uid <= 5; uid++)
    {
      const WdMessageRow row = { .uid = uid, .size_bytes = uid % 3 };

      g_assert_true (wd_imap_sort_add (sort, &row));
    }
  sorted = wd_imap_sort_run (sort);
  g_assert_cmpuint (sorted->len, ==, 5);
  for (guint i = 0; i < sorted->len; i++)
    g_assert_cmpuint (g_array_index (sorted, WdUid, i), ==, ((WdUid[]){ 2, 5, 1, 4, 3 })[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/sort/limit", test_limit);
  g_test_add_func ("/imap/sort/numbers", test_numbers);
  return g_test_run ();
}
