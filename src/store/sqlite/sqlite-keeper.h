// SPDX-License-Identifier: EUPL-1.2
// The thread that does what calls have left for later. It starts with the first chore.
#pragma once

#include <gio/gio.h>

#include "sqlite-pool.h"

typedef struct _WdSqliteKeeper WdSqliteKeeper;

// Does the chores of one user; stops early when cancelled. What fails is tried again with the next
// poke.
typedef void (*WdSqliteKeeperFunc) (gpointer data,
                                    const WdId *user,
                                    WdSqliteChores chores,
                                    GCancellable *cancellable);

WdSqliteKeeper *wd_sqlite_keeper_new (WdSqliteKeeperFunc func, gpointer data)
    G_GNUC_WARN_UNUSED_RESULT;

// Stops and waits for the thread; what is pending stays undone.
void wd_sqlite_keeper_free (WdSqliteKeeper *self);

// Any thread; never blocks.
void wd_sqlite_keeper_poke (WdSqliteKeeper *self, const WdId *user, WdSqliteChores chores);
