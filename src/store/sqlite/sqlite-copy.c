// SPDX-License-Identifier: EUPL-1.2
// Copy and move: rows that share their content.
#include "config.h"

#include "sqlite-copy.h"

#include "core-clock.h"
#include "sqlite-remove.h"
#include "sqlite-store-private.h"

typedef struct
{
  WdSqliteMailbox *target;
  WdUidSet *source;
  gint64 size_bytes;
  WdSqliteFlagRuns runs; // Of the source.
  GError *failure;       // Of reading them.
} Copy;

// What wd_row is asked for.
enum
{
  ASK_UID,   // wd_row (ASK_UID, uid, size): the UID of the copy. The rows come in order of UID.
  ASK_FLAGS, // wd_row (ASK_FLAGS, uid, flags): the flags of the copy, from those of the row.
};

static gint64
take_uid (Copy *self, WdUid uid, gint64 size_bytes)
{
  wd_uidset_add (self->source, uid);
  self->size_bytes += size_bytes;
  self->target->n_messages++;
  self->target->size_bytes += size_bytes;
  return self->target->uidnext++;
}

static gint64
take_flags (Copy *self, WdUid uid, WdFlags flags)
{
  gint64 modseq;

  if (self->failure == NULL
      && !wd_sqlite_flag_runs_find (&self->runs, uid, &flags, &modseq, &self->failure))
    return 0;
  self->target->n_unseen += (flags & WD_FLAG_SEEN) == 0;
  self->target->n_deleted += (flags & WD_FLAG_DELETED) != 0;
  return (gint64) flags;
}

static gint64
note_row (gpointer data, const gint64 *values)
{
  WdUid uid = (WdUid) values[1];

  return values[0] == ASK_UID ? take_uid (data, uid, values[2])
                              : take_flags (data, uid, (WdFlags) values[2]);
}

// `last`: within one mailbox, the copies must not be copied again.
static gboolean
copy_ranges (Copy *self,
             WdSqliteLease *lease,
             sqlite3_stmt *stmt,
             const WdUidRange *ranges,
             guint n,
             gint64 last,
             GError **error)
{
  for (guint i = 0; i < n && self->failure == NULL; i++)
    {
      sqlite3_bind_int64 (stmt, 2, ranges[i].first);
      sqlite3_bind_int64 (stmt, 3, MIN (ranges[i].last, last));
      if (!wd_sqlite_db_run (lease->db, stmt, error))
        return FALSE;
    }
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

static gboolean
check_uids_left (const WdSqliteMailbox *source, const WdSqliteMailbox *target, GError **error)
{
  if (target->uidnext + source->n_messages <= G_MAXUINT32)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "no UIDs are left");
  return FALSE;
}

gboolean
wd_sqlite_copy_rows (WdSqliteLease *lease,
                     const WdSqliteMailbox *source,
                     const WdUidSet *uids,
                     WdSqliteMailbox *target,
                     WdUidSet *out_source,
                     gint64 *out_size_bytes,
                     GError **error)
{
  // The save date is now, the internal date stays (RFC 3501 6.4.7).
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "INSERT INTO message (mailbox, uid, flags, size, date_ms, zone, save_delta_ms, id,"
      " content, created)"
      " SELECT ?4, wd_row (0, uid, size), wd_row (1, uid, flags), size, date_ms, zone, ?6 - "
      "date_ms, id,"
      " content, ?5 FROM message WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 ORDER BY uid",
      error);
  const WdUidRange all = { 1, G_MAXUINT32 };
  guint n_ranges = 1;
  const WdUidRange *ranges = uids == NULL ? &all : wd_uidset_get_ranges (uids, &n_ranges);
  gint64 last = source->uidnext - 1;
  Copy copy;

  copy.target = target;
  copy.source = out_source;
  copy.size_bytes = 0;
  copy.failure = NULL;
  if (stmt == NULL || !check_uids_left (source, target, error))
    return FALSE;
  if (target->n_unseen == 0)
    target->unseen_hint = target->uidnext;
  wd_sqlite_flag_runs_init (&copy.runs, lease, source);
  wd_sqlite_lease_set_row_func (lease, note_row, &copy);
  sqlite3_bind_int64 (stmt, 1, source->row);
  sqlite3_bind_int64 (stmt, 4, target->row);
  sqlite3_bind_int64 (stmt, 5, target->modseq + 1);
  sqlite3_bind_int64 (stmt, 6, wd_core_clock_now_us () / 1000);
  if (!copy_ranges (&copy, lease, stmt, ranges, n_ranges, last, error))
    return FALSE;
  *out_size_bytes = copy.size_bytes;
  if (wd_uidset_is_empty (out_source))
    return TRUE;
  target->modseq++;
  return wd_sqlite_mailbox_save (lease, target, error);
}

