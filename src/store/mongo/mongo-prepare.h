// SPDX-License-Identifier: EUPL-1.2
// What is made of a message once, however many mailboxes it goes into, and how it comes back.
#pragma once

#include "mongo-blob.h"
#include "mongo-mime.h"
#include "store-content-private.h"
#include "store-incoming.h"
#include "store-parts.h"
#include "store-zstd.h"

typedef struct _WdMongoPrepared WdMongoPrepared;

// `with_view`: with all that WildDuck would have written, for it alone. Returns (transfer none):
// kept with `incoming`, as it was made first.
WdMongoPrepared *wd_mongo_prepare_message (WdIncoming *incoming, gboolean with_view, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes the blobs, each referred to once more. Those done are added to `counts`.
gboolean wd_mongo_prepare_put_blobs (WdMongoPrepared *self,
                                     WdMongoCall *call,
                                     GHashTable *counts,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer none).
const WdMongoMime *wd_mongo_prepare_get_mime (const WdMongoPrepared *self);

// Appends the fields that show WildDuck the message. `prefix` (nullable): header lines before it.
void wd_mongo_prepare_add_view (const WdMongoPrepared *self, const char *prefix, bson_t *doc);

// Gives a message that was written without it what shows it to WildDuck. `incoming` has all of its
// octets.
gboolean
wd_mongo_prepare_fill (WdIncoming *incoming, WdMongoCall *call, const WdId *message, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Appends what is the same for all copies to the field "wd": text, index, tree, parts.
void wd_mongo_prepare_add (const WdMongoPrepared *self, bson_t *own);

// The blobs that a message's document refers to, by mimeTree.attachmentMap and magic.
void wd_mongo_prepare_count_blobs (const bson_t *doc, GHashTable *counts);

// The three texts of a document that has wd.i. Returns (transfer full): what `out_texts` point
// into. CORRUPT, UNAVAILABLE.
GBytes *wd_mongo_prepare_read_index (WdMongoCall *call,
                                     const bson_t *doc,
                                     const char *out_texts[3],
                                     gsize out_lens[3],
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The octets of a document that has wd.t, wd.r, wd.parts and wd.prefix. Returns (transfer full).
WdContent *wd_mongo_prepare_open (WdMongoCall *call, const bson_t *doc, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
