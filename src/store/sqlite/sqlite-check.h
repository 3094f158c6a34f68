// SPDX-License-Identifier: EUPL-1.2
// Inside of checking: findings, and the checks of one user and of the shared folders.
#pragma once

#include "sqlite-mailbox.h"
#include "sqlite-store-private.h"

// Findings are collected while transactions run, and told once they are over.
typedef struct
{
  WdId user;
  gboolean repair;
  GPtrArray *findings; // (element-type WdStoreFinding)
} WdSqliteCheck;

GPtrArray *wd_sqlite_check_new_findings (void) G_GNUC_WARN_UNUSED_RESULT;

// `is_repaired`: it will be when the transaction commits.
void wd_sqlite_check_add (WdSqliteCheck *self,
                          const char *what,
                          gboolean is_repaired,
                          const char *format,
                          ...) G_GNUC_PRINTF (4, 5);

// The user's database and folder. An error is only of what keeps from looking further.
gboolean wd_sqlite_check_user (WdSqliteCheck *self,
                               WdSqlitePool *pool,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Looks at the changed flags of a mailbox whose messages are `uids`.
gboolean wd_sqlite_check_flags (WdSqliteCheck *self,
                                WdSqliteLease *lease,
                                const WdSqliteMailbox *mailbox,
                                const WdUidSet *uids,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Looks at what is kept of messages for those who list them.
gboolean wd_sqlite_check_meta (WdSqliteCheck *self, WdSqliteLease *lease, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The names in the user's folder of parts, inside a transaction.
gboolean wd_sqlite_check_parts (WdSqliteCheck *self, WdSqliteLease *lease, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The pool: files that nobody has a name for, and what an interrupted delivery left half written.
void wd_sqlite_check_pool (WdSqliteCheck *self, const char *state_dir);

// Folders of users that are not in the directory. `users`: (element-type WdId).
void wd_sqlite_check_folders (WdSqliteCheck *self, const char *state_dir, GArray *users);
