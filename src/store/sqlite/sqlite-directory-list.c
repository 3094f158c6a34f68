// SPDX-License-Identifier: EUPL-1.2
// Pages of users and addresses. Ids sort by creation, and a cursor is an id, so that a page goes on
// where the last one ended even when what the cursor named is gone.
#include "config.h"

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"

#include "core-limits.h"
#include "store-search.h"

typedef struct
{
  const char *columns;
  const char *from;
  const char *alias;    // Of the table that is listed.
  const char *searched; // Condition that ?1 is contained.
  gpointer (*dup_row) (sqlite3_stmt *);
  GDestroyNotify free_row;
} List;

static const List users = {
  .columns = WD_SQLITE_USER_COLUMNS,
  .from = "users u LEFT JOIN addresses m ON m.n = u.main",
  .alias = "u",
  .searched = "(instr(u.username_search, ?1) OR instr(ifnull(u.name_search, ''), ?1)"
              " OR instr(ifnull(m.address_search, ''), ?1))",
  .dup_row = (gpointer (*) (sqlite3_stmt *)) wd_sqlite_directory_dup_user,
  .free_row = (GDestroyNotify) wd_user_free,
};
static const List addresses = {
  .columns = WD_SQLITE_ADDRESS_COLUMNS,
  .from = "addresses a JOIN users u ON u.n = a.user",
  .alias = "a",
  .searched = "(instr(a.address_search, ?1) OR instr(ifnull(a.name_search, ''), ?1))",
  .dup_row = (gpointer (*) (sqlite3_stmt *)) wd_sqlite_directory_dup_address,
  .free_row = (GDestroyNotify) wd_address_free,
};

// One query in the making: the condition, and what is bound to ?1, ?2, ….
typedef struct
{
  const List *list;
  GString *where;
  GPtrArray *texts; // (element-type utf8) (nullable elements)
} Filter;

static void
filter_clear (Filter *self)
{
  if (self->where != NULL)
    g_string_free (self->where, TRUE);
  g_clear_pointer (&self->texts, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Filter, filter_clear)

static gboolean
add_tags (Filter *self, const char *const *tags, const char *joiner, GError **error)
{
  guint n = tags == NULL ? 0 : g_strv_length ((char **) tags);

  if (n > WD_LIMIT_TAGS)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many tags");
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (self->texts, wd_sqlite_directory_dup_tag_search (tags[i]));
      g_string_append_printf (self->where, "%s instr(ifnull(%s.tags_search, ''), ?%u)",
                              i == 0 ? " AND (" : joiner, self->list->alias, self->texts->len);
    }
  if (n > 0)
    g_string_append_c (self->where, ')');
  return TRUE;
}

static gboolean
filter_init (Filter *self, const List *list, const WdListQuery *query, GError **error)
{
  gboolean has_text = query->query != NULL && *query->query != '\0';

  self->list = list;
  self->where = g_string_new ("1");
  self->texts = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->texts, has_text ? wd_search_fold (query->query, -1) : NULL);
  if (has_text)
    g_string_append_printf (self->where, " AND %s", list->searched);
  return add_tags (self, query->tags, " OR", error)
         && add_tags (self, query->required_tags, " AND", error);
}

// A statement of its own: its text depends on the number of tags.
static sqlite3_stmt *
prepare (WdSqliteDb *db, const Filter *filter, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2 (wd_sqlite_db_get_handle (db), sql, -1, &stmt, NULL);

  if (rc != SQLITE_OK)
    {
      wd_sqlite_db_set_error (db, rc, error);
      return NULL;
    }
  // Where nothing is searched for, ?1 does not occur.
  for (guint i = 0; i < filter->texts->len; i++)
    if ((int) i < sqlite3_bind_parameter_count (stmt))
      wd_sqlite_db_bind_text (stmt, (int) i + 1, filter->texts->pdata[i]);
  return stmt;
}

