// SPDX-License-Identifier: EUPL-1.2
// Contents, then the large parts that only they had.
#include "config.h"

#include "sqlite-garbage.h"

#include <string.h>

#include "sqlite-parts.h"
#include "store-uidset.h"

// Contents and parts removed in one transaction: the writer's lock is held for some milliseconds.
#define BATCH 100

// What the queue names, and the id of its last row.
static gboolean
read_queue (WdSqliteLease *lease, WdUidSet *contents, gint64 *out_last, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT id, contents FROM garbage ORDER BY id", error);
  gboolean has_row;

  *out_last = 0;
  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      const void *data = sqlite3_column_blob (stmt, 1);
      g_autoptr (WdUidSet) some = wd_uidset_decode (data, (gsize) sqlite3_column_bytes (stmt, 1));

      if (some == NULL)
        return wd_sqlite_lease_set_corrupt (lease, "damaged queue of garbage", error);
      wd_uidset_add_set (contents, some);
      *out_last = sqlite3_column_int64 (stmt, 0);
    }
}

// Copies share their content. What no message refers to now, none will ever refer to again, for a
// copy needs a message to be made from.
static gboolean
remove_used (WdSqliteLease *lease, WdUidSet *contents, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT content FROM message", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  while (!wd_uidset_is_empty (contents))
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        break;

      WdUid content = (WdUid) sqlite3_column_int64 (stmt, 0);

      if (wd_uidset_has (contents, content))
        wd_uidset_remove_range (contents, content, content);
    }
  return TRUE;
}

static gboolean
find_garbage (WdSqlitePool *pool,
              const WdId *user,
              WdUidSet *contents,
              gint64 *out_last,
              GCancellable *cancellable,
              GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  return wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_READ, &lease, cancellable, error)
         && read_queue (&lease, contents, out_last, error) && remove_used (&lease, contents, error);
}

static gboolean
run_with (WdSqliteLease *lease, const char *sql, gint64 value, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, value);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
queue_part (WdSqliteLease *lease, const WdStoreSha *sha, gint64 content, GError **error)
{
  g_auto (WdSqliteStmt) drop
      = wd_sqlite_db_prepare (lease->db, "DELETE FROM part WHERE sha = ?1 AND content = ?2", error);
  g_auto (WdSqliteStmt) queue = wd_sqlite_db_prepare (
      lease->db, "INSERT OR IGNORE INTO part_garbage (sha) VALUES (?1)", error);

  if (drop == NULL || queue == NULL)
    return FALSE;
  sqlite3_bind_blob (drop, 1, sha->bytes, sizeof sha->bytes, SQLITE_STATIC);
  sqlite3_bind_int64 (drop, 2, content);
  sqlite3_bind_blob (queue, 1, sha->bytes, sizeof sha->bytes, SQLITE_STATIC);
  return wd_sqlite_db_run (lease->db, drop, error) && wd_sqlite_db_run (lease->db, queue, error);
}

static gboolean
queue_parts (WdSqliteLease *lease, gint64 content, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT parts FROM data WHERE content = ?1 AND parts IS NOT NULL", error);
  g_autoptr (GArray) parts = NULL;
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, content);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    return TRUE;
  parts = wd_sqlite_parts_decode (sqlite3_column_blob (stmt, 0),
                                  (gsize) sqlite3_column_bytes (stmt, 0));
  for (guint i = 0; parts != NULL && i < parts->len; i++)
    if (!queue_part (lease, &g_array_index (parts, WdStorePart, i).sha, content, error))
      return FALSE;
  return TRUE;
}

static gboolean
remove_content (WdSqliteLease *lease, gint64 content, GError **error)
{
  return queue_parts (lease, content, error)
         && run_with (lease, "DELETE FROM data WHERE content = ?1", content, error)
         && run_with (lease, "DELETE FROM meta WHERE content = ?1", content, error)
         && run_with (lease, "DELETE FROM header_text WHERE content = ?1", content, error)
         && run_with (lease, "DELETE FROM unindexed WHERE content = ?1", content, error)
         && run_with (lease,
                      "UPDATE owner SET n_index_stale = n_index_stale + 1"
                      " WHERE indexed_upto >= ?1",
                      content, error);
}

