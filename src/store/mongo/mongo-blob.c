// SPDX-License-Identifier: EUPL-1.2
// Files in GridFS.
#include "config.h"

#include "mongo-blob.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-schema.h"

#define CHUNK_BYTES (255 * 1024)
// Chunks in one round trip.
#define CHUNKS_A_BATCH 32
#define MAX_TRIES 5
// The count of a file that is being removed: nobody can take it up again.
#define DOOMED (-1000000000)

static bson_t *
make_filter (const WdStoreSha *sha)
{
  bson_t *filter = bson_new ();

  wd_mongo_bson_add_binary (filter, "_id", sha->bytes, sizeof sha->bytes);
  return filter;
}

static bson_t *
make_count (gint64 c, gint64 m)
{
  return BCON_NEW ("$inc", "{", "metadata.c", BCON_INT64 (c), "metadata.m", BCON_INT64 (m), "}",
                   "$set", "{", "metadata.cu", BCON_DATE_TIME (wd_core_clock_now_us () / 1000),
                   "}");
}

// One that is there and stays. FALSE with EXISTS when its octets are kept in another form.
static gboolean
take_up (WdMongoCall *call,
         const WdStoreSha *sha,
         const WdMongoBlobKind *kind,
         gsize len,
         gboolean *out_is_there,
         GError **error)
{
  g_autoptr (bson_t) filter = make_filter (sha);
  g_autoptr (bson_t) update = make_count (1, 1);
  g_autoptr (bson_t) fields = BCON_NEW ("length", BCON_INT32 (1), "chunkSize", BCON_INT32 (1),
                                        "metadata.decoded", BCON_INT32 (1));
  g_autoptr (bson_t) doc = NULL;

  BCON_APPEND (filter, "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
  if (!wd_mongo_call_modify (call, WD_MONGO_FILES, filter, update, fields, &doc, error))
    return FALSE;
  *out_is_there = doc != NULL;
  if (doc == NULL
      || (wd_mongo_bson_get_int (doc, "length", -1) == (gint64) len
          && wd_mongo_bson_get_int (doc, "chunkSize", 0) == CHUNK_BYTES
          && wd_mongo_bson_get_bool (doc, "metadata.decoded") == (kind->line_chars != 0)))
    return TRUE;

  g_autoptr (bson_t) undo = make_count (-1, -1);

  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS, "a part is kept otherwise");
  (void) !wd_mongo_call_update (call, WD_MONGO_FILES, filter, undo, WD_MONGO_ONE, NULL, NULL, NULL);
  return FALSE;
}

static bson_t *
make_chunk (const WdStoreSha *sha, gsize i, const guint8 *data, gsize len)
{
  gsize start = i * CHUNK_BYTES;
  bson_t *doc = bson_new ();

  wd_mongo_bson_add_binary (doc, "files_id", sha->bytes, sizeof sha->bytes);
  BSON_APPEND_INT32 (doc, "n", (gint32) i);
  wd_mongo_bson_add_binary (doc, "data", data + start, MIN (len - start, CHUNK_BYTES));
  return doc;
}

