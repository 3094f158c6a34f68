// SPDX-License-Identifier: EUPL-1.2
// Folding of texts for searching, and the expression tree.
#include "config.h"

#include <string.h>

#include "store-search.h"

static void
test_fold (void)
{
  static const struct
  {
    const char *text;
    gssize len;
    const char *folded;
  } cases[] = {
    { "", -1, "" },
    { "Hello, WORLD 42", -1, "hello, world 42" },
    { "HELLO", 3, "hel" },
    { "CAFE\xcc\x81 au lait", -1, "caf\xc3\xa9 au lait" }, // E and a combining acute.
    { "CAF\xc3\x89", -1, "caf\xc3\xa9" },
    { "e\xcc\x81", -1, "\xc3\xa9" },
    { "\xcc\x81"
      "e",
      -1,
      "\xcc\x81"
      "e" },
    { "Stra\xc3\x9f"
      "e STRASSE",
      -1, "strasse strasse" },
    { "\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2", -1,
      "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82" },
    // Cherokee, capital and small.
    { "\xe1\x8e\xa0", -1, "\xea\xad\xb0" },
    { "\xea\xad\xb0", -1, "\xea\xad\xb0" },
    { "bad \xff octet", -1, "bad \xef\xbf\xbd octet" },
    { "a\0B", 3,
      "a\xef\xbf\xbd"
      "b" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *folded = wd_search_fold (cases[i].text, cases[i].len);

      g_assert_cmpstr (folded, ==, cases[i].folded);
    }
}

// Folding piecewise gives what folding at once does.
static void
test_fold_whole (void)
{
  static const char *const pieces[]
      = { "a",        "Z",        " ",        "e",        "\xcc\x81",
          "\xc3\x89", "\xc3\x9f", "\xd0\x9f", "\xcc\xa7", "\xe4\xbe\x8b" };

  for (int i = 0; i < 3000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      int n = g_test_rand_int_range (0, 12);

      for (int j = 0; j < n; j++)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);

      g_autofree char *composed = g_utf8_normalize (text->str, -1, G_NORMALIZE_DEFAULT_COMPOSE);
      g_autofree char *folded = g_utf8_casefold (composed, -1);
      g_autofree char *expected = g_utf8_normalize (folded, -1, G_NORMALIZE_DEFAULT_COMPOSE);
      g_autofree char *got = wd_search_fold (text->str, -1);

      g_assert_cmpstr (got, ==, expected);
    }
}

static void
test_tree (void)
{
  g_autoptr (WdSearchExpr) root = wd_search_expr_new (WD_SEARCH_AND);
  WdSearchExpr *child = wd_search_expr_new (WD_SEARCH_HEADER);

  child->header = g_strdup ("Subject");
  child->text = g_strdup ("x");
  wd_search_expr_take_child (root, child);
  child = wd_search_expr_new (WD_SEARCH_UIDS);
  child->uids = wd_uidset_new_range (1, 5);
  wd_search_expr_take_child (root, child);
  g_assert_cmpuint (root->children->len, ==, 2);
  g_assert_true (root->children->pdata[1] == child);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/search/fold", test_fold);
  g_test_add_func ("/store/search/fold-whole", test_fold_whole);
  g_test_add_func ("/store/search/tree", test_tree);
  return g_test_run ();
}
