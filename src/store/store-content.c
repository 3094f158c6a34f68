// SPDX-License-Identifier: EUPL-1.2
// One stored message opened for reading: text in memory, parts read by range.
#include "config.h"

#include "store-content-private.h"

#include <string.h>

#include "mime-indexer.h"
#include "mime-preview.h"
#include "store-types.h"

#define REINDEX_BYTES (64 * 1024)

struct _WdContent
{
  guint64 size_bytes;
  gsize prefix_len;
  gsize tree_len;
  gsize text_len;
  gsize coded_len;
  guint8 *block; // Prefix, tree, and the text as it is stored.
  guint8 *text;  // NULL until it is needed in pieces. Within the block, or its own.
  WdMimeTree *decoded_tree;
  GArray *parts;
  WdContentReadPartFunc read_part;
  GDestroyNotify free_source;
};

static gboolean
set_corrupt (const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "message: %s", what);
  return FALSE;
}

static void
free_parts (GArray *parts, GDestroyNotify free_source)
{
  if (parts == NULL)
    return;
  for (guint i = 0; i < parts->len; i++)
    free_source (g_array_index (parts, WdContentPart, i).source);
  g_array_unref (parts);
}

static guint8 *
get_coded (const WdContent *self)
{
  return self->block + self->prefix_len + self->tree_len;
}

void
wd_content_free (WdContent *self)
{
  if (self == NULL)
    return;
  free_parts (self->parts, self->free_source);
  wd_mime_tree_unref (self->decoded_tree);
  if (self->text != get_coded (self))
    g_free (self->text);
  g_free (self->block);
  g_free (self);
}

// The parts are ascending, do not touch each other's octets, and lie within the message.
static gboolean
measure_parts (WdContent *self, GError **error)
{
  guint64 end = 0, n_taken = 0;

  for (guint i = 0; self->parts != NULL && i < self->parts->len; i++)
    {
      const WdContentPart *part = &g_array_index (self->parts, WdContentPart, i);

      if (part->offset < end || part->len > G_MAXINT64 / 2 || part->offset > G_MAXINT64 / 2)
        return set_corrupt ("parts out of order", error);
      end = part->offset + part->len;
      n_taken += part->len;
    }
  self->size_bytes = self->prefix_len + self->text_len + n_taken;
  return end <= self->size_bytes - self->prefix_len || set_corrupt ("parts beyond its end", error);
}

WdContent *
wd_content_new (const WdContentSpec *spec, GError **error)
{
  g_autoptr (WdContent) self = g_new0 (WdContent, 1);

  self->parts = spec->parts;
  self->read_part = spec->read_part;
  self->free_source = spec->free_source;
  self->prefix_len = spec->prefix_len;
  self->tree_len = spec->tree_len;
  self->text_len = spec->text_len;
  self->coded_len = spec->text_coded_len;
  self->block = g_malloc (spec->prefix_len + spec->tree_len + spec->text_coded_len + 1);
  if (spec->prefix_len > 0)
    memcpy (self->block, spec->prefix, spec->prefix_len);
  if (spec->tree_len > 0)
    memcpy (self->block + spec->prefix_len, spec->tree, spec->tree_len);
  if (spec->text_coded_len > 0)
    memcpy (get_coded (self), spec->text, spec->text_coded_len);
  if (!measure_parts (self, error))
    return NULL;
  if (spec->coding == WD_STORE_CODING_RAW)
    self->text = get_coded (self);
  if (self->text == NULL || self->coded_len == self->text_len)
    return g_steal_pointer (&self);
  set_corrupt ("text of the wrong length", error);
  return NULL;
}

guint64
wd_content_get_size_bytes (const WdContent *self)
{
  return self->size_bytes;
}

static gboolean
decode_text (const WdContent *self, void *out, GError **error)
{
  return wd_store_zstd_decompress (get_coded (self), self->coded_len, out, self->text_len)
         || set_corrupt ("damaged text", error);
}

static gboolean
ensure_text (WdContent *self, GError **error)
{
  if (self->text != NULL)
    return TRUE;

  g_autofree guint8 *text = g_try_malloc (self->text_len + 1);

  if (text == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "out of memory");
      return FALSE;
    }
  if (!decode_text (self, text, error))
    return FALSE;
  self->text = g_steal_pointer (&text);
  return TRUE;
}

