// SPDX-License-Identifier: EUPL-1.2
// Copy and move: rows that share their content.
#include "config.h"

#include "sqlite-copy.h"

#include <string.h>

#include "core-clock.h"
#include "sqlite-remove.h"
#include "sqlite-store-private.h"

// Rows are read before they are written: an INSERT that reads its own table would go by way of a
// temporary one, which takes twice as long.
#define BATCH_ROWS 512
// Rows of one INSERT.
#define INSERT_ROWS 32

#define INSERT                                                                                     \
  "INSERT INTO message (mailbox, created, uid, flags, size, date_ms, zone, save_delta_ms, id,"     \
  " content) VALUES "
#define ROW "(?1, ?2, ?, ?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW ", " ROW ", " ROW ", " ROW
#define ROWS_16 ROWS_4 ", " ROWS_4 ", " ROWS_4 ", " ROWS_4
#define N_SHARED 2 // Parameters of all rows, and of each.
#define N_OF_ROW 8

#define OF_BATCH                                                                                   \
  " WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3"                                                  \
  " AND wd_row (uid, flags, size, date_ms, zone, content, id, created)"

typedef struct
{
  WdUid uid;
  WdFlags flags;
  gint64 size_bytes;
  gint64 date_ms;
  gint64 zone_minutes;
  gint64 content;
  WdId id;
} Row;

typedef struct
{
  WdSqliteLease *lease;
  WdSqliteMailbox *target;
  WdUidSet *source;
  gint64 size_bytes;
  gint64 now_ms;
  guint32 n_done;
  WdProgressFunc progress; // (nullable)
  gpointer user_data;
  WdSqliteFlagRuns runs; // Of the source.
  Row rows[BATCH_ROWS];
  guint n_rows;
  WdSqliteRemoval *removal; // Of a move. (nullable)
  GError *failure;          // Of reading rows.
} Copy;

// wd_row (uid, flags, size, date_ms, zone, content, id, created): TRUE when the row is one of the
// batch. A range of so many UIDs has no more rows, unless the file is damaged.
static gint64
note_row (gpointer data, sqlite3_value **values)
{
  Copy *self = data;
  Row *row = &self->rows[self->n_rows];
  const void *id = sqlite3_value_blob (values[6]);
  gint64 modseq;

  if (self->failure != NULL || self->n_rows == BATCH_ROWS)
    return FALSE;
  row->uid = (WdUid) sqlite3_value_int64 (values[0]);
  row->flags = (WdFlags) sqlite3_value_int64 (values[1]);
  row->size_bytes = sqlite3_value_int64 (values[2]);
  row->date_ms = sqlite3_value_int64 (values[3]);
  row->zone_minutes = sqlite3_value_int64 (values[4]);
  row->content = sqlite3_value_int64 (values[5]);
  row->id = (WdId){ 0 };
  if (id != NULL && sqlite3_value_bytes (values[6]) == sizeof row->id.bytes)
    memcpy (row->id.bytes, id, sizeof row->id.bytes);
  if (!wd_sqlite_flag_runs_find (&self->runs, row->uid, &row->flags, &modseq, &self->failure))
    return FALSE;
  if (self->removal != NULL)
    wd_sqlite_remove_note (self->removal, row->uid, row->flags, row->size_bytes,
                           sqlite3_value_int64 (values[7]));
  self->n_rows++;
  return TRUE;
}

// Takes the rows of a move out in the same pass.
static gboolean
read_batch (Copy *self, const WdSqliteMailbox *source, gint64 first, gint64 last, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (self->lease->db,
                              self->removal != NULL ? "DELETE FROM message" OF_BATCH
                                                    : "SELECT count (*) FROM message" OF_BATCH,
                              error);

  if (stmt == NULL)
    return FALSE;
  self->n_rows = 0;
  sqlite3_bind_int64 (stmt, 1, source->row);
  sqlite3_bind_int64 (stmt, 2, first);
  sqlite3_bind_int64 (stmt, 3, last);
  if (!wd_sqlite_db_run (self->lease->db, stmt, error))
    return FALSE;
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

// Gives the copy its UID, and binds it from parameter `at` on.
static void
take_row (Copy *self, sqlite3_stmt *stmt, int at, const Row *row)
{
  WdSqliteMailbox *target = self->target;

  wd_uidset_add (self->source, row->uid);
  self->size_bytes += row->size_bytes;
  target->n_messages++;
  target->n_unseen += (row->flags & WD_FLAG_SEEN) == 0;
  target->n_deleted += (row->flags & WD_FLAG_DELETED) != 0;
  target->size_bytes += row->size_bytes;
  sqlite3_bind_int64 (stmt, at, target->uidnext++);
  sqlite3_bind_int64 (stmt, at + 1, (gint64) row->flags);
  sqlite3_bind_int64 (stmt, at + 2, row->size_bytes);
  sqlite3_bind_int64 (stmt, at + 3, row->date_ms);
  sqlite3_bind_int64 (stmt, at + 4, row->zone_minutes);
  sqlite3_bind_int64 (stmt, at + 5, self->now_ms - row->date_ms);
  wd_sqlite_db_bind_id (stmt, at + 6, &row->id);
  sqlite3_bind_int64 (stmt, at + 7, row->content);
}

static gboolean
write_batch (Copy *self, GError **error)
{
  guint n;

  for (guint i = 0; i < self->n_rows; i += n)
    {
      gboolean is_many = self->n_rows - i >= INSERT_ROWS;
      g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
          self->lease->db, is_many ? INSERT ROWS_16 ", " ROWS_16 : INSERT ROW, error);

      if (stmt == NULL)
        return FALSE;
      n = is_many ? INSERT_ROWS : 1;
      sqlite3_bind_int64 (stmt, 1, self->target->row);
      sqlite3_bind_int64 (stmt, 2, self->target->modseq + 1);
      for (guint j = 0; j < n; j++)
        take_row (self, stmt, N_SHARED + 1 + (int) j * N_OF_ROW, &self->rows[i + j]);
      if (!wd_sqlite_db_run (self->lease->db, stmt, error))
        return FALSE;
    }
  return TRUE;
}

