// SPDX-License-Identifier: EUPL-1.2
// Taking messages out of a mailbox.
#pragma once

#include "mongo-mailbox.h"

// Takes out those of `uids` (NULL: of all), or of those with \Deleted, which are visible.
// `out_uids` (transfer full): what went; `out_size_bytes`: how much, which stays the owner's until
// it is given back. Seven round trips for any number.
gboolean wd_mongo_expunge_run (WdStore *store,
                               WdMongoCall *call,
                               const WdId *owner,
                               WdMongoMailbox *mailbox,
                               const WdUidSet *uids,
                               gboolean only_deleted,
                               WdUidSet **out_uids,
                               gint64 *out_modseq,
                               gint64 *out_size_bytes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Deletes what the operation has marked: for it, and for who ends it in its place.
gboolean wd_mongo_expunge_delete (WdMongoCall *call,
                                  const WdMongoOp *op,
                                  const WdUidSet *uids,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Takes the marks away again.
gboolean wd_mongo_expunge_release (WdMongoCall *call,
                                   const WdMongoOp *op,
                                   const WdUidSet *uids,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Replacing one message, in two halves: before `message`, which takes its place, is written, and
// after it. EXPUNGED when there is none to be replaced; then nothing is left to be ended.
gboolean wd_mongo_expunge_begin_replaced (WdMongoCall *call,
                                          const WdId *owner,
                                          const WdId *mailbox,
                                          WdUid uid,
                                          const WdId *message,
                                          WdMongoOp *out_op,
                                          gint64 *out_size_bytes,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
wd_mongo_expunge_finish_replaced (WdMongoCall *call, const WdMongoOp *op, WdUid uid, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// In place of the second half. Best effort: what is left is ended by who sees it.
void wd_mongo_expunge_undo_replaced (WdMongoCall *call, const WdMongoOp *op, WdUid uid);
