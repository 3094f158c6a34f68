// SPDX-License-Identifier: EUPL-1.2
// Addresses in directory.db.
#include "config.h"

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"

#include "core-clock.h"
#include "core-limits.h"
#include "store-address.h"
#include "store-search.h"

#define FROM_ADDRESSES "addresses a JOIN users u ON u.n = a.user"

static gboolean
set_not_found (GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such address");
  return FALSE;
}

// Runs one statement with up to two numbers.
static gboolean
run_numbers (WdSqliteDb *db, const char *sql, gint64 first, gint64 second, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, first);
  if (sqlite3_bind_parameter_count (stmt) > 1)
    sqlite3_bind_int64 (stmt, 2, second);
  return wd_sqlite_db_run (db, stmt, error);
}

gboolean
wd_sqlite_directory_insert_address (WdSqliteDb *db,
                                    gint64 user,
                                    const WdAddress *spec,
                                    const char *normal,
                                    WdId *out_id,
                                    GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      db,
      "INSERT INTO addresses (id, user, address, normal, address_search, name, name_search,"
      " created_ms, tags, tags_search, extra)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      error);
  g_autofree char *address_search = wd_search_fold (spec->address, -1);
  g_autofree char *name_search = spec->name == NULL ? NULL : wd_search_fold (spec->name, -1);
  g_autofree char *tags = NULL;
  g_autofree char *tags_search = NULL;
  WdId id;
  int i = 1;

  if (stmt == NULL || !wd_sqlite_directory_join_tags (spec->tags, &tags, &tags_search, error))
    return FALSE;
  if (spec->is_import)
    id = spec->id;
  else
    wd_core_id_new (&id);
  wd_sqlite_db_bind_id (stmt, i++, &id);
  sqlite3_bind_int64 (stmt, i++, user);
  wd_sqlite_db_bind_text (stmt, i++, spec->address);
  wd_sqlite_db_bind_text (stmt, i++, normal);
  wd_sqlite_db_bind_text (stmt, i++, address_search);
  wd_sqlite_db_bind_text (stmt, i++, spec->name);
  wd_sqlite_db_bind_text (stmt, i++, name_search);
  sqlite3_bind_int64 (stmt, i++,
                      spec->is_import ? spec->created_ms : wd_core_clock_now_us () / 1000);
  wd_sqlite_db_bind_text (stmt, i++, tags);
  wd_sqlite_db_bind_text (stmt, i++, tags_search);
  wd_sqlite_db_bind_text (stmt, i++, spec->extra_json);
  if (!wd_sqlite_db_run (db, stmt, error))
    return FALSE;

  gint64 n = sqlite3_last_insert_rowid (wd_sqlite_db_get_handle (db));

  if (!wd_sqlite_directory_add_name (db, normal, WD_SQLITE_NAME_ADDRESS, user, n, error)
      || !run_numbers (db,
                       spec->main ? "UPDATE users SET main = ?1 WHERE n = ?2"
                                  : "UPDATE users SET main = ?1 WHERE n = ?2 AND main IS NULL",
                       n, user, error))
    return FALSE;
  *out_id = id;
  return TRUE;
}

static gboolean
check_count (WdSqliteDb *db, gint64 user, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db, "SELECT count(*) FROM addresses WHERE user = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, user);
  if (!wd_sqlite_db_step (db, stmt, &has_row, error))
    return FALSE;
  if (sqlite3_column_int64 (stmt, 0) < WD_LIMIT_ADDRESSES)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many addresses");
  return FALSE;
}

gboolean
wd_sqlite_directory_create_address (
    WdStore *store, const WdAddress *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_autofree char *normal = wd_store_address_normalize (spec->address, error);
  gint64 user;
  WdId id;

  if (normal == NULL || !wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_DURABLE, &txn, cancellable, error)
      || !wd_sqlite_directory_get_number (client.db, &spec->user, &user, error)
      || !wd_sqlite_directory_check_name (client.db, normal, WD_SQLITE_NAME_ADDRESS, user, 0, error)
      || !check_count (client.db, user, error)
      || !wd_sqlite_directory_insert_address (client.db, user, spec, normal, &id, error)
      || !wd_sqlite_db_commit (&txn, error))
    return FALSE;
  wd_sqlite_directory_notify (store, &spec->user);
  *out_id = id;
  return TRUE;
}

