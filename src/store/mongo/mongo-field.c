// SPDX-License-Identifier: EUPL-1.2
// Octets in a document.
#include "config.h"

#include "mongo-field.h"

#include <string.h>

#include "core-limits.h"

// Shorter ones are read more often than they take room.
#define COMPRESS_BYTES_MIN 2048

void
wd_mongo_field_init (WdMongoField *self, const void *data, gsize len)
{
  *self = (WdMongoField){ .len = len };
  if (len >= COMPRESS_BYTES_MIN)
    self->data = wd_store_zstd_compress (data, len, &self->coded_len);
  self->coding = self->data != NULL ? WD_STORE_CODING_ZSTD : WD_STORE_CODING_RAW;
  if (self->data == NULL)
    {
      self->data = g_memdup2 (data, len);
      self->coded_len = len;
    }
  self->is_blob = self->coded_len > WD_MONGO_FIELD_BYTES_MAX;
  if (self->is_blob)
    wd_store_sha_hash (self->data, self->coded_len, &self->sha);
}

void
wd_mongo_field_clear (WdMongoField *self)
{
  g_clear_pointer (&self->data, g_free);
}

void
wd_mongo_field_add (const WdMongoField *self, bson_t *doc, const char *key)
{
  bson_t field;

  BSON_APPEND_DOCUMENT_BEGIN (doc, key, &field);
  BSON_APPEND_INT32 (&field, "c", (gint32) self->coding);
  BSON_APPEND_INT64 (&field, "n", (gint64) self->len);
  if (self->is_blob)
    {
      BSON_APPEND_INT64 (&field, "l", (gint64) self->coded_len);
      wd_mongo_bson_add_binary (&field, "f", self->sha.bytes, sizeof self->sha.bytes);
    }
  else
    wd_mongo_bson_add_binary (&field, "d", self->data, self->coded_len);
  bson_append_document_end (doc, &field);
}

static GBytes *
fail_damaged (const char *path, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "%s is missing or damaged", path);
  return NULL;
}

// What no message needs is damage, and no reason to take memory.
static gboolean
is_sound (gint64 len)
{
  return len >= 0 && len <= 16 * (gint64) WD_LIMIT_MESSAGE_BYTES;
}

static GBytes *
decode (
    gint64 coding, const void *data, gsize coded_len, gsize len, const char *path, GError **error)
{
  g_autofree guint8 *out = NULL;

  if (coding == WD_STORE_CODING_RAW)
    return coded_len == len ? g_bytes_new (data, len) : fail_damaged (path, error);
  out = g_try_malloc (MAX (len, 1));
  if (out == NULL || !wd_store_zstd_decompress (data, coded_len, out, len))
    return fail_damaged (path, error);
  return g_bytes_new_take (g_steal_pointer (&out), len);
}

GBytes *
wd_mongo_field_read (WdMongoCall *call, const bson_t *doc, const char *path, GError **error)
{
  g_autofree guint8 *loaded = NULL;
  const guint8 *data, *sha_data;
  gsize coded_len, sha_len;
  gint64 coding, len, blob_len;
  bson_iter_t iter;
  bson_t field;
  guint32 n;

  if (!wd_mongo_bson_find (doc, path, &iter) || !BSON_ITER_HOLDS_DOCUMENT (&iter))
    return fail_damaged (path, error);
  bson_iter_document (&iter, &n, &data);
  if (!bson_init_static (&field, data, n))
    return fail_damaged (path, error);
  coding = wd_mongo_bson_get_int (&field, "c", 0);
  len = wd_mongo_bson_get_int (&field, "n", -1);
  data = wd_mongo_bson_get_binary (&field, "d", &coded_len);
  sha_data = wd_mongo_bson_get_binary (&field, "f", &sha_len);
  blob_len = wd_mongo_bson_get_int (&field, "l", -1);
  if (!is_sound (len))
    return fail_damaged (path, error);
  if (data != NULL)
    return decode (coding, data, coded_len, (gsize) len, path, error);

  WdStoreSha sha;

  if (sha_data == NULL || sha_len != sizeof sha.bytes || !is_sound (blob_len)
      || (loaded = g_try_malloc (MAX ((gsize) blob_len, 1))) == NULL)
    return fail_damaged (path, error);
  memcpy (sha.bytes, sha_data, sha_len);
  if (!wd_mongo_blob_read (call, &sha, 0, (gsize) blob_len, loaded, error))
    return NULL;
  return decode (coding, loaded, (gsize) blob_len, (gsize) len, path, error);
}
