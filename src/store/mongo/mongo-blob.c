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
make_count (gint n)
{
  return BCON_NEW ("$inc", "{", "metadata.c", BCON_INT64 (n), "metadata.m", BCON_INT64 (n), "}",
                   "$set", "{", "metadata.cu", BCON_DATE_TIME (wd_core_clock_now_us () / 1000),
                   "}");
}

// One that is there and stays.
static gboolean
take_up (WdMongoCall *call, const WdStoreSha *sha, gboolean *out_is_there, GError **error)
{
  g_autoptr (bson_t) filter = make_filter (sha);
  g_autoptr (bson_t) update = make_count (1);
  gint64 n_matched;

  BCON_APPEND (filter, "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
  if (!wd_mongo_call_update (call, WD_MONGO_FILES, filter, update, WD_MONGO_ONE, &n_matched, NULL,
                             error))
    return FALSE;
  *out_is_there = n_matched > 0;
  return TRUE;
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

// Those of another who writes the same are the same.
static gboolean
write_chunks (
    WdMongoCall *call, const WdStoreSha *sha, const guint8 *data, gsize len, GError **error)
{
  gsize n = (len + CHUNK_BYTES - 1) / CHUNK_BYTES;

  for (gsize i = 0; i < n;)
    {
      g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
      gint64 n_there;

      for (; i < n && docs->len < CHUNKS_A_BATCH; i++)
        g_ptr_array_add (docs, make_chunk (sha, i, data, len));
      if (!wd_mongo_call_insert_many (call, WD_MONGO_CHUNKS, docs, &n_there, error))
        return FALSE;
    }
  return TRUE;
}

// The file comes behind its chunks, so that one that can be found is whole.
static gboolean
write_file (WdMongoCall *call, const WdStoreSha *sha, gsize len, GError **error)
{
  g_autoptr (bson_t) doc = make_filter (sha);
  gint64 now_ms = wd_core_clock_now_us () / 1000;

  BCON_APPEND (doc, "length", BCON_INT64 ((gint64) len), "chunkSize", BCON_INT32 (CHUNK_BYTES),
               "uploadDate", BCON_DATE_TIME (now_ms), "contentType", "application/octet-stream",
               "metadata", "{", "c", BCON_INT64 (1), "m", BCON_INT64 (1), "cu",
               BCON_DATE_TIME (now_ms), "decoded", BCON_BOOL (TRUE), "wd", BCON_BOOL (TRUE), "}");
  return wd_mongo_call_insert (call, WD_MONGO_FILES, doc, error);
}

gboolean
wd_mongo_blob_put (
    WdMongoCall *call, const WdStoreSha *sha, const void *data, gsize len, GError **error)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_autoptr (GError) failure = NULL;
      gboolean is_there;

      if (!take_up (call, sha, &is_there, error))
        return FALSE;
      if (is_there)
        return TRUE;
      if (!write_chunks (call, sha, data, len, error))
        return FALSE;
      if (write_file (call, sha, len, &failure))
        return TRUE;
      // Another was faster, or it is being removed.
      if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY, "a large part is being removed");
  return FALSE;
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
  return g_hash_table_new_full (hash_sha, equal_sha, g_free, NULL);
}

void
wd_mongo_blob_counts_add (GHashTable *counts, const WdStoreSha *sha, gint n)
{
  gint before = GPOINTER_TO_INT (g_hash_table_lookup (counts, sha));

  g_hash_table_replace (counts, g_memdup2 (sha, sizeof *sha), GINT_TO_POINTER (before + n));
}

gboolean
wd_mongo_blob_refer (WdMongoCall *call, GHashTable *counts, gint sign, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = NULL;
  GHashTableIter iter;
  gpointer sha, n;

  if (g_hash_table_size (counts) == 0)
    return TRUE;
  bulk = wd_mongo_call_bulk_new (call, WD_MONGO_FILES);
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &sha, &n))
    {
      g_autoptr (bson_t) filter = make_filter (sha);
      g_autoptr (bson_t) update = make_count (sign * GPOINTER_TO_INT (n));

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_ONE);
    }
  return wd_mongo_call_bulk_run (bulk, NULL, error);
}

gboolean
wd_mongo_blob_set_count (WdMongoCall *call,
                         const WdStoreSha *sha,
                         gint64 before,
                         gint64 after,
                         gboolean *out_is_set,
                         GError **error)
{
  g_autoptr (bson_t) filter = make_filter (sha);
  g_autoptr (bson_t) update
      = BCON_NEW ("$set", "{", "metadata.c", BCON_INT64 (after), "metadata.m", BCON_INT64 (after),
                  "metadata.cu", BCON_DATE_TIME (wd_core_clock_now_us () / 1000), "}");
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
  g_autoptr (bson_t) options = BCON_NEW ("sort", "{", "n", BCON_INT32 (1), "}");

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
