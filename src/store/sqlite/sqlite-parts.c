// SPDX-License-Identifier: EUPL-1.2
// Large parts on their way out of a message and back.
#include "config.h"

#include "sqlite-parts.h"

#include <string.h>

#include "core-limits.h"
#include "store-types.h"

#define VERSION 1
#define READ_BYTES (256 * 1024)
#define CHUNK_BYTES (48 * 1024)
// What is longer is kept as it came, which compression makes about as small, so that the memory for
// it is bounded.
#define DECODE_BYTES_MAX (16 * 1024 * 1024)

enum
{
  KIND_RAW,
  KIND_BASE64,
};

// Encodes the chunk's source again: what is not the same octet for octet is kept as it came.
static gboolean
is_same (
    const WdMimeBase64Form *form, const guint8 *decoded, const char *body, guint64 pos, gsize n)
{
  g_autofree char *again = g_malloc (n);
  guint64 start;
  gsize len;

  wd_mime_base64_get_source (form, pos, n, &start, &len);
  wd_mime_base64_encode (form, pos, n, decoded + start, again);
  return memcmp (again, body + pos, n) == 0;
}

static gboolean
is_verified (const WdMimeBase64Form *form, const guint8 *decoded, const char *body)
{
  for (guint64 pos = 0; pos < form->encoded_bytes; pos += CHUNK_BYTES)
    if (!is_same (form, decoded, body, pos, (gsize) MIN (CHUNK_BYTES, form->encoded_bytes - pos)))
      return FALSE;
  return TRUE;
}

// The decoded octets, in one piece, if encoding them gives the body back. Returns (transfer full)
// (nullable).
static guint8 *
decode_base64 (const char *body, gsize len, WdMimeBase64Form *out_form)
{
  g_autofree guint8 *decoded = g_try_malloc (WD_MIME_BASE64_DECODED_ROOM (len));
  WdMimeBase64Scan scan;
  gsize n;

  if (decoded == NULL)
    return NULL;
  wd_mime_base64_begin (&scan);
  if (!wd_mime_base64_scan (&scan, body, len, decoded, &n) || !wd_mime_base64_end (&scan, out_form)
      || !is_verified (out_form, decoded, body))
    return NULL;
  return g_steal_pointer (&decoded);
}

static void
make_part (const WdMimePart *leaf, const guint8 *octets, WdSqlitePart *out_part)
{
  const char *body = (const char *) octets + leaf->body_start;
  gsize len = (gsize) (leaf->body_end - leaf->body_start);
  g_autofree guint8 *decoded = NULL;

  *out_part = (WdSqlitePart){ .offset = leaf->body_start, .len = len };
  if (leaf->encoding == WD_MIME_ENCODING_BASE64 && len <= DECODE_BYTES_MAX)
    decoded = decode_base64 (body, len, &out_part->form);
  out_part->is_base64 = decoded != NULL;
  if (decoded != NULL)
    wd_sqlite_blob_hash (decoded, (gsize) out_part->form.decoded_bytes, &out_part->sha);
  else
    wd_sqlite_blob_hash (body, len, &out_part->sha);
}

GArray *
wd_sqlite_parts_find (const WdMimeTree *tree, const guint8 *octets, gsize len)
{
  guint n_leaves;
  const WdMimePart *leaves = wd_mime_tree_get_parts (tree, &n_leaves);
  GArray *parts = NULL;

  for (guint i = 0; i < n_leaves; i++)
    {
      WdSqlitePart part;

      if (leaves[i].kind != WD_MIME_LEAF || leaves[i].body_end > len
          || leaves[i].body_end - leaves[i].body_start < WD_LIMIT_LARGE_PART_BYTES)
        continue;
      if (parts == NULL)
        parts = g_array_new (FALSE, FALSE, sizeof (WdSqlitePart));
      if (parts->len == WD_SQLITE_PARTS_MAX)
        break;
      make_part (&leaves[i], octets, &part);
      g_array_append_val (parts, part);
    }
  return parts;
}

