// SPDX-License-Identifier: EUPL-1.2
// Opening a SQLite file: settings, creation, and the steps of its schema.
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-db-private.h"
#include "sqlite-sync.h"
#include "sqlite-vfs.h"

// What a WAL that is kept may hold on to after a checkpoint, where nothing else is asked for.
#define KEPT_WAL_BYTES (16 * 1024 * 1024)

static gboolean
set_errno_error (const char *what, const char *path, GError **error)
{
  int saved = errno;

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "%s %s: %s", what, path,
               g_strerror (saved));
  return FALSE;
}

gboolean
wd_sqlite_db_sync_dir (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return set_errno_error ("open", path, error);

  gboolean ok = fsync (fd) == 0 || set_errno_error ("fsync", path, error);

  close (fd);
  return ok;
}

gboolean
wd_sqlite_db_make_dir (const char *path, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  int rc = mkdir (path, 0700);

  if (rc != 0 && errno == ENOENT && strcmp (parent, path) != 0)
    {
      if (!wd_sqlite_db_make_dir (parent, error))
        return FALSE;
      rc = mkdir (path, 0700);
    }
  if (rc == 0)
    return wd_sqlite_db_sync_dir (parent, error);
  return errno == EEXIST ? TRUE : set_errno_error ("mkdir", path, error);
}

static gboolean
get_number (WdSqliteDb *self, const char *sql, gint64 *out_value, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (self, sql, error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (self, stmt, &has_row, error))
    return FALSE;
  *out_value = has_row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

static gboolean
get_version (WdSqliteDb *self, const WdSqliteSchema *schema, guint *out_version, GError **error)
{
  gint64 version;

  if (!get_number (self, "PRAGMA user_version", &version, error))
    return FALSE;
  if (version < 0)
    return wd_sqlite_db_set_error (self, SQLITE_CORRUPT, error);
  if (version > schema->n_steps)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE,
                   "%s was written by a newer version of this program (format %" G_GINT64_FORMAT
                   ", this program knows up to %u)",
                   self->name, version, schema->n_steps);
      return FALSE;
    }
  *out_version = (guint) version;
  return TRUE;
}

// Changing the journal mode needs the file alone and does not wait for it in all cases, so the
// waiting is done here: two processes may be making the same file.
static gboolean
set_wal (WdSqliteDb *self, GError **error)
{
  for (int n_calls = 0;; n_calls++)
    {
      int rc = sqlite3_exec (self->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);

      if (rc == SQLITE_OK)
        return TRUE;
      if ((rc & 0xff) != SQLITE_BUSY || !wd_sqlite_db_wait_busy (self, n_calls))
        return wd_sqlite_db_set_error (self, rc, error);
    }
}

static gboolean
run_step (WdSqliteDb *self, const WdSqliteStep *step, GError **error)
{
  if (step->sql != NULL && !wd_sqlite_db_exec (self, step->sql, error))
    return FALSE;
  return step->func == NULL || step->func (self, error);
}

// All steps and the new version number in one transaction. The version is read again inside, for
// another process may have been faster.
static gboolean
upgrade (WdSqliteDb *self, const WdSqliteSchema *schema, GError **error)
{
  g_auto (WdSqliteTxn) txn = { 0 };
  guint version;

  if (!wd_sqlite_db_begin (self, WD_SQLITE_DURABLE, &txn, NULL, error)
      || !get_version (self, schema, &version, error))
    return FALSE;

  for (guint i = version; i < schema->n_steps; i++)
    if (!run_step (self, &schema->steps[i], error))
      {
        g_prefix_error (error, "upgrade to format %u: ", i + 1);
        return FALSE;
      }

  g_autofree char *set = g_strdup_printf ("PRAGMA user_version=%u", schema->n_steps);

  return wd_sqlite_db_exec (self, set, error) && wd_sqlite_db_commit (&txn, error);
}

