// SPDX-License-Identifier: EUPL-1.2
// What happened in a mailbox after a modseq, from the journal and the newest rows.
#pragma once

#include "sqlite-mailbox.h"

// UIDs, still there, that were added or changed after `since`: a superset, to be narrowed by their
// modseq. NULL when the journal does not reach back so far. Returns (transfer full) in `out_uids`.
gboolean wd_sqlite_changes_find (WdSqliteLease *lease,
                                 const WdSqliteMailbox *mailbox,
                                 WdModseq since,
                                 WdUidSet **out_uids,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
