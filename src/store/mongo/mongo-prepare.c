// SPDX-License-Identifier: EUPL-1.2
// Making the stored form of a message.
#include "config.h"

#include "mongo-prepare.h"

#include <string.h>

#include "mime-tree.h"
#include "mongo-field.h"
#include "store-incoming-private.h"

#define N_TEXTS 3

struct _WdMongoPrepared
{
  WdMongoField text;
  WdMongoField index;
  WdMongoField tree;
  GArray *parts; // (element-type WdStorePart)
  const guint8 *octets;
};

static void
prepared_free (gpointer data)
{
  WdMongoPrepared *self = data;

  wd_mongo_field_clear (&self->text);
  wd_mongo_field_clear (&self->index);
  wd_mongo_field_clear (&self->tree);
  g_clear_pointer (&self->parts, g_array_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMongoPrepared, prepared_free)

static GByteArray *
join_index (const WdMimeTree *tree)
{
  const char *(*const texts[N_TEXTS]) (const WdMimeTree *, gsize *)
      = { wd_mime_tree_get_envelope, wd_mime_tree_get_body, wd_mime_tree_get_body_structure };
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < N_TEXTS; i++)
    {
      gsize len;
      guint32 coded;

      texts[i](tree, &len);
      coded = GUINT32_TO_LE ((guint32) len);
      g_byte_array_append (out, (const guint8 *) &coded, sizeof coded);
    }
  for (guint i = 0; i < N_TEXTS; i++)
    {
      gsize len;
      const char *text = texts[i](tree, &len);

      g_byte_array_append (out, (const guint8 *) text, (guint) len);
    }
  return out;
}

static gpointer
prepare (WdIncoming *incoming, gpointer user_data, GError **error)
{
  g_autoptr (WdMongoPrepared) self = g_new0 (WdMongoPrepared, 1);
  const WdMimeTree *tree = wd_incoming_get_tree (incoming);
  g_autofree guint8 *text = NULL;
  g_autoptr (GByteArray) index = join_index (tree);
  g_autoptr (GBytes) coded_tree = wd_mime_tree_encode (tree);
  gsize len;

  self->octets = wd_incoming_map (incoming, &len, error);
  if (self->octets == NULL)
    return NULL;
  self->parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  if (!wd_store_parts_find (tree, self->octets, len, NULL, NULL, self->parts, error))
    return NULL;
  if (self->parts->len > 0)
    text = wd_store_parts_cut (self->parts, self->octets, len, &len);
  wd_mongo_field_init (&self->text, text != NULL ? text : self->octets, len);
  wd_mongo_field_init (&self->index, index->data, index->len);
  wd_mongo_field_init (&self->tree, g_bytes_get_data (coded_tree, NULL),
                       g_bytes_get_size (coded_tree));
  return g_steal_pointer (&self);
}

WdMongoPrepared *
wd_mongo_prepare_message (WdIncoming *incoming, GError **error)
{
  return wd_incoming_get_prepared (incoming, prepare, NULL, prepared_free, error);
}

static gboolean
put_part (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error)
{
  return wd_mongo_blob_put (user_data, &part->sha, kept, kept_len, error);
}

gboolean
wd_mongo_prepare_put_blobs (const WdMongoPrepared *self,
                            WdMongoCall *call,
                            GHashTable *counts,
                            GError **error)
{
  const WdMongoField *const fields[] = { &self->text, &self->index, &self->tree };

  for (guint i = 0; i < self->parts->len; i++)
    {
      const WdStorePart *part = &g_array_index (self->parts, WdStorePart, i);

      if (!wd_store_parts_visit (part, self->octets, put_part, call, error))
        return FALSE;
      wd_mongo_blob_counts_add (counts, &part->sha, 1);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i]->is_blob)
      {
        if (!wd_mongo_blob_put (call, &fields[i]->sha, fields[i]->data, fields[i]->coded_len,
                                error))
          return FALSE;
        wd_mongo_blob_counts_add (counts, &fields[i]->sha, 1);
      }
  return TRUE;
}

