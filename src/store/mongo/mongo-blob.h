// SPDX-License-Identifier: EUPL-1.2
// What is too large for a message's document, and what WildDuck looks for there: files in the
// GridFS bucket "attachments", named by the SHA-256 of their octets (of a part, as it stands in the
// message) and counted by who refers to them (metadata.c, and metadata.m as WildDuck has it: the
// sum of the magic numbers of those messages, which is 1 for each of ours).
#pragma once

#include "mongo-call.h"
#include "store-sha.h"

// How the octets of a blob are those of a message's part: its file says so to WildDuck.
typedef struct
{
  const char *type;
  const char *encoding;    // Content-Transfer-Encoding.
  guint64 encoded_bytes;   // In the message.
  guint32 line_chars;      // Of decoded base64; 0: it is kept as it came.
  const WdStoreSha *plain; // Of the decoded octets; NULL: not known.
} WdMongoBlobKind;

// Refers to it once more, and writes it where it is not there yet. One round trip when it is, three
// when it is not. EXISTS when another program keeps it in another form.
gboolean wd_mongo_blob_put (WdMongoCall *call,
                            const WdStoreSha *sha,
                            const WdMongoBlobKind *kind,
                            const void *data,
                            gsize len,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Small ones, kept as they came: two round trips for any number that are there, three for others.
typedef struct
{
  WdStoreSha sha;
  WdMongoBlobKind kind;
  const guint8 *data;
  gsize len;
} WdMongoBlob;

gboolean
wd_mongo_blob_put_many (WdMongoCall *call, const WdMongoBlob *blobs, guint n, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Changes in how often blobs are referred to.
typedef struct
{
  gint64 c; // Messages.
  gint64 m; // The sum of their magic numbers.
} WdMongoBlobCount;

// (g_hash_table of WdStoreSha to WdMongoBlobCount)
GHashTable *wd_mongo_blob_counts_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_blob_counts_add (GHashTable *counts, const WdStoreSha *sha, gint64 c, gint64 m);

// All of them. One round trip; none without any.
gboolean wd_mongo_blob_refer (WdMongoCall *call, GHashTable *counts, gint sign, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Sets the count, if it still is `before`.
gboolean wd_mongo_blob_set_count (WdMongoCall *call,
                                  const WdStoreSha *sha,
                                  gint64 before,
                                  const WdMongoBlobCount *after,
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
