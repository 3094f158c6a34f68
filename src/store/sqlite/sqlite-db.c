// SPDX-License-Identifier: EUPL-1.2
// Statements, transactions and outcomes of one SQLite handle.
#include "config.h"

#include "sqlite-db-private.h"

#include <string.h>

#include "core-clock.h"
#include "sqlite-sync.h"
#include "sqlite-vfs.h"

// A transaction is short; who waits for longer than this finds a stuck process, not a queue.
#define BUSY_TIMEOUT_US (20 * G_USEC_PER_SEC)
#define BUSY_SLEEP_MIN_US 50
#define BUSY_SLEEP_MAX_US 5000

static const struct
{
  int code; // Primary result code.
  WdStoreError error;
} outcomes[] = {
  { SQLITE_BUSY, WD_STORE_ERROR_BUSY },        { SQLITE_LOCKED, WD_STORE_ERROR_BUSY },
  { SQLITE_CORRUPT, WD_STORE_ERROR_CORRUPT },  { SQLITE_NOTADB, WD_STORE_ERROR_CORRUPT },
  { SQLITE_FORMAT, WD_STORE_ERROR_CORRUPT },   { SQLITE_CONSTRAINT, WD_STORE_ERROR_CONFLICT },
  { SQLITE_TOOBIG, WD_STORE_ERROR_TOO_LARGE }, { SQLITE_INTERRUPT, WD_STORE_ERROR_CANCELLED },
};

// The rest (I/O, full, cannot open, read-only, out of memory, …) is not this user's fault.
static WdStoreError
outcome_of (int rc)
{
  for (gsize i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (outcomes[i].code == (rc & 0xff))
      return outcomes[i].error;
  return WD_STORE_ERROR_UNAVAILABLE;
}

gboolean
wd_sqlite_db_set_error (WdSqliteDb *self, int rc, GError **error)
{
  gboolean is_cancelled
      = self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable);
  WdStoreError code = is_cancelled ? WD_STORE_ERROR_CANCELLED : outcome_of (rc);
  const char *detail = sqlite3_extended_errcode (self->handle) == rc ? sqlite3_errmsg (self->handle)
                                                                     : sqlite3_errstr (rc);

  g_set_error (error, WD_STORE_ERROR, code, "%s: %s (%d)", self->name, detail, rc);
  return FALSE;
}

// Short sleeps first: the lock is usually held for one commit. SQLite's own handler begins with a
// whole millisecond and goes up to a hundred.
int
wd_sqlite_db_wait_busy (void *data, int n_calls)
{
  WdSqliteDb *self = data;
  gint64 now_us = wd_core_clock_monotonic_us ();

  if (n_calls == 0)
    self->busy_until_us = now_us + BUSY_TIMEOUT_US;
  if (now_us >= self->busy_until_us
      || (self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable)))
    return 0;

  g_usleep ((gulong) MIN (BUSY_SLEEP_MIN_US << MIN (n_calls, 10), BUSY_SLEEP_MAX_US));
  return 1;
}

sqlite3 *
wd_sqlite_db_get_handle (WdSqliteDb *self)
{
  return self->handle;
}

gboolean
wd_sqlite_db_exec (WdSqliteDb *self, const char *sql, GError **error)
{
  int rc = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  return rc == SQLITE_OK ? TRUE : wd_sqlite_db_set_error (self, rc, error);
}

sqlite3_stmt *
wd_sqlite_db_prepare (WdSqliteDb *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (self->statements, sql);

  if (G_LIKELY (stmt != NULL))
    {
      g_return_val_if_fail (!sqlite3_stmt_busy (stmt), NULL);
      return stmt;
    }

  int rc = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);

  if (rc != SQLITE_OK)
    {
      wd_sqlite_db_set_error (self, rc, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, (gpointer) sql, stmt);
  return stmt;
}

gboolean
wd_sqlite_db_step (WdSqliteDb *self, sqlite3_stmt *stmt, gboolean *out_row, GError **error)
{
  int rc = sqlite3_step (stmt);

  if (rc != SQLITE_ROW && rc != SQLITE_DONE)
    return wd_sqlite_db_set_error (self, rc, error);
  *out_row = rc == SQLITE_ROW;
  return TRUE;
}

gboolean
wd_sqlite_db_run (WdSqliteDb *self, sqlite3_stmt *stmt, GError **error)
{
  int rc;

  while ((rc = sqlite3_step (stmt)) == SQLITE_ROW)
    ;
  if (rc != SQLITE_DONE)
    wd_sqlite_db_set_error (self, rc, error);
  sqlite3_reset (stmt);
  return rc == SQLITE_DONE;
}

// A binding fails only for a wrong index or a statement in use: mistakes of ours.
static void
check_bound (int rc)
{
  g_return_if_fail (rc == SQLITE_OK);
}

void
wd_sqlite_db_bind_id (sqlite3_stmt *stmt, int index, const WdId *id)
{
  check_bound (sqlite3_bind_blob (stmt, index, id->bytes, sizeof id->bytes, SQLITE_STATIC));
}

void
wd_sqlite_db_bind_text (sqlite3_stmt *stmt, int index, const char *text)
{
  check_bound (sqlite3_bind_text (stmt, index, text, -1, SQLITE_STATIC));
}

