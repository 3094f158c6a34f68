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
