// SPDX-License-Identifier: EUPL-1.2
// Changing flags, chunk by chunk.
#include "config.h"

#include "sqlite-flag-runs.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"

// flags becomes (flags & keep) | set.
typedef struct
{
  WdFlags keep;
  WdFlags set;
  gint64 modseq;     // Of what changes.
  gint64 max_modseq; // What has a greater one is a conflict.
  WdUidSet *changed;
  WdUidSet *conflicts;
  WdFlagsNow *now; // (nullable)
  gint64 n_unseen; // Differences.
  gint64 n_deleted;
  WdSqliteFlagRuns runs;
} Change;

static void
change_init (Change *self, const WdFlagChange *change, WdUidSet *changed, WdUidSet *conflicts)
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
  self->max_modseq = G_MAXINT64;
  if (change->has_unchanged_since)
    self->max_modseq = (gint64) MIN (change->unchanged_since, (WdModseq) G_MAXINT64);
  self->changed = changed;
  self->conflicts = conflicts;
  self->now = change->now;
  self->n_unseen = 0;
  self->n_deleted = 0;
}

static void
tell (WdFlagsNow *now, WdUid uid, const WdSqliteFlagEntry *entry)
{
  if (now == NULL || !now->is_known)
    return;
  if (now->n_messages == G_N_ELEMENTS (now->messages))
    {
      now->is_known = FALSE;
      return;
    }
  now->messages[now->n_messages].uid = uid;
  now->messages[now->n_messages].flags = entry->flags;
  now->messages[now->n_messages++].modseq = (WdModseq) entry->modseq;
}

static void
change_one (Change *self, WdUid uid)
{
  const WdSqliteFlagEntry *entry = wd_sqlite_flag_runs_get (&self->runs, uid);
  WdFlags old = entry->flags;
  WdFlags new = (old & self->keep) | self->set;

  if (entry->state == WD_SQLITE_FLAG_NONE)
    return;
  if (entry->modseq > self->max_modseq)
    {
      wd_uidset_add (self->conflicts, uid);
      return;
    }
  if (new != old)
    {
      wd_uidset_add (self->changed, uid);
      self->n_unseen += ((new &WD_FLAG_SEEN) == 0) - ((old & WD_FLAG_SEEN) == 0);
      self->n_deleted += ((new &WD_FLAG_DELETED) != 0) - ((old & WD_FLAG_DELETED) != 0);
      wd_sqlite_flag_runs_set (&self->runs, uid, new, self->modseq);
    }
  tell (self->now, uid, entry);
}

static gboolean
change_all (Change *self,
            WdSqliteLease *lease,
            const WdSqliteMailbox *mailbox,
            const WdUidSet *uids,
            GError **error)
{
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);
  WdUid first, last;

  self->modseq = mailbox->modseq + 1;
  if (self->now != NULL)
    {
      self->now->is_known = TRUE;
      self->now->n_messages = 0;
    }
  wd_sqlite_flag_runs_init (&self->runs, lease, mailbox);
  wd_sqlite_flag_runs_walk (&self->runs, ranges, n_ranges);
  for (;;)
    {
      if (!wd_sqlite_flag_runs_next (&self->runs, &first, &last, error))
        return FALSE;
      if (first == 0)
        return wd_sqlite_flag_runs_flush (&self->runs, error);
      for (gint64 uid = first; uid <= last; uid++)
        change_one (self, (WdUid) uid);
    }
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
  Change change;
  WdSqliteMailbox row;

  change_init (&change, flag_change, changed, conflicts);
  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor,
                              is_durable ? WD_SQLITE_DURABLE : WD_SQLITE_WRITE, &lease, cancellable,
                              error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
      || !change_all (&change, &lease, &row, uids, error)
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
