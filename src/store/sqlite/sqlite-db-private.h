// SPDX-License-Identifier: EUPL-1.2
// Inside of a WdSqliteDb: for sqlite-db.c and sqlite-db-open.c.
#pragma once

#include "sqlite-db.h"

struct _WdSqliteDb
{
  sqlite3 *handle;
  char *name;                // The path, for messages.
  GHashTable *statements;    // By the address of their text.
  GCancellable *cancellable; // Of the transaction that waits to begin. (nullable)
  gint64 busy_until_us;
  gboolean is_durable; // The setting of `synchronous` is FULL.
};

// The busy handler.
int wd_sqlite_db_wait_busy (void *data, int n_calls);
