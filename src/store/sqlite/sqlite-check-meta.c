// SPDX-License-Identifier: EUPL-1.2
// Checking what is kept of messages for those who list them.
#include "config.h"

#include "sqlite-check.h"

// Octets are no text, and what is longer is none of ours: 200 characters of up to 4 octets.
#define IS_NO_PREVIEW                                                                              \
  " WHERE preview IS NOT NULL"                                                                     \
  " AND (typeof (preview) <> 'text' OR length (CAST (preview AS BLOB)) > 800)"

// What may be damaged, how it is found, and what it becomes.
static const struct
{
  const char *what;
  const char *detail;
  const char *count_sql;
  const char *mend_sql;
} kinds[] = {
  { "previews", "previews that are none", "SELECT count (*) FROM meta" IS_NO_PREVIEW,
    "UPDATE meta SET preview = NULL" IS_NO_PREVIEW },
};

static gboolean
count (WdSqliteLease *lease, const char *sql, gint64 *out_n, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_n = has_row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

gboolean
wd_sqlite_check_meta (WdSqliteCheck *self, WdSqliteLease *lease, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      gint64 n;

      if (!count (lease, kinds[i].count_sql, &n, error))
        return FALSE;
      if (n == 0)
        continue;
      wd_sqlite_check_add (self, kinds[i].what, self->repair, "%" G_GINT64_FORMAT " %s", n,
                           kinds[i].detail);
      if (self->repair && !wd_sqlite_db_exec (lease->db, kinds[i].mend_sql, error))
        return FALSE;
    }
  return TRUE;
}