static gboolean
prepare_schema (WdSqliteDb *self, const WdSqliteOptions *options, GError **error)
{
  guint version;

  if (!get_version (self, options->schema, &version, error))
    return FALSE;
  if (version == options->schema->n_steps)
    return TRUE;
  if (version == 0)
    {
      g_autofree char *size
          = options->page_size_bytes == 0
                ? NULL
                : g_strdup_printf ("PRAGMA page_size=%u", options->page_size_bytes);

      if ((size != NULL && !wd_sqlite_db_exec (self, size, error)) || !set_wal (self, error))
        return FALSE;
    }
  return upgrade (self, options->schema, error);
}

static gboolean
configure (WdSqliteDb *self, const WdSqliteOptions *options, GError **error)
{
  g_autoptr (GString) sql = g_string_new ("PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                                          "PRAGMA trusted_schema=OFF; PRAGMA foreign_keys=OFF;"
                                          "PRAGMA secure_delete=OFF;");
  // Without a limit, SQLite leaves the old frames in a WAL that it keeps, and reads them all when
  // the file is opened the next time; with one, it empties it.
  gint64 limit = options->journal_size_limit != 0 || !options->keep_wal
                     ? options->journal_size_limit
                     : KEPT_WAL_BYTES;
  int keep = 1;

  if (options->cache_kib != 0)
    g_string_append_printf (sql, "PRAGMA cache_size=-%u;", options->cache_kib);
  if (options->mmap_bytes != 0)
    g_string_append_printf (sql, "PRAGMA mmap_size=%" G_GUINT64_FORMAT ";", options->mmap_bytes);
  if (options->wal_autocheckpoint != 0)
    g_string_append_printf (sql, "PRAGMA wal_autocheckpoint=%u;", options->wal_autocheckpoint);
  if (limit != 0)
    g_string_append_printf (sql, "PRAGMA journal_size_limit=%" G_GINT64_FORMAT ";", limit);
  if (options->keep_wal)
    sqlite3_file_control (self->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);

  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  return wd_sqlite_db_exec (self, sql->str, error);
}

static gboolean
open_handle (WdSqliteDb *self, const WdSqliteOptions *options, GError **error)
{
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
              | (options->must_exist ? 0 : SQLITE_OPEN_CREATE);

  if (options->must_exist && access (options->path, F_OK) != 0 && errno == ENOENT)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "%s: no such file",
                   options->path);
      return FALSE;
    }

  int rc = sqlite3_open_v2 (options->path, &self->handle, flags, wd_sqlite_vfs_get_name ());

  if (rc != SQLITE_OK)
    return wd_sqlite_db_set_error (self, rc, error);
  sqlite3_busy_handler (self->handle, wd_sqlite_db_wait_busy, self);
  return TRUE;
}

// Once a process, before its first handle: without statistics, allocations take no global lock.
// Where another library was faster, SQLite refuses, and is only slower.
static void
init_library (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      sqlite3_config (SQLITE_CONFIG_MEMSTATUS, 0);
      sqlite3_initialize ();
      g_once_init_leave (&once, 1);
    }
}

WdSqliteDb *
wd_sqlite_db_open (const WdSqliteOptions *options, GError **error)
{
  g_autoptr (WdSqliteDb) self = g_new0 (WdSqliteDb, 1);

  init_library ();
  self->name = g_strdup (options->path);
  self->statements = g_hash_table_new_full (NULL, NULL, NULL,
                                            (GDestroyNotify) (void (*) (void)) sqlite3_finalize);

  if (!open_handle (self, options, error) || !configure (self, options, error)
      || !prepare_schema (self, options, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
wd_sqlite_db_free (WdSqliteDb *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->statements, g_hash_table_unref);
  // The last one to close moves the WAL into the database.
  sqlite3_close_v2 (self->handle);
  if (wd_sqlite_sync_take_failure ())
    wd_sqlite_sync_distrust (self->name);
  g_free (self->name);
  g_free (self);
}