// A range may be wide and empty.
static gboolean
skip_empty (Copy *self, const WdSqliteMailbox *source, gint64 *inout_next, GError **error)
{
  gint64 next;

  if (!wd_sqlite_mailbox_seek (self->lease, source->row, *inout_next, &next, error))
    return FALSE;
  *inout_next = next != 0 ? next : G_MAXINT64;
  return TRUE;
}

static gboolean
copy_range (Copy *self, const WdSqliteMailbox *source, gint64 first, gint64 last, GError **error)
{
  while (first <= last)
    {
      gint64 batch_last = MIN (last, first + BATCH_ROWS - 1);

      if (!read_batch (self, source, first, batch_last, error) || !write_batch (self, error))
        return FALSE;
      first = batch_last + 1;
      if (self->n_rows == 0 && !skip_empty (self, source, &first, error))
        return FALSE;
      self->n_done += self->n_rows;
      if (self->n_rows > 0 && self->progress != NULL)
        self->progress (self->n_done, self->user_data);
    }
  return TRUE;
}

static gboolean
check_uids_left (const WdSqliteMailbox *source, const WdSqliteMailbox *target, GError **error)
{
  if (target->uidnext + source->n_messages <= G_MAXUINT32)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "no UIDs are left");
  return FALSE;
}

static gboolean
copy_rows (WdSqliteLease *lease,
           const WdSqliteMailbox *source,
           const WdUidSet *uids,
           WdSqliteMailbox *target,
           WdSqliteRemoval *removal,
           WdProgressFunc progress,
           gpointer user_data,
           WdUidSet *out_source,
           gint64 *out_size_bytes,
           GError **error)
{
  const WdUidRange all = { 1, G_MAXUINT32 };
  guint n_ranges = 1;
  const WdUidRange *ranges = uids == NULL ? &all : wd_uidset_get_ranges (uids, &n_ranges);
  gint64 last = source->uidnext - 1; // Within one mailbox, copies must not be copied again.
  Copy copy;

  if (!check_uids_left (source, target, error))
    return FALSE;
  if (target->n_unseen == 0)
    target->unseen_hint = target->uidnext;
  copy.lease = lease;
  copy.target = target;
  copy.source = out_source;
  copy.size_bytes = 0;
  copy.n_done = 0;
  copy.progress = progress;
  copy.user_data = user_data;
  copy.removal = removal;
  copy.failure = NULL;
  // The save date is now, the internal date stays (RFC 3501 6.4.7).
  copy.now_ms = wd_core_clock_now_us () / 1000;
  wd_sqlite_flag_runs_init (&copy.runs, lease, source);
  wd_sqlite_lease_set_row_func (lease, note_row, &copy);
  for (guint i = 0; i < n_ranges; i++)
    if (!copy_range (&copy, source, ranges[i].first, MIN (ranges[i].last, last), error))
      return FALSE;
  *out_size_bytes = copy.size_bytes;
  if (wd_uidset_is_empty (out_source))
    return TRUE;
  target->modseq++;
  return wd_sqlite_mailbox_save (lease, target, error);
}

gboolean
wd_sqlite_copy_rows (WdSqliteLease *lease,
                     const WdSqliteMailbox *source,
                     const WdUidSet *uids,
                     WdSqliteMailbox *target,
                     WdProgressFunc progress,
                     gpointer user_data,
                     WdUidSet *out_source,
                     gint64 *out_size_bytes,
                     GError **error)
{
  return copy_rows (lease, source, uids, target, NULL, progress, user_data, out_source,
                    out_size_bytes, error);
}

gboolean
wd_sqlite_copy_move_rows (WdSqliteLease *lease,
                          WdSqliteMailbox *source,
                          const WdUidSet *uids,
                          WdSqliteMailbox *target,
                          WdProgressFunc progress,
                          gpointer user_data,
                          WdUidSet *out_source,
                          GError **error)
{
  g_auto (WdSqliteRemoval) removal = { 0 };
  gint64 size_bytes;

  wd_sqlite_remove_begin (&removal, 0);
  wd_sqlite_flag_runs_init (&removal.runs, lease, source);
  return copy_rows (lease, source, uids, target, &removal, progress, user_data, out_source,
                    &size_bytes, error)
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
             WdProgressFunc progress,
             gpointer user_data,
             WdUidSet *out_source,
             GError **error)
{
  WdSqliteMailbox *from = source->row == target->row ? target : source;
  gint64 size_bytes;

  if (move)
    return wd_sqlite_copy_move_rows (lease, from, uids, target, progress, user_data, out_source,
                                     error);
  return wd_sqlite_copy_rows (lease, from, uids, target, progress, user_data, out_source,
                              &size_bytes, error)
         && add_to_owner (lease, wd_uidset_get_count (out_source), size_bytes, limit_bytes, error);
}

gboolean
wd_sqlite_copy_messages (WdStore *store,
                         const WdActor *actor,
                         const WdId *source,
                         const WdUidSet *uids,
                         const WdId *target,
                         gboolean move,
                         WdProgressFunc progress,
                         gpointer user_data,
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

  if (!copy_within (&lease, &source_row, uids, &target_row, move, limit_bytes, progress, user_data,
                    source_uids, error))
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
