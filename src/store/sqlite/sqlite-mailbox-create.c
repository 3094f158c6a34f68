// SPDX-License-Identifier: EUPL-1.2
// Making mailboxes, and the mail of a new user.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-limits.h"
#include "sqlite-mailbox.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"
#include "store-path.h"

static const struct
{
  const char *path;
  WdSpecialUse special_use;
} defaults[] = {
  { "INBOX", WD_SPECIAL_USE_INBOX },   { "Sent Mail", WD_SPECIAL_USE_SENT },
  { "Drafts", WD_SPECIAL_USE_DRAFTS }, { "Junk", WD_SPECIAL_USE_JUNK },
  { "Trash", WD_SPECIAL_USE_TRASH },
};

static gboolean
get_count (WdSqliteLease *lease, gint64 *out_n, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT count (*) FROM mailbox WHERE id > 0", error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_n = sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

static gboolean
check_exists (WdSqliteLease *lease, const char *path, gboolean *out_exists, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT 1 FROM mailbox WHERE path = ?1 AND id > 0", error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, path);
  return wd_sqlite_db_step (lease->db, stmt, out_exists, error);
}

// Never one that was used before, also not after a mailbox of the name was deleted: it counts up,
// and keeps up with the clock so that a restored backup does not give one again (RFC 3501 2.3.1.1).
static gboolean
take_uidvalidity (WdSqliteLease *lease, gint64 *out_uidvalidity, GError **error)
{
  WdSqliteMailbox owner;
  gint64 now_secs = wd_core_clock_now_us () / G_USEC_PER_SEC;

  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error))
    return FALSE;
  owner.uidvalidity = MAX (owner.uidvalidity + 1, now_secs) & G_MAXUINT32;
  *out_uidvalidity = owner.uidvalidity;
  return wd_sqlite_mailbox_save (lease, &owner, error);
}

static gboolean
insert_row (WdSqliteLease *lease,
            gint64 row, // -1: the next one.
            const WdId *oid,
            const char *path,
            WdSpecialUse special_use,
            gint64 uidvalidity,
            const char *extra_json,
            GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "INSERT INTO mailbox (id, uidnext, modseq, n_messages, n_unseen, n_deleted, size_bytes,"
      " first_recent, unseen_hint, journal_floor, journal_bytes, uidvalidity, special_use, oid,"
      " path, extra) VALUES (?1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, ?2, ?3, ?4, ?5, ?6)",
      error);

  if (stmt == NULL)
    return FALSE;
  if (row >= 0)
    sqlite3_bind_int64 (stmt, 1, row);
  sqlite3_bind_int64 (stmt, 2, uidvalidity);
  sqlite3_bind_int (stmt, 3, (int) special_use);
  wd_sqlite_db_bind_id (stmt, 4, oid);
  wd_sqlite_db_bind_text (stmt, 5, path);
  wd_sqlite_db_bind_text (stmt, 6, extra_json);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

gboolean
wd_sqlite_mailbox_create_level (WdSqliteLease *lease,
                                const char *path,
                                WdSpecialUse special_use,
                                const char *extra_json,
                                WdId *out_id,
                                GError **error)
{
  gint64 n_mailboxes, uidvalidity;

  if (!get_count (lease, &n_mailboxes, error))
    return FALSE;
  if (n_mailboxes >= WD_LIMIT_MAILBOXES)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many mailboxes");
      return FALSE;
    }
  wd_core_id_new (out_id);
  return take_uidvalidity (lease, &uidvalidity, error)
         && insert_row (lease, -1, out_id, path, special_use, uidvalidity, extra_json, error);
}

gboolean
wd_sqlite_mailbox_create_parents (WdSqliteLease *lease, const char *path, GError **error)
{
  for (const char *slash = path; (slash = strchr (slash, '/')) != NULL; slash++)
    {
      g_autofree char *parent = g_strndup (path, (gsize) (slash - path));
      gboolean exists;
      WdId id;

      if (!check_exists (lease, parent, &exists, error)
          || (!exists
              && !wd_sqlite_mailbox_create_level (lease, parent, WD_SPECIAL_USE_NONE, NULL, &id,
                                                  error)))
        return FALSE;
    }
  return TRUE;
}

gboolean
wd_sqlite_mailbox_create_path (WdSqliteLease *lease,
                               const char *path,
                               WdSpecialUse special_use,
                               const char *extra_json,
                               WdId *out_id,
                               GError **error)
{
  gboolean exists;

  if (!check_exists (lease, path, &exists, error))
    return FALSE;
  if (exists)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS,
                           "there is a mailbox of that name");
      return FALSE;
    }
  return wd_sqlite_mailbox_create_parents (lease, path, error)
         && wd_sqlite_mailbox_create_level (lease, path, special_use, extra_json, out_id, error);
}

gboolean
wd_sqlite_mailbox_create_one (WdStore *store,
                              const WdActor *actor,
                              const char *path,
                              WdSpecialUse special_use,
                              const char *extra_json,
                              WdId *out_id,
                              GCancellable *cancellable,
                              GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, error);
  WdId id;

  if (normal == NULL
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !wd_sqlite_mailbox_create_path (&lease, normal, special_use, extra_json, &id, error))
    return FALSE;
  wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOXES, NULL);
  if (!wd_sqlite_lease_commit (&lease, error))
    return FALSE;
  if (out_id != NULL)
    *out_id = id;
  return TRUE;
}

// Row 0, which the first INSERT of INBOX follows.
static gboolean
fill_user (WdSqliteLease *lease, const WdId *user, guint64 quota_bytes, GError **error)
{
  if (!insert_row (lease, WD_SQLITE_SCHEMA_OWNER_ROW, user, "", WD_SPECIAL_USE_NONE, 0, NULL, error)
      || !wd_sqlite_db_exec (lease->db, "INSERT INTO owner VALUES (1, 0, 0, 0, 0)", error)
      || !wd_sqlite_mailbox_save_quota (lease, quota_bytes, error))
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_auto (WdSqliteStmt) subscribe
          = wd_sqlite_db_prepare (lease->db, "INSERT INTO subscription (path) VALUES (?1)", error);
      WdId id;

      if (subscribe == NULL
          || !wd_sqlite_mailbox_create_level (lease, defaults[i].path, defaults[i].special_use,
                                              NULL, &id, error))
        return FALSE;
      wd_sqlite_db_bind_text (subscribe, 1, defaults[i].path);
      if (!wd_sqlite_db_run (lease->db, subscribe, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_database (const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "mail.db", NULL);
  WdSqliteOptions options = {
    .path = path,
    .schema = wd_sqlite_schema_get (),
    .page_size_bytes = WD_SQLITE_SCHEMA_PAGE_BYTES,
    .keep_wal = TRUE,
  };
  g_autoptr (WdSqliteDb) db = NULL;

  if (!wd_sqlite_db_make_dir (dir, error))
    return FALSE;
  db = wd_sqlite_db_open (&options, error);
  return db != NULL && wd_sqlite_db_sync_dir (dir, error);
}

gboolean
wd_sqlite_mailbox_create_user (WdStore *store, const WdId *user, const WdUser *spec, GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  g_autofree char *dir = wd_sqlite_pool_dup_user_dir (pool, user);
  g_auto (WdSqliteLease) lease = { 0 };

  return make_database (dir, error)
         && wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_DURABLE, &lease, NULL, error)
         && fill_user (&lease, user, spec->quota_bytes, error)
         && wd_sqlite_lease_commit (&lease, error);
}
