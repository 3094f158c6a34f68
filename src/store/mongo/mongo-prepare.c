// SPDX-License-Identifier: EUPL-1.2
// Making the stored form of a message.
#include "config.h"

#include "mongo-prepare.h"

#include <string.h>

#include "mime-indexer.h"
#include "mime-tree.h"
#include "mongo-field.h"
#include "mongo-mime.h"
#include "mongo-rebuild.h"
#include "mongo-schema.h"
#include "store-incoming-private.h"

#define N_TEXTS 3
#define INDEX_BYTES (256 * 1024)

struct _WdMongoPrepared
{
  WdMongoField text;
  WdMongoField index;
  WdMongoField tree;
  GArray *parts; // (element-type WdStorePart), whose names are those of the octets in the message.
  WdStoreSha *plain; // Of what is kept of each.
  // Another program keeps the same octets in another form: ours have another name. Set for good,
  // before the first document is made.
  gint is_other[WD_STORE_PARTS_MAX];
  WdMongoMime *mime;
  gboolean has_view;
  const WdMimePart *leaves;
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
  g_clear_pointer (&self->mime, wd_mongo_mime_free);
  g_free (self->plain);
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

// WildDuck's names are those of the octets as they stand in the message.
static void
name_parts (WdMongoPrepared *self)
{
  self->plain = g_new0 (WdStoreSha, self->parts->len + 1);
  for (guint i = 0; i < self->parts->len; i++)
    {
      WdStorePart *part = &g_array_index (self->parts, WdStorePart, i);

      self->plain[i] = part->sha;
      if (part->is_base64)
        wd_store_sha_hash (self->octets + part->offset, (gsize) part->len, &part->sha);
    }
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
  guint n_leaves;

  self->octets = wd_incoming_map (incoming, &len, error);
  if (self->octets == NULL)
    return NULL;
  self->parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  if (!wd_store_parts_find (tree, self->octets, len, NULL, NULL, self->parts, error))
    return NULL;
  name_parts (self);
  self->leaves = wd_mime_tree_get_parts (tree, &n_leaves);
  self->has_view = *(const gboolean *) user_data;
  self->mime = wd_mongo_mime_new (tree, self->octets, len, self->has_view);
  if (self->parts->len > 0)
    text = wd_store_parts_cut (self->parts, self->octets, len, &len);
  wd_mongo_field_init (&self->text, text != NULL ? text : self->octets, len);
  wd_mongo_field_init (&self->index, index->data, index->len);
  wd_mongo_field_init (&self->tree, g_bytes_get_data (coded_tree, NULL),
                       g_bytes_get_size (coded_tree));
  return g_steal_pointer (&self);
}

WdMongoPrepared *
wd_mongo_prepare_message (WdIncoming *incoming, gboolean with_view, GError **error)
{
  return wd_incoming_get_prepared (incoming, prepare, &with_view, prepared_free, error);
}

// The name of a part whose own is taken by the same octets in another form.
static WdStoreSha
get_sha (const WdMongoPrepared *self, guint i)
{
  WdStoreSha sha = g_array_index (self->parts, WdStorePart, i).sha;

  if (g_atomic_int_get (&self->is_other[i]))
    {
      const WdStoreSha own = sha;

      wd_store_sha_hash (own.bytes, sizeof own.bytes, &sha);
    }
  return sha;
}

// That part of the message which leaves the text, or -1.
static gint
find_large (const WdMongoPrepared *self, const WdMongoAttachment *attachment)
{
  for (guint i = 0; i < self->parts->len; i++)
    if (g_array_index (self->parts, WdStorePart, i).offset == attachment->offset
        && g_array_index (self->parts, WdStorePart, i).len == attachment->len)
      return (gint) i;
  return -1;
}

typedef struct
{
  const WdMongoPrepared *self;
  WdMongoCall *call;
  guint i;
} Putting;

static const WdMimePart *
find_leaf (const WdMongoPrepared *self, guint64 offset)
{
  for (guint i = 0; i < self->mime->attachments->len; i++)
    {
      const WdMongoAttachment *attachment
          = &g_array_index (self->mime->attachments, WdMongoAttachment, i);

      if (attachment->offset == offset && self->leaves[attachment->part].kind == WD_MIME_LEAF)
        return &self->leaves[attachment->part];
    }
  return NULL;
}

static gboolean
put_part (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error)
{
  const Putting *putting = user_data;
  const WdMimePart *leaf = find_leaf (putting->self, part->offset);
  const WdMongoBlobKind kind = {
    .type = leaf == NULL ? "application/octet-stream" : leaf->type,
    .encoding = leaf == NULL ? "7bit" : wd_mongo_mime_get_encoding (leaf),
    .encoded_bytes = part->len,
    .line_chars = part->is_base64 ? part->form.line_chars : 0,
    .plain = &putting->self->plain[putting->i],
  };
  WdStoreSha sha = get_sha (putting->self, putting->i);

  return wd_mongo_blob_put (putting->call, &sha, &kind, kept, kept_len, error);
}

static gboolean
put_large (WdMongoPrepared *self, WdMongoCall *call, GHashTable *counts, guint i, GError **error)
{
  const WdStorePart *part = &g_array_index (self->parts, WdStorePart, i);
  Putting putting = { self, call, i };
  g_autoptr (GError) failure = NULL;

  if (!wd_store_parts_visit (part, self->octets, put_part, &putting, &failure))
    {
      if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      g_atomic_int_set (&self->is_other[i], 1);
      if (!wd_store_parts_visit (part, self->octets, put_part, &putting, error))
        return FALSE;
    }

  WdStoreSha sha = get_sha (self, i);

  wd_mongo_blob_counts_add (counts, &sha, 1, 1);
  return TRUE;
}

static gboolean
put_field (const WdMongoField *field, WdMongoCall *call, GHashTable *counts, GError **error)
{
  const WdMongoBlobKind kind = {
    .type = "application/octet-stream",
    .encoding = "binary",
    .encoded_bytes = field->coded_len,
  };

  if (!wd_mongo_blob_put (call, &field->sha, &kind, field->data, field->coded_len, error))
    return FALSE;
  wd_mongo_blob_counts_add (counts, &field->sha, 1, 1);
  return TRUE;
}

// What stays in the text, too, for WildDuck.
static gboolean
put_small (const WdMongoPrepared *self, WdMongoCall *call, GHashTable *counts, GError **error)
{
  g_autoptr (GArray) blobs = g_array_new (FALSE, FALSE, sizeof (WdMongoBlob));
  g_autoptr (GHashTable) seen = wd_mongo_blob_counts_new ();

  for (guint i = 0; i < self->mime->attachments->len; i++)
    {
      const WdMongoAttachment *attachment
          = &g_array_index (self->mime->attachments, WdMongoAttachment, i);
      const WdMimePart *part = &self->leaves[attachment->part];
      WdMongoBlob blob = {
        .sha = attachment->sha,
        .kind = { part->type, wd_mongo_mime_get_encoding (part), attachment->len, 0, NULL },
        .data = self->octets + attachment->offset,
        .len = attachment->len,
      };

      if (find_large (self, attachment) >= 0 || g_hash_table_contains (counts, &blob.sha)
          || g_hash_table_contains (seen, &blob.sha))
        continue;
      wd_mongo_blob_counts_add (seen, &blob.sha, 1, 1);
      g_array_append_val (blobs, blob);
    }
  if (!wd_mongo_blob_put_many (call, (const WdMongoBlob *) (gpointer) blobs->data, blobs->len,
                               error))
    return FALSE;
  for (guint i = 0; i < blobs->len; i++)
    wd_mongo_blob_counts_add (counts, &g_array_index (blobs, WdMongoBlob, i).sha, 1, 1);
  return TRUE;
}

// A document counts once for each that it refers to, however often it does.
gboolean
wd_mongo_prepare_put_blobs (WdMongoPrepared *self,
                            WdMongoCall *call,
                            GHashTable *taken,
                            GError **error)
{
  WdMongoField *const fields[] = { &self->text, &self->index, &self->tree };
  g_autoptr (GHashTable) counts = wd_mongo_blob_counts_new ();
  GHashTableIter iter;
  gpointer sha;
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < self->parts->len; i++)
    {
      WdStoreSha own = get_sha (self, i);

      ok = g_hash_table_contains (counts, &own) || put_large (self, call, counts, i, error);
    }
  for (gsize i = 0; ok && i < G_N_ELEMENTS (fields); i++)
    ok = !fields[i]->is_blob || g_hash_table_contains (counts, &fields[i]->sha)
         || put_field (fields[i], call, counts, error);
  ok = ok && (!self->has_view || put_small (self, call, counts, error));
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &sha, NULL))
    wd_mongo_blob_counts_add (taken, sha, 1, 1);
  return ok;
}

