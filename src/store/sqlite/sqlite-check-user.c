// SPDX-License-Identifier: EUPL-1.2
// Checking one mail.db: what is kept twice must agree.
#include "config.h"

#include <string.h>

#include "sqlite-check.h"
#include "sqlite-flag-runs.h"

// What the rows of one mailbox come to.
typedef struct
{
  gint64 n_messages;
  gint64 n_unseen;
  gint64 n_deleted;
  gint64 size_bytes;
  gint64 max_uid;
  gint64 max_modseq;
} Sums;

static gboolean
quick_check (WdSqliteCheck *check, WdSqlitePool *pool, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  gboolean has_row;

  if (!wd_sqlite_lease_begin_owner (pool, &check->user, WD_SQLITE_READ, &lease, cancellable, error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease.db, "PRAGMA quick_check (1)", error);

  if (stmt == NULL || !wd_sqlite_db_step (lease.db, stmt, &has_row, error))
    return FALSE;

  const char *answer = has_row ? (const char *) sqlite3_column_text (stmt, 0) : "no answer";

  return g_strcmp0 (answer, "ok") == 0 || wd_sqlite_lease_set_corrupt (&lease, answer, error);
}

static gboolean
list_mailboxes (WdSqliteLease *lease, GArray *oids, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT oid FROM mailbox WHERE id > 0", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      WdId oid = wd_sqlite_db_get_id (stmt, 0);

      g_array_append_val (oids, oid);
    }
}

static gboolean
add_up (WdSqliteLease *lease,
        const WdSqliteMailbox *mailbox,
        Sums *out_sums,
        WdUidSet *uids,
        GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT uid, flags, size, created FROM message WHERE mailbox = ?1 ORDER BY uid",
      error);
  WdSqliteFlagRuns runs;
  gboolean has_row;

  *out_sums = (Sums){ 0 };
  if (stmt == NULL)
    return FALSE;
  wd_sqlite_flag_runs_init (&runs, lease, mailbox);
  runs.ignores_damage = TRUE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      WdFlags flags = (WdFlags) sqlite3_column_int64 (stmt, 1);
      gint64 modseq = sqlite3_column_int64 (stmt, 3);

      out_sums->max_uid = sqlite3_column_int64 (stmt, 0);
      if (!wd_sqlite_flag_runs_find (&runs, (WdUid) out_sums->max_uid, &flags, &modseq, error))
        return FALSE;
      out_sums->n_messages++;
      out_sums->n_unseen += (flags & WD_FLAG_SEEN) == 0;
      out_sums->n_deleted += (flags & WD_FLAG_DELETED) != 0;
      out_sums->size_bytes += sqlite3_column_int64 (stmt, 2);
      out_sums->max_modseq = MAX (out_sums->max_modseq, modseq);
      wd_uidset_add (uids, (WdUid) out_sums->max_uid);
    }
}

// A number that is kept, and what it should be.
static void
compare (WdSqliteCheck *check,
         const char *what,
         const char *name,
         gint64 *inout_kept,
         gint64 counted,
         gboolean *inout_is_changed)
{
  if (*inout_kept == counted)
    return;
  wd_sqlite_check_add (check, what, check->repair,
                       "%s is %" G_GINT64_FORMAT " and should be %" G_GINT64_FORMAT, name,
                       *inout_kept, counted);
  *inout_kept = counted;
  *inout_is_changed = TRUE;
}

static gboolean
check_map (WdSqliteCheck *check,
           WdSqliteLease *lease,
           const WdSqliteMailbox *mailbox,
           const WdUidSet *uids,
           GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (WdUidSet) kept = wd_sqlite_mailbox_load_uids (lease, mailbox, &failure);

  if (kept != NULL && wd_uidset_is_equal (kept, uids))
    return TRUE;
  if (failure != NULL && !g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  wd_sqlite_check_add (check, "uids", check->repair, "the map of UIDs is not that of the messages");
  return !check->repair || wd_sqlite_mailbox_save_uids (lease, mailbox, uids, error);
}

static gboolean
check_mailbox (
    WdSqliteCheck *check, WdSqliteLease *lease, const WdId *oid, Sums *inout_total, GError **error)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new ();
  WdSqliteMailbox mailbox;
  gboolean is_changed = FALSE;
  Sums sums;

  if (!wd_sqlite_mailbox_load (lease, oid, &mailbox, error)
      || !add_up (lease, &mailbox, &sums, uids, error))
    return FALSE;
  compare (check, "counters", "messages", &mailbox.n_messages, sums.n_messages, &is_changed);
  compare (check, "counters", "unseen", &mailbox.n_unseen, sums.n_unseen, &is_changed);
  compare (check, "counters", "deleted", &mailbox.n_deleted, sums.n_deleted, &is_changed);
  compare (check, "counters", "octets", &mailbox.size_bytes, sums.size_bytes, &is_changed);
  compare (check, "counters", "uidnext", &mailbox.uidnext, MAX (mailbox.uidnext, sums.max_uid + 1),
           &is_changed);
  compare (check, "counters", "modseq", &mailbox.modseq, MAX (mailbox.modseq, sums.max_modseq),
           &is_changed);
  if (is_changed)
    mailbox.unseen_hint = 1;
  inout_total->n_messages += sums.n_messages;
  inout_total->size_bytes += sums.size_bytes;
  if (is_changed && check->repair && !wd_sqlite_mailbox_save (lease, &mailbox, error))
    return FALSE;
  return check_map (check, lease, &mailbox, uids, error)
         && wd_sqlite_check_flags (check, lease, &mailbox, uids, error);
}