gboolean
wd_sqlite_copy_move_rows (WdSqliteLease *lease,
                          WdSqliteMailbox *source,
                          const WdUidSet *uids,
                          WdSqliteMailbox *target,
                          WdUidSet *out_source,
                          GError **error)
{
  g_auto (WdSqliteRemoval) removal = { 0 };
  gint64 size_bytes;

  wd_sqlite_remove_begin (&removal, 0);
  return wd_sqlite_copy_rows (lease, source, uids, target, out_source, &size_bytes, error)
         && wd_sqlite_remove_rows (&removal, lease, source, out_source, error)
         && wd_sqlite_remove_apply (&removal, lease, source, error);
}

static gboolean
load_prefixed (WdSqliteLease *lease,
               const char *prefix,
               const WdId *id,
               WdSqliteMailbox *out_mailbox,
               GError **error)
{
  if (wd_sqlite_mailbox_load (lease, id, out_mailbox, error))
    return TRUE;
  g_prefix_error (error, "%s: ", prefix);
  return FALSE;
}

static gboolean
add_to_owner (
    WdSqliteLease *lease, gint64 n, gint64 size_bytes, guint64 limit_bytes, GError **error)
{
  WdSqliteMailbox owner;

  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error))
    return FALSE;
  owner.n_messages += n;
  owner.size_bytes += size_bytes;
  if (size_bytes > 0 && limit_bytes != 0 && (guint64) owner.size_bytes > limit_bytes)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_OVER_QUOTA, "over quota");
      return FALSE;
    }
  return wd_sqlite_mailbox_save (lease, &owner, error);
}

// Within one mailbox, source and target are one row.
static gboolean
copy_within (WdSqliteLease *lease,
             WdSqliteMailbox *source,
             const WdUidSet *uids,
             WdSqliteMailbox *target,
             gboolean move,
             guint64 limit_bytes,
             WdUidSet *out_source,
             GError **error)
{
  WdSqliteMailbox *from = source->row == target->row ? target : source;
  gint64 size_bytes;

  if (move)
    return wd_sqlite_copy_move_rows (lease, from, uids, target, out_source, error);
  return wd_sqlite_copy_rows (lease, from, uids, target, out_source, &size_bytes, error)
         && add_to_owner (lease, wd_uidset_get_count (out_source), size_bytes, limit_bytes, error);
}

gboolean
wd_sqlite_copy_messages (WdStore *store,
                         const WdActor *actor,
                         const WdId *source,
                         const WdUidSet *uids,
                         const WdId *target,
                         gboolean move,
                         WdUidSet **out_source,
                         WdUidSet **out_target,
                         guint32 *out_uidvalidity,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (WdUidSet) source_uids = wd_uidset_new ();
  g_autoptr (WdUidSet) target_uids = NULL;
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox source_row, target_row;
  guint64 limit_bytes;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !wd_sqlite_store_get_limit (store, &lease, &limit_bytes, error)
      || !load_prefixed (&lease, "source", source, &source_row, error)
      || !load_prefixed (&lease, "target", target, &target_row, error))
    return FALSE;

  WdUid first = (WdUid) target_row.uidnext;

  if (!copy_within (&lease, &source_row, uids, &target_row, move, limit_bytes, source_uids, error))
    return FALSE;
  if (!wd_uidset_is_empty (source_uids))
    {
      wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOX, target);
      if (move && source_row.row != target_row.row)
        wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOX, source);
      if (!wd_sqlite_lease_commit (&lease, error))
        return FALSE;
      target_uids = wd_uidset_new_range (first, (WdUid) (target_row.uidnext - 1));
    }
  else
    target_uids = wd_uidset_new ();

  if (out_source != NULL)
    *out_source = g_steal_pointer (&source_uids);
  if (out_target != NULL)
    *out_target = g_steal_pointer (&target_uids);
  if (out_uidvalidity != NULL)
    *out_uidvalidity = (guint32) target_row.uidvalidity;
  return TRUE;
}
