// SPDX-License-Identifier: EUPL-1.2
// Large parts on their way out of a message.
#include "config.h"

#include "store-parts.h"

#include <string.h>

#include "core-limits.h"
#include "store-types.h"

// What is longer is kept as it came, which compression makes about as small, so that the memory for
// it is bounded.
#define DECODE_BYTES_MAX (16 * 1024 * 1024)

static gboolean
is_large (const WdMimePart *leaf, gsize len)
{
  return leaf->kind == WD_MIME_LEAF && leaf->body_end <= len
         && leaf->body_end - leaf->body_start >= WD_LIMIT_LARGE_PART_BYTES;
}

static gboolean
take (const WdMimePart *leaf,
      const guint8 *octets,
      WdStorePartFunc func,
      gpointer user_data,
      GArray *parts,
      GError **error)
{
  const char *body = (const char *) octets + leaf->body_start;
  gsize len = (gsize) (leaf->body_end - leaf->body_start);
  g_autofree guint8 *decoded = NULL;

  WdStorePart part = { .offset = leaf->body_start, .len = len };

  if (leaf->encoding == WD_MIME_ENCODING_BASE64 && len <= DECODE_BYTES_MAX)
    decoded = wd_mime_base64_decode (body, len, &part.form);
  part.is_base64 = decoded != NULL;

  const void *kept = decoded != NULL ? (const void *) decoded : body;
  gsize kept_len = decoded != NULL ? (gsize) part.form.decoded_bytes : len;

  wd_store_sha_hash (kept, kept_len, &part.sha);
  g_array_append_val (parts, part);
  return func == NULL || func (&part, kept, kept_len, user_data, error);
}

gboolean
wd_store_parts_find (const WdMimeTree *tree,
                     const guint8 *octets,
                     gsize len,
                     WdStorePartFunc func,
                     gpointer user_data,
                     GArray *parts,
                     GError **error)
{
  guint n_leaves;
  const WdMimePart *leaves = wd_mime_tree_get_parts (tree, &n_leaves);

  for (guint i = 0; i < n_leaves && parts->len < WD_STORE_PARTS_MAX; i++)
    if (is_large (&leaves[i], len) && !take (&leaves[i], octets, func, user_data, parts, error))
      return FALSE;
  return TRUE;
}

gboolean
wd_store_parts_visit (const WdStorePart *part,
                      const guint8 *octets,
                      WdStorePartFunc func,
                      gpointer user_data,
                      GError **error)
{
  const char *body = (const char *) octets + part->offset;
  g_autofree guint8 *decoded = NULL;
  WdMimeBase64Form form;

  if (!part->is_base64)
    return func (part, body, (gsize) part->len, user_data, error);
  decoded = wd_mime_base64_decode (body, (gsize) part->len, &form);
  if (decoded == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "out of memory");
      return FALSE;
    }
  return func (part, decoded, (gsize) form.decoded_bytes, user_data, error);
}

guint8 *
wd_store_parts_cut (GArray *parts, const guint8 *octets, gsize len, gsize *out_len)
{
  guint8 *text, *end;
  gsize pos = 0, n_taken = 0;

  for (guint i = 0; i < parts->len; i++)
    n_taken += (gsize) g_array_index (parts, WdStorePart, i).len;
  text = end = g_malloc (len - n_taken + 1);
  for (guint i = 0; i <= parts->len; i++)
    {
      const WdStorePart *part = i < parts->len ? &g_array_index (parts, WdStorePart, i) : NULL;
      gsize stop = part == NULL ? len : (gsize) part->offset;

      memcpy (end, octets + pos, stop - pos);
      end += stop - pos;
      pos = part == NULL ? len : stop + (gsize) part->len;
    }
  *out_len = len - n_taken;
  return text;
}
