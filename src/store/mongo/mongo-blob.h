// SPDX-License-Identifier: EUPL-1.2
// What is too large for a message's document: files in the GridFS bucket "attachments", named by
// the SHA-256 of their octets and counted by who refers to them (metadata.c, and metadata.m as
// WildDuck has it: the sum of the magic numbers of those messages, which is 1 for each of ours).
#pragma once

#include "mongo-call.h"
#include "store-sha.h"

// Refers to it once more, and writes it where it is not there yet. One round trip when it is.
gboolean wd_mongo_blob_put (WdMongoCall *call,
                            const WdStoreSha *sha,
                            const void *data,
                            gsize len,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Changes in how often blobs are referred to. (g_hash_table of WdStoreSha to a count)
GHashTable *wd_mongo_blob_counts_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_blob_counts_add (GHashTable *counts, const WdStoreSha *sha, gint n);

// All of them. One round trip; none without any.
gboolean wd_mongo_blob_refer (WdMongoCall *call, GHashTable *counts, gint sign, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Sets the count, if it still is `before`.
gboolean wd_mongo_blob_set_count (WdMongoCall *call,
                                  const WdStoreSha *sha,
                                  gint64 before,
                                  gint64 after,
                                  gboolean *out_is_set,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Octets of a blob. CORRUPT when they are not there.
gboolean wd_mongo_blob_read (WdMongoCall *call,
                             const WdStoreSha *sha,
                             guint64 offset,
                             gsize len,
                             void *out_data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Removes those that nobody has referred to for `min_age_ms`.
gboolean wd_mongo_blob_collect (WdMongoCall *call, gint64 min_age_ms, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
