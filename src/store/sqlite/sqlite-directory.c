// SPDX-License-Identifier: EUPL-1.2
// directory.db: its schema, the pool of handles, and what users and addresses share.
#include "config.h"

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"

#include <string.h>

#include "core-limits.h"
#include "store-search.h"

#define MAX_IDLE_HANDLES 16
#define CACHE_KIB 2048

// `names` is the one index for logins and recipients: normal forms of user names and addresses.
// *_search are the folded forms that lists look into.
static const WdSqliteStep steps[] = {
  { "CREATE TABLE users ("
    " n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, username TEXT NOT NULL,"
    " normal TEXT NOT NULL, username_search TEXT NOT NULL, name TEXT, name_search TEXT,"
    " main INTEGER, password_hash TEXT, scram TEXT, created_ms INTEGER NOT NULL,"
    " quota INTEGER NOT NULL, disabled INTEGER NOT NULL, suspended INTEGER NOT NULL,"
    " tags TEXT, tags_search TEXT, extra TEXT) STRICT;"
    "CREATE TABLE addresses ("
    " n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, user INTEGER NOT NULL,"
    " address TEXT NOT NULL, normal TEXT NOT NULL, address_search TEXT NOT NULL, name TEXT,"
    " name_search TEXT, created_ms INTEGER NOT NULL, tags TEXT, tags_search TEXT, extra TEXT)"
    " STRICT;"
    "CREATE INDEX addresses_by_user ON addresses (user);"
    "CREATE TABLE names ("
    " name TEXT NOT NULL, kind INTEGER NOT NULL, user INTEGER NOT NULL, address INTEGER,"
    " PRIMARY KEY (name, kind)) WITHOUT ROWID, STRICT;"
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;",
    NULL },
  { "ALTER TABLE users ADD COLUMN session_epoch INTEGER NOT NULL DEFAULT 0;", NULL },
};
static const WdSqliteSchema schema = { steps, G_N_ELEMENTS (steps) };

static WdSqliteDb *
open_handle (WdSqliteDirectory *self, GError **error)
{
  const WdSqliteOptions options
      = { .path = self->path, .schema = &schema, .cache_kib = CACHE_KIB, .keep_wal = TRUE };

  return wd_sqlite_db_open (&options, error);
}

WdSqliteDirectory *
wd_sqlite_directory_open (const char *dir,
                          const WdSqliteDirectoryHooks *hooks,
                          WdNotifyLocal *notify,
                          GError **error)
{
  g_autoptr (WdSqliteDirectory) self = g_new0 (WdSqliteDirectory, 1);

  g_mutex_init (&self->mutex);
  self->path = g_build_filename (dir, "directory.db", NULL);
  self->hooks = *hooks;
  self->notify = notify;
  self->idle = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_sqlite_db_free);

  WdSqliteDb *first = open_handle (self, error);

  if (first == NULL)
    return NULL;
  g_ptr_array_add (self->idle, first);
  return g_steal_pointer (&self);
}

void
wd_sqlite_directory_free (WdSqliteDirectory *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->idle);
  g_mutex_clear (&self->mutex);
  g_free (self->path);
  g_free (self);
}

gboolean
wd_sqlite_directory_acquire (WdStore *store,
                             WdSqliteClient *out_client,
                             GCancellable *cancellable,
                             GError **error)
{
  WdSqliteDirectory *self = wd_sqlite_store_get_directory (store);
  WdSqliteDb *db = NULL;

  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }

  g_mutex_lock (&self->mutex);
  if (self->idle->len > 0)
    db = g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  g_mutex_unlock (&self->mutex);

  if (db == NULL)
    db = open_handle (self, error);
  if (db == NULL)
    return FALSE;
  *out_client = (WdSqliteClient){ self, db };
  return TRUE;
}

void
wd_sqlite_directory_release (WdSqliteClient *client)
{
  WdSqliteDirectory *self = client->directory;
  WdSqliteDb *db = g_steal_pointer (&client->db);

  if (db == NULL)
    return;
  g_mutex_lock (&self->mutex);
  if (self->idle->len < MAX_IDLE_HANDLES)
    g_ptr_array_add (self->idle, g_steal_pointer (&db));
  g_mutex_unlock (&self->mutex);
  wd_sqlite_db_free (db);
}

void
wd_sqlite_directory_notify (WdStore *store, const WdId *user)
{
  WdSqliteDirectory *self = wd_sqlite_store_get_directory (store);
  const WdBeacon beacon = { .kind = WD_BEACON_ACCOUNT, .owner = *user };

  wd_notify_local_send (self->notify, &beacon);
}

