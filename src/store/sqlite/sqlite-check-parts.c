// SPDX-License-Identifier: EUPL-1.2
// Checking the files of large parts, and the folders of users.
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core-clock.h"
#include "sqlite-check.h"
#include "sqlite-parts.h"
#include "sqlite-trash.h"

// What is younger may be on its way.
#define GRACE_SECS (60 * 60)

static gboolean
is_old (const struct stat *info)
{
  return info->st_ctime < wd_core_clock_now_us () / G_USEC_PER_SEC - GRACE_SECS;
}

static gboolean
add_part (WdSqliteLease *lease, const WdStoreSha *sha, gint64 content, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "INSERT OR IGNORE INTO part (sha, content) VALUES (?1, ?2)", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_blob (stmt, 1, sha->bytes, sizeof sha->bytes, SQLITE_STATIC);
  sqlite3_bind_int64 (stmt, 2, content);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
has_part (WdSqliteLease *lease,
          const WdStoreSha *sha,
          gint64 content, // -1: any.
          gboolean *out_has,
          GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT 1 FROM part WHERE sha = ?1 AND (content = ?2 OR ?2 < 0) LIMIT 1", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_blob (stmt, 1, sha->bytes, sizeof sha->bytes, SQLITE_STATIC);
  sqlite3_bind_int64 (stmt, 2, content);
  return wd_sqlite_db_step (lease->db, stmt, out_has, error);
}

static gboolean
can_open (const char *user_dir, const WdStoreSha *sha)
{
  g_autoptr (WdSqliteBlob) blob = wd_sqlite_blob_open (user_dir, sha, NULL);

  return blob != NULL;
}

// The pool may still have what the user's folder has lost.
static gboolean
check_file (WdSqliteCheck *check, WdSqliteLease *lease, const WdStoreSha *sha, GError **error)
{
  const char *dir = wd_sqlite_pool_get_dir (lease->user);
  const char *state_dir = wd_sqlite_pool_get_state_dir (wd_sqlite_pool_get_pool (lease->user));
  WdSqliteBlobLink result = WD_SQLITE_BLOB_MISSING;
  char hex[2 * WD_STORE_SHA_BYTES + 1];

  if (can_open (dir, sha))
    return TRUE;
  wd_sqlite_blob_to_hex (sha, hex);
  if (check->repair && !wd_sqlite_blob_link (state_dir, dir, sha, &result, error))
    return FALSE;
  if (result == WD_SQLITE_BLOB_LINKED && !wd_sqlite_blob_sync_user (dir, error))
    return FALSE;
  wd_sqlite_check_add (check, "missing-part", can_open (dir, sha),
                       "the file of a large part is missing or damaged: %s", hex);
  return TRUE;
}

static gboolean
check_part (WdSqliteCheck *check,
            WdSqliteLease *lease,
            gint64 content,
            const WdStoreSha *sha,
            GError **error)
{
  gboolean has;

  if (!has_part (lease, sha, content, &has, error))
    return FALSE;
  if (!has)
    wd_sqlite_check_add (check, "part-reference", check->repair,
                         "a large part is not known to be in use");
  if (!has && check->repair && !add_part (lease, sha, content, error))
    return FALSE;
  return check_file (check, lease, sha, error);
}

static gboolean
check_list (WdSqliteCheck *check, WdSqliteLease *lease, sqlite3_stmt *stmt, GError **error)
{
  gint64 content = sqlite3_column_int64 (stmt, 0);
  g_autoptr (GArray) parts = wd_sqlite_parts_decode (sqlite3_column_blob (stmt, 1),
                                                     (gsize) sqlite3_column_bytes (stmt, 1));

  if (parts == NULL)
    {
      wd_sqlite_check_add (check, "damaged", FALSE, "the list of a message's parts is damaged");
      return TRUE;
    }
  for (guint i = 0; i < parts->len; i++)
    if (!check_part (check, lease, content, &g_array_index (parts, WdStorePart, i).sha, error))
      return FALSE;
  return TRUE;
}

// Of contents that messages refer to: others may have lost theirs on the way out.
static gboolean
check_references (WdSqliteCheck *check, WdSqliteLease *lease, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "SELECT content, parts FROM data WHERE parts IS NOT NULL"
                              " AND content IN (SELECT content FROM message)",
                              error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;
      if (!check_list (check, lease, stmt, error))
        return FALSE;
    }
}

// Files that the database does not know. A delivery gives them their name inside of its
// transaction, so that with the writer's lock there is none on its way; without it, none is
// removed.
static gboolean
check_files (WdSqliteCheck *check, WdSqliteLease *lease, GError **error)
{
  const char *state_dir = wd_sqlite_pool_get_state_dir (wd_sqlite_pool_get_pool (lease->user));
  g_autofree char *path = g_build_filename (wd_sqlite_pool_get_dir (lease->user), "parts", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      WdStoreSha sha;
      gboolean has;

      if (!wd_sqlite_blob_from_hex (name, &sha))
        continue;
      if (!has_part (lease, &sha, -1, &has, error))
        return FALSE;
      if (has)
        continue;
      if (check->repair)
        wd_sqlite_blob_unlink (state_dir, wd_sqlite_pool_get_dir (lease->user), &sha);
      wd_sqlite_check_add (check, "orphan-part", check->repair, "a large part of no message: %s",
                           name);
    }
  return TRUE;
}

gboolean
wd_sqlite_check_parts (WdSqliteCheck *self, WdSqliteLease *lease, GError **error)
{
  return check_references (self, lease, error) && check_files (self, lease, error);
}

// Removing one that a delivery is about to use only makes it write the part again.
static void
check_pool_file (WdSqliteCheck *check, const char *state_dir, const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  WdStoreSha sha;
  struct stat info;

  if (stat (path, &info) != 0)
    return;
  if (wd_sqlite_blob_from_hex (name, &sha))
    {
      if (info.st_nlink > 1)
        return;
      if (check->repair)
        wd_sqlite_blob_drop_unused (state_dir, &sha);
    }
  else if (!is_old (&info))
    return;
  else if (check->repair)
    unlink (path);
  wd_sqlite_check_add (check, "orphan-part", check->repair, "a large part of nobody: %s", name);
}

void
wd_sqlite_check_pool (WdSqliteCheck *self, const char *state_dir)
{
  for (guint i = 0; i < 256; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/parts/%02x", state_dir, i);
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        check_pool_file (self, state_dir, path, name);
    }
}

// A user comes to be after the folder, so a young one may belong to somebody in a moment.
static void
check_folder (WdSqliteCheck *check, const char *state_dir, const char *path, const char *name)
{
  struct stat info;

  if (stat (path, &info) != 0 || !is_old (&info))
    return;

  gboolean is_gone = check->repair && wd_sqlite_trash_take (state_dir, path, NULL);

  wd_sqlite_check_add (check, "orphan-user", is_gone, "a folder of no user: %s", name);
}

void
wd_sqlite_check_folders (WdSqliteCheck *self, const char *state_dir, GArray *users)
{
  g_autoptr (GHashTable) known = g_hash_table_new (wd_core_id_hash, wd_core_id_equal);

  for (guint i = 0; i < users->len; i++)
    g_hash_table_add (known, &g_array_index (users, WdId, i));
  for (guint i = 0; i < 256; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/users/%02x", state_dir, i);
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *name;

      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *folder = g_build_filename (path, name, NULL);
          WdId id;

          if (wd_core_id_from_hex (name, &id) && !g_hash_table_contains (known, &id))
            check_folder (self, state_dir, folder, name);
        }
    }
}