// Again is the same as once: those of the first time are there, then.
static gboolean
insert_chunks (WdMongoCall *call, GPtrArray *docs, gint64 *out_n_there, GError **error)
{
  for (guint i = 1; !wd_mongo_call_insert_many (call, WD_MONGO_CHUNKS, docs, out_n_there, error);
       i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

// Those of another who writes the same are the same. `out_has_some`: some were there.
static gboolean
write_chunks (WdMongoCall *call,
              const WdStoreSha *sha,
              const guint8 *data,
              gsize len,
              gboolean *out_has_some,
              GError **error)
{
  gsize n = (len + CHUNK_BYTES - 1) / CHUNK_BYTES;

  *out_has_some = FALSE;
  for (gsize i = 0; i < n;)
    {
      g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
      gint64 n_there;

      for (; i < n && docs->len < CHUNKS_A_BATCH; i++)
        g_ptr_array_add (docs, make_chunk (sha, i, data, len));
      if (!insert_chunks (call, docs, &n_there, error))
        return FALSE;
      *out_has_some = *out_has_some || n_there > 0;
    }
  return TRUE;
}

// The file as it is when it is new.
static bson_t *
make_file (const WdMongoBlobKind *kind, gsize len)
{
  gint64 now_ms = wd_core_clock_now_us () / 1000;
  g_autofree char *plain
      = kind->plain == NULL ? NULL : g_base64_encode (kind->plain->bytes, WD_STORE_SHA_BYTES);
  bson_t *update
      = BCON_NEW ("$inc", "{", "metadata.c", BCON_INT64 (1), "metadata.m", BCON_INT64 (1), "}",
                  "$set", "{", "metadata.cu", BCON_DATE_TIME (now_ms), "}");
  bson_t fresh;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$setOnInsert", &fresh);
  BCON_APPEND (&fresh, "length", BCON_INT64 ((gint64) len), "chunkSize", BCON_INT32 (CHUNK_BYTES),
               "uploadDate", BCON_DATE_TIME (now_ms), "filename", BCON_NULL, "contentType",
               BCON_UTF8 (kind->type), "metadata.esize", BCON_INT64 ((gint64) kind->encoded_bytes),
               "metadata.transferEncoding", BCON_UTF8 (kind->encoding), "metadata.wd",
               BCON_BOOL (TRUE));
  if (kind->line_chars != 0)
    BCON_APPEND (&fresh, "metadata.decoded", BCON_BOOL (TRUE), "metadata.lineLen",
                 BCON_INT32 ((gint32) kind->line_chars));
  if (plain != NULL)
    BSON_APPEND_UTF8 (&fresh, "metadata.fileContentHash", plain);
  bson_append_document_end (update, &fresh);
  return update;
}

// The file comes behind its chunks, so that one that can be found is whole.
static gboolean
write_file (WdMongoCall *call,
            const WdStoreSha *sha,
            const WdMongoBlobKind *kind,
            gsize len,
            GError **error)
{
  g_autoptr (bson_t) filter = make_filter (sha);
  g_autoptr (bson_t) update = make_file (kind, len);

  BCON_APPEND (filter, "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
  return wd_mongo_call_update (call, WD_MONGO_FILES, filter, update, WD_MONGO_UPSERT, NULL, NULL,
                               error);
}

static gboolean
fail_busy (GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY,
                       "others change the same large parts");
  return FALSE;
}

gboolean
wd_mongo_blob_put (WdMongoCall *call,
                   const WdStoreSha *sha,
                   const WdMongoBlobKind *kind,
                   const void *data,
                   gsize len,
                   GError **error)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_autoptr (GError) failure = NULL;
      gboolean is_there, has_some;

      if (!take_up (call, sha, kind, len, &is_there, error))
        return FALSE;
      if (is_there)
        return TRUE;
      if (!write_chunks (call, sha, data, len, &has_some, error))
        return FALSE;
      // Whoever was just removing the blob may have taken the chunks that were there with it.
      if (write_file (call, sha, kind, len, &failure))
        return !has_some || write_chunks (call, sha, data, len, &has_some, error);
      // It is being removed.
      if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return fail_busy (error);
}

static gboolean
note_id (const bson_t *doc, gpointer user_data, GError **error)
{
  gsize len;
  const guint8 *id = wd_mongo_bson_get_binary (doc, "_id", &len);
  WdStoreSha sha;

  if (id != NULL && len == sizeof sha.bytes)
    {
      memcpy (sha.bytes, id, len);
      g_array_append_val ((GArray *) user_data, sha);
    }
  return TRUE;
}

// Which are there. One round trip.
static gboolean
find_small (WdMongoCall *call, GPtrArray *blobs, GHashTable *there, GError **error)
{
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (WdStoreSha));
  bson_t by_id, array;

  BSON_APPEND_DOCUMENT_BEGIN (filter, "_id", &by_id);
  BSON_APPEND_ARRAY_BEGIN (&by_id, "$in", &array);
  for (guint i = 0; i < blobs->len; i++)
    {
      const WdMongoBlob *blob = blobs->pdata[i];
      char buffer[16];
      const char *key;

      bson_uint32_to_string (i, &key, buffer, sizeof buffer);
      wd_mongo_bson_add_binary (&array, key, blob->sha.bytes, sizeof blob->sha.bytes);
    }
  bson_append_array_end (&by_id, &array);
  bson_append_document_end (filter, &by_id);
  BCON_APPEND (filter, "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
  if (!wd_mongo_call_find (call, WD_MONGO_FILES, filter, options, note_id, ids, error))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    wd_mongo_blob_counts_add (there, &g_array_index (ids, WdStoreSha, i), 1, 1);
  return TRUE;
}

// Those that are not `there` (nullable).
static gboolean
write_small_chunks (
    WdMongoCall *call, GPtrArray *blobs, GHashTable *there, gboolean *out_has_some, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  gint64 n_there;

  for (guint i = 0; i < blobs->len; i++)
    {
      const WdMongoBlob *blob = blobs->pdata[i];

      if (there == NULL || !g_hash_table_contains (there, &blob->sha))
        for (gsize k = 0; k * CHUNK_BYTES < blob->len; k++)
          g_ptr_array_add (docs, make_chunk (&blob->sha, k, blob->data, blob->len));
    }
  *out_has_some = FALSE;
  if (docs->len == 0)
    return TRUE;
  if (!insert_chunks (call, docs, &n_there, error))
    return FALSE;
  *out_has_some = n_there > 0;
  return TRUE;
}

static gboolean
write_small_files (WdMongoCall *call, GPtrArray *blobs, WdMongoDid *out_did, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_FILES);

  for (guint i = 0; i < blobs->len; i++)
    {
      const WdMongoBlob *blob = blobs->pdata[i];
      g_autoptr (bson_t) filter = make_filter (&blob->sha);
      g_autoptr (bson_t) update = make_file (&blob->kind, blob->len);

      BCON_APPEND (filter, "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_UPSERT);
    }
  return wd_mongo_call_bulk_run_each (bulk, out_did, blobs->len, error);
}

// Those whose key is taken stay: another has just written the same, or is removing it. The others
// are counted in `done`.
static gboolean
put_small (WdMongoCall *call, GPtrArray *inout_blobs, GHashTable *done, GError **error)
{
  g_autoptr (GHashTable) there = wd_mongo_blob_counts_new ();
  g_autoptr (GPtrArray) clashed = g_ptr_array_new ();
  g_autoptr (GPtrArray) torn = g_ptr_array_new ();
  g_autofree WdMongoDid *did = g_new0 (WdMongoDid, inout_blobs->len);
  gboolean has_some;

  if (!find_small (call, inout_blobs, there, error)
      || !write_small_chunks (call, inout_blobs, there, &has_some, error)
      || !write_small_files (call, inout_blobs, did, error))
    return FALSE;
  for (guint i = 0; i < inout_blobs->len; i++)
    {
      WdMongoBlob *blob = inout_blobs->pdata[i];

      if (did[i] == WD_MONGO_DID_CLASH)
        {
          g_ptr_array_add (clashed, blob);
          continue;
        }
      wd_mongo_blob_counts_add (done, &blob->sha, 1, 1);
      // Whoever was just removing it may have taken the chunks that were there with it.
      if (did[i] == WD_MONGO_DID_INSERT && (has_some || g_hash_table_contains (there, &blob->sha)))
        g_ptr_array_add (torn, blob);
    }
  g_ptr_array_set_size (inout_blobs, 0);
  g_ptr_array_extend_and_steal (inout_blobs, g_steal_pointer (&clashed));
  return write_small_chunks (call, torn, NULL, &has_some, error);
}

static guint
hash_sha (gconstpointer sha)
{
  guint n;

  memcpy (&n, sha, sizeof n);
  return n;
}

static gboolean
equal_sha (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (WdStoreSha)) == 0;
}

