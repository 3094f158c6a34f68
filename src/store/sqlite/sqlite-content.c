// SPDX-License-Identifier: EUPL-1.2
// From a row to a WdContent.
#include "config.h"

#include "sqlite-content.h"

#include "sqlite-parts.h"
#include "store-content-private.h"

enum
{
  COLUMN_TREE,
  COLUMN_PREFIX,
  COLUMN_CODING,
  COLUMN_TEXT_LEN,
  COLUMN_PARTS,
  COLUMN_TEXT,
};

// Opens what was taken out. TRUE with NULL when nothing was.
static gboolean
open_parts (
    WdSqliteLease *lease, sqlite3_stmt *stmt, int column, GArray **out_parts, GError **error)
{
  const void *data = sqlite3_column_blob (stmt, column);
  g_autoptr (GArray) parts = NULL;

  *out_parts = NULL;
  if (data == NULL)
    return TRUE;
  parts = wd_sqlite_parts_decode (data, (gsize) sqlite3_column_bytes (stmt, column));
  if (parts == NULL)
    return wd_sqlite_lease_set_corrupt (lease, "damaged list of parts", error);
  *out_parts = wd_sqlite_parts_open (parts, wd_sqlite_pool_get_dir (lease->user), error);
  return *out_parts != NULL;
}

WdContent *
wd_sqlite_content_open (
    WdSqliteLease *lease, sqlite3_stmt *stmt, int column, guint64 size_bytes, GError **error)
{
  gint64 text_len = sqlite3_column_int64 (stmt, column + COLUMN_TEXT_LEN);

  if (sqlite3_column_type (stmt, column + COLUMN_TREE) == SQLITE_NULL
      || sqlite3_column_type (stmt, column + COLUMN_TEXT) == SQLITE_NULL || text_len < 0
      || (guint64) text_len > size_bytes)
    {
      wd_sqlite_lease_set_corrupt (lease, "a message has no text", error);
      return NULL;
    }

  WdContentSpec spec = {
    .prefix = sqlite3_column_blob (stmt, column + COLUMN_PREFIX),
    .prefix_len = (gsize) sqlite3_column_bytes (stmt, column + COLUMN_PREFIX),
    .tree = sqlite3_column_blob (stmt, column + COLUMN_TREE),
    .tree_len = (gsize) sqlite3_column_bytes (stmt, column + COLUMN_TREE),
    .coding = (WdStoreCoding) sqlite3_column_int (stmt, column + COLUMN_CODING),
    .text = sqlite3_column_blob (stmt, column + COLUMN_TEXT),
    .text_coded_len = (gsize) sqlite3_column_bytes (stmt, column + COLUMN_TEXT),
    .text_len = (gsize) text_len,
    .read_part = wd_sqlite_parts_read,
    .free_source = wd_sqlite_parts_free_source,
  };

  if (!open_parts (lease, stmt, column + COLUMN_PARTS, &spec.parts, error))
    return NULL;

  g_autoptr (WdContent) content = wd_content_new (&spec, error);

  if (content != NULL && size_bytes != WD_SQLITE_CONTENT_ANY_SIZE
      && wd_content_get_size_bytes (content) != size_bytes)
    {
      wd_sqlite_lease_set_corrupt (lease, "a message is not as long as it was", error);
      return NULL;
    }
  return g_steal_pointer (&content);
}

WdContent *
wd_sqlite_content_load (WdSqliteLease *lease, gint64 content, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "SELECT i.tree, d.prefix, d.coding, d.text_len, d.parts, d.text FROM data d"
      " JOIN meta i ON i.content = d.content WHERE d.content = ?1",
      error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  sqlite3_bind_int64 (stmt, 1, content);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return NULL;
  if (has_row)
    return wd_sqlite_content_open (lease, stmt, 0, WD_SQLITE_CONTENT_ANY_SIZE, error);
  wd_sqlite_lease_set_corrupt (lease, "a message has no text", error);
  return NULL;
}
