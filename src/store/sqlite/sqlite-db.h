// SPDX-License-Identifier: EUPL-1.2
// One SQLite database file, as both halves of the embedded backend use it: opening with our
// settings and schema, cached statements, transactions, and SQLite's outcomes as WD_STORE_ERROR.
// A WdSqliteDb is used by one thread at a time; any thread may be that one.
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include "store-types.h"

typedef struct _WdSqliteDb WdSqliteDb;

// What brings a file from version i to i + 1: the SQL, then the function (both nullable).
typedef struct
{
  const char *sql;
  gboolean (*func) (WdSqliteDb *db, GError **error);
} WdSqliteStep;

// The version of a file is its user_version: the number of steps that were run on it.
typedef struct
{
  const WdSqliteStep *steps;
  guint n_steps;
} WdSqliteSchema;

typedef struct
{
  const char *path;
  const WdSqliteSchema *schema;
  gboolean must_exist;       // NOT_FOUND where there is no file, instead of creating it.
  guint page_size_bytes;     // Of a new file; 0: SQLite's.
  guint cache_kib;           // 0: SQLite's.
  guint64 mmap_bytes;        // 0: none. Mapped files turn a failing disk into SIGBUS.
  guint wal_autocheckpoint;  // Pages; 0: SQLite's (1000).
  gint64 journal_size_limit; // Octets that the WAL file keeps after a checkpoint; 0: no limit.
  gboolean keep_wal;         // The WAL file stays at the last close: opening again is cheaper.
} WdSqliteOptions;

// Opens the file, making it where there is none and running the steps that it lacks: all in one
// transaction, so that a crash leaves the old version, and safe against other processes that do the
// same. Durable. UNAVAILABLE for a newer version, CORRUPT, BUSY.
WdSqliteDb *wd_sqlite_db_open (const WdSqliteOptions *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_db_free (WdSqliteDb *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqliteDb, wd_sqlite_db_free)

// For what stands nowhere here: blobs, backup, one-off statements. Returns (transfer none).
sqlite3 *wd_sqlite_db_get_handle (WdSqliteDb *self);

// Converts SQLite's result code, with the handle's message when it is about that code.
// Returns FALSE, to be returned by the caller.
gboolean wd_sqlite_db_set_error (WdSqliteDb *self, int rc, GError **error);

// Runs statements that give no rows and are not worth keeping.
gboolean wd_sqlite_db_exec (WdSqliteDb *self, const char *sql, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// A statement in use: reset, its bindings cleared, when the scope is left.
typedef sqlite3_stmt *WdSqliteStmt;

static inline void
wd_sqlite_db_release (WdSqliteStmt *stmt)
{
  if (*stmt == NULL)
    return;
  sqlite3_reset (*stmt);
  sqlite3_clear_bindings (*stmt);
  *stmt = NULL;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteStmt, wd_sqlite_db_release)

// The statement for `sql`, compiled once a handle. `sql` is a literal: its address is the key. Only
// one use of a statement at a time. Use as g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (…).
// Returns (transfer none): NULL with an error. O(1).
sqlite3_stmt *wd_sqlite_db_prepare (WdSqliteDb *self, const char *sql, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Steps: `out_row` tells whether there is a row. FALSE with an error.
gboolean wd_sqlite_db_step (WdSqliteDb *self, sqlite3_stmt *stmt, gboolean *out_row, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Steps to the end and resets, keeping the bindings: for INSERT, UPDATE and DELETE.
gboolean wd_sqlite_db_run (WdSqliteDb *self, sqlite3_stmt *stmt, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Bindings and columns of the types that SQLite does not know. What is bound must live until the
// statement is reset. Text may be NULL. A column that is no id gives the id that is none.
void wd_sqlite_db_bind_id (sqlite3_stmt *stmt, int index, const WdId *id);
void wd_sqlite_db_bind_text (sqlite3_stmt *stmt, int index, const char *text);
void wd_sqlite_db_bind_uint64 (sqlite3_stmt *stmt, int index, guint64 value);
WdId wd_sqlite_db_get_id (sqlite3_stmt *stmt, int column);
char *wd_sqlite_db_dup_text (sqlite3_stmt *stmt, int column) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_SQLITE_READ,    // One view of the data over several statements.
  WD_SQLITE_WRITE,   // Safe against a crash of the process at once, of the machine later.
  WD_SQLITE_DURABLE, // On stable storage when the commit returns, and all commits before it too.
} WdSqliteTxnKind;

// A running transaction; zero: none. Aborts unless committed:
// g_auto (WdSqliteTxn) txn = { 0 };
typedef struct
{
  WdSqliteDb *db;
} WdSqliteTxn;

// Begins. A writer gets the lock here, waiting for others up to a limit (BUSY) or until cancelled.
gboolean wd_sqlite_db_begin (WdSqliteDb *self,
                             WdSqliteTxnKind kind,
                             WdSqliteTxn *out_txn,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

// On failure nothing of the transaction has happened (or, if the machine then crashes before the
// next commit, all of it). When it was the sync that failed, the next writer first makes good what
// that may have thrown away.
gboolean wd_sqlite_db_commit (WdSqliteTxn *txn, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_db_abort (WdSqliteTxn *txn);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteTxn, wd_sqlite_db_abort)

// Moves what it can from the WAL into the database, without waiting for anybody.
void wd_sqlite_db_checkpoint (WdSqliteDb *self);

// Makes good what a failed sync may have left (sqlite-sync.h); the next to write does it, too.
gboolean wd_sqlite_db_mend (WdSqliteDb *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Makes the directory (0700) and those above it, and their entries durable. It may exist.
gboolean wd_sqlite_db_make_dir (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Makes what was created, renamed or removed in the directory durable.
gboolean wd_sqlite_db_sync_dir (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