GHashTable *
wd_mongo_blob_counts_new (void)
{
  return g_hash_table_new_full (hash_sha, equal_sha, g_free, g_free);
}

void
wd_mongo_blob_counts_add (GHashTable *counts, const WdStoreSha *sha, gint64 c, gint64 m)
{
  WdMongoBlobCount *count = g_hash_table_lookup (counts, sha);

  if (count == NULL)
    {
      count = g_new0 (WdMongoBlobCount, 1);
      g_hash_table_insert (counts, g_memdup2 (sha, sizeof *sha), count);
    }
  count->c += c;
  count->m += m;
}

static int
compare_shas (gconstpointer a, gconstpointer b)
{
  return memcmp (*(WdStoreSha *const *) a, *(WdStoreSha *const *) b, sizeof (WdStoreSha));
}

// Those that clash stay.
static gboolean
refer_once (WdMongoCall *call, GHashTable *counts, GPtrArray *inout_shas, gint sign, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_FILES);
  g_autofree WdMongoDid *did = g_new0 (WdMongoDid, inout_shas->len);
  guint n_left = 0;

  for (guint i = 0; i < inout_shas->len; i++)
    {
      const WdMongoBlobCount *count = g_hash_table_lookup (counts, inout_shas->pdata[i]);
      g_autoptr (bson_t) filter = make_filter (inout_shas->pdata[i]);
      g_autoptr (bson_t) update = make_count (sign * count->c, sign * count->m);

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_ONE);
    }
  if (!wd_mongo_call_bulk_run_each (bulk, did, inout_shas->len, error))
    return FALSE;
  for (guint i = 0; i < inout_shas->len; i++)
    if (did[i] == WD_MONGO_DID_CLASH)
      inout_shas->pdata[n_left++] = inout_shas->pdata[i];
  g_ptr_array_set_size (inout_shas, (gint) n_left);
  return TRUE;
}