// Removes up to BATCH of them, in one transaction.
static gboolean
remove_batch (WdSqlitePool *pool,
              const WdId *user,
              WdUidSet *contents,
              GCancellable *cancellable,
              GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdUid content = 0;

  if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, cancellable, error))
    return FALSE;
  for (guint i = 0; i < BATCH && (content = wd_uidset_get_first (contents)) != 0; i++)
    {
      if (!remove_content (&lease, content, error))
        return FALSE;
      wd_uidset_remove_range (contents, content, content);
    }
  return wd_sqlite_lease_commit (&lease, error);
}

static gboolean
clear_queue (
    WdSqlitePool *pool, const WdId *user, gint64 last, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  return wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, cancellable, error)
         && run_with (&lease, "DELETE FROM garbage WHERE id <= ?1", last, error)
         && wd_sqlite_lease_commit (&lease, error);
}

// The parts of the queue that have no content left. Read and removed in one transaction: a delivery
// that brings one of them back waits, and then gives it a name again.
static gboolean
unlink_parts (WdSqliteLease *lease, guint *out_n, GError **error)
{
  WdSqlitePool *pool = wd_sqlite_pool_get_pool (lease->user);
  const char *state_dir = wd_sqlite_pool_get_state_dir (pool);
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "SELECT sha, EXISTS (SELECT 1 FROM part p WHERE p.sha = g.sha) FROM part_garbage g"
      " ORDER BY sha LIMIT ?1",
      error);
  WdStoreSha sha = { { 0 } };
  gboolean has_row;

  *out_n = 0;
  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int (stmt, 1, BATCH);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        break;
      if (sqlite3_column_bytes (stmt, 0) != sizeof sha.bytes)
        return wd_sqlite_lease_set_corrupt (lease, "damaged queue of parts", error);
      memcpy (sha.bytes, sqlite3_column_blob (stmt, 0), sizeof sha.bytes);
      (*out_n)++;
      if (!sqlite3_column_int (stmt, 1))
        wd_sqlite_blob_unlink (state_dir, wd_sqlite_pool_get_dir (lease->user), &sha);
    }
  sqlite3_reset (stmt);

  g_auto (WdSqliteStmt) clear
      = wd_sqlite_db_prepare (lease->db, "DELETE FROM part_garbage WHERE sha <= ?1", error);

  if (clear == NULL)
    return FALSE;
  sqlite3_bind_blob (clear, 1, sha.bytes, sizeof sha.bytes, SQLITE_STATIC);
  return *out_n == 0 || wd_sqlite_db_run (lease->db, clear, error);
}

static gboolean
has_part_garbage (WdSqlitePool *pool, const WdId *user, gboolean *out_has, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_READ, &lease, NULL, error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease.db, "SELECT 1 FROM part_garbage LIMIT 1", error);

  return stmt != NULL && wd_sqlite_db_step (lease.db, stmt, out_has, error);
}

static gboolean
collect_parts (WdSqlitePool *pool, const WdId *user, GCancellable *cancellable, GError **error)
{
  gboolean has_more;

  for (;;)
    {
      g_auto (WdSqliteLease) lease = { 0 };
      guint n;

      if (!has_part_garbage (pool, user, &has_more, error))
        return FALSE;
      if (!has_more)
        return TRUE;
      if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, cancellable, error)
          || !unlink_parts (&lease, &n, error) || !wd_sqlite_lease_commit (&lease, error))
        return FALSE;
    }
}

gboolean
wd_sqlite_garbage_collect (WdSqlitePool *pool,
                           const WdId *user,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autoptr (WdUidSet) contents = wd_uidset_new ();
  gint64 last;

  if (!find_garbage (pool, user, contents, &last, cancellable, error))
    return FALSE;
  while (!wd_uidset_is_empty (contents))
    if (!remove_batch (pool, user, contents, cancellable, error))
      return FALSE;
  if (last > 0 && !clear_queue (pool, user, last, cancellable, error))
    return FALSE;
  return collect_parts (pool, user, cancellable, error);
}
