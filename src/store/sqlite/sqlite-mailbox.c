// SPDX-License-Identifier: EUPL-1.2
// Loading and saving the rows of mailboxes.
#include "config.h"

#include "sqlite-mailbox.h"

#include "sqlite-schema.h"

// What the journal of one mailbox may take, and what is left of it when it is cut.
#define JOURNAL_BYTES_MAX (2 * 1024 * 1024)
#define JOURNAL_BYTES_KEPT (1024 * 1024)
#define JOURNAL_ROW_BYTES 24 // Beside its blobs, about.

#define ROW_COLUMNS                                                                                \
  "id, uidnext, modseq, n_messages, n_unseen, n_deleted, size_bytes, first_recent,"                \
  " unseen_hint, journal_floor, journal_bytes, uidvalidity, oid"

static void
read_row (sqlite3_stmt *stmt, WdSqliteMailbox *out_mailbox)
{
  gint64 *const fields[] = {
    &out_mailbox->row,           &out_mailbox->uidnext,       &out_mailbox->modseq,
    &out_mailbox->n_messages,    &out_mailbox->n_unseen,      &out_mailbox->n_deleted,
    &out_mailbox->size_bytes,    &out_mailbox->first_recent,  &out_mailbox->unseen_hint,
    &out_mailbox->journal_floor, &out_mailbox->journal_bytes, &out_mailbox->uidvalidity,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    *fields[i] = sqlite3_column_int64 (stmt, (int) i);
  out_mailbox->oid = wd_sqlite_db_get_id (stmt, G_N_ELEMENTS (fields));
}

gboolean
wd_sqlite_mailbox_load (WdSqliteLease *lease,
                        const WdId *id,
                        WdSqliteMailbox *out_mailbox,
                        GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT " ROW_COLUMNS " FROM mailbox WHERE oid = ?1 AND id > 0", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_id (stmt, 1, id);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such mailbox");
      return FALSE;
    }
  read_row (stmt, out_mailbox);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_load_path (WdSqliteLease *lease,
                             const char *path,
                             WdSqliteMailbox *out_mailbox,
                             gboolean *out_found,
                             GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT " ROW_COLUMNS " FROM mailbox WHERE path = ?1 AND id > 0", error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, path);
  if (!wd_sqlite_db_step (lease->db, stmt, out_found, error))
    return FALSE;
  if (*out_found)
    read_row (stmt, out_mailbox);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_load_owner (WdSqliteLease *lease, WdSqliteMailbox *out_owner, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT " ROW_COLUMNS " FROM mailbox WHERE id = 0", error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    return wd_sqlite_lease_set_corrupt (lease, "the owner's row is missing", error);
  read_row (stmt, out_owner);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_save (WdSqliteLease *lease, const WdSqliteMailbox *mailbox, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "UPDATE mailbox SET uidnext = ?2, modseq = ?3, n_messages = ?4, n_unseen = ?5,"
      " n_deleted = ?6, size_bytes = ?7, first_recent = ?8, unseen_hint = ?9,"
      " journal_floor = ?10, journal_bytes = ?11, uidvalidity = ?12 WHERE id = ?1",
      error);
  const gint64 fields[] = {
    mailbox->row,         mailbox->uidnext,       mailbox->modseq,        mailbox->n_messages,
    mailbox->n_unseen,    mailbox->n_deleted,     mailbox->size_bytes,    mailbox->first_recent,
    mailbox->unseen_hint, mailbox->journal_floor, mailbox->journal_bytes, mailbox->uidvalidity,
  };

  if (stmt == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    sqlite3_bind_int64 (stmt, (int) i + 1, fields[i]);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

// The UIDs from `upto` on, which are all there.
static void
add_tail (WdUidSet *uids, const WdSqliteMailbox *mailbox, gint64 upto)
{
  if (upto < mailbox->uidnext)
    wd_uidset_add_range (uids, (WdUid) upto, (WdUid) (mailbox->uidnext - 1));
}

WdUidSet *
wd_sqlite_mailbox_load_uids (WdSqliteLease *lease, const WdSqliteMailbox *mailbox, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT upto, uids FROM map WHERE mailbox = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return NULL;

  g_autoptr (WdUidSet) uids = NULL;
  gint64 upto = 1;

  if (has_row)
    {
      const void *data = sqlite3_column_blob (stmt, 1);

      upto = sqlite3_column_int64 (stmt, 0);
      uids = wd_uidset_decode (data, (gsize) sqlite3_column_bytes (stmt, 1));
    }
  else
    uids = wd_uidset_new ();
  if (uids == NULL || upto < 1 || mailbox->uidnext > (gint64) G_MAXUINT32 + 1
      || (gint64) wd_uidset_get_last (uids) >= upto)
    {
      wd_sqlite_lease_set_corrupt (lease, "damaged UID map", error);
      return NULL;
    }
  add_tail (uids, mailbox, upto);
  return g_steal_pointer (&uids);
}

gboolean
wd_sqlite_mailbox_save_uids (WdSqliteLease *lease,
                             const WdSqliteMailbox *mailbox,
                             const WdUidSet *uids,
                             GError **error)
{
  g_autoptr (GBytes) encoded = wd_uidset_encode (uids);
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "INSERT OR REPLACE INTO map (mailbox, upto, uids) VALUES (?1, ?2, ?3)", error);
  gsize len;
  const void *data = g_bytes_get_data (encoded, &len);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 2, mailbox->uidnext);
  sqlite3_bind_blob (stmt, 3, data, (int) len, SQLITE_STATIC);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

gboolean
wd_sqlite_mailbox_seek (
    WdSqliteLease *lease, gint64 row, gint64 uid, gint64 *out_uid, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "SELECT uid FROM message WHERE mailbox = ?1 AND uid >= ?2"
                              " ORDER BY uid LIMIT 1",
                              error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, row);
  sqlite3_bind_int64 (stmt, 2, uid);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_uid = has_row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

static guint32
count_from (const WdUidSet *uids, gint64 first)
{
  WdUid before = first > 1 ? (WdUid) (first - 1) : 0;
  WdUid next = wd_uidset_get_next (uids, before);

  return next == 0 ? 0 : wd_uidset_get_count (uids) - wd_uidset_get_seq (uids, next).n + 1;
}

gboolean
wd_sqlite_mailbox_count_recent (WdSqliteLease *lease,
                                const WdSqliteMailbox *mailbox,
                                guint32 *out_n_recent,
                                GError **error)
{
  if (mailbox->first_recent >= mailbox->uidnext)
    {
      *out_n_recent = 0;
      return TRUE;
    }
  // A mailbox without a gap needs no map.
  if (mailbox->n_messages == mailbox->uidnext - 1)
    {
      *out_n_recent = (guint32) (mailbox->uidnext - mailbox->first_recent);
      return TRUE;
    }

  g_autoptr (WdUidSet) uids = wd_sqlite_mailbox_load_uids (lease, mailbox, error);

  if (uids == NULL)
    return FALSE;
  *out_n_recent = count_from (uids, mailbox->first_recent);
  return TRUE;
}

// Drops the oldest rows until JOURNAL_BYTES_KEPT are left, and moves the floor to the last of them.
static gboolean
cut_journal (WdSqliteLease *lease, WdSqliteMailbox *mailbox, GError **error)
{
  g_auto (WdSqliteStmt) scan = wd_sqlite_db_prepare (
      lease->db,
      "SELECT modseq, length (uids) + ifnull (length (created), 0) FROM journal"
      " WHERE mailbox = ?1 ORDER BY modseq",
      error);
  g_auto (WdSqliteStmt) cut = wd_sqlite_db_prepare (
      lease->db, "DELETE FROM journal WHERE mailbox = ?1 AND modseq <= ?2", error);
  gboolean has_row = TRUE;

  if (scan == NULL || cut == NULL)
    return FALSE;
  sqlite3_bind_int64 (scan, 1, mailbox->row);
  while (mailbox->journal_bytes > JOURNAL_BYTES_KEPT)
    {
      if (!wd_sqlite_db_step (lease->db, scan, &has_row, error))
        return FALSE;
      if (!has_row)
        break;
      mailbox->journal_floor = sqlite3_column_int64 (scan, 0);
      mailbox->journal_bytes -= sqlite3_column_int64 (scan, 1) + JOURNAL_ROW_BYTES;
    }
  if (!has_row)
    mailbox->journal_bytes = 0;
  sqlite3_reset (scan);

  sqlite3_bind_int64 (cut, 1, mailbox->row);
  sqlite3_bind_int64 (cut, 2, mailbox->journal_floor);
  return wd_sqlite_db_run (lease->db, cut, error);
}

gboolean
wd_sqlite_mailbox_add_journal (WdSqliteLease *lease,
                               WdSqliteMailbox *mailbox,
                               int kind,
                               const WdUidSet *uids,
                               GBytes *created,
                               GError **error)
{
  g_autoptr (GBytes) encoded = wd_uidset_encode (uids);
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "INSERT INTO journal (mailbox, modseq, kind, uids, created)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",
                              error);
  gsize len, created_len = 0;
  const void *data = g_bytes_get_data (encoded, &len);
  const void *created_data = created == NULL ? NULL : g_bytes_get_data (created, &created_len);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 2, mailbox->modseq);
  sqlite3_bind_int (stmt, 3, kind);
  sqlite3_bind_blob (stmt, 4, data, (int) len, SQLITE_STATIC);
  if (created_data != NULL)
    sqlite3_bind_blob (stmt, 5, created_data, (int) created_len, SQLITE_STATIC);
  if (!wd_sqlite_db_run (lease->db, stmt, error))
    return FALSE;

  mailbox->journal_bytes += (gint64) (len + created_len) + JOURNAL_ROW_BYTES;
  return mailbox->journal_bytes <= JOURNAL_BYTES_MAX || cut_journal (lease, mailbox, error);
}

GPtrArray *
wd_sqlite_mailbox_list_keywords (WdSqliteLease *lease, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT name FROM keyword ORDER BY bit", error);
  gboolean has_row;

  if (stmt == NULL)
    return NULL;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return NULL;
      if (!has_row)
        return g_steal_pointer (&names);
      g_ptr_array_add (names, wd_sqlite_db_dup_text (stmt, 0));
    }
}

gboolean
wd_sqlite_mailbox_load_quota (WdSqliteLease *lease, guint64 *out_quota_bytes, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT quota_bytes FROM owner", error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  if (!has_row)
    return wd_sqlite_lease_set_corrupt (lease, "the owner's settings are missing", error);
  *out_quota_bytes = (guint64) sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

gboolean
wd_sqlite_mailbox_save_quota (WdSqliteLease *lease, guint64 quota_bytes, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "UPDATE owner SET quota_bytes = ?1", error);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_uint64 (stmt, 1, quota_bytes);
  return wd_sqlite_db_run (lease->db, stmt, error);
}
