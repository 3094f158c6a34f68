// SPDX-License-Identifier: EUPL-1.2
// Changing flags: one UPDATE a range, which tells by wd_row which rows it changed.
#include "config.h"

#include "sqlite-mailbox.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"

// flags becomes (flags & keep) | set.
typedef struct
{
  WdFlags keep;
  WdFlags set;
  WdUidSet *changed;
  gint64 n_unseen; // Differences.
  gint64 n_deleted;
} Change;

static void
change_init (Change *self, const WdFlagChange *change)
{
  static const struct
  {
    gboolean keeps;   // What is not named.
    gboolean removes; // What is named.
    gboolean sets;
  } ops[] = {
    [WD_FLAG_OP_REPLACE] = { FALSE, TRUE, TRUE },
    [WD_FLAG_OP_ADD] = { TRUE, FALSE, TRUE },
    [WD_FLAG_OP_REMOVE] = { TRUE, TRUE, FALSE },
  };

  WdFlags flags = change->flags & (WdFlags) G_MAXINT64;

  self->keep = (ops[change->op].keeps ? ~flags : 0) | (ops[change->op].removes ? 0 : flags);
  self->keep &= (WdFlags) G_MAXINT64;
  self->set = ops[change->op].sets ? flags : 0;
}

// wd_row (uid, old, new): a row that becomes different.
static gint64
note_change (gpointer data, const gint64 *values)
{
  Change *self = data;
  gint64 old = values[1], new = values[2];

  wd_uidset_add (self->changed, (WdUid) values[0]);
  self->n_unseen += ((new &WD_FLAG_SEEN) == 0) - ((old & WD_FLAG_SEEN) == 0);
  self->n_deleted += ((new &WD_FLAG_DELETED) != 0) - ((old & WD_FLAG_DELETED) != 0);
  return new;
}

static gboolean
update_ranges (WdSqliteLease *lease,
               const WdSqliteMailbox *mailbox,
               const WdUidSet *uids,
               WdModseq max_modseq,
               Change *change,
               GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "UPDATE message SET flags = wd_row (uid, flags, (flags & ?5) | ?6), modseq = ?4"
      " WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3 AND modseq <= ?7"
      " AND (flags & ?5) | ?6 <> flags",
      error);
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_lease_set_row_func (lease, note_change, change);
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 4, mailbox->modseq + 1);
  sqlite3_bind_int64 (stmt, 5, (gint64) change->keep);
  sqlite3_bind_int64 (stmt, 6, (gint64) change->set);
  sqlite3_bind_int64 (stmt, 7, (gint64) max_modseq);
  for (guint i = 0; i < n_ranges; i++)
    {
      sqlite3_bind_int64 (stmt, 2, ranges[i].first);
      sqlite3_bind_int64 (stmt, 3, ranges[i].last);
      if (!wd_sqlite_db_run (lease->db, stmt, error))
        return FALSE;
    }
  return TRUE;
}

// Before the update, for it gives all that it changes a new modseq.
static gboolean
find_conflicts (WdSqliteLease *lease,
                const WdSqliteMailbox *mailbox,
                const WdUidSet *uids,
                WdModseq max_modseq,
                WdUidSet *conflicts,
                GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "SELECT uid FROM message WHERE mailbox = ?1"
                              " AND uid BETWEEN ?2 AND ?3 AND modseq > ?4 ORDER BY uid",
                              error);
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 4, (gint64) max_modseq);
  for (guint i = 0; i < n_ranges; i++)
    {
      sqlite3_bind_int64 (stmt, 2, ranges[i].first);
      sqlite3_bind_int64 (stmt, 3, ranges[i].last);
      for (;;)
        {
          if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
            return FALSE;
          if (!has_row)
            break;
          wd_uidset_add (conflicts, (WdUid) sqlite3_column_int64 (stmt, 0));
        }
      sqlite3_reset (stmt);
    }
  return TRUE;
}

static gboolean
finish_change (WdSqliteLease *lease, WdSqliteMailbox *mailbox, const Change *change, GError **error)
{
  if (wd_uidset_is_empty (change->changed))
    return TRUE;

  WdUid first = wd_uidset_get_first (change->changed);

  mailbox->modseq++;
  mailbox->n_unseen += change->n_unseen;
  mailbox->n_deleted += change->n_deleted;
  if ((change->keep & WD_FLAG_SEEN) == 0 && (change->set & WD_FLAG_SEEN) == 0)
    mailbox->unseen_hint = MIN (mailbox->unseen_hint, first);
  wd_sqlite_lease_notify (lease, WD_BEACON_MAILBOX, &mailbox->oid);
  return wd_sqlite_mailbox_add_journal (lease, mailbox, WD_SQLITE_JOURNAL_CHANGED, change->changed,
                                        NULL, error)
         && wd_sqlite_mailbox_save (lease, mailbox, error) && wd_sqlite_lease_commit (lease, error);
}

gboolean
wd_sqlite_flags_change (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        const WdUidSet *uids,
                        const WdFlagChange *flag_change,
                        WdUidSet **out_changed,
                        WdUidSet **out_conflicts,
                        WdModseq *out_modseq,
                        GCancellable *cancellable,
                        GError **error)
{
  gboolean is_durable = wd_store_get_options (store)->durable_flags;
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (WdUidSet) changed = wd_uidset_new ();
  g_autoptr (WdUidSet) conflicts = wd_uidset_new ();
  WdModseq max_modseq = G_MAXINT64;
  Change change = { .changed = changed };
  WdSqliteMailbox row;

  change_init (&change, flag_change);
  if (flag_change->has_unchanged_since)
    max_modseq = MIN (flag_change->unchanged_since, (WdModseq) G_MAXINT64);
  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor,
                              is_durable ? WD_SQLITE_DURABLE : WD_SQLITE_WRITE, &lease, cancellable,
                              error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
      || (flag_change->has_unchanged_since
          && !find_conflicts (&lease, &row, uids, max_modseq, conflicts, error))
      || !update_ranges (&lease, &row, uids, max_modseq, &change, error)
      || !finish_change (&lease, &row, &change, error))
    return FALSE;

  if (out_changed != NULL)
    *out_changed = g_steal_pointer (&changed);
  if (out_conflicts != NULL)
    *out_conflicts = g_steal_pointer (&conflicts);
  if (out_modseq != NULL)
    *out_modseq = (WdModseq) row.modseq;
  return TRUE;
}
