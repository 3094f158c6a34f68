// SPDX-License-Identifier: EUPL-1.2
// Mailbox paths.
#include "config.h"

#include "store-path.h"
#include "store-types.h"

static void
test_normalize (void)
{
  static const struct
  {
    const char *path;
    const char *expected; // NULL: invalid.
  } cases[] = {
    { "INBOX", "INBOX" },
    { "inbox", "INBOX" },
    { "Inbox/A", "INBOX/A" },
    { "inboxes", "inboxes" },
    { "a/inbox", "a/inbox" },
    { "a b", "a b" },
    { "u\xcc\x88", "\xc3\xbc" },
    { "%*", "%*" },
    { "a/b/c", "a/b/c" },
    { "", NULL },
    { "/", NULL },
    { "a/", NULL },
    { "/a", NULL },
    { "a//b", NULL },
    { "a\r", NULL },
    { "\xc2\x80", NULL },
    { "\xc3", NULL },
    { "\xe2\x80\xa9", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *normal = wd_store_path_normalize (cases[i].path, &error);

      g_assert_cmpstr (normal, ==, cases[i].expected);
      if (cases[i].expected == NULL)
        g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID);
    }
}

static void
test_parent (void)
{
  g_autofree char *parent = wd_store_path_dup_parent ("a/b/c");

  g_assert_cmpstr (parent, ==, "a/b");
  g_assert_null (wd_store_path_dup_parent ("a"));
  g_assert_true (wd_store_path_is_below ("a/b", "a"));
  g_assert_false (wd_store_path_is_below ("ab", "a"));
  g_assert_false (wd_store_path_is_below ("a", "a"));
}

static void
test_order (void)
{
  static const char *const sorted[]
      = { "INBOX", "INBOX/x", "A", "A/z", "A!", "A0", "INBOX2", "b", "b/c", "b c", "\xc3\xa4" };

  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sorted); j++)
      g_assert_cmpint (CLAMP (wd_store_path_compare (sorted[i], sorted[j]), -1, 1), ==,
                       (i > j) - (i < j));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/path/normalize", test_normalize);
  g_test_add_func ("/store/path/parent", test_parent);
  g_test_add_func ("/store/path/order", test_order);
  return g_test_run ();
}