static void
add_part (const WdMongoPrepared *self, bson_t *array, guint32 i)
{
  const WdStorePart *part = &g_array_index (self->parts, WdStorePart, i);
  WdStoreSha sha = get_sha (self, i);
  char buffer[16];
  const char *name;
  bson_t doc;

  bson_uint32_to_string (i, &name, buffer, sizeof buffer);
  BSON_APPEND_DOCUMENT_BEGIN (array, name, &doc);
  BSON_APPEND_INT64 (&doc, "o", (gint64) part->offset);
  BSON_APPEND_INT64 (&doc, "n", (gint64) part->len);
  wd_mongo_bson_add_binary (&doc, "f", sha.bytes, sizeof sha.bytes);
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
  guint n_parts = self->parts->len;
  bson_t array;

  if (!self->has_view)
    BSON_APPEND_BOOL (own, "v", FALSE);
  wd_mongo_field_add (&self->text, own, "t");
  wd_mongo_field_add (&self->index, own, "i");
  wd_mongo_field_add (&self->tree, own, "r");
  if (n_parts == 0)
    return;
  BSON_APPEND_ARRAY_BEGIN (own, "parts", &array);
  for (guint i = 0; i < n_parts; i++)
    add_part (self, &array, i);
  bson_append_array_end (own, &array);
}