GPtrArray *
wd_sqlite_directory_list_addresses (WdStore *store,
                                    const WdId *user,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_address_free);
  gboolean has_row;
  gint64 n;

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_READ, &txn, cancellable, error)
      || !wd_sqlite_directory_get_number (client.db, user, &n, error))
    return NULL;
  stmt = wd_sqlite_db_prepare (client.db,
                               "SELECT " WD_SQLITE_ADDRESS_COLUMNS " FROM " FROM_ADDRESSES
                               " WHERE a.user = ?1 ORDER BY a.id",
                               error);
  if (stmt == NULL)
    return NULL;
  sqlite3_bind_int64 (stmt, 1, n);
  for (;;)
    {
      if (!wd_sqlite_db_step (client.db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        return g_steal_pointer (&list);
      g_ptr_array_add (list, wd_sqlite_directory_dup_address (stmt));
    }
}

gboolean
wd_sqlite_directory_find_address (WdStore *store,
                                  const char *address,
                                  WdAddress **out_address,
                                  GCancellable *cancellable,
                                  GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  g_autofree char *normal = wd_store_address_normalize (address, NULL);
  gboolean has_row = FALSE;

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error))
    return FALSE;
  stmt = wd_sqlite_db_prepare (client.db,
                               "SELECT " WD_SQLITE_ADDRESS_COLUMNS
                               " FROM names i JOIN " FROM_ADDRESSES
                               " WHERE i.name = ?1 AND i.kind = 1 AND a.n = i.address",
                               error);
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, normal);
  if (normal != NULL && !wd_sqlite_db_step (client.db, stmt, &has_row, error))
    return FALSE;
  *out_address = has_row ? wd_sqlite_directory_dup_address (stmt) : NULL;
  return TRUE;
}

// An address of the user as it stands in the tables.
typedef struct
{
  gint64 n;
  gint64 user;
  char *normal;
  gboolean is_main;
  gint64 n_others;
} Row;

static void
row_clear (Row *self)
{
  g_free (self->normal);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Row, row_clear)

static gboolean
get_row (WdSqliteDb *db, const WdId *user, const WdId *id, Row *out_row, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db,
                              "SELECT a.n, a.user, a.normal, u.main = a.n,"
                              " (SELECT count(*) - 1 FROM addresses o WHERE o.user = u.n)"
                              " FROM " FROM_ADDRESSES " WHERE a.id = ?1 AND u.id = ?2",
                              error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, 1, id);
  wd_sqlite_db_bind_id (stmt, 2, user);
  if (!wd_sqlite_db_step (db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    return set_not_found (error);
  *out_row = (Row){
    .n = sqlite3_column_int64 (stmt, 0),
    .user = sqlite3_column_int64 (stmt, 1),
    .normal = wd_sqlite_db_dup_text (stmt, 2),
    .is_main = sqlite3_column_int (stmt, 3) != 0,
    .n_others = sqlite3_column_int64 (stmt, 4),
  };
  return TRUE;
}

static gboolean
remove_name (WdSqliteDb *db, const char *normal, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db, "DELETE FROM names WHERE name = ?1 AND kind = 1", error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, normal);
  return wd_sqlite_db_run (db, stmt, error);
}

