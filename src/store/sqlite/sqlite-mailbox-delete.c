// SPDX-License-Identifier: EUPL-1.2
// Deleting mailboxes, and the mail of a user.
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sqlite-remove.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"
#include "sqlite-trash.h"

static gboolean
delete_from (WdSqliteLease *lease, const char *sql, gint64 mailbox, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
delete_mailbox (WdSqliteLease *lease, const WdSqliteMailbox *mailbox, GError **error)
{
  g_auto (WdSqliteRemoval) removal = { 0 };

  wd_sqlite_remove_begin (&removal, 0);
  return wd_sqlite_remove_rows (&removal, lease, mailbox, NULL, error)
         && wd_sqlite_remove_discard (&removal, lease, error)
         && delete_from (lease, "DELETE FROM flags WHERE " WD_SQLITE_SCHEMA_CHUNKS_OF, mailbox->row,
                         error)
         && delete_from (lease, "DELETE FROM map WHERE mailbox = ?1", mailbox->row, error)
         && delete_from (lease, "DELETE FROM journal WHERE mailbox = ?1", mailbox->row, error)
         && delete_from (lease, "DELETE FROM metadata WHERE mailbox = ?1", mailbox->row, error)
         && delete_from (lease, "DELETE FROM mailbox WHERE id = ?1", mailbox->row, error);
}

gboolean
wd_sqlite_mailbox_delete_one (
    WdStore *store, const WdActor *actor, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox mailbox;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, id, &mailbox, error))
    return FALSE;
  if (mailbox.row == WD_SQLITE_SCHEMA_INBOX_ROW)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_FORBIDDEN,
                           "INBOX cannot be deleted");
      return FALSE;
    }
  // Sessions that have it open learn that it is gone; all others, that the list has changed.
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOX, id);
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  return delete_mailbox (&lease, &mailbox, error) && wd_sqlite_lease_commit (&lease, error);
}

// The folder leaves under another name in one step, so that a crash leaves all of it or nothing.
gboolean
wd_sqlite_mailbox_delete_user (WdStore *store, const WdId *user, GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  g_autofree char *dir = wd_sqlite_pool_dup_user_dir (pool, user);
  gboolean ok;

  wd_sqlite_pool_forget (pool, user);
  ok = wd_sqlite_trash_take (wd_sqlite_pool_get_state_dir (pool), dir, error);
  wd_sqlite_pool_forget (pool, user);
  return ok;
}