// In the order of ids, so that two that change the same ones do not wait for each other.
gboolean
wd_mongo_blob_refer (WdMongoCall *call, GHashTable *counts, gint sign, GError **error)
{
  g_autoptr (GPtrArray) shas = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer sha;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &sha, NULL))
    g_ptr_array_add (shas, sha);
  g_ptr_array_sort (shas, compare_shas);
  for (guint i = 0; i < MAX_TRIES && shas->len > 0; i++)
    if (!refer_once (call, counts, shas, sign, error))
      return FALSE;
  return shas->len == 0 || fail_busy (error);
}

static int
compare_blobs (gconstpointer a, gconstpointer b)
{
  const WdMongoBlob *blob_a = *(WdMongoBlob *const *) a;
  const WdMongoBlob *blob_b = *(WdMongoBlob *const *) b;

  return memcmp (&blob_a->sha, &blob_b->sha, sizeof (WdStoreSha));
}

gboolean
wd_mongo_blob_put_many (WdMongoCall *call, const WdMongoBlob *blobs, guint n, GError **error)
{
  g_autoptr (GHashTable) done = wd_mongo_blob_counts_new ();
  g_autoptr (GPtrArray) left = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (left, (gpointer) &blobs[i]);
  g_ptr_array_sort (left, compare_blobs);
  for (guint i = 0; i < MAX_TRIES && left->len > 0; i++)
    if (!put_small (call, left, done, error))
      return FALSE;
  if (left->len == 0)
    return TRUE;
  (void) !wd_mongo_blob_refer (call, done, -1, NULL);
  return fail_busy (error);
}

gboolean
wd_mongo_blob_set_count (WdMongoCall *call,
                         const WdStoreSha *sha,
                         gint64 before,
                         const WdMongoBlobCount *after,
                         gboolean *out_is_set,
                         GError **error)
{
  g_autoptr (bson_t) filter = make_filter (sha);
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "metadata.c", BCON_INT64 (after->c),
                                        "metadata.m", BCON_INT64 (after->m), "metadata.cu",
                                        BCON_DATE_TIME (wd_core_clock_now_us () / 1000), "}");
  gint64 n_matched;

  BSON_APPEND_INT64 (filter, "metadata.c", before);
  if (!wd_mongo_call_update (call, WD_MONGO_FILES, filter, update, WD_MONGO_ONE, &n_matched, NULL,
                             error))
    return FALSE;
  *out_is_set = n_matched > 0;
  return TRUE;
}

