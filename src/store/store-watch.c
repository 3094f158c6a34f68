// SPDX-License-Identifier: EUPL-1.2
// Who watches what, and calling them.
#include "config.h"

#include "store-watch-private.h"

struct _WdWatchSet
{
  gatomicrefcount n_refs;

  // Guards all below and the state of each watch. Not held while a watch is called.
  GMutex mutex;
  GCond cond;         // A call of a dead watch has ended.
  GHashTable *owners; // Owner's id, in its first watch, to that watch.
};

struct _WdWatch
{
  WdWatchSet *set;
  WdId owner;
  WdId mailbox; // None: all of the owner.
  WdWatchFunc func;
  gpointer user_data;

  // Of one owner.
  WdWatch *next;
  WdWatch *previous;

  guint n_holders;  // Dispatches that have it on their list.
  guint n_running;  // Of them, those that are calling it.
  gboolean is_dead; // No further call.
  gboolean is_left; // wd_watch_free has returned: the last holder frees it.
};

WdWatchSet *
wd_watch_set_new (void)
{
  WdWatchSet *self = g_new0 (WdWatchSet, 1);

  g_atomic_ref_count_init (&self->n_refs);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->owners = g_hash_table_new (wd_core_id_hash, wd_core_id_equal);
  return self;
}

WdWatchSet *
wd_watch_set_ref (WdWatchSet *self)
{
  g_atomic_ref_count_inc (&self->n_refs);
  return self;
}

void
wd_watch_set_unref (WdWatchSet *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->n_refs))
    return;
  g_hash_table_unref (self->owners);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

// Puts the watch at the head of its owner's. The key is the head's own, so it goes where that goes.
static void
link_watch (WdWatch *watch)
{
  WdWatch *head = g_hash_table_lookup (watch->set->owners, &watch->owner);

  watch->next = head;
  if (head != NULL)
    head->previous = watch;
  g_hash_table_replace (watch->set->owners, &watch->owner, watch);
}

static void
unlink_watch (WdWatch *watch)
{
  if (watch->next != NULL)
    watch->next->previous = watch->previous;
  if (watch->previous != NULL)
    watch->previous->next = watch->next;
  else if (watch->next != NULL)
    g_hash_table_replace (watch->set->owners, &watch->next->owner, watch->next);
  else
    g_hash_table_remove (watch->set->owners, &watch->owner);
}

WdWatch *
wd_watch_new (
    WdWatchSet *self, const WdId *owner, const WdId *mailbox, WdWatchFunc func, gpointer user_data)
{
  WdWatch *watch = g_new0 (WdWatch, 1);

  watch->set = wd_watch_set_ref (self);
  watch->owner = *owner;
  if (mailbox != NULL)
    watch->mailbox = *mailbox;
  watch->func = func;
  watch->user_data = user_data;
  g_mutex_lock (&self->mutex);
  link_watch (watch);
  g_mutex_unlock (&self->mutex);
  return watch;
}

// Only a call that runs is waited for: one that is merely on a list will find the watch dead.
void
wd_watch_free (WdWatch *self)
{
  if (self == NULL)
    return;

  WdWatchSet *set = self->set;

  g_mutex_lock (&set->mutex);
  unlink_watch (self);
  self->is_dead = TRUE;
  while (self->n_running > 0)
    g_cond_wait (&set->cond, &set->mutex);

  self->is_left = TRUE;

  gboolean is_mine = self->n_holders == 0;

  g_mutex_unlock (&set->mutex);
  if (is_mine)
    g_free (self);
  wd_watch_set_unref (set);
}

static gboolean
concerns (const WdWatch *watch, const WdBeacon *beacon)
{
  switch (beacon->kind)
    {
    case WD_BEACON_ACCOUNT:
      return TRUE;
    case WD_BEACON_MAILBOXES:
      return wd_core_id_is_none (&watch->mailbox);
    case WD_BEACON_MAILBOX:
      return wd_core_id_is_none (&watch->mailbox) || wd_core_id_is_none (&beacon->mailbox)
             || wd_core_id_is_equal (&watch->mailbox, &beacon->mailbox);
    }
  return FALSE;
}

// With the lock held.
static void
hold (WdWatch *watch, GPtrArray **inout_called)
{
  if (*inout_called == NULL)
    *inout_called = g_ptr_array_new ();
  watch->n_holders++;
  g_ptr_array_add (*inout_called, watch);
}

// Calls the watch, unless it was ended meanwhile, and lets go of it.
static void
call_held (WdWatchSet *self, WdWatch *watch, const WdBeacon *beacons, gsize n_beacons)
{
  g_mutex_lock (&self->mutex);
  for (gsize i = 0; i < n_beacons && !watch->is_dead; i++)
    {
      watch->n_running++;
      g_mutex_unlock (&self->mutex);
      watch->func (&beacons[i], watch->user_data);
      g_mutex_lock (&self->mutex);
      watch->n_running--;
    }
  if (watch->is_dead)
    g_cond_broadcast (&self->cond);

  gboolean is_mine = --watch->n_holders == 0 && watch->is_dead && watch->is_left;

  g_mutex_unlock (&self->mutex);
  if (is_mine)
    g_free (watch);
}

void
wd_watch_dispatch (WdWatchSet *self, const WdBeacon *beacon)
{
  g_autoptr (GPtrArray) called = NULL;

  g_mutex_lock (&self->mutex);
  for (WdWatch *watch = g_hash_table_lookup (self->owners, &beacon->owner); watch != NULL;
       watch = watch->next)
    if (concerns (watch, beacon))
      hold (watch, &called);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; called != NULL && i < called->len; i++)
    call_held (self, called->pdata[i], beacon, 1);
}

void
wd_watch_dispatch_all (WdWatchSet *self)
{
  g_autoptr (GPtrArray) called = NULL;
  GHashTableIter iter;
  gpointer head;

  g_mutex_lock (&self->mutex);
  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, NULL, &head))
    for (WdWatch *watch = head; watch != NULL; watch = watch->next)
      hold (watch, &called);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; called != NULL && i < called->len; i++)
    {
      WdWatch *watch = called->pdata[i];
      const WdBeacon beacons[] = {
        { .kind = WD_BEACON_ACCOUNT, .owner = watch->owner },
        { .kind = WD_BEACON_MAILBOX, .owner = watch->owner, .mailbox = watch->mailbox },
        { .kind = WD_BEACON_MAILBOXES, .owner = watch->owner },
      };

      // The list of mailboxes is news only to those who watch all of them.
      call_held (self, watch, beacons, wd_core_id_is_none (&watch->mailbox) ? 3 : 2);
    }
}