static gboolean
get_number (WdSqliteLease *lease, const char *sql, gint64 *out_n, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_n = has_row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

static gboolean
check_owner (WdSqliteCheck *check, WdSqliteLease *lease, const Sums *total, GError **error)
{
  WdSqliteMailbox owner;
  gboolean is_changed = FALSE;
  gint64 last;

  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error)
      || !get_number (lease,
                      "SELECT max (ifnull ((SELECT max (content) FROM data), 0),"
                      " ifnull ((SELECT max (content) FROM message), 0))",
                      &last, error))
    return FALSE;
  compare (check, "quota", "messages of the user", &owner.n_messages, total->n_messages,
           &is_changed);
  compare (check, "quota", "octets used", &owner.size_bytes, total->size_bytes, &is_changed);
  compare (check, "counters", "the next content", &owner.uidnext, MAX (owner.uidnext, last + 1),
           &is_changed);
  return !is_changed || !check->repair || wd_sqlite_mailbox_save (lease, &owner, error);
}

// Collects the numbers that a query gives, in ascending order.
static gboolean
collect (WdSqliteLease *lease, const char *sql, WdUidSet *numbers, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;
      wd_uidset_add (numbers, (WdUid) sqlite3_column_int64 (stmt, 0));
    }
}

static gboolean
add_queued (WdSqliteLease *lease, WdUidSet *contents, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT contents FROM garbage", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      const void *data = sqlite3_column_blob (stmt, 0);
      g_autoptr (WdUidSet) some = wd_uidset_decode (data, (gsize) sqlite3_column_bytes (stmt, 0));

      if (some != NULL)
        wd_uidset_add_set (contents, some);
    }
}

static gboolean
queue_garbage (WdSqliteLease *lease, const WdUidSet *contents, GError **error)
{
  g_autoptr (GBytes) coded = wd_uidset_encode (contents);
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "INSERT INTO garbage (contents) VALUES (?1)", error);
  gsize len;
  const void *data = g_bytes_get_data (coded, &len);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_blob64 (stmt, 1, data, len, SQLITE_STATIC);
  wd_sqlite_lease_add_chore (lease, WD_SQLITE_CHORE_GARBAGE);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
check_contents (WdSqliteCheck *check, WdSqliteLease *lease, GError **error)
{
  g_autoptr (WdUidSet) used = wd_uidset_new ();
  g_autoptr (WdUidSet) lost = wd_uidset_new ();
  g_autoptr (WdUidSet) orphans = wd_uidset_new ();
  g_autoptr (WdUidSet) kept = wd_uidset_new ();

  if (!collect (lease, "SELECT DISTINCT content FROM message ORDER BY content", used, error)
      || !collect (lease,
                   "SELECT content FROM data UNION SELECT content FROM meta ORDER BY content",
                   orphans, error)
      || !collect (lease,
                   "SELECT content FROM data WHERE content IN (SELECT content FROM meta)"
                   " ORDER BY content",
                   kept, error))
    return FALSE;

  wd_uidset_add_set (lost, used);
  wd_uidset_remove_set (lost, kept);
  if (!wd_uidset_is_empty (lost))
    wd_sqlite_check_add (check, "lost-content", FALSE, "%u messages have lost their text",
                         wd_uidset_get_count (lost));

  if (!add_queued (lease, used, error))
    return FALSE;
  wd_uidset_remove_set (orphans, used);
  if (wd_uidset_is_empty (orphans))
    return TRUE;
  wd_sqlite_check_add (check, "orphan-content", check->repair, "%u texts belong to no message",
                       wd_uidset_get_count (orphans));
  return !check->repair || queue_garbage (lease, orphans, error);
}

static gboolean
check_rows (WdSqliteCheck *check, WdSqliteLease *lease, GError **error)
{
  g_autoptr (GArray) oids = g_array_new (FALSE, FALSE, sizeof (WdId));
  Sums total = { 0 };

  if (!list_mailboxes (lease, oids, error))
    return FALSE;
  for (guint i = 0; i < oids->len; i++)
    if (!check_mailbox (check, lease, &g_array_index (oids, WdId, i), &total, error))
      return FALSE;
  return check_owner (check, lease, &total, error) && check_contents (check, lease, error)
         && wd_sqlite_check_meta (check, lease, error)
         && wd_sqlite_check_parts (check, lease, error);
}

// One view of it all: the writer's lock is held when something is to be mended.
gboolean
wd_sqlite_check_user (WdSqliteCheck *self,
                      WdSqlitePool *pool,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  return quick_check (self, pool, cancellable, error)
         && wd_sqlite_lease_begin_owner (pool, &self->user,
                                         self->repair ? WD_SQLITE_DURABLE : WD_SQLITE_READ, &lease,
                                         cancellable, error)
         && check_rows (self, &lease, error)
         && (!self->repair || wd_sqlite_lease_commit (&lease, error));
}
