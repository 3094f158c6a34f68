// SPDX-License-Identifier: EUPL-1.2
// Users in directory.db.
#include "config.h"

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"

#include <string.h>

#include "core-clock.h"
#include "store-address.h"
#include "store-search.h"

#define FROM_USERS "users u LEFT JOIN addresses m ON m.n = u.main"

// Everything that a user's row is made of beside the spec.
typedef struct
{
  WdId id;
  char *normal;
  char *address_normal; // (nullable)
  char *username_search;
  char *name_search; // (nullable)
  char *tags;        // (nullable)
  char *tags_search; // (nullable)
} Forms;

static void
forms_clear (Forms *self)
{
  g_free (self->normal);
  g_free (self->address_normal);
  g_free (self->username_search);
  g_free (self->name_search);
  g_free (self->tags);
  g_free (self->tags_search);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Forms, forms_clear)

static gboolean
forms_init (Forms *self, const WdUser *spec, GError **error)
{
  self->normal = wd_store_username_normalize (spec->username, error);
  if (self->normal == NULL)
    {
      g_prefix_error_literal (error, "username: ");
      return FALSE;
    }
  if (spec->address != NULL)
    {
      self->address_normal = wd_store_address_normalize (spec->address, error);
      if (self->address_normal == NULL)
        {
          g_prefix_error_literal (error, "address: ");
          return FALSE;
        }
    }
  if (spec->is_import)
    self->id = spec->id;
  else
    wd_core_id_new (&self->id);
  self->username_search = wd_search_fold (spec->username, -1);
  self->name_search = spec->name == NULL ? NULL : wd_search_fold (spec->name, -1);
  return wd_sqlite_directory_join_tags (spec->tags, &self->tags, &self->tags_search, error);
}

static gboolean
check_free (WdSqliteDb *db, const Forms *forms, GError **error)
{
  if (!wd_sqlite_directory_check_name (db, forms->normal, WD_SQLITE_NAME_USER, 0, 0, error))
    {
      g_prefix_error_literal (error, "username: ");
      return FALSE;
    }
  if (forms->address_normal != NULL
      && !wd_sqlite_directory_check_name (db, forms->address_normal, WD_SQLITE_NAME_ADDRESS, 0, 0,
                                          error))
    {
      g_prefix_error_literal (error, "address: ");
      return FALSE;
    }
  return TRUE;
}

static gboolean
insert_row (WdSqliteDb *db, const WdUser *spec, const Forms *forms, gint64 *out_n, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      db,
      "INSERT INTO users (id, username, normal, username_search, name, name_search,"
      " password_hash, scram, created_ms, quota, disabled, suspended, tags, tags_search, extra)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
      error);
  int i = 1;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, i++, &forms->id);
  wd_sqlite_db_bind_text (stmt, i++, spec->username);
  wd_sqlite_db_bind_text (stmt, i++, forms->normal);
  wd_sqlite_db_bind_text (stmt, i++, forms->username_search);
  wd_sqlite_db_bind_text (stmt, i++, spec->name);
  wd_sqlite_db_bind_text (stmt, i++, forms->name_search);
  wd_sqlite_db_bind_text (stmt, i++, spec->password_hash);
  wd_sqlite_db_bind_text (stmt, i++, spec->scram);
  sqlite3_bind_int64 (stmt, i++,
                      spec->is_import ? spec->created_ms : wd_core_clock_now_us () / 1000);
  wd_sqlite_db_bind_uint64 (stmt, i++, spec->quota_bytes);
  sqlite3_bind_int (stmt, i++, spec->disabled != FALSE);
  sqlite3_bind_int (stmt, i++, spec->suspended != FALSE);
  wd_sqlite_db_bind_text (stmt, i++, forms->tags);
  wd_sqlite_db_bind_text (stmt, i++, forms->tags_search);
  wd_sqlite_db_bind_text (stmt, i++, spec->extra_json);
  if (!wd_sqlite_db_run (db, stmt, error))
    return FALSE;
  *out_n = sqlite3_last_insert_rowid (wd_sqlite_db_get_handle (db));
  return TRUE;
}

static gboolean
insert (WdSqliteDb *db,
        const WdUser *spec,
        const Forms *forms,
        GCancellable *cancellable,
        GError **error)
{
  g_auto (WdSqliteTxn) txn = { 0 };
  const WdAddress address = { .address = spec->address, .main = TRUE };
  gint64 n;
  WdId address_id;

  if (!wd_sqlite_db_begin (db, WD_SQLITE_DURABLE, &txn, cancellable, error)
      || !check_free (db, forms, error) || !insert_row (db, spec, forms, &n, error)
      || !wd_sqlite_directory_add_name (db, forms->normal, WD_SQLITE_NAME_USER, n, 0, error))
    return FALSE;
  if (spec->address != NULL
      && !wd_sqlite_directory_insert_address (db, n, &address, forms->address_normal, &address_id,
                                              error))
    return FALSE;
  return wd_sqlite_db_commit (&txn, error);
}

