// SPDX-License-Identifier: EUPL-1.2
// Tables: alignment, wide characters, and text that would move the cursor.
#include "config.h"

#include "ctl-output.h"

static void
test_table (void)
{
  static const char *const columns[] = { "NAME", "VALUE", "FROM", NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (columns);
  g_autofree char *text = NULL;

  wd_ctl_output_table_add (table, "a", "long value", "x");
  wd_ctl_output_table_add (table, "андрис", NULL, "y");
  wd_ctl_output_table_add (table, "日本", "e\xcc\x81", "z");
  wd_ctl_output_table_add (table, "b", "", "");
  text = wd_ctl_output_table_to_string (table);
  g_assert_cmpstr (text, ==,
                   "NAME    VALUE       FROM\n"
                   "a       long value  x\n"
                   "андрис              y\n"
                   "日本    e\xcc\x81           z\n"
                   "b\n");
}

static void
test_harmless (void)
{
  static const char *const columns[] = { "A", NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (columns);
  g_autofree char *text = NULL;

  wd_ctl_output_table_add (table, "x\033[2J\r\ny\xff");
  text = wd_ctl_output_table_to_string (table);
  g_assert_cmpstr (text, ==, "A\nx?[2J??y\xef\xbf\xbd\n");
}

static void
test_free (void)
{
  wd_ctl_output_table_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctl/output/table", test_table);
  g_test_add_func ("/ctl/output/harmless", test_harmless);
  g_test_add_func ("/ctl/output/free", test_free);
  return g_test_run ();
}
