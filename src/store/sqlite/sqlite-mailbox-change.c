// SPDX-License-Identifier: EUPL-1.2
// Renaming mailboxes, subscriptions, and the fields that are only kept.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "sqlite-copy.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"
#include "store-path.h"

static gboolean
set_error (WdStoreError code, const char *what, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, code, what);
  return FALSE;
}

static char *
dup_path (WdSqliteLease *lease, gint64 row, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT path FROM mailbox WHERE id = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  sqlite3_bind_int64 (stmt, 1, row);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return NULL;

  char *path = has_row ? wd_sqlite_db_dup_text (stmt, 0) : NULL;

  if (path == NULL)
    wd_sqlite_lease_set_corrupt (lease, "a mailbox has no path", error);
  return path;
}

// The mailboxes at or below `path`, as ids of rows.
static GArray *
list_tree (WdSqliteLease *lease, const char *path, GError **error)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "SELECT id FROM mailbox WHERE id > 0 AND (path = ?1"
                              " OR (path > ?1 || '/' AND path < ?1 || '0'))",
                              error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  wd_sqlite_db_bind_text (stmt, 1, path);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        return g_steal_pointer (&rows);

      gint64 row = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (rows, row);
    }
}

// INBOX cannot be a target: it is always there.
static gboolean
check_target (WdSqliteLease *lease, const char *old_path, const char *new_path, GError **error)
{
  g_autoptr (GArray) taken = NULL;

  if (wd_store_path_is_below (new_path, old_path))
    return set_error (WD_STORE_ERROR_INVALID, "a mailbox cannot go below itself", error);
  taken = list_tree (lease, new_path, error);
  if (taken == NULL)
    return FALSE;
  return taken->len == 0
         || set_error (WD_STORE_ERROR_EXISTS, "there is a mailbox of that name", error);
}

static gboolean
set_path (WdSqliteLease *lease, gint64 row, const char *path, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "UPDATE mailbox SET path = ?2 WHERE id = ?1", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row);
  wd_sqlite_db_bind_text (stmt, 2, path);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

// Who was subscribed to the old name is to the new one. The old name stays in the list, for it may
// not be taken out unasked (RFC 3501 6.3.9).
static gboolean
copy_subscription (WdSqliteLease *lease, const char *old, const char *new, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "INSERT OR IGNORE INTO subscription SELECT ?2 FROM subscription WHERE path = ?1",
      error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, old);
  wd_sqlite_db_bind_text (stmt, 2, new);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
move_path (
    WdSqliteLease *lease, gint64 row, const char *old_root, const char *new_root, GError **error)
{
  g_autofree char *old = dup_path (lease, row, error);

  if (old == NULL)
    return FALSE;

  g_autofree char *new = g_strconcat (new_root, old + strlen (old_root), NULL);
  g_autofree char *normal = wd_store_path_normalize (new, error);

  return normal != NULL && set_path (lease, row, normal, error)
         && copy_subscription (lease, old, normal, error);
}

static gboolean
rename_tree (WdSqliteLease *lease, const char *old_path, const char *new_path, GError **error)
{
  g_autoptr (GArray) rows = list_tree (lease, old_path, error);

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    if (!move_path (lease, g_array_index (rows, gint64, i), old_path, new_path, error))
      return FALSE;
  return wd_sqlite_mailbox_create_parents (lease, new_path, error);
}

// RFC 3501 6.3.5: the messages go to a new mailbox; INBOX and what is below it stay.
static gboolean
rename_inbox (WdSqliteLease *lease, WdSqliteMailbox *inbox, const char *new_path, GError **error)
{
  g_autoptr (WdUidSet) moved = wd_uidset_new ();
  WdSqliteMailbox target;
  WdId id;

  if (!wd_sqlite_mailbox_create_path (lease, new_path, WD_SPECIAL_USE_NONE, NULL, &id, error)
      || !wd_sqlite_mailbox_load (lease, &id, &target, error)
      || !wd_sqlite_copy_move_rows (lease, inbox, NULL, &target, NULL, NULL, moved, error))
    return FALSE;
  if (!wd_uidset_is_empty (moved))
    wd_sqlite_lease_notify (lease, WD_BEACON_MAILBOX, &inbox->oid);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_change_path (WdStore *store,
                               const WdActor *actor,
                               const WdId *id,
                               const char *new_path,
                               GCancellable *cancellable,
                               GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autofree char *normal = wd_store_path_normalize (new_path, error);
  g_autofree char *old_path = NULL;
  WdSqliteMailbox mailbox;

  if (normal == NULL
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, id, &mailbox, error)
      || (old_path = dup_path (&lease, mailbox.row, error)) == NULL)
    return FALSE;

  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  if (mailbox.row == WD_SQLITE_SCHEMA_INBOX_ROW)
    return rename_inbox (&lease, &mailbox, normal, error) && wd_sqlite_lease_commit (&lease, error);
  return check_target (&lease, old_path, normal, error)
         && rename_tree (&lease, old_path, normal, error) && wd_sqlite_lease_commit (&lease, error);
}

// Names without a mailbox may be subscribed to, too, and need a bound of their own.
static gboolean
check_subscriptions (WdSqliteLease *lease, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT count (*) FROM subscription", error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  return sqlite3_column_int (stmt, 0) < 2 * WD_LIMIT_MAILBOXES
         || set_error (WD_STORE_ERROR_LIMIT, "too many subscriptions", error);
}

gboolean
wd_sqlite_mailbox_change_subscribed (WdStore *store,
                                     const WdActor *actor,
                                     const char *path,
                                     gboolean subscribed,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, error);

  if (normal == NULL
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease.db,
                              subscribed ? "INSERT OR IGNORE INTO subscription (path) VALUES (?1)"
                                         : "DELETE FROM subscription WHERE path = ?1",
                              error);

  if (stmt == NULL || (subscribed && !check_subscriptions (&lease, error)))
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, normal);
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  return wd_sqlite_db_run (lease.db, stmt, error) && wd_sqlite_lease_commit (&lease, error);
}

gboolean
wd_sqlite_mailbox_change_extra (WdStore *store,
                                const WdActor *actor,
                                const WdId *id,
                                const char *extra_json,
                                GCancellable *cancellable,
                                GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox mailbox;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, id, &mailbox, error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease.db, "UPDATE mailbox SET extra = ?2 WHERE id = ?1", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox.row);
  wd_sqlite_db_bind_text (stmt, 2, extra_json);
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  return wd_sqlite_db_run (lease.db, stmt, error) && wd_sqlite_lease_commit (&lease, error);
}

// The directory is read when mail.db is locked: of two that change the quota at the same time, the
// one that is last here sees what the other wrote there.
gboolean
wd_sqlite_mailbox_adopt_quota (WdStore *store, const WdId *user, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  guint64 quota_bytes;

  return wd_sqlite_lease_begin_owner (wd_sqlite_store_get_pool (store), user, WD_SQLITE_DURABLE,
                                      &lease, NULL, error)
         && wd_sqlite_directory_get_quota (store, user, &quota_bytes, error)
         && wd_sqlite_mailbox_save_quota (&lease, quota_bytes, error)
         && wd_sqlite_lease_commit (&lease, error);
}
