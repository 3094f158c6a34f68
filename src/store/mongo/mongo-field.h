// SPDX-License-Identifier: EUPL-1.2
// Octets in a document: compressed where that pays, and a blob where they are too long for it.
#pragma once

#include "mongo-blob.h"
#include "store-zstd.h"

// What is longer, coded, is a blob: a document has at most 16 MB.
#define WD_MONGO_FIELD_BYTES_MAX (1024 * 1024)

typedef struct
{
  WdStoreCoding coding;
  gsize len; // Decoded.
  guint8 *data;
  gsize coded_len;
  gboolean is_blob;
  WdStoreSha sha;
} WdMongoField;

// Copies.
void wd_mongo_field_init (WdMongoField *self, const void *data, gsize len);
void wd_mongo_field_clear (WdMongoField *self);
void wd_mongo_field_add (const WdMongoField *self, bson_t *doc, const char *key);

// Decoded. Returns (transfer full). CORRUPT when there is none; UNAVAILABLE.
GBytes *wd_mongo_field_read (WdMongoCall *call, const bson_t *doc, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
