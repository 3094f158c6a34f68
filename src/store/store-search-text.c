// SPDX-License-Identifier: EUPL-1.2
// Making the texts that SEARCH looks into.
#include "config.h"

#include "store-search-text.h"

#include "mime-header.h"
#include "mime-text.h"
#include "store-search.h"

GString *
wd_search_text_read_header (WdContent *content, GError **error)
{
  const WdMimeTree *tree = wd_content_get_tree (content);
  guint n_parts;
  const WdMimePart *root = wd_mime_tree_get_parts (tree, &n_parts);
  GString *header = g_string_new (NULL);

  if (wd_content_read (content, 0, (gsize) root->body_start, header, error))
    return header;
  g_string_free (header, TRUE);
  return NULL;
}

char *
wd_search_text_dup_header (const GString *header)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize offset = 0;
  WdMimeField field;

  while (wd_mime_header_next (header->str, header->len, &offset, &field))
    {
      const char *value = field.start + field.value_start;
      g_autofree char *decoded = wd_mime_header_dup_text (value, field.len - field.value_start);

      g_string_append_len (text, field.start, (gssize) field.name_len);
      g_string_append (text, ": ");
      g_string_append (text, decoded);
      g_string_append_c (text, '\n');
    }
  return wd_search_fold (text->str, (gssize) text->len);
}

char *
wd_search_text_dup_field (const GString *header, const char *name)
{
  g_autofree char *values = wd_mime_header_dup_values (header->str, header->len, name);

  return values == NULL ? NULL : wd_search_fold (values, -1);
}

// The octets that a part's text is made of: its body, or, of a message within, that one's header.
static void
get_range (const WdMimePart *parts, const WdMimePart *part, guint64 *out_start, guint64 *out_end)
{
  *out_start = part->body_start;
  *out_end = part->body_end;
  if (part->kind == WD_MIME_MESSAGE && part->first_child != 0)
    *out_end = parts[part->first_child].body_start;
}

static char *
dup_piece (WdContent *content, const WdMimePart *parts, const WdMimePart *part, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  guint64 start, end;

  get_range (parts, part, &start, &end);
  if (!wd_content_read (content, start, (gsize) (end - start), body, error))
    return NULL;

  g_autofree char *decoded = wd_mime_text_dup (part, body->str, body->len);
  g_autofree char *folded = wd_search_fold (decoded, -1);

  return g_strconcat (folded, "\n", NULL);
}

gboolean
wd_search_text_next_piece (WdContent *content, guint *inout_part, char **out_text, GError **error)
{
  const WdMimeTree *tree = wd_content_get_tree (content);
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n_parts);

  *out_text = NULL;
  while (*inout_part < n_parts && !wd_mime_text_is_searchable (&parts[*inout_part]))
    ++*inout_part;
  if (*inout_part >= n_parts)
    return TRUE;
  *out_text = dup_piece (content, parts, &parts[*inout_part], error);
  if (*out_text == NULL)
    return FALSE;
  ++*inout_part;
  return TRUE;
}

char *
wd_search_text_dup_body (WdContent *content, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint part = 0;

  for (;;)
    {
      g_autofree char *piece = NULL;

      if (!wd_search_text_next_piece (content, &part, &piece, error))
        return NULL;
      if (piece == NULL)
        return g_string_free (g_steal_pointer (&text), FALSE);
      g_string_append (text, piece);
    }
}