// Puts another spelling, or another address, in the place of the row's.
static gboolean
change_address (WdSqliteDb *db, const Row *row, const char *address, GError **error)
{
  g_autofree char *normal = wd_store_address_normalize (address, error);
  g_autofree char *search = normal == NULL ? NULL : wd_search_fold (address, -1);

  if (normal == NULL
      || !wd_sqlite_directory_check_name (db, normal, WD_SQLITE_NAME_ADDRESS, row->user, row->n,
                                          error)
      || !remove_name (db, row->normal, error)
      || !wd_sqlite_directory_add_name (db, normal, WD_SQLITE_NAME_ADDRESS, row->user, row->n,
                                        error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      db, "UPDATE addresses SET address = ?2, normal = ?3, address_search = ?4 WHERE n = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row->n);
  wd_sqlite_db_bind_text (stmt, 2, address);
  wd_sqlite_db_bind_text (stmt, 3, normal);
  wd_sqlite_db_bind_text (stmt, 4, search);
  return wd_sqlite_db_run (db, stmt, error);
}

static gboolean
change_rest (WdSqliteDb *db,
             const Row *row,
             const WdAddress *changes,
             WdAddressFields fields,
             GError **error)
{
  gboolean has_name = (fields & WD_ADDRESS_FIELD_NAME) != 0;
  gboolean has_tags = (fields & WD_ADDRESS_FIELD_TAGS) != 0;
  g_autofree char *name_search
      = has_name && changes->name != NULL ? wd_search_fold (changes->name, -1) : NULL;
  g_autofree char *tags = NULL;
  g_autofree char *tags_search = NULL;
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db,
                                                     "UPDATE addresses SET"
                                                     " name = iif (?2 & 2, ?3, name),"
                                                     " name_search = iif (?2 & 2, ?4, name_search),"
                                                     " tags = iif (?2 & 8, ?5, tags),"
                                                     " tags_search = iif (?2 & 8, ?6, tags_search),"
                                                     " extra = iif (?2 & 16, ?7, extra)"
                                                     " WHERE n = ?1",
                                                     error);

  G_STATIC_ASSERT (WD_ADDRESS_FIELD_NAME == 2 && WD_ADDRESS_FIELD_EXTRA == 16);
  if (stmt == NULL
      || (has_tags && !wd_sqlite_directory_join_tags (changes->tags, &tags, &tags_search, error)))
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row->n);
  sqlite3_bind_int (stmt, 2, (int) fields);
  wd_sqlite_db_bind_text (stmt, 3, changes->name);
  wd_sqlite_db_bind_text (stmt, 4, name_search);
  wd_sqlite_db_bind_text (stmt, 5, tags);
  wd_sqlite_db_bind_text (stmt, 6, tags_search);
  wd_sqlite_db_bind_text (stmt, 7, changes->extra_json);
  return wd_sqlite_db_run (db, stmt, error);
}

gboolean
wd_sqlite_directory_update_address (WdStore *store,
                                    const WdId *user,
                                    const WdId *id,
                                    const WdAddress *changes,
                                    WdAddressFields fields,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_auto (Row) row = { 0 };
  gboolean has_main = (fields & WD_ADDRESS_FIELD_MAIN) != 0;

  if (has_main && !changes->main)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID,
                           "an address stops being the main one when another becomes it");
      return FALSE;
    }
  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_DURABLE, &txn, cancellable, error)
      || !get_row (client.db, user, id, &row, error))
    return FALSE;
  if ((fields & WD_ADDRESS_FIELD_ADDRESS) != 0
      && !change_address (client.db, &row, changes->address, error))
    return FALSE;
  if (has_main
      && !run_numbers (client.db, "UPDATE users SET main = ?1 WHERE n = ?2", row.n, row.user,
                       error))
    return FALSE;
  if (!change_rest (client.db, &row, changes, fields, error) || !wd_sqlite_db_commit (&txn, error))
    return FALSE;
  wd_sqlite_directory_notify (store, user);
  return TRUE;
}

gboolean
wd_sqlite_directory_delete_address (
    WdStore *store, const WdId *user, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_auto (Row) row = { 0 };

  if (!wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_DURABLE, &txn, cancellable, error)
      || !get_row (client.db, user, id, &row, error))
    return FALSE;
  if (row.is_main && row.n_others > 0)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_FORBIDDEN,
                           "it is the main address");
      return FALSE;
    }
  if (!remove_name (client.db, row.normal, error)
      || !run_numbers (client.db, "DELETE FROM addresses WHERE n = ?1", row.n, 0, error)
      || !run_numbers (client.db, "UPDATE users SET main = NULL WHERE main = ?1 AND n = ?2", row.n,
                       row.user, error)
      || !wd_sqlite_db_commit (&txn, error))
    return FALSE;
  wd_sqlite_directory_notify (store, user);
  return TRUE;
}
