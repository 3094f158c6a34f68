// SPDX-License-Identifier: EUPL-1.2
// Where contents are in a mailbox: a search that knows which contents it wants need not walk all
// rows for them. Of the last mailbox that a handle searched, as runs, in memory only.
#pragma once

#include "sqlite-mailbox.h"

void wd_sqlite_search_map_free (WdSqliteSearchMap *self);

// The UIDs of the messages whose content is one of `contents`, or beyond `upto`. It may name some
// that are gone: the row decides. O(runs), and reading what has come since the last time. NULL in
// `out_uids`: the mailbox is too much of a mix for it (WD_LIMIT_SEARCH_MAP_RUNS). Returns (transfer
// full).
gboolean wd_sqlite_search_map_find (WdSqliteLease *lease,
                                    const WdSqliteMailbox *mailbox,
                                    const WdUidSet *contents,
                                    gint64 upto,
                                    WdUidSet **out_uids,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