// Names are looked at first, so that a refused user costs no folder; then the folder is made, which
// takes longest and waits for nobody; then the names are looked at again, and the row written.
gboolean
wd_sqlite_directory_create_user (
    WdStore *store, const WdUser *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  WdSqliteDirectory *self = wd_sqlite_store_get_directory (store);
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (Forms) forms = { 0 };

  if (!forms_init (&forms, spec, error)
      || !wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !check_free (client.db, &forms, error)
      || !self->hooks.create (store, &forms.id, spec, error))
    return FALSE;

  if (!insert (client.db, spec, &forms, cancellable, error))
    {
      // What cannot be removed now is a folder without a user, which the checker finds.
      (void) !self->hooks.remove (store, &forms.id, NULL);
      return FALSE;
    }
  *out_id = forms.id;
  return TRUE;
}

WdUser *
wd_sqlite_directory_get_user (WdStore *store,
                              const WdId *id,
                              GCancellable *cancellable,
                              GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  gboolean has_row;

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error))
    return NULL;
  stmt = wd_sqlite_db_prepare (
      client.db, "SELECT " WD_SQLITE_USER_COLUMNS " FROM " FROM_USERS " WHERE u.id = ?1", error);
  if (stmt == NULL)
    return NULL;
  wd_sqlite_db_bind_id (stmt, 1, id);
  if (!wd_sqlite_db_step (client.db, stmt, &has_row, error))
    return NULL;
  if (!has_row)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
  return has_row ? wd_sqlite_directory_dup_user (stmt) : NULL;
}

gboolean
wd_sqlite_directory_find_user (
    WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  gboolean has_row = FALSE;
  // An address may be longer than a user name.
  g_autofree char *normal = strchr (login, '@') != NULL ? wd_store_address_normalize (login, NULL)
                                                        : wd_store_username_normalize (login, NULL);

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error))
    return FALSE;
  stmt = wd_sqlite_db_prepare (client.db,
                               "SELECT " WD_SQLITE_USER_COLUMNS " FROM names i JOIN " FROM_USERS
                               " WHERE i.name = ?1 AND u.n = i.user ORDER BY i.kind LIMIT 1",
                               error);
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, normal);
  if (normal != NULL && !wd_sqlite_db_step (client.db, stmt, &has_row, error))
    return FALSE;
  *out_user = has_row ? wd_sqlite_directory_dup_user (stmt) : NULL;
  return TRUE;
}

static gboolean
update_row (WdSqliteDb *db,
            const WdId *id,
            const WdUser *changes,
            WdUserFields fields,
            const Forms *forms,
            GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db,
                              "UPDATE users SET"
                              " name = iif (?2 & 1, ?3, name),"
                              " name_search = iif (?2 & 1, ?4, name_search),"
                              " password_hash = iif (?2 & 2, ?5, password_hash),"
                              " scram = iif (?2 & 2, ?6, scram),"
                              " quota = iif (?2 & 4, ?7, quota),"
                              " disabled = iif (?2 & 8, ?8, disabled),"
                              " suspended = iif (?2 & 16, ?9, suspended),"
                              " tags = iif (?2 & 32, ?10, tags),"
                              " tags_search = iif (?2 & 32, ?11, tags_search),"
                              " extra = iif (?2 & 64, ?12, extra),"
                              " session_epoch = session_epoch + iif (?2 & 128, 1, 0)"
                              " WHERE id = ?1 AND (?13 IS NULL OR password_hash = ?13)",
                              error);
  int i = 1;

  G_STATIC_ASSERT (WD_USER_FIELD_NAME == 1 && WD_USER_FIELD_SESSIONS == 128);
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, i++, id);
  sqlite3_bind_int (stmt, i++, (int) fields);
  wd_sqlite_db_bind_text (stmt, i++, changes->name);
  wd_sqlite_db_bind_text (stmt, i++, forms->name_search);
  wd_sqlite_db_bind_text (stmt, i++, changes->password_hash);
  wd_sqlite_db_bind_text (stmt, i++, changes->scram);
  wd_sqlite_db_bind_uint64 (stmt, i++, changes->quota_bytes);
  sqlite3_bind_int (stmt, i++, changes->disabled != FALSE);
  sqlite3_bind_int (stmt, i++, changes->suspended != FALSE);
  wd_sqlite_db_bind_text (stmt, i++, forms->tags);
  wd_sqlite_db_bind_text (stmt, i++, forms->tags_search);
  wd_sqlite_db_bind_text (stmt, i++, changes->extra_json);
  wd_sqlite_db_bind_text (stmt, i++, changes->if_password_hash);
  if (!wd_sqlite_db_run (db, stmt, error))
    return FALSE;
  if (sqlite3_changes (wd_sqlite_db_get_handle (db)) != 0)
    return TRUE;
  if (changes->if_password_hash != NULL)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CONFLICT,
                         "the password was changed, or there is no such user");
  else
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
  return FALSE;
}

