// SPDX-License-Identifier: EUPL-1.2
// The documents of messages, by sets of UIDs and by ids.
#pragma once

#include "mongo-call.h"

// Ids in one query.
#define WD_MONGO_MESSAGE_IDS_MAX 5000

// Walks a set in pieces that one query can name: a long run, or many short ones. In order. For
// what changes or removes them; whoever has their ids is much faster with those.
typedef struct
{
  const WdUidSet *uids; // NULL: all there are.
  const WdId *mailbox;
  guint range;
  gboolean is_done;
} WdMongoPieces;

void wd_mongo_message_begin (WdMongoPieces *self, const WdId *mailbox, const WdUidSet *uids);

// The filter of the next piece, with the fields of `more` (nullable). Returns (transfer full)
// (nullable): NULL at the end.
bson_t *wd_mongo_message_next (WdMongoPieces *self, const bson_t *more) G_GNUC_WARN_UNUSED_RESULT;

// The filter of the next piece of messages by their ids, (element-type WdId), while they are in the
// mailbox, with the fields of `more` (nullable). `inout_at`: 0 at the beginning. Returns (transfer
// full) (nullable): NULL at the end.
bson_t *
wd_mongo_message_next_by_ids (const WdId *mailbox, GArray *ids, guint *inout_at, const bson_t *more)
    G_GNUC_WARN_UNUSED_RESULT;

// Finds them in order of UID, "batchSize" of the `options` in one round trip. Those have no "sort".
// With a "hint" in them it is one query, for few messages among many.
gboolean wd_mongo_message_find (WdMongoCall *call,
                                const WdId *mailbox,
                                const WdUidSet *uids,
                                const bson_t *more,
                                const bson_t *options,
                                WdMongoDocFunc func,
                                gpointer user_data,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The modseq at which a message came into that mailbox; 0: not known. WildDuck takes our fields
// along when it copies.
gint64 wd_mongo_message_get_created (const bson_t *doc, const WdId *mailbox);