// All blobs, so that who counts them need not know what they are: those of attachments by their
// ids, and what is ours alone.
static void
add_map (const WdMongoPrepared *self, bson_t *root)
{
  static const char *const keys[] = { "WDTEXT", "WDINDEX", "WDTREE" };
  const WdMongoField *const fields[] = { &self->text, &self->index, &self->tree };
  bson_t map;

  BSON_APPEND_DOCUMENT_BEGIN (root, "attachmentMap", &map);
  for (guint i = 0; i < self->mime->attachments->len; i++)
    {
      const WdMongoAttachment *attachment
          = &g_array_index (self->mime->attachments, WdMongoAttachment, i);
      gint large = find_large (self, attachment);
      WdStoreSha sha = large >= 0 ? get_sha (self, (guint) large) : attachment->sha;

      if (large < 0 && !self->has_view)
        continue;
      wd_mongo_bson_add_binary (&map, attachment->id, sha.bytes, sizeof sha.bytes);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i]->is_blob)
      wd_mongo_bson_add_binary (&map, keys[i], fields[i]->sha.bytes, sizeof fields[i]->sha.bytes);
  bson_append_document_end (root, &map);
}

const WdMongoMime *
wd_mongo_prepare_get_mime (const WdMongoPrepared *self)
{
  return self->mime;
}

static void
add_header (const WdMongoPrepared *self, const char *prefix, bson_t *root)
{
  g_autoptr (GPtrArray) header = g_ptr_array_new_with_free_func (g_free);

  if (prefix != NULL)
    wd_mongo_mime_add_lines (header, prefix, strlen (prefix));
  for (guint i = 0; i < self->mime->header->len; i++)
    g_ptr_array_add (header, g_strdup (self->mime->header->pdata[i]));
  g_ptr_array_add (header, NULL);
  wd_mongo_bson_add_texts (root, "header", (const char *const *) header->pdata);
}

