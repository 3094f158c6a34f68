// SPDX-License-Identifier: EUPL-1.2
// Lists in ASCII: any octets are taken for a list, and those of any message stay lists.
#include "config.h"

#include "fuzz.h"
#include "imap-downgrade.h"
#include "mime-check.h"

static void
check (const char *list, gsize len, void (*downgrade) (const char *, gsize, GString *))
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *p;

  downgrade (list, len, out);
  p = out->str;
  g_assert_true (mime_check_read (&p, out->str + out->len, NULL) == '(');
  g_assert_true (p == out->str + out->len);
  if (wd_imap_downgrade_is_needed (list, len) && g_utf8_validate_len (list, len, NULL))
    g_assert_true (g_str_is_ascii (out->str));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *octets = (const char *) data;
  g_autoptr (WdMimeTree) tree = mime_check_index (octets, size, size == 0 ? 1 : size);
  g_autoptr (GString) out = g_string_new (NULL);
  const char *list;
  gsize len;

  wd_imap_downgrade_envelope (octets, size, out);
  wd_imap_downgrade_structure (octets, size, out);
  list = wd_mime_tree_get_envelope (tree, &len);
  check (list, len, wd_imap_downgrade_envelope);
  list = wd_mime_tree_get_body (tree, &len);
  check (list, len, wd_imap_downgrade_structure);
  list = wd_mime_tree_get_body_structure (tree, &len);
  check (list, len, wd_imap_downgrade_structure);
  return 0;
}
