// SPDX-License-Identifier: EUPL-1.2
// Taking over what another store had, with the numbers that it gave: for moving users between
// stores. All calls run on a worker thread and are durable on return; each may be repeated after a
// crash, and does what is left to do. Nobody else may use the account meanwhile: it is disabled.
// Errors are WD_STORE_ERROR; each call may also return BUSY, UNAVAILABLE, CORRUPT and CANCELLED.
//
// A user and addresses are made with wd_store_create_user and wd_store_create_address, which take
// over the id and the time with `is_import`.
#pragma once

#include "store-incoming.h"
#include "store-mailbox.h"

typedef struct
{
  WdIncoming *incoming; // (nullable): NULL for one that is there, whose flags have changed.
  WdId id;              // wd_message_row.id.
  WdUid uid;
  WdFlags flags; // By the keywords of this store.
  WdModseq modseq;
  gint64 internal_date_ms;
  gint16 zone_minutes;
  gint64 save_date_ms;
} WdImport;

// Gives the owner a mailbox with the id, path, special use, UIDVALIDITY and extra fields of `info`,
// which is all that is looked at. One of this id changes; one of another id that never had a
// message gives way. EXISTS when the path is taken by any other; LIMIT.
gboolean wd_store_import_mailbox (WdStore *store,
                                  const WdActor *actor,
                                  const WdMailboxInfo *info,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Adds messages, or gives those that are there their flags and modseq. In order of UID. A quota is
// not looked at. What is there already with an `incoming` is left as it is. NOT_FOUND.
gboolean wd_store_import_messages (WdStore *store,
                                   const WdActor *actor,
                                   const WdId *mailbox,
                                   const WdImport *items,
                                   guint n_items,
                                   GCancellable *cancellable,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Ends it for one mailbox: the next UID and the highest modseq are at least these, nothing is
// \Recent, and who asks what has changed since an earlier modseq is told to look at everything.
gboolean wd_store_import_finish (WdStore *store,
                                 const WdActor *actor,
                                 const WdId *mailbox,
                                 WdUid uidnext,
                                 WdModseq modseq,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