void
wd_sqlite_db_bind_uint64 (sqlite3_stmt *stmt, int index, guint64 value)
{
  check_bound (sqlite3_bind_int64 (stmt, index, (gint64) value));
}

WdId
wd_sqlite_db_get_id (sqlite3_stmt *stmt, int column)
{
  const void *data = sqlite3_column_blob (stmt, column);
  WdId id = { 0 };

  if (data != NULL && sqlite3_column_bytes (stmt, column) == sizeof id.bytes)
    memcpy (id.bytes, data, sizeof id.bytes);
  return id;
}

char *
wd_sqlite_db_dup_text (sqlite3_stmt *stmt, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (stmt, column));
}

// `synchronous` takes effect only outside a transaction, and is kept by the handle.
static gboolean
set_durable (WdSqliteDb *self, gboolean durable, GError **error)
{
  if (self->is_durable == durable)
    return TRUE;
  if (!wd_sqlite_db_exec (self, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                          error))
    return FALSE;
  self->is_durable = durable;
  return TRUE;
}

static gboolean
run_text (WdSqliteDb *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = wd_sqlite_db_prepare (self, sql, error);

  return stmt != NULL && wd_sqlite_db_run (self, stmt, error);
}

static int
checkpoint (WdSqliteDb *self, int mode)
{
  int rc;

  wd_sqlite_vfs_begin_checkpoint (self->handle);
  rc = sqlite3_wal_checkpoint_v2 (self->handle, NULL, mode, NULL, NULL);
  wd_sqlite_vfs_end_checkpoint (self->handle);
  if (wd_sqlite_sync_take_failure ())
    wd_sqlite_sync_distrust (self->name);
  return rc;
}

void
wd_sqlite_db_checkpoint (WdSqliteDb *self)
{
  (void) checkpoint (self, SQLITE_CHECKPOINT_PASSIVE);
}

static gboolean
rewrite_wal (WdSqliteDb *self, GError **error)
{
  gboolean ok;

  if (!run_text (self, "BEGIN IMMEDIATE", error))
    return FALSE;
  ok = wd_sqlite_sync_rewrite (self->name, error);
  (void) !run_text (self, "ROLLBACK", NULL);
  return ok;
}

gboolean
wd_sqlite_db_mend (WdSqliteDb *self, GError **error)
{
  int rc;

  if (!wd_sqlite_sync_is_distrusted (self->name))
    return TRUE;
  if (!rewrite_wal (self, error))
    {
      g_prefix_error (error, "after a failed sync: ");
      return FALSE;
    }
  rc = checkpoint (self, SQLITE_CHECKPOINT_TRUNCATE);
  if (rc != SQLITE_OK)
    {
      wd_sqlite_db_set_error (self, rc, error);
      g_prefix_error (error, "after a failed sync: ");
      return FALSE;
    }
  wd_sqlite_sync_trust (self->name);
  return TRUE;
}

gboolean
wd_sqlite_db_begin (WdSqliteDb *self,
                    WdSqliteTxnKind kind,
                    WdSqliteTxn *out_txn,
                    GCancellable *cancellable,
                    GError **error)
{
  g_return_val_if_fail (sqlite3_get_autocommit (self->handle), FALSE);

  if (kind != WD_SQLITE_READ && !set_durable (self, kind == WD_SQLITE_DURABLE, error))
    return FALSE;

  self->cancellable = cancellable;

  gboolean ok = (kind == WD_SQLITE_READ || wd_sqlite_db_mend (self, error))
                && run_text (self, kind == WD_SQLITE_READ ? "BEGIN" : "BEGIN IMMEDIATE", error);

  self->cancellable = NULL;
  if (ok && kind == WD_SQLITE_READ)
    wd_sqlite_vfs_begin_read (self->handle);
  if (ok)
    out_txn->db = self;
  return ok;
}

static gboolean
run_commit (WdSqliteDb *self, GError **error)
{
  gboolean ok;

  wd_sqlite_vfs_end_read (self->handle);
  wd_sqlite_vfs_begin_commit (self->handle);
  ok = run_text (self, "COMMIT", error);
  wd_sqlite_vfs_end_commit (self->handle);
  return ok;
}

gboolean
wd_sqlite_db_commit (WdSqliteTxn *txn, GError **error)
{
  g_return_val_if_fail (txn->db != NULL, FALSE);

  WdSqliteDb *self = txn->db;
  gboolean ok = run_commit (self, error);

  if (wd_sqlite_sync_take_failure ())
    wd_sqlite_sync_distrust (self->name);
  if (!ok)
    {
      wd_sqlite_db_abort (txn);
      // At once, while memory still has what was to be written. Else before the next commit.
      (void) !wd_sqlite_db_mend (self, NULL);
      return FALSE;
    }
  txn->db = NULL;
  return TRUE;
}

void
wd_sqlite_db_abort (WdSqliteTxn *txn)
{
  WdSqliteDb *self = g_steal_pointer (&txn->db);

  if (self != NULL)
    wd_sqlite_vfs_end_read (self->handle);

  // SQLite has rolled back already after some errors (full disk, I/O).
  if (self != NULL && !sqlite3_get_autocommit (self->handle))
    (void) run_text (self, "ROLLBACK", NULL);
}