static gboolean
update (WdStore *store,
        const WdId *id,
        const WdUser *changes,
        WdUserFields fields,
        GCancellable *cancellable,
        GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_auto (Forms) forms = { 0 };

  if ((fields & WD_USER_FIELD_NAME) != 0 && changes->name != NULL)
    forms.name_search = wd_search_fold (changes->name, -1);
  if ((fields & WD_USER_FIELD_TAGS) != 0
      && !wd_sqlite_directory_join_tags (changes->tags, &forms.tags, &forms.tags_search, error))
    return FALSE;
  return wd_sqlite_directory_acquire (store, &client, cancellable, error)
         && wd_sqlite_db_begin (client.db, WD_SQLITE_DURABLE, &txn, cancellable, error)
         && update_row (client.db, id, changes, fields, &forms, error)
         && wd_sqlite_db_commit (&txn, error);
}

gboolean
wd_sqlite_directory_update_user (WdStore *store,
                                 const WdId *id,
                                 const WdUser *changes,
                                 WdUserFields fields,
                                 GCancellable *cancellable,
                                 GError **error)
{
  WdSqliteDirectory *self = wd_sqlite_store_get_directory (store);

  if (!update (store, id, changes, fields, cancellable, error))
    return FALSE;
  wd_sqlite_directory_notify (store, id);
  return (fields & WD_USER_FIELD_QUOTA) == 0 || self->hooks.adopt_quota (store, id, error);
}

// The statements that remove a user, in order; ?1 is the number.
static const char *const removals[] = {
  ("DELETE FROM names WHERE (name, kind) IN (SELECT normal, 0 FROM users WHERE n = ?1"
   " UNION ALL SELECT normal, 1 FROM addresses WHERE user = ?1)"),
  "DELETE FROM users WHERE n = ?1",
  "DELETE FROM addresses WHERE user = ?1",
};

static gboolean
run_removal (WdSqliteDb *db, const char *sql, gint64 n, guint *out_n_rows, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, n);
  if (!wd_sqlite_db_run (db, stmt, error))
    return FALSE;
  *out_n_rows = (guint) sqlite3_changes (wd_sqlite_db_get_handle (db));
  return TRUE;
}

static gboolean
delete_rows (WdStore *store,
             const WdId *id,
             guint *out_n_addresses,
             GCancellable *cancellable,
             GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  guint n_rows = 0;
  gint64 n;

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_DURABLE, &txn, cancellable, error)
      || !wd_sqlite_directory_get_number (client.db, id, &n, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (removals); i++)
    if (!run_removal (client.db, removals[i], n, &n_rows, error))
      return FALSE;
  if (!wd_sqlite_db_commit (&txn, error))
    return FALSE;
  *out_n_addresses = n_rows; // Those of the last statement.
  return TRUE;
}

// The rows go first: from then on nobody finds the user, and a folder that is left is the
// checker's.
gboolean
wd_sqlite_directory_delete_user (WdStore *store,
                                 const WdId *id,
                                 guint *out_n_addresses,
                                 GCancellable *cancellable,
                                 GError **error)
{
  WdSqliteDirectory *self = wd_sqlite_store_get_directory (store);
  guint n_addresses;

  if (!delete_rows (store, id, &n_addresses, cancellable, error))
    return FALSE;
  wd_sqlite_directory_notify (store, id);
  if (!self->hooks.remove (store, id, error))
    return FALSE;
  *out_n_addresses = n_addresses;
  return TRUE;
}

gboolean
wd_sqlite_directory_get_quota (WdStore *store,
                               const WdId *user,
                               guint64 *out_quota_bytes,
                               GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  gboolean has_row;

  if (!wd_sqlite_directory_acquire (store, &client, NULL, error))
    return FALSE;
  stmt = wd_sqlite_db_prepare (client.db, "SELECT quota FROM users WHERE id = ?1", error);
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, 1, user);
  if (!wd_sqlite_db_step (client.db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
      return FALSE;
    }
  *out_quota_bytes = (guint64) sqlite3_column_int64 (stmt, 0);
  return TRUE;
}
