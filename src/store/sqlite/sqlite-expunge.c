// SPDX-License-Identifier: EUPL-1.2
// Expunging: rows go at once, contents later and in the background.
#include "config.h"

#include "sqlite-remove.h"
#include "sqlite-store-private.h"

// The counter says at once when there is nothing to do.
static gboolean
remove_rows (WdSqliteRemoval *removal,
             WdSqliteLease *lease,
             const WdSqliteMailbox *mailbox,
             const WdUidSet *uids,
             GError **error)
{
  if (removal->required != 0 && mailbox->n_deleted == 0)
    return TRUE;
  return wd_sqlite_remove_rows (removal, lease, mailbox, uids, error);
}

gboolean
wd_sqlite_expunge_messages (WdStore *store,
                            const WdActor *actor,
                            const WdId *mailbox,
                            const WdUidSet *uids,
                            gboolean force,
                            WdUidSet **out_expunged,
                            WdModseq *out_modseq,
                            GCancellable *cancellable,
                            GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_auto (WdSqliteRemoval) removal = { 0 };
  WdSqliteMailbox row;

  wd_sqlite_remove_begin (&removal, force && uids != NULL ? 0 : WD_FLAG_DELETED);
  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                              cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
      || !remove_rows (&removal, &lease, &row, uids, error))
    return FALSE;

  if (!wd_uidset_is_empty (removal.uids))
    {
      wd_sqlite_lease_notify (&lease, WD_BEACON_MAILBOX, mailbox);
      if (!wd_sqlite_remove_apply (&removal, &lease, &row, error)
          || !wd_sqlite_remove_discard (&removal, &lease, error)
          || !wd_sqlite_lease_commit (&lease, error))
        return FALSE;
    }
  if (out_expunged != NULL)
    *out_expunged = g_steal_pointer (&removal.uids);
  if (out_modseq != NULL)
    *out_modseq = (WdModseq) row.modseq;
  return TRUE;
}
