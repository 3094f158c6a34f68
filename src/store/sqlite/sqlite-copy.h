// SPDX-License-Identifier: EUPL-1.2
// Copying rows from mailbox to mailbox inside a transaction.
#pragma once

#include "sqlite-mailbox.h"
#include "store-message.h"

// Puts copies of the rows of `uids` (NULL: of all) at the end of `target`, under a new modseq, and
// saves it. They share their contents. `progress` (nullable) hears of each batch. `out_source`: the
// UIDs that were there; `out_size_bytes`.
gboolean wd_sqlite_copy_rows (WdSqliteLease *lease,
                              const WdSqliteMailbox *source,
                              const WdUidSet *uids,
                              WdSqliteMailbox *target,
                              WdProgressFunc progress,
                              gpointer user_data,
                              WdUidSet *out_source,
                              gint64 *out_size_bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Moves all messages of `source` to `target`.
gboolean wd_sqlite_copy_move_rows (WdSqliteLease *lease,
                                   WdSqliteMailbox *source,
                                   const WdUidSet *uids,
                                   WdSqliteMailbox *target,
                                   WdProgressFunc progress,
                                   gpointer user_data,
                                   WdUidSet *out_source,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
