// SPDX-License-Identifier: EUPL-1.2
// Taking over mailboxes and the numbers of messages: each call is one transaction. Messages come in
// by sqlite-append.c.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "sqlite-flag-runs.h"
#include "sqlite-import.h"
#include "store-path.h"

static gboolean
find_row (WdSqliteLease *lease, const WdMailboxInfo *info, gint64 *out_row, GError **error)
{
  // The one of this id before one of this path that never had a message.
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "SELECT id FROM mailbox WHERE id > 0 AND (oid = ?1 OR (path = ?2 AND uidnext = 1))"
      " ORDER BY oid = ?1 DESC LIMIT 1",
      error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, 1, &info->id);
  wd_sqlite_db_bind_text (stmt, 2, info->path);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_row = has_row ? sqlite3_column_int64 (stmt, 0) : -1;
  return TRUE;
}

// Makes room at the path: another mailbox there, if it never had a message, goes.
static gboolean
clear_path (WdSqliteLease *lease, const WdMailboxInfo *info, gint64 row, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "DELETE FROM mailbox WHERE path = ?1 AND id > 0 AND id <> ?2 AND uidnext = 1",
      error);
  g_auto (WdSqliteStmt) look = wd_sqlite_db_prepare (
      lease->db, "SELECT 1 FROM mailbox WHERE path = ?1 AND id > 0 AND id <> ?2", error);
  gboolean is_taken;

  if (stmt == NULL || look == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, info->path);
  sqlite3_bind_int64 (stmt, 2, row);
  wd_sqlite_db_bind_text (look, 1, info->path);
  sqlite3_bind_int64 (look, 2, row);
  if (!wd_sqlite_db_run (lease->db, stmt, error)
      || !wd_sqlite_db_step (lease->db, look, &is_taken, error))
    return FALSE;
  if (is_taken)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS,
                         "there is another mailbox of that name");
  return !is_taken;
}

static gboolean
update_row (WdSqliteLease *lease, const WdMailboxInfo *info, gint64 row, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "UPDATE mailbox SET oid = ?2, path = ?3, special_use = ?4, uidvalidity = ?5, extra = ?6"
      " WHERE id = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row);
  wd_sqlite_db_bind_id (stmt, 2, &info->id);
  wd_sqlite_db_bind_text (stmt, 3, info->path);
  sqlite3_bind_int (stmt, 4, (int) info->special_use);
  sqlite3_bind_int64 (stmt, 5, info->uidvalidity);
  wd_sqlite_db_bind_text (stmt, 6, info->extra_json);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

// No later mailbox gets this UIDVALIDITY.
static gboolean
note_uidvalidity (WdSqliteLease *lease, guint32 uidvalidity, GError **error)
{
  WdSqliteMailbox owner;

  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error))
    return FALSE;
  owner.uidvalidity = MAX (owner.uidvalidity, uidvalidity);
  return wd_sqlite_mailbox_save (lease, &owner, error);
}

static gboolean
take_mailbox (WdSqliteLease *lease, const WdMailboxInfo *info, GError **error)
{
  gint64 row;
  WdId id;

  if (!find_row (lease, info, &row, error))
    return FALSE;
  if (row >= 0)
    {
      if (!clear_path (lease, info, row, error))
        return FALSE;
    }
  else if (!wd_sqlite_mailbox_create_level (lease, info->path, info->special_use, info->extra_json,
                                            &id, error)
           || !find_row (lease, info, &row, error))
    return FALSE;
  return update_row (lease, info, row, error) && note_uidvalidity (lease, info->uidvalidity, error);
}

gboolean
wd_sqlite_import_mailbox (WdStore *store,
                          const WdActor *actor,
                          const WdMailboxInfo *info,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autofree char *normal = wd_store_path_normalize (info->path, error);
  WdMailboxInfo taken = *info;

  taken.path = normal;
  if (normal == NULL
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !take_mailbox (&lease, &taken, error))
    return FALSE;
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  return wd_sqlite_lease_commit (&lease, error);
}

gboolean
wd_sqlite_import_flags (WdSqliteLease *lease,
                        WdSqliteMailbox *mailbox,
                        const WdImport *item,
                        GError **error)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (item->uid, item->uid);
  WdSqliteFlagRuns runs;
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);
  WdUid first, last;

  wd_sqlite_flag_runs_init (&runs, lease, mailbox);
  wd_sqlite_flag_runs_walk (&runs, ranges, n_ranges);
  if (!wd_sqlite_flag_runs_next (&runs, &first, &last, error))
    return FALSE;
  if (first == 0)
    return TRUE;

  const WdSqliteFlagEntry *entry = wd_sqlite_flag_runs_get (&runs, item->uid);

  if (entry->state == WD_SQLITE_FLAG_NONE)
    return TRUE;
  mailbox->n_unseen += ((item->flags & WD_FLAG_SEEN) == 0) - ((entry->flags & WD_FLAG_SEEN) == 0);
  mailbox->n_deleted
      += ((item->flags & WD_FLAG_DELETED) != 0) - ((entry->flags & WD_FLAG_DELETED) != 0);
  mailbox->unseen_hint = 1;
  mailbox->modseq = MAX (mailbox->modseq, (gint64) item->modseq);
  wd_sqlite_flag_runs_set (&runs, item->uid, item->flags, (gint64) item->modseq);
  return wd_sqlite_flag_runs_flush (&runs, error);
}

gboolean
wd_sqlite_import_finish (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         WdUid uidnext,
                         WdModseq modseq,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (WdUidSet) uids = NULL;
  WdSqliteMailbox row;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
      || (uids = wd_sqlite_mailbox_load_uids (&lease, &row, error)) == NULL)
    return FALSE;
  row.uidnext = MAX (row.uidnext, uidnext);
  row.modseq = MAX (row.modseq, (gint64) modseq);
  row.first_recent = row.uidnext;
  row.unseen_hint = 1;
  row.journal_floor = row.modseq;
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOX, mailbox);
  return wd_sqlite_mailbox_save_uids (&lease, &row, uids, error)
         && wd_sqlite_mailbox_save (&lease, &row, error) && wd_sqlite_lease_commit (&lease, error);
}
