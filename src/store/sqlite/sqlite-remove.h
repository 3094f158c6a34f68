// SPDX-License-Identifier: EUPL-1.2
// Taking message rows out of a mailbox: what expunge, move and deletion of a mailbox share.
#pragma once

#include "sqlite-flag-runs.h"
#include "sqlite-journal.h"

// What was taken out. Initialised with wd_sqlite_remove_begin.
typedef struct
{
  WdFlags required; // Only rows with all of these flags.
  WdUidSet *uids;
  GArray *contents; // (element-type gint64), in the order of the UIDs.
  WdSqliteJournalCreated created;
  gint64 n_unseen;
  gint64 n_deleted;
  gint64 size_bytes;
  WdSqliteFlagRuns runs;
  GError *failure; // Of reading them.
} WdSqliteRemoval;

void wd_sqlite_remove_begin (WdSqliteRemoval *self, WdFlags required);
void wd_sqlite_remove_end (WdSqliteRemoval *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteRemoval, wd_sqlite_remove_end)

// Notes a row that was deleted, in order of UID.
void wd_sqlite_remove_note (
    WdSqliteRemoval *self, WdUid uid, WdFlags flags, gint64 size_bytes, gint64 created);

// Deletes the rows of `uids` (NULL: of all) and notes them. One pass.
gboolean wd_sqlite_remove_rows (WdSqliteRemoval *self,
                                WdSqliteLease *lease,
                                const WdSqliteMailbox *mailbox,
                                const WdUidSet *uids,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Brings counters, UID map and journal of the mailbox in line, under a new modseq, and saves them.
gboolean wd_sqlite_remove_apply (WdSqliteRemoval *self,
                                 WdSqliteLease *lease,
                                 WdSqliteMailbox *mailbox,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The messages are gone for good: the owner's totals, and their contents as garbage if nobody else
// refers to them.
gboolean wd_sqlite_remove_discard (WdSqliteRemoval *self, WdSqliteLease *lease, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