static void
add_part (bson_t *array, guint32 i, const WdStorePart *part)
{
  char buffer[16];
  const char *name;
  bson_t doc;

  bson_uint32_to_string (i, &name, buffer, sizeof buffer);
  BSON_APPEND_DOCUMENT_BEGIN (array, name, &doc);
  BSON_APPEND_INT64 (&doc, "o", (gint64) part->offset);
  BSON_APPEND_INT64 (&doc, "n", (gint64) part->len);
  wd_mongo_bson_add_binary (&doc, "f", part->sha.bytes, sizeof part->sha.bytes);
  if (part->is_base64)
    {
      BSON_APPEND_INT64 (&doc, "l", part->form.line_chars);
      BSON_APPEND_INT64 (&doc, "e", part->form.n_final_ends);
      BSON_APPEND_INT32 (&doc, "s", part->form.line_end_bytes);
      BSON_APPEND_INT64 (&doc, "d", (gint64) part->form.decoded_bytes);
    }
  bson_append_document_end (array, &doc);
}

void
wd_mongo_prepare_add (const WdMongoPrepared *self, bson_t *own)
{
  const WdMongoField *const fields[] = { &self->text, &self->index, &self->tree };
  guint n_parts = self->parts->len;
  guint32 n = 0;
  bson_t array;

  wd_mongo_field_add (&self->text, own, "t");
  wd_mongo_field_add (&self->index, own, "i");
  wd_mongo_field_add (&self->tree, own, "r");
  if (n_parts > 0)
    {
      BSON_APPEND_ARRAY_BEGIN (own, "parts", &array);
      for (guint i = 0; i < n_parts; i++)
        add_part (&array, i, &g_array_index (self->parts, WdStorePart, i));
      bson_append_array_end (own, &array);
    }

  // All blobs, so that who counts them need not know what they are.
  BSON_APPEND_ARRAY_BEGIN (own, "f", &array);
  for (guint i = 0; i < n_parts + G_N_ELEMENTS (fields); i++)
    {
      const WdStoreSha *sha = i < n_parts ? &g_array_index (self->parts, WdStorePart, i).sha
                              : fields[i - n_parts]->is_blob ? &fields[i - n_parts]->sha
                                                             : NULL;
      char buffer[16];
      const char *name;

      if (sha == NULL)
        continue;
      bson_uint32_to_string (n++, &name, buffer, sizeof buffer);
      wd_mongo_bson_add_binary (&array, name, sha->bytes, sizeof sha->bytes);
    }
  bson_append_array_end (own, &array);
}

void
wd_mongo_prepare_count_blobs (const bson_t *doc, GHashTable *counts)
{
  bson_iter_t iter, child;

  if (!wd_mongo_bson_find (doc, "wd.f", &iter) || !BSON_ITER_HOLDS_ARRAY (&iter)
      || !bson_iter_recurse (&iter, &child))
    return;
  while (bson_iter_next (&child))
    {
      const guint8 *data;
      guint32 len;
      WdStoreSha sha;

      if (!BSON_ITER_HOLDS_BINARY (&child))
        continue;
      bson_iter_binary (&child, NULL, &len, &data);
      if (len != sizeof sha.bytes)
        continue;
      memcpy (sha.bytes, data, len);
      wd_mongo_blob_counts_add (counts, &sha, 1);
    }
}

static gboolean
fail_corrupt (const char *what, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, what);
  return FALSE;
}

GBytes *
wd_mongo_prepare_read_index (WdMongoCall *call,
                             const bson_t *doc,
                             const char *out_texts[3],
                             gsize out_lens[3],
                             GError **error)
{
  g_autoptr (GBytes) joined = wd_mongo_field_read (call, doc, "wd.i", error);
  gsize len, pos = N_TEXTS * sizeof (guint32);
  const char *data;

  if (joined == NULL)
    return NULL;
  data = g_bytes_get_data (joined, &len);
  for (guint i = 0; i < N_TEXTS; i++)
    {
      guint32 n = 0;

      if (len >= N_TEXTS * sizeof n)
        memcpy (&n, data + i * sizeof n, sizeof n);
      out_lens[i] = GUINT32_FROM_LE (n);
      if (pos > len || out_lens[i] > len - pos)
        {
          fail_corrupt ("the index of a message is damaged", error);
          return NULL;
        }
      out_texts[i] = data + pos;
      pos += out_lens[i];
    }
  return g_steal_pointer (&joined);
}

// --- Reading a part.

typedef struct
{
  WdMongoPool *pool;
  WdStorePart part;
} Source;

static void
source_free (gpointer data)
{
  Source *source = data;

  wd_mongo_pool_unref (source->pool);
  g_free (source);
}

