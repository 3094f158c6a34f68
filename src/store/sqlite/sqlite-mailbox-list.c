// SPDX-License-Identifier: EUPL-1.2
// Listing and finding mailboxes.
#include "config.h"

#include <string.h>

#include "sqlite-mailbox.h"
#include "sqlite-store-private.h"
#include "store-path.h"

#define INFO_COLUMNS                                                                               \
  "m.id, m.uidnext, m.modseq, m.n_messages, m.n_unseen, m.n_deleted, m.size_bytes,"                \
  " m.first_recent, m.uidvalidity, m.special_use, m.oid, m.path, m.extra,"                         \
  " EXISTS (SELECT 1 FROM subscription s WHERE s.path = m.path)"

// "/" and the octet after it: what is below a path lies between path/ and path0.
#define CHILD_COLUMN                                                                               \
  ", EXISTS (SELECT 1 FROM mailbox c WHERE c.path > m.path || '/' AND c.path < m.path || '0')"

static gboolean
read_info (WdSqliteLease *lease, sqlite3_stmt *stmt, WdMailboxInfo **out_info, GError **error)
{
  g_autoptr (WdMailboxInfo) info = g_new0 (WdMailboxInfo, 1);
  WdSqliteMailbox mailbox = {
    .row = sqlite3_column_int64 (stmt, 0),
    .uidnext = sqlite3_column_int64 (stmt, 1),
    .n_messages = sqlite3_column_int64 (stmt, 3),
    .first_recent = sqlite3_column_int64 (stmt, 7),
  };

  info->uidnext = (WdUid) mailbox.uidnext;
  info->highest_modseq = (WdModseq) sqlite3_column_int64 (stmt, 2);
  info->n_messages = (guint32) mailbox.n_messages;
  info->n_unseen = (guint32) sqlite3_column_int64 (stmt, 4);
  info->n_deleted = (guint32) sqlite3_column_int64 (stmt, 5);
  info->size_bytes = (guint64) sqlite3_column_int64 (stmt, 6);
  info->uidvalidity = (guint32) sqlite3_column_int64 (stmt, 8);
  info->special_use = (WdSpecialUse) sqlite3_column_int (stmt, 9);
  info->id = wd_sqlite_db_get_id (stmt, 10);
  info->path = wd_sqlite_db_dup_text (stmt, 11);
  info->extra_json = wd_sqlite_db_dup_text (stmt, 12);
  info->subscribed = sqlite3_column_int (stmt, 13) != 0;
  if (info->path == NULL)
    return wd_sqlite_lease_set_corrupt (lease, "a mailbox has no path", error);
  if (!wd_sqlite_mailbox_count_recent (lease, &mailbox, &info->n_recent, error))
    return FALSE;
  *out_info = g_steal_pointer (&info);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_list_read (WdSqliteLease *lease,
                             const WdId *id,
                             const char *path,
                             WdMailboxInfo **out_info,
                             GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      id != NULL ? "SELECT " INFO_COLUMNS CHILD_COLUMN " FROM mailbox m WHERE oid = ?1 AND id > 0"
                 : "SELECT " INFO_COLUMNS CHILD_COLUMN " FROM mailbox m WHERE path = ?1 AND id > 0",
      error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  if (id != NULL)
    wd_sqlite_db_bind_id (stmt, 1, id);
  else
    wd_sqlite_db_bind_text (stmt, 1, path);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    {
      *out_info = NULL;
      return TRUE;
    }

  WdMailboxInfo *info;

  if (!read_info (lease, stmt, &info, error))
    return FALSE;
  info->has_children = sqlite3_column_int (stmt, 14) != 0;
  *out_info = info;
  return TRUE;
}

GPtrArray *
wd_sqlite_mailbox_list_all (WdStore *store,
                            const WdActor *actor,
                            GCancellable *cancellable,
                            GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (GPtrArray) infos
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_mailbox_info_free);

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                              cancellable, error))
    return NULL;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease.db, "SELECT " INFO_COLUMNS " FROM mailbox m WHERE id > 0", error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  for (;;)
    {
      WdMailboxInfo *info;

      if (!wd_sqlite_db_step (lease.db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        break;
      if (!read_info (&lease, stmt, &info, error))
        return NULL;
      g_ptr_array_add (infos, info);
    }
  wd_mailbox_info_sort (infos);
  return g_steal_pointer (&infos);
}

GPtrArray *
wd_sqlite_mailbox_list_subscriptions (WdStore *store,
                                      const WdActor *actor,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                              cancellable, error))
    return NULL;

  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease.db, "SELECT path FROM subscription", error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease.db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        break;
      g_ptr_array_add (paths, wd_sqlite_db_dup_text (stmt, 0));
    }
  wd_store_path_sort (paths);
  return g_steal_pointer (&paths);
}

gboolean
wd_sqlite_mailbox_list_find (WdStore *store,
                             const WdActor *actor,
                             const char *path,
                             WdMailboxInfo **out_info,
                             GCancellable *cancellable,
                             GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, NULL);

  // What is no path names no mailbox.
  if (normal == NULL)
    {
      *out_info = NULL;
      return TRUE;
    }
  return wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                                cancellable, error)
         && wd_sqlite_mailbox_list_read (&lease, NULL, normal, out_info, error);
}

WdMailboxInfo *
wd_sqlite_mailbox_list_get (WdStore *store,
                            const WdActor *actor,
                            const WdId *mailbox,
                            GCancellable *cancellable,
                            GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdMailboxInfo *info;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                              cancellable, error)
      || !wd_sqlite_mailbox_list_read (&lease, mailbox, NULL, &info, error))
    return NULL;
  if (info == NULL)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such mailbox");
  return info;
}
