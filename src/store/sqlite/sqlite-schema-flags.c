// SPDX-License-Identifier: EUPL-1.2
// Moving changed flags to smaller chunks.
#include "config.h"

#include "sqlite-schema-flags.h"

#include "sqlite-flag-coding.h"
#include "sqlite-schema.h"

#define OLD_UIDS 256
#define N_PARTS (OLD_UIDS / WD_SQLITE_SCHEMA_CHUNK_UIDS)

static gboolean
insert (WdSqliteDb *db, gint64 id, const guint8 *runs, gsize len, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (db, "INSERT INTO flags (id, runs) VALUES (?1, ?2)", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  sqlite3_bind_blob64 (stmt, 2, runs, len, SQLITE_STATIC);
  return wd_sqlite_db_run (db, stmt, error);
}

// What a smaller chunk cannot read is damaged in a larger one, and the other way round.
static gboolean
split (WdSqliteDb *db, gint64 id, const guint8 *runs, gsize len, GError **error)
{
  WdSqliteFlagEntry entries[OLD_UIDS] = { 0 };

  if (!wd_sqlite_flag_coding_decode (runs, len, entries, OLD_UIDS))
    return insert (db, id, runs, len, error);
  for (guint i = 0; i < N_PARTS; i++)
    {
      guint8 part[WD_SQLITE_FLAG_CODING_MAX_BYTES (WD_SQLITE_SCHEMA_CHUNK_UIDS)];
      gsize part_len = wd_sqlite_flag_coding_encode (&entries[i * WD_SQLITE_SCHEMA_CHUNK_UIDS],
                                                     WD_SQLITE_SCHEMA_CHUNK_UIDS, part);

      if (part_len > 0 && !insert (db, id + i, part, part_len, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
split_all (WdSqliteDb *db, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db,
                                                     "SELECT mailbox, chunk, runs FROM changed"
                                                     " WHERE chunk BETWEEN 0 AND 0xffffff",
                                                     error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      const guint8 *runs = sqlite3_column_blob (stmt, 2);
      gint64 id = WD_SQLITE_SCHEMA_CHUNK_ID (sqlite3_column_int64 (stmt, 0),
                                             sqlite3_column_int64 (stmt, 1) * N_PARTS);

      if (!split (db, id, runs, (gsize) sqlite3_column_bytes (stmt, 2), error))
        return FALSE;
    }
}

gboolean
wd_sqlite_schema_flags_upgrade (WdSqliteDb *db, GError **error)
{
  return split_all (db, error) && wd_sqlite_db_exec (db, "DROP TABLE changed", error);
}