void
wd_mongo_prepare_add_view (const WdMongoPrepared *self, const char *prefix, bson_t *doc)
{
  bson_t root;

  BSON_APPEND_DOCUMENT_BEGIN (doc, "mimeTree", &root);
  if (self->has_view)
    {
      add_header (self, prefix, &root);
      bson_concat (&root, self->mime->root);
    }
  add_map (self, &root);
  bson_append_document_end (doc, &root);
  bson_concat (doc, self->mime->fields);
}

// A document's fields under a name within another.
static void
add_below (bson_t *set, const char *name, const bson_t *fields)
{
  bson_iter_t iter;

  if (!bson_iter_init (&iter, fields))
    return;
  while (bson_iter_next (&iter))
    {
      g_autofree char *key = g_strdup_printf ("%s.%s", name, bson_iter_key (&iter));

      bson_append_iter (set, key, -1, &iter);
    }
}

static bson_t *
make_fill (const WdMongoPrepared *self)
{
  bson_t *update = bson_new ();
  bson_t set;

  g_ptr_array_add (self->mime->header, NULL);
  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  wd_mongo_bson_add_texts (&set, "mimeTree.header",
                           (const char *const *) self->mime->header->pdata);
  add_below (&set, "mimeTree", self->mime->root);
  for (guint i = 0; i < self->mime->attachments->len; i++)
    {
      const WdMongoAttachment *attachment
          = &g_array_index (self->mime->attachments, WdMongoAttachment, i);
      g_autofree char *key = g_strdup_printf ("mimeTree.attachmentMap.%s", attachment->id);

      if (find_large (self, attachment) < 0)
        wd_mongo_bson_add_binary (&set, key, attachment->sha.bytes, sizeof attachment->sha.bytes);
    }
  bson_concat (&set, self->mime->fields);
  bson_append_document_end (update, &set);
  BCON_APPEND (update, "$unset", "{", "wd.v", BCON_UTF8 (""), "}");
  g_ptr_array_set_size (self->mime->header, (gint) self->mime->header->len - 1);
  return update;
}

gboolean
wd_mongo_prepare_fill (WdIncoming *incoming, WdMongoCall *call, const WdId *message, GError **error)
{
  const WdMongoPrepared *self = wd_mongo_prepare_message (incoming, TRUE, error);
  g_autoptr (GHashTable) counts = wd_mongo_blob_counts_new ();
  g_autoptr (bson_t) filter
      = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (message)), "wd.v", BCON_BOOL (FALSE));
  g_autoptr (bson_t) update = NULL;
  gint64 n_matched;

  if (self == NULL || !put_small (self, call, counts, error))
    return FALSE;
  update = make_fill (self);
  if (!wd_mongo_call_update (call, WD_MONGO_MESSAGES, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  // Gone, or done by another.
  return n_matched > 0 || wd_mongo_blob_refer (call, counts, -1, error);
}

void
wd_mongo_prepare_count_blobs (const bson_t *doc, GHashTable *counts)
{
  g_autoptr (GHashTable) seen = wd_mongo_blob_counts_new ();
  gint64 magic = wd_mongo_bson_get_int (doc, "magic", 0);
  bson_iter_t iter, child;

  if (!wd_mongo_bson_find (doc, "mimeTree.attachmentMap", &iter)
      || !BSON_ITER_HOLDS_DOCUMENT (&iter) || !bson_iter_recurse (&iter, &child))
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
      if (g_hash_table_contains (seen, &sha))
        continue;
      wd_mongo_blob_counts_add (seen, &sha, 1, magic);
      wd_mongo_blob_counts_add (counts, &sha, 1, magic);
    }
}

static gboolean
fail_corrupt (const char *what, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, what);
  return FALSE;
}

