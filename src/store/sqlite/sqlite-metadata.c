// SPDX-License-Identifier: EUPL-1.2
// Annotations of mailboxes and of the account.
#include "config.h"

#include "core-limits.h"
#include "sqlite-mailbox.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"

static gboolean
find_row (WdSqliteLease *lease, const WdId *id, gint64 *out_row, GError **error)
{
  WdSqliteMailbox mailbox;

  *out_row = WD_SQLITE_SCHEMA_OWNER_ROW;
  if (id == NULL)
    return TRUE;
  if (!wd_sqlite_mailbox_load (lease, id, &mailbox, error))
    return FALSE;
  *out_row = mailbox.row;
  return TRUE;
}

static WdMetadata *
read_entry (sqlite3_stmt *stmt)
{
  WdMetadata *entry = g_new0 (WdMetadata, 1);

  entry->name = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  entry->value
      = g_bytes_new (sqlite3_column_blob (stmt, 1), (gsize) sqlite3_column_bytes (stmt, 1));
  return entry;
}

GPtrArray *
wd_sqlite_metadata_list (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GPtrArray) entries
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_metadata_free);
  g_auto (WdSqliteLease) lease = { 0 };
  gboolean has_row;
  gint64 row;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                              cancellable, error)
      || !find_row (&lease, mailbox, &row, error))
    return NULL;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease.db, "SELECT name, value FROM metadata WHERE mailbox = ?1 ORDER BY name", error);

  if (stmt == NULL)
    return NULL;
  sqlite3_bind_int64 (stmt, 1, row);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease.db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        return g_steal_pointer (&entries);
      g_ptr_array_add (entries, read_entry (stmt));
    }
}

static gboolean
set_one (WdSqliteLease *lease, gint64 row, const WdMetadata *entry, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      entry->value != NULL
          ? "INSERT OR REPLACE INTO metadata (mailbox, name, value) VALUES (?1, ?2, ?3)"
          : "DELETE FROM metadata WHERE mailbox = ?1 AND name = ?2",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row);
  wd_sqlite_db_bind_text (stmt, 2, entry->name);
  if (entry->value != NULL)
    {
      gsize len;
      const void *data = g_bytes_get_data (entry->value, &len);

      // A NULL pointer would bind NULL.
      sqlite3_bind_blob64 (stmt, 3, data == NULL ? "" : data, len, SQLITE_STATIC);
    }
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
check_count (WdSqliteLease *lease, gint64 row, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT count (*) FROM metadata WHERE mailbox = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row || sqlite3_column_int64 (stmt, 0) <= WD_LIMIT_METADATA_ENTRIES)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many annotations");
  return FALSE;
}

gboolean
wd_sqlite_metadata_set (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        const WdMetadata *entries,
                        guint n_entries,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  gint64 row;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !find_row (&lease, mailbox, &row, error))
    return FALSE;
  for (guint i = 0; i < n_entries; i++)
    if (!set_one (&lease, row, &entries[i], error))
      return FALSE;
  return check_count (&lease, row, error) && wd_sqlite_lease_commit (&lease, error);
}