gboolean
wd_sqlite_parts_write (const char *state_dir,
                       const WdSqlitePart *part,
                       const guint8 *octets,
                       gboolean replace,
                       GError **error)
{
  const guint8 *body = octets + part->offset;
  g_autofree guint8 *decoded = NULL;
  WdMimeBase64Form form;

  if (!part->is_base64)
    return wd_sqlite_blob_write (state_dir, &part->sha, body, (gsize) part->len, replace, error);

  decoded = decode_base64 ((const char *) body, (gsize) part->len, &form);
  if (decoded == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "out of memory");
      return FALSE;
    }
  return wd_sqlite_blob_write (state_dir, &part->sha, decoded, (gsize) form.decoded_bytes, replace,
                               error);
}

static void
put_number (GByteArray *out, guint64 n)
{
  n = GUINT64_TO_LE (n);
  g_byte_array_append (out, (const guint8 *) &n, sizeof n);
}

// The numbers of one part, in the order in which they are kept.
enum
{
  NUMBER_KIND,
  NUMBER_OFFSET,
  NUMBER_LEN,
  NUMBER_LINE_CHARS,
  NUMBER_FINAL_ENDS,
  NUMBER_LINE_END,
  NUMBER_DECODED,
  N_NUMBERS,
};

#define PART_BYTES (N_NUMBERS * sizeof (guint64) + WD_SQLITE_BLOB_SHA_BYTES)

GBytes *
wd_sqlite_parts_encode (GArray *parts)
{
  GByteArray *out = g_byte_array_new ();

  put_number (out, VERSION);
  for (guint i = 0; i < parts->len; i++)
    {
      const WdSqlitePart *part = &g_array_index (parts, WdSqlitePart, i);
      const WdMimeBase64Form *form = &part->form;
      const guint64 numbers[N_NUMBERS] = {
        [NUMBER_KIND] = part->is_base64 ? KIND_BASE64 : KIND_RAW,
        [NUMBER_OFFSET] = part->offset,
        [NUMBER_LEN] = part->len,
        [NUMBER_LINE_CHARS] = part->is_base64 ? form->line_chars : 0,
        [NUMBER_FINAL_ENDS] = part->is_base64 ? form->n_final_ends : 0,
        [NUMBER_LINE_END] = part->is_base64 ? form->line_end_bytes : 0,
        [NUMBER_DECODED] = part->is_base64 ? form->decoded_bytes : part->len,
      };

      for (guint j = 0; j < N_NUMBERS; j++)
        put_number (out, numbers[j]);
      g_byte_array_append (out, part->sha.bytes, WD_SQLITE_BLOB_SHA_BYTES);
    }
  return g_byte_array_free_to_bytes (out);
}

static guint64
get_number (const guint8 *data, guint index)
{
  guint64 n;

  memcpy (&n, data + index * sizeof n, sizeof n);
  return GUINT64_FROM_LE (n);
}

static gboolean
decode_part (const guint8 *data, WdSqlitePart *out_part)
{
  guint64 numbers[N_NUMBERS];

  for (guint i = 0; i < N_NUMBERS; i++)
    numbers[i] = get_number (data, i);
  *out_part = (WdSqlitePart){
    .offset = numbers[NUMBER_OFFSET],
    .len = numbers[NUMBER_LEN],
    .is_base64 = numbers[NUMBER_KIND] == KIND_BASE64,
    .form = {
      .line_chars = (guint32) numbers[NUMBER_LINE_CHARS],
      .n_final_ends = (guint32) numbers[NUMBER_FINAL_ENDS],
      .line_end_bytes = (guint8) numbers[NUMBER_LINE_END],
      .encoded_bytes = numbers[NUMBER_LEN],
      .decoded_bytes = numbers[NUMBER_DECODED],
    },
  };
  memcpy (out_part->sha.bytes, data + N_NUMBERS * sizeof (guint64), WD_SQLITE_BLOB_SHA_BYTES);
  return numbers[NUMBER_KIND] <= KIND_BASE64
         && (!out_part->is_base64 || wd_mime_base64_is_valid (&out_part->form));
}