gboolean
wd_sqlite_directory_get_number (WdSqliteDb *db, const WdId *user, gint64 *out_n, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db, "SELECT n FROM users WHERE id = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, 1, user);
  if (!wd_sqlite_db_step (db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
      return FALSE;
    }
  *out_n = sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

gboolean
wd_sqlite_directory_check_name (
    WdSqliteDb *db, const char *name, int kind, gint64 user, gint64 address, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      db,
      "SELECT 1 FROM names WHERE name = ?1"
      " AND (CASE WHEN kind = ?2 THEN address IS NOT ?4 OR ?4 IS NULL ELSE user != ?3 END)",
      error);
  gboolean is_taken;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, name);
  sqlite3_bind_int (stmt, 2, kind);
  sqlite3_bind_int64 (stmt, 3, user);
  if (address != 0)
    sqlite3_bind_int64 (stmt, 4, address);
  if (!wd_sqlite_db_step (db, stmt, &is_taken, error))
    return FALSE;
  if (is_taken)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS, "it is taken");
  return !is_taken;
}

gboolean
wd_sqlite_directory_add_name (
    WdSqliteDb *db, const char *name, int kind, gint64 user, gint64 address, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db, "INSERT INTO names VALUES (?1, ?2, ?3, ?4)", error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, name);
  sqlite3_bind_int (stmt, 2, kind);
  sqlite3_bind_int64 (stmt, 3, user);
  if (address != 0)
    sqlite3_bind_int64 (stmt, 4, address);
  return wd_sqlite_db_run (db, stmt, error);
}

char *
wd_sqlite_directory_dup_tag_search (const char *tag)
{
  g_autofree char *folded = wd_search_fold (tag, -1);

  return g_strconcat ("\n", folded, "\n", NULL);
}

gboolean
wd_sqlite_directory_join_tags (char *const *tags,
                               char **out_text,
                               char **out_search,
                               GError **error)
{
  g_autoptr (GString) search = g_string_new ("\n");
  guint n = 0;

  for (; tags != NULL && tags[n] != NULL; n++)
    {
      g_autofree char *folded = wd_search_fold (tags[n], -1);

      if (strchr (tags[n], '\n') != NULL || !g_utf8_validate (tags[n], -1, NULL))
        {
          g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "not a tag");
          return FALSE;
        }
      g_string_append_printf (search, "%s\n", folded);
    }
  if (n > WD_LIMIT_TAGS)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many tags");
      return FALSE;
    }
  *out_text = n == 0 ? NULL : g_strjoinv ("\n", (char **) tags);
  *out_search = n == 0 ? NULL : g_string_free (g_steal_pointer (&search), FALSE);
  return TRUE;
}

static GStrv
dup_tags (sqlite3_stmt *stmt, int column)
{
  const char *text = (const char *) sqlite3_column_text (stmt, column);

  return g_strsplit (text == NULL ? "" : text, "\n", -1);
}

WdUser *
wd_sqlite_directory_dup_user (sqlite3_stmt *stmt)
{
  WdUser *user = g_new0 (WdUser, 1);
  int i = 0;

  user->id = wd_sqlite_db_get_id (stmt, i++);
  user->username = wd_sqlite_db_dup_text (stmt, i++);
  user->name = wd_sqlite_db_dup_text (stmt, i++);
  user->address = wd_sqlite_db_dup_text (stmt, i++);
  user->password_hash = wd_sqlite_db_dup_text (stmt, i++);
  user->scram = wd_sqlite_db_dup_text (stmt, i++);
  user->created_ms = sqlite3_column_int64 (stmt, i++);
  user->quota_bytes = (guint64) sqlite3_column_int64 (stmt, i++);
  user->disabled = sqlite3_column_int (stmt, i++) != 0;
  user->suspended = sqlite3_column_int (stmt, i++) != 0;
  user->session_epoch = (guint64) sqlite3_column_int64 (stmt, i++);
  user->tags = dup_tags (stmt, i++);
  user->extra_json = wd_sqlite_db_dup_text (stmt, i++);
  return user;
}

WdAddress *
wd_sqlite_directory_dup_address (sqlite3_stmt *stmt)
{
  WdAddress *address = g_new0 (WdAddress, 1);
  int i = 0;

  address->id = wd_sqlite_db_get_id (stmt, i++);
  address->user = wd_sqlite_db_get_id (stmt, i++);
  address->address = wd_sqlite_db_dup_text (stmt, i++);
  address->name = wd_sqlite_db_dup_text (stmt, i++);
  address->main = sqlite3_column_int (stmt, i++) != 0;
  address->created_ms = sqlite3_column_int64 (stmt, i++);
  address->tags = dup_tags (stmt, i++);
  address->extra_json = wd_sqlite_db_dup_text (stmt, i++);
  return address;
}
