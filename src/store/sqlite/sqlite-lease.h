// SPDX-License-Identifier: EUPL-1.2
// What every store call runs in: a handle of the owner's database, a transaction, and the beacons
// to be sent when it has happened.
#pragma once

#include "sqlite-pool.h"

// g_auto (WdSqliteLease) lease = { 0 }; Leaving the scope aborts what is not committed, gives the
// handle back, and then sends the beacons.
typedef struct
{
  WdSqliteUser *user;
  WdSqliteHandle *handle;
  WdSqliteDb *db;
  WdSqliteTxn txn;
  gboolean is_writer;
  gboolean is_durable;
  gboolean is_damaged;
  WdSqliteChores chores; // To be asked for when committed.
  WdSqliteChores chores_due;
  guint n_beacons;
  guint n_beacons_due;
  WdBeacon beacons[3];
} WdSqliteLease;

// Takes a handle of the owner's and begins. NOT_FOUND: no such user; FORBIDDEN: the accessor is not
// the owner; BUSY, CANCELLED.
gboolean wd_sqlite_lease_begin (WdSqlitePool *pool,
                                const WdActor *actor,
                                WdSqliteTxnKind kind,
                                WdSqliteLease *out_lease,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same without asking who acts: for upkeep.
gboolean wd_sqlite_lease_begin_owner (WdSqlitePool *pool,
                                      const WdId *owner,
                                      WdSqliteTxnKind kind,
                                      WdSqliteLease *out_lease,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Commits. The lease keeps its handle until it is released.
gboolean wd_sqlite_lease_commit (WdSqliteLease *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void wd_sqlite_lease_release (WdSqliteLease *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteLease, wd_sqlite_lease_release)

// A beacon to be sent once committed and released. `mailbox` NULL unless WD_BEACON_MAILBOX.
void wd_sqlite_lease_notify (WdSqliteLease *self, WdBeaconKind kind, const WdId *mailbox);

// A chore to be asked for once committed and released.
void wd_sqlite_lease_add_chore (WdSqliteLease *self, WdSqliteChores chore);

// What wd_row (…) calls, until the lease is released.
void wd_sqlite_lease_set_row_func (WdSqliteLease *self, WdSqliteRowFunc func, gpointer data);

// CORRUPT, with what is wrong: for what SQLite cannot see. Returns FALSE. The handle is not used
// again.
gboolean wd_sqlite_lease_set_corrupt (WdSqliteLease *self, const char *what, GError **error);

// CANCELLED when it was. Cheap.
gboolean wd_sqlite_lease_check_cancelled (GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
