// SPDX-License-Identifier: EUPL-1.2
// The lists of any message, for its test and its fuzzer.
#include "config.h"

#include "downgrade-check.h"

#include <string.h>

#include "imap-downgrade.h"
#include "mime-check.h"

static void
check_list (const char *list, gsize len, void (*downgrade) (const char *, gsize, GString *))
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *p;

  downgrade (list, len, out);
  p = out->str;
  g_assert_cmpint (mime_check_read (&p, out->str + out->len, NULL), ==, '(');
  g_assert_true (p == out->str + out->len);
  if (!wd_imap_downgrade_is_needed (list, len))
    g_assert_true (out->len == len && memcmp (out->str, list, len) == 0);
  else if (g_utf8_validate_len (list, len, NULL))
    g_assert_true (g_str_is_ascii (out->str));
}

void
downgrade_check_message (const char *octets, gsize len)
{
  g_autoptr (WdMimeTree) tree = mime_check_index (octets, len, MAX (len, 1));
  const char *list;
  gsize list_len;

  list = wd_mime_tree_get_envelope (tree, &list_len);
  check_list (list, list_len, wd_imap_downgrade_envelope);
  list = wd_mime_tree_get_body (tree, &list_len);
  check_list (list, list_len, wd_imap_downgrade_structure);
  list = wd_mime_tree_get_body_structure (tree, &list_len);
  check_list (list, list_len, wd_imap_downgrade_structure);
}
