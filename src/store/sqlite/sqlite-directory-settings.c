// SPDX-License-Identifier: EUPL-1.2
// Named values of the installation, and whether directory.db can be written.
#include "config.h"

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"

// Written by the health check, and never read.
#define HEALTH_KEY "health"

static gboolean
put (WdSqliteDb *db, const char *key, const char *value, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      db,
      value != NULL ? "INSERT INTO settings VALUES (?1, ?2)"
                      " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
                    : "DELETE FROM settings WHERE key = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, key);
  if (value != NULL)
    wd_sqlite_db_bind_text (stmt, 2, value);
  return wd_sqlite_db_run (db, stmt, error);
}

static gboolean
write_setting (WdStore *store,
               WdSqliteTxnKind kind,
               const char *key,
               const char *value,
               GCancellable *cancellable,
               GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };

  return wd_sqlite_directory_acquire (store, &client, cancellable, error)
         && wd_sqlite_db_begin (client.db, kind, &txn, cancellable, error)
         && put (client.db, key, value, error) && wd_sqlite_db_commit (&txn, error);
}

gboolean
wd_sqlite_directory_set_setting (
    WdStore *store, const char *key, const char *value, GCancellable *cancellable, GError **error)
{
  return write_setting (store, WD_SQLITE_DURABLE, key, value, cancellable, error);
}

gboolean
wd_sqlite_directory_get_setting (
    WdStore *store, const char *key, char **out_value, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  gboolean has_row;

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error))
    return FALSE;
  stmt = wd_sqlite_db_prepare (client.db, "SELECT value FROM settings WHERE key = ?1", error);
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, key);
  if (!wd_sqlite_db_step (client.db, stmt, &has_row, error))
    return FALSE;
  *out_value = has_row ? wd_sqlite_db_dup_text (stmt, 0) : NULL;
  return TRUE;
}

// A write tells more than a lock: a full or read-only disk is found out. It need not be durable.
gboolean
wd_sqlite_directory_check_health (WdStore *store, GCancellable *cancellable, GError **error)
{
  return write_setting (store, WD_SQLITE_WRITE, HEALTH_KEY, "", cancellable, error);
}