GArray *
wd_sqlite_parts_decode (const void *data, gsize len)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdSqlitePart));
  const guint8 *p = data;

  if (len < sizeof (guint64) || (len - sizeof (guint64)) % PART_BYTES != 0
      || get_number (p, 0) != VERSION)
    return NULL;
  for (p += sizeof (guint64); p < (const guint8 *) data + len; p += PART_BYTES)
    {
      WdSqlitePart part;

      if (!decode_part (p, &part))
        return NULL;
      g_array_append_val (parts, part);
    }
  return g_steal_pointer (&parts);
}

// A part opened for reading.
typedef struct
{
  WdSqlitePart part;
  WdSqliteBlob *blob;
} Source;

void
wd_sqlite_parts_free_source (gpointer data)
{
  Source *source = data;

  wd_sqlite_blob_free (source->blob);
  g_free (source);
}

static Source *
open_source (const WdSqlitePart *part, const char *user_dir, GError **error)
{
  g_autoptr (WdSqliteBlob) blob = wd_sqlite_blob_open (user_dir, &part->sha, error);
  guint64 size_bytes = part->is_base64 ? part->form.decoded_bytes : part->len;

  if (blob == NULL)
    return NULL;
  if (wd_sqlite_blob_get_size_bytes (blob) != size_bytes)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                           "a large part is not as long as it was");
      return NULL;
    }

  Source *source = g_new0 (Source, 1);

  source->part = *part;
  source->blob = g_steal_pointer (&blob);
  return source;
}

GArray *
wd_sqlite_parts_open (GArray *parts, const char *user_dir, GError **error)
{
  GArray *opened = g_array_new (FALSE, TRUE, sizeof (WdContentPart));

  for (guint i = 0; i < parts->len; i++)
    {
      const WdSqlitePart *part = &g_array_index (parts, WdSqlitePart, i);
      WdContentPart content_part = { part->offset, part->len, NULL };

      content_part.source = open_source (part, user_dir, error);
      if (content_part.source == NULL)
        {
          for (guint j = 0; j < opened->len; j++)
            wd_sqlite_parts_free_source (g_array_index (opened, WdContentPart, j).source);
          g_array_unref (opened);
          return NULL;
        }
      g_array_append_val (opened, content_part);
    }
  return opened;
}

static gboolean
read_chunk (Source *source, guint64 offset, gsize len, char *out_data, GError **error)
{
  guint64 start;
  gsize n;

  wd_mime_base64_get_source (&source->part.form, offset, len, &start, &n);

  g_autofree guint8 *decoded = g_malloc (n);

  if (!wd_sqlite_blob_read (source->blob, start, decoded, n, error))
    return FALSE;
  wd_mime_base64_encode (&source->part.form, offset, len, decoded, out_data);
  return TRUE;
}

static gboolean
read_octets (Source *source, guint64 offset, gsize len, char *out_data, GError **error)
{
  if (!source->part.is_base64)
    return wd_sqlite_blob_read (source->blob, offset, out_data, len, error);

  while (len > 0)
    {
      gsize n = MIN (len, READ_BYTES);

      if (!read_chunk (source, offset, n, out_data, error))
        return FALSE;
      offset += n;
      out_data += n;
      len -= n;
    }
  return TRUE;
}

gboolean
wd_sqlite_parts_read (gpointer data, guint64 offset, gsize len, GString *out, GError **error)
{
  gsize before = out->len;

  g_string_set_size (out, before + len);
  if (read_octets (data, offset, len, out->str + before, error))
    return TRUE;
  g_string_truncate (out, before);
  return FALSE;
}