static gboolean
count (WdSqliteDb *db, const Filter *filter, guint64 *out_total, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s WHERE %s", filter->list->from,
                                          filter->where->str);
  sqlite3_stmt *stmt = prepare (db, filter, sql, error);
  gboolean has_row = FALSE;
  gboolean ok = stmt != NULL && wd_sqlite_db_step (db, stmt, &has_row, error);

  if (ok)
    *out_total = (guint64) sqlite3_column_int64 (stmt, 0);
  sqlite3_finalize (stmt);
  return ok;
}

static gboolean
read_rows (
    WdSqliteDb *db, const Filter *filter, sqlite3_stmt *stmt, GPtrArray *rows, GError **error)
{
  gboolean has_row;

  for (;;)
    {
      if (!wd_sqlite_db_step (db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;
      g_ptr_array_add (rows, filter->list->dup_row (stmt));
    }
}

// Reads one row more than asked for, to see whether there is more.
static gboolean
read_page (
    WdSqliteDb *db, const Filter *filter, const WdListQuery *query, GPtrArray *rows, GError **error)
{
  gboolean backwards = !wd_core_id_is_none (&query->before);
  const WdId *cursor = backwards ? &query->before : &query->after;
  int n_cursor = (int) filter->texts->len + 1;
  g_autofree char *sql
      = g_strdup_printf ("SELECT %s FROM %s WHERE %s AND %s.id %s ?%d ORDER BY %s.id %s LIMIT ?%d",
                         filter->list->columns, filter->list->from, filter->where->str,
                         filter->list->alias, backwards ? "<" : ">", n_cursor, filter->list->alias,
                         backwards ? "DESC" : "ASC", n_cursor + 1);
  sqlite3_stmt *stmt = prepare (db, filter, sql, error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, n_cursor, cursor);
  sqlite3_bind_int64 (stmt, n_cursor + 1, (gint64) query->limit + 1);

  gboolean ok = read_rows (db, filter, stmt, rows, error);

  sqlite3_finalize (stmt);
  return ok;
}

static GPtrArray *
list_page (WdStore *store,
           const List *list,
           const WdListQuery *query,
           guint64 *out_total,
           gboolean *out_has_more,
           GCancellable *cancellable,
           GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteTxn) txn = { 0 };
  g_auto (Filter) filter = { 0 };
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (list->free_row);
  guint64 total;

  if (!filter_init (&filter, list, query, error)
      || !wd_sqlite_directory_acquire (store, &client, cancellable, error)
      || !wd_sqlite_db_begin (client.db, WD_SQLITE_READ, &txn, cancellable, error)
      || !count (client.db, &filter, &total, error)
      || !read_page (client.db, &filter, query, rows, error))
    return NULL;

  *out_total = total;
  *out_has_more = wd_list_query_trim (query, rows);
  return g_steal_pointer (&rows);
}

GPtrArray *
wd_sqlite_directory_list_users (WdStore *store,
                                const WdListQuery *query,
                                guint64 *out_total,
                                gboolean *out_has_more,
                                GCancellable *cancellable,
                                GError **error)
{
  return list_page (store, &users, query, out_total, out_has_more, cancellable, error);
}

GPtrArray *
wd_sqlite_directory_list_all_addresses (WdStore *store,
                                        const WdListQuery *query,
                                        guint64 *out_total,
                                        gboolean *out_has_more,
                                        GCancellable *cancellable,
                                        GError **error)
{
  return list_page (store, &addresses, query, out_total, out_has_more, cancellable, error);
}

GArray *
wd_sqlite_directory_list_ids (WdStore *store, GError **error)
{
  g_auto (WdSqliteClient) client = { 0 };
  g_auto (WdSqliteStmt) stmt = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (WdId));
  gboolean has_row;

  if (!wd_sqlite_directory_acquire (store, &client, NULL, error))
    return NULL;
  stmt = wd_sqlite_db_prepare (client.db, "SELECT id FROM users ORDER BY id", error);
  if (stmt == NULL)
    return NULL;
  for (;;)
    {
      if (!wd_sqlite_db_step (client.db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        return g_steal_pointer (&ids);

      WdId id = wd_sqlite_db_get_id (stmt, 0);

      g_array_append_val (ids, id);
    }
}
