// SPDX-License-Identifier: EUPL-1.2
// Operations on a mailbox that take several steps. docs/durability.md tells how they go.
//
// An operation begins by taking its modseq and its UIDs from the mailbox's document and leaving an
// entry there, in one step, and ends by taking the entry out. Nothing that is at or behind the
// oldest entry is shown to anybody, so that what several instances do at once becomes visible in
// order. An entry that stays is that of an instance which has died or hangs: whoever has seen it
// for long enough ends it, in a way that the other cannot go on behind it.
#pragma once

#include "mongo-call.h"
#include "store.h"

// How long an entry may stay, by the clock of who looks at it.
#define WD_MONGO_PENDING_MAX_US (5 * G_USEC_PER_SEC)

typedef enum
{
  WD_MONGO_PENDING_ADD,     // Messages get the UIDs.
  WD_MONGO_PENDING_CHANGE,  // Flags of messages change.
  WD_MONGO_PENDING_EXPUNGE, // Messages go.
  WD_MONGO_PENDING_REPLACE, // They go if the message that takes their place has come.
} WdMongoPendingKind;

// What one process has seen of entries. Any thread.
typedef struct _WdMongoPending WdMongoPending;

WdMongoPending *wd_mongo_pending_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_pending_free (WdMongoPending *self);

// Ends those of the mailbox's entries that have been there for too long. `out_n_ended`: with it the
// document is an old one.
gboolean wd_mongo_pending_end_stale (WdMongoPending *self,
                                     WdMongoCall *call,
                                     const bson_t *mailbox,
                                     guint *out_n_ended,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  WdId id; // Of the operation; with `n` messages, the ids from wd_mongo_pending_get_message on.
  WdId owner;
  WdId mailbox;
  gint64 modseq;
  gint64 first_uid;
  guint n;
  gint64 previous_expunge; // Modseq of the expunge before this one.
  gint64 uidvalidity;
} WdMongoOp;

// What an operation has changed in the mailbox's counters.
typedef struct
{
  gint64 n;
  gint64 unseen;
  gint64 deleted;
  gint64 size_bytes;
  gboolean is_unknown; // They have to be counted anew.
} WdMongoDelta;

// Takes a modseq and `n` UIDs, and leaves the entry. `uids`: of what is going to be expunged.
// NOT_FOUND, LIMIT when no UIDs are left.
gboolean wd_mongo_pending_begin (WdMongoCall *call,
                                 const WdId *owner,
                                 const WdId *mailbox,
                                 WdMongoPendingKind kind,
                                 guint n,
                                 const WdUidSet *uids,
                                 WdMongoOp *out_op,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same for messages that are replaced: `message` is the id of the one that takes their place.
gboolean wd_mongo_pending_begin_replace (WdMongoCall *call,
                                         const WdId *owner,
                                         const WdId *mailbox,
                                         const WdUidSet *uids,
                                         const WdId *message,
                                         WdMongoOp *out_op,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The id of the i-th message of the operation.
WdId wd_mongo_pending_get_message (const WdMongoOp *op, guint i);

// Takes the entry out: from now on what was done is seen. `out_is_ended`: somebody else had done
// so, or the mailbox is gone.
gboolean wd_mongo_pending_finish (WdMongoCall *call,
                                  const WdMongoOp *op,
                                  WdMongoPendingKind kind,
                                  const WdMongoDelta *delta,
                                  gboolean *out_is_ended,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// What may be shown: all below these, by the mailbox's document.
void wd_mongo_pending_get_horizon (const bson_t *mailbox, gint64 *out_uidnext, gint64 *out_modseq);
guint wd_mongo_pending_count (const bson_t *mailbox);
