// SPDX-License-Identifier: EUPL-1.2
// The list of a message's large parts, and their octets on the way back.
#include "config.h"

#include "sqlite-parts.h"

#include <string.h>

#include "store-types.h"

#define VERSION 1
#define READ_BYTES (256 * 1024)

enum
{
  KIND_RAW,
  KIND_BASE64,
};

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

#define PART_BYTES (N_NUMBERS * sizeof (guint64) + WD_STORE_SHA_BYTES)

GBytes *
wd_sqlite_parts_encode (GArray *parts)
{
  GByteArray *out = g_byte_array_new ();

  put_number (out, VERSION);
  for (guint i = 0; i < parts->len; i++)
    {
      const WdStorePart *part = &g_array_index (parts, WdStorePart, i);
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
      g_byte_array_append (out, part->sha.bytes, WD_STORE_SHA_BYTES);
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
decode_part (const guint8 *data, WdStorePart *out_part)
{
  guint64 numbers[N_NUMBERS];

  for (guint i = 0; i < N_NUMBERS; i++)
    numbers[i] = get_number (data, i);
  *out_part = (WdStorePart){
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
  memcpy (out_part->sha.bytes, data + N_NUMBERS * sizeof (guint64), WD_STORE_SHA_BYTES);
  return numbers[NUMBER_KIND] <= KIND_BASE64
         && (!out_part->is_base64 || wd_mime_base64_is_valid (&out_part->form));
}

GArray *
wd_sqlite_parts_decode (const void *data, gsize len)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  const guint8 *p = data;

  if (len < sizeof (guint64) || (len - sizeof (guint64)) % PART_BYTES != 0
      || get_number (p, 0) != VERSION)
    return NULL;
  for (p += sizeof (guint64); p < (const guint8 *) data + len; p += PART_BYTES)
    {
      WdStorePart part;

      if (!decode_part (p, &part))
        return NULL;
      g_array_append_val (parts, part);
    }
  return g_steal_pointer (&parts);
}

// A part opened for reading.
typedef struct
{
  WdStorePart part;
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
open_source (const WdStorePart *part, const char *user_dir, GError **error)
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
      const WdStorePart *part = &g_array_index (parts, WdStorePart, i);
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
