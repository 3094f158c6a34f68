// SPDX-License-Identifier: EUPL-1.2
// Taking messages out of a mailbox.
#pragma once

#include "mongo-mailbox.h"

// Takes out those of `uids` (NULL: of all), or of those with \Deleted, which are visible.
// `is_moved`: their octets stay the owner's. `out_uids` (transfer full): what went. Six round trips
// in a row for any number.
gboolean wd_mongo_expunge_run (WdStore *store,
                               WdMongoCall *call,
                               const WdId *owner,
                               WdMongoMailbox *mailbox,
                               const WdUidSet *uids,
                               gboolean only_deleted,
                               gboolean is_moved,
                               WdUidSet **out_uids,
                               gint64 *out_modseq,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
