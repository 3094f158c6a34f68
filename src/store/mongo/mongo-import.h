// SPDX-License-Identifier: EUPL-1.2
// Taking over messages: what mongo-append.c needs for it.
#pragma once

#include "mongo-mailbox.h"

// The key of a message that is taken over: the same whenever it is tried again.
WdId wd_mongo_import_get_message (const WdId *mailbox, WdUid uid);

// Those of the items that are there, visible or not yet. Returns (transfer full).
WdUidSet *wd_mongo_import_find (WdMongoCall *call,
                                const WdId *mailbox,
                                const WdImport *items,
                                guint n_items,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Gives those without an `incoming` their flags and modseqs. One round trip.
gboolean wd_mongo_import_flags (WdStore *store,
                                WdMongoCall *call,
                                const WdId *owner,
                                const WdId *mailbox,
                                const WdImport *items,
                                guint n_items,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// From now on the messages below `uidnext` are seen.
gboolean wd_mongo_import_save (WdMongoCall *call,
                               const WdMongoMailbox *mailbox,
                               gint64 uidnext,
                               gint64 modseq,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