// Of a message of WildDuck's, it is made when it is first asked for, and kept.
static GBytes *
make_index (WdMongoCall *call, const bson_t *doc, GError **error)
{
  WdId id = wd_mongo_bson_get_id (doc, "_id");
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&id)));
  g_autoptr (bson_t) update = bson_new ();
  g_autoptr (WdContent) content = wd_mongo_prepare_open (call, doc, error);
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
  g_autoptr (GString) piece = g_string_new (NULL);
  g_autoptr (WdMimeTree) tree = NULL;
  g_autoptr (GByteArray) joined = NULL;
  WdMongoField field;
  bson_t set;

  if (content == NULL)
    return NULL;
  for (guint64 pos = 0; pos < wd_content_get_size_bytes (content); pos += piece->len)
    {
      g_string_truncate (piece, 0);
      if (!wd_content_read (content, pos, INDEX_BYTES, piece, error))
        return NULL;
      if (piece->len == 0)
        break;
      wd_mime_indexer_feed (indexer, piece->str, piece->len);
    }
  tree = wd_mime_indexer_finish (indexer);
  joined = join_index (tree);
  wd_mongo_field_init (&field, joined->data, joined->len);
  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  wd_mongo_field_add (&field, &set, "wd.i");
  bson_append_document_end (update, &set);
  // What cannot be kept is made again.
  if (!field.is_blob)
    (void) !wd_mongo_call_update (call, WD_MONGO_MESSAGES, filter, update, WD_MONGO_ONE, NULL, NULL,
                                  NULL);
  wd_mongo_field_clear (&field);
  return g_bytes_new (joined->data, joined->len);
}

GBytes *
wd_mongo_prepare_read_index (WdMongoCall *call,
                             const bson_t *doc,
                             const char *out_texts[3],
                             gsize out_lens[3],
                             GError **error)
{
  bson_iter_t iter;
  g_autoptr (GBytes) joined = wd_mongo_bson_find (doc, "wd.i", &iter)
                                  ? wd_mongo_field_read (call, doc, "wd.i", error)
                                  : make_index (call, doc, error);
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

// A message of WildDuck's. `doc` names it by its _id.
static WdContent *
open_foreign (WdMongoCall *call, const bson_t *doc, GError **error)
{
  WdId id = wd_mongo_bson_get_id (doc, "_id");
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&id)));
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "mimeTree", BCON_INT32 (1), "size", BCON_INT32 (1), "}");
  g_autoptr (bson_t) whole = NULL;
  g_autoptr (GByteArray) text = NULL;
  g_autoptr (GArray) found = NULL;
  WdContentSpec spec = { .read_part = read_part, .free_source = source_free };

  if (!wd_mongo_call_find_one (call, WD_MONGO_MESSAGES, filter, options, &whole, error))
    return NULL;
  if (whole == NULL)
    {
      // It has gone meanwhile.
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such message");
      return NULL;
    }
  if (!wd_mongo_rebuild_message (call, whole, &text, &found, error))
    return NULL;
  spec.parts = g_array_new (FALSE, TRUE, sizeof (WdContentPart));
  for (guint i = 0; i < found->len; i++)
    {
      Source *source = g_new0 (Source, 1);
      WdContentPart part;

      source->pool = wd_mongo_pool_ref (call->pool);
      source->part = g_array_index (found, WdStorePart, i);
      part = (WdContentPart){ source->part.offset, source->part.len, source };
      g_array_append_val (spec.parts, part);
    }
  spec.coding = WD_STORE_CODING_RAW;
  spec.text = text->data;
  spec.text_len = spec.text_coded_len = text->len;
  return wd_content_new (&spec, error);
}

WdContent *
wd_mongo_prepare_open (WdMongoCall *call, const bson_t *doc, GError **error)
{
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) tree = NULL;
  WdContentSpec spec = { .read_part = read_part, .free_source = source_free };
  bson_iter_t iter;

  if (!wd_mongo_bson_find (doc, "wd.t", &iter))
    return open_foreign (call, doc, error);
  if ((text = wd_mongo_field_read (call, doc, "wd.t", error)) == NULL
      || (tree = wd_mongo_field_read (call, doc, "wd.r", error)) == NULL
      || !open_parts (call, doc, &spec.parts, error))
    return NULL;
  spec.prefix = (const char *) wd_mongo_bson_get_binary (doc, "wd.prefix", &spec.prefix_len);
  spec.tree = g_bytes_get_data (tree, &spec.tree_len);
  spec.coding = WD_STORE_CODING_RAW;
  spec.text = g_bytes_get_data (text, &spec.text_len);
  spec.text_coded_len = spec.text_len;
  return wd_content_new (&spec, error);
}
