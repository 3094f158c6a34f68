// SPDX-License-Identifier: EUPL-1.2
// Upkeep: chores of one user for the keeper, and of all for wd_store_maintain.
#pragma once

#include "sqlite-pool.h"
#include "store.h"

// Does the chores; errors are left to the next time. WdSqliteKeeperFunc; `store` is the WdStore.
void wd_sqlite_maintain_user (gpointer store,
                              const WdId *user,
                              WdSqliteChores chores,
                              GCancellable *cancellable);