typedef struct
{
  guint64 offset;
  gsize len;
  guint8 *data;
  gsize n_read;
} Reading;

static gboolean
read_chunk (const bson_t *doc, gpointer user_data, GError **error)
{
  Reading *reading = user_data;
  gint64 n = wd_mongo_bson_get_int (doc, "n", -1);
  gsize chunk_len;
  const guint8 *chunk = wd_mongo_bson_get_binary (doc, "data", &chunk_len);
  guint64 start = (guint64) n * CHUNK_BYTES;
  guint64 from = MAX (start, reading->offset);
  guint64 to = MIN (start + chunk_len, reading->offset + reading->len);

  if (n < 0 || chunk == NULL || from >= to)
    return TRUE;
  memcpy (reading->data + (from - reading->offset), chunk + (from - start), to - from);
  reading->n_read += (gsize) (to - from);
  return TRUE;
}

gboolean
wd_mongo_blob_read (WdMongoCall *call,
                    const WdStoreSha *sha,
                    guint64 offset,
                    gsize len,
                    void *out_data,
                    GError **error)
{
  Reading reading = { offset, len, out_data, 0 };
  g_autoptr (bson_t) filter = bson_new ();
  // Each chunk says where it belongs.
  g_autoptr (bson_t) options = BCON_NEW ("hint", WD_MONGO_CHUNKS_BY_FILE);

  if (len == 0)
    return TRUE;
  wd_mongo_bson_add_binary (filter, "files_id", sha->bytes, sizeof sha->bytes);
  BCON_APPEND (filter, "n", "{", "$gte", BCON_INT64 ((gint64) (offset / CHUNK_BYTES)), "$lte",
               BCON_INT64 ((gint64) ((offset + len - 1) / CHUNK_BYTES)), "}");
  if (!wd_mongo_call_find (call, WD_MONGO_CHUNKS, filter, options, read_chunk, &reading, error))
    return FALSE;
  if (reading.n_read == len)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "a large part is missing");
  return FALSE;
}

// Dooms it, so that nobody takes it up; removes the chunks; then the file. A crash in between
// leaves a doomed file, which the next run finds.
static gboolean
remove_file (WdMongoCall *call, const WdStoreSha *sha, GError **error)
{
  g_autoptr (bson_t) by_id = make_filter (sha);
  g_autoptr (bson_t) unused = make_filter (sha);
  g_autoptr (bson_t) chunks = bson_new ();
  g_autoptr (bson_t) doom = BCON_NEW ("$set", "{", "metadata.c", BCON_INT64 (DOOMED), "}");
  gint64 n_matched;

  BCON_APPEND (unused, "metadata.c", "{", "$lte", BCON_INT64 (0), "}");
  if (!wd_mongo_call_update (call, WD_MONGO_FILES, unused, doom, WD_MONGO_ONE, &n_matched, NULL,
                             error))
    return FALSE;
  if (n_matched == 0)
    return TRUE;
  wd_mongo_bson_add_binary (chunks, "files_id", sha->bytes, sizeof sha->bytes);
  return wd_mongo_call_delete (call, WD_MONGO_CHUNKS, chunks, WD_MONGO_MANY, NULL, error)
         && wd_mongo_call_delete (call, WD_MONGO_FILES, by_id, WD_MONGO_ONE, NULL, error);
}

gboolean
wd_mongo_blob_collect (WdMongoCall *call, gint64 min_age_ms, GError **error)
{
  gint64 before_ms = wd_core_clock_now_us () / 1000 - min_age_ms;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (WdStoreSha));
  g_autoptr (bson_t) filter
      = BCON_NEW ("metadata.c", "{", "$lte", BCON_INT64 (0), "}", "metadata.cu", "{", "$lte",
                  BCON_DATE_TIME (before_ms), "}");
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");

  if (!wd_mongo_call_find (call, WD_MONGO_FILES, filter, options, note_id, ids, error))
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    if (!remove_file (call, &g_array_index (ids, WdStoreSha, i), error))
      return FALSE;
  return TRUE;
}
