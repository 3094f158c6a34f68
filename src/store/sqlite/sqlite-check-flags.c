// SPDX-License-Identifier: EUPL-1.2
// Checking what is kept of changed flags: it must be readable, and of messages that are there.
#include "config.h"

#include "sqlite-check.h"
#include "sqlite-flag-runs.h"

static gboolean
list_chunks (WdSqliteLease *lease, const WdSqliteMailbox *mailbox, GArray *chunks, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT id FROM flags WHERE " WD_SQLITE_SCHEMA_CHUNKS_OF, error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      gint64 chunk = sqlite3_column_int64 (stmt, 0) - WD_SQLITE_SCHEMA_CHUNK_ID (mailbox->row, 0);

      g_array_append_val (chunks, chunk);
    }
}

gboolean
wd_sqlite_check_flags (WdSqliteCheck *self,
                       WdSqliteLease *lease,
                       const WdSqliteMailbox *mailbox,
                       const WdUidSet *uids,
                       GError **error)
{
  g_autoptr (GArray) chunks = g_array_new (FALSE, FALSE, sizeof (gint64));
  WdSqliteFlagRuns runs;
  guint n_wrong = 0;

  if (!list_chunks (lease, mailbox, chunks, error))
    return FALSE;
  wd_sqlite_flag_runs_init (&runs, lease, mailbox);
  runs.ignores_damage = TRUE;
  for (guint i = 0; i < chunks->len; i++)
    {
      gboolean is_sound;

      if (!wd_sqlite_flag_runs_check (&runs, g_array_index (chunks, gint64, i), uids, self->repair,
                                      &is_sound, error))
        return FALSE;
      n_wrong += !is_sound;
    }
  if (n_wrong > 0)
    wd_sqlite_check_add (self, "flags", self->repair,
                         "%u stretches of changed flags are damaged or of no message", n_wrong);
  return TRUE;
}
