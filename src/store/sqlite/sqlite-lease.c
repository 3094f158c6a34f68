// SPDX-License-Identifier: EUPL-1.2
// A handle and its transaction for the length of one store call.
#include "config.h"

#include "sqlite-lease.h"

// New pages in the WAL from which on the background is asked to checkpoint, and from which on,
// because it does not come to it, the writer itself does.
#define WAL_PAGES 2048
#define WAL_PAGES_MAX (8 * WAL_PAGES)

gboolean
wd_sqlite_lease_check_cancelled (GCancellable *cancellable, GError **error)
{
  if (G_LIKELY (cancellable == NULL || !g_cancellable_is_cancelled (cancellable)))
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CANCELLED, "cancelled");
  return FALSE;
}

gboolean
wd_sqlite_lease_begin_owner (WdSqlitePool *pool,
                             const WdId *owner,
                             WdSqliteTxnKind kind,
                             WdSqliteLease *out_lease,
                             GCancellable *cancellable,
                             GError **error)
{
  WdSqliteLease lease = { 0 };

  if (!wd_sqlite_lease_check_cancelled (cancellable, error)
      || !wd_sqlite_pool_take (pool, owner, &lease.user, &lease.handle, error))
    return FALSE;

  lease.db = lease.handle->db;
  lease.is_writer = kind != WD_SQLITE_READ;
  lease.is_durable = kind == WD_SQLITE_DURABLE;
  if (lease.is_writer)
    wd_sqlite_pool_lock_writer (lease.user);
  if (!wd_sqlite_db_begin (lease.db, kind, &lease.txn, cancellable, error))
    {
      lease.is_damaged = TRUE;
      wd_sqlite_lease_release (&lease);
      return FALSE;
    }
  *out_lease = lease;
  return TRUE;
}

gboolean
wd_sqlite_lease_begin (WdSqlitePool *pool,
                       const WdActor *actor,
                       WdSqliteTxnKind kind,
                       WdSqliteLease *out_lease,
                       GCancellable *cancellable,
                       GError **error)
{
  if (!wd_core_id_is_equal (&actor->accessor, &actor->owner))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_FORBIDDEN, "mail of another user");
      return FALSE;
    }
  return wd_sqlite_lease_begin_owner (pool, &actor->owner, kind, out_lease, cancellable, error);
}

gboolean
wd_sqlite_lease_commit (WdSqliteLease *self, GError **error)
{
  if (!wd_sqlite_db_commit (&self->txn, error))
    return FALSE;
  self->chores_due |= self->chores;
  if (self->is_writer && !self->is_durable)
    self->chores_due |= WD_SQLITE_CHORE_SYNC;
  self->n_beacons_due = self->n_beacons;
  return TRUE;
}

// SQLite remembers the outcome of the last call: what smells of damage is opened anew next time.
static gboolean
is_sound (const WdSqliteLease *self)
{
  int rc = sqlite3_errcode (wd_sqlite_db_get_handle (self->db)) & 0xff;

  return !self->is_damaged && rc != SQLITE_CORRUPT && rc != SQLITE_NOTADB && rc != SQLITE_IOERR
         && rc != SQLITE_CANTOPEN;
}

static void
care_for_wal (WdSqliteLease *self)
{
  guint n_pages = wd_sqlite_pool_get_wal_growth (self->user);

  if (n_pages >= WAL_PAGES)
    self->chores_due |= WD_SQLITE_CHORE_CHECKPOINT;
  if (n_pages >= WAL_PAGES_MAX)
    {
      wd_sqlite_db_checkpoint (self->db);
      wd_sqlite_pool_mark_checkpoint (self->user);
    }
}

void
wd_sqlite_lease_release (WdSqliteLease *self)
{
  if (self->user == NULL)
    return;

  WdId owner = *wd_sqlite_pool_get_id (self->user);
  const WdSqlitePoolHooks *hooks = wd_sqlite_pool_get_hooks (wd_sqlite_pool_get_pool (self->user));

  gboolean sound = is_sound (self);

  self->handle->row_func = NULL;
  wd_sqlite_db_abort (&self->txn);
  if (self->is_writer)
    {
      care_for_wal (self);
      wd_sqlite_pool_unlock_writer (self->user);
    }
  if (wd_sqlite_pool_mark_trim (self->user))
    self->chores_due |= WD_SQLITE_CHORE_TRIM;
  wd_sqlite_pool_give (self->user, self->handle, sound);
  self->user = NULL;

  for (guint i = 0; i < self->n_beacons_due; i++)
    hooks->notify (hooks->data, &self->beacons[i]);
  if (self->chores_due != 0)
    hooks->poke (hooks->data, &owner, self->chores_due);
}

void
wd_sqlite_lease_notify (WdSqliteLease *self, WdBeaconKind kind, const WdId *mailbox)
{
  g_return_if_fail (self->n_beacons < G_N_ELEMENTS (self->beacons));

  WdBeacon *beacon = &self->beacons[self->n_beacons++];

  *beacon = (WdBeacon){ .kind = kind, .owner = *wd_sqlite_pool_get_id (self->user) };
  if (mailbox != NULL)
    beacon->mailbox = *mailbox;
}

void
wd_sqlite_lease_add_chore (WdSqliteLease *self, WdSqliteChores chore)
{
  self->chores |= chore;
}

void
wd_sqlite_lease_set_row_func (WdSqliteLease *self, WdSqliteRowFunc func, gpointer data)
{
  self->handle->row_func = func;
  self->handle->row_data = data;
}

gboolean
wd_sqlite_lease_set_corrupt (WdSqliteLease *self, const char *what, GError **error)
{
  self->is_damaged = TRUE;
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "%s/mail.db: %s",
               wd_sqlite_pool_get_dir (self->user), what);
  return FALSE;
}