static gboolean
read_part (gpointer data, guint64 offset, gsize len, GString *out, GError **error)
{
  Source *source = data;
  g_auto (WdMongoCall) call = { 0 };
  g_autofree guint8 *octets = NULL;
  guint64 start = offset;
  gsize n = len, before = out->len;

  if (source->part.is_base64)
    wd_mime_base64_get_source (&source->part.form, offset, len, &start, &n);
  octets = g_malloc (MAX (n, 1));
  if (!wd_mongo_pool_begin (source->pool, &call, NULL, error)
      || !wd_mongo_blob_read (&call, &source->part.sha, start, n, octets, error))
    return FALSE;
  if (!source->part.is_base64)
    {
      g_string_append_len (out, (const char *) octets, (gssize) n);
      return TRUE;
    }
  g_string_set_size (out, before + len);
  wd_mime_base64_encode (&source->part.form, offset, len, octets, out->str + before);
  return TRUE;
}

static gboolean
parse_part (const bson_iter_t *iter, WdStorePart *out_part)
{
  const guint8 *data;
  guint32 len;
  gsize sha_len;
  bson_t doc;

  if (!BSON_ITER_HOLDS_DOCUMENT (iter))
    return FALSE;
  bson_iter_document (iter, &len, &data);
  if (!bson_init_static (&doc, data, len))
    return FALSE;
  *out_part = (WdStorePart){
    .offset = (guint64) wd_mongo_bson_get_int (&doc, "o", -1),
    .len = (guint64) wd_mongo_bson_get_int (&doc, "n", -1),
    .is_base64 = bson_has_field (&doc, "l"),
  };
  data = wd_mongo_bson_get_binary (&doc, "f", &sha_len);
  if (data == NULL || sha_len != sizeof out_part->sha.bytes)
    return FALSE;
  memcpy (out_part->sha.bytes, data, sha_len);
  if (!out_part->is_base64)
    return TRUE;
  out_part->form = (WdMimeBase64Form){
    .line_chars = (guint32) wd_mongo_bson_get_int (&doc, "l", 0),
    .n_final_ends = (guint32) wd_mongo_bson_get_int (&doc, "e", 0),
    .line_end_bytes = (guint8) wd_mongo_bson_get_int (&doc, "s", 0),
    .encoded_bytes = out_part->len,
    .decoded_bytes = (guint64) wd_mongo_bson_get_int (&doc, "d", 0),
  };
  return wd_mime_base64_is_valid (&out_part->form);
}

// TRUE with NULL when nothing was taken out.
static gboolean
open_parts (WdMongoCall *call, const bson_t *doc, GArray **out_parts, GError **error)
{
  bson_iter_t iter, child;
  GArray *parts;

  *out_parts = NULL;
  if (!wd_mongo_bson_find (doc, "wd.parts", &iter) || !bson_iter_recurse (&iter, &child))
    return TRUE;
  parts = g_array_new (FALSE, TRUE, sizeof (WdContentPart));
  while (bson_iter_next (&child))
    {
      Source *source = g_new0 (Source, 1);
      WdContentPart part;

      source->pool = wd_mongo_pool_ref (call->pool);
      if (!parse_part (&child, &source->part))
        {
          source_free (source);
          for (guint i = 0; i < parts->len; i++)
            source_free (g_array_index (parts, WdContentPart, i).source);
          g_array_unref (parts);
          return fail_corrupt ("the list of a message's parts is damaged", error);
        }
      part = (WdContentPart){ source->part.offset, source->part.len, source };
      g_array_append_val (parts, part);
    }
  *out_parts = parts;
  return TRUE;
}

WdContent *
wd_mongo_prepare_open (WdMongoCall *call, const bson_t *doc, GError **error)
{
  g_autoptr (GBytes) text = wd_mongo_field_read (call, doc, "wd.t", error);
  g_autoptr (GBytes) tree = NULL;
  WdContentSpec spec = { .read_part = read_part, .free_source = source_free };

  if (text == NULL || (tree = wd_mongo_field_read (call, doc, "wd.r", error)) == NULL
      || !open_parts (call, doc, &spec.parts, error))
    return NULL;
  spec.prefix = (const char *) wd_mongo_bson_get_binary (doc, "wd.prefix", &spec.prefix_len);
  spec.tree = g_bytes_get_data (tree, &spec.tree_len);
  spec.coding = WD_STORE_CODING_RAW;
  spec.text = g_bytes_get_data (text, &spec.text_len);
  spec.text_coded_len = spec.text_len;
  return wd_content_new (&spec, error);
}