// Of the octets [offset, offset + len) of the message, those that lie in [start, start + size):
// *out_skip is where in that stretch they begin. 0 when there are none.
static gsize
overlap (guint64 offset, gsize len, guint64 start, guint64 size, guint64 *out_skip)
{
  guint64 first = MAX (offset, start);
  guint64 last = MIN (offset + len, start + size);

  *out_skip = first - start;
  return first < last ? (gsize) (last - first) : 0;
}

// A stretch of the text, which stands at `start` of the message.
static gboolean
read_text (WdContent *self,
           guint64 offset,
           gsize len,
           guint64 start,
           guint64 size,
           guint64 text_start,
           GString *out,
           GError **error)
{
  guint64 skip;
  gsize n = overlap (offset, len, start, size, &skip);

  if (n == 0)
    return TRUE;
  if (n == self->text_len && self->text == NULL)
    {
      // All of it at once needs no copy. Who fails takes back what has been appended.
      g_string_set_size (out, out->len + n);
      return decode_text (self, out->str + out->len - n, error);
    }
  if (!ensure_text (self, error))
    return FALSE;
  g_string_append_len (out, (const char *) self->text + text_start + skip, (gssize) n);
  return TRUE;
}

// `offset` counts without the prefix.
static gboolean
read_message (WdContent *self, guint64 offset, gsize len, GString *out, GError **error)
{
  guint64 pos = 0, text_pos = 0;

  for (guint i = 0; self->parts != NULL && i < self->parts->len && pos < offset + len; i++)
    {
      const WdContentPart *part = &g_array_index (self->parts, WdContentPart, i);
      guint64 skip, size = part->offset - pos;
      gsize n = overlap (offset, len, part->offset, part->len, &skip);

      if (!read_text (self, offset, len, pos, size, text_pos, out, error)
          || (n > 0 && !self->read_part (part->source, skip, n, out, error)))
        return FALSE;
      text_pos += size;
      pos = part->offset + part->len;
    }
  return read_text (self, offset, len, pos, self->text_len - text_pos, text_pos, out, error);
}

gboolean
wd_content_read (WdContent *self, guint64 offset, gsize len, GString *out, GError **error)
{
  gsize before = out->len;

  if (offset >= self->size_bytes)
    return TRUE;
  len = (gsize) MIN (len, self->size_bytes - offset);

  if (offset < self->prefix_len)
    {
      gsize n = MIN (len, self->prefix_len - (gsize) offset);

      g_string_append_len (out, (const char *) self->block + offset, (gssize) n);
      offset += n;
      len -= n;
    }
  if (len == 0 || read_message (self, offset - self->prefix_len, len, out, error))
    return TRUE;
  g_string_truncate (out, before);
  return FALSE;
}

// A kept tree that is damaged is made again: the octets are what counts. What of them cannot be
// read is not in it.
static WdMimeTree *
index_again (WdContent *self)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
  g_autoptr (GString) chunk = g_string_new (NULL);

  for (guint64 offset = 0; offset < self->size_bytes; offset += chunk->len)
    {
      g_string_truncate (chunk, 0);
      if (!wd_content_read (self, offset, REINDEX_BYTES, chunk, NULL) || chunk->len == 0)
        break;
      wd_mime_indexer_feed (indexer, chunk->str, chunk->len);
    }
  return wd_mime_indexer_finish (indexer);
}

const WdMimeTree *
wd_content_get_tree (WdContent *self)
{
  if (self->decoded_tree == NULL)
    self->decoded_tree
        = wd_mime_tree_decode (self->block + self->prefix_len, self->tree_len,
                               self->size_bytes - self->prefix_len, self->prefix_len);
  if (self->decoded_tree == NULL)
    self->decoded_tree = index_again (self);
  return self->decoded_tree;
}

char *
wd_content_make_preview (WdContent *self, GError **error)
{
  const WdMimePart *part = wd_mime_preview_find_part (wd_content_get_tree (self));
  g_autoptr (GString) body = NULL;
  guint64 size_bytes;

  if (part == NULL)
    return g_strdup ("");
  size_bytes = MIN (part->body_end - part->body_start, WD_MIME_PREVIEW_READ_BYTES);
  body = g_string_sized_new (size_bytes);
  if (!wd_content_read (self, part->body_start, (gsize) size_bytes, body, error))
    return NULL;
  return wd_mime_preview_make (part, body->str, body->len);
}
