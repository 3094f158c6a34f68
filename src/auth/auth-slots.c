// SPDX-License-Identifier: EUPL-1.2
// A counting semaphore with a bounded queue.
#include "config.h"

#include "auth-slots.h"

#include "auth.h"

struct _WdAuthSlots
{
  GMutex lock; // Guards what follows; a leaf. Not held while a hash runs.
  GCond freed;
  guint n_free;
  guint n_waiting;
  guint max_waiting;
};

WdAuthSlots *
wd_auth_slots_new (guint n_slots, guint max_waiting)
{
  WdAuthSlots *self = g_new0 (WdAuthSlots, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->freed);
  self->n_free = n_slots;
  self->max_waiting = max_waiting;
  return self;
}

void
wd_auth_slots_free (WdAuthSlots *self)
{
  if (self == NULL)
    return;

  g_cond_clear (&self->freed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
wd_auth_slots_enter (WdAuthSlots *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->n_free == 0 && self->n_waiting >= self->max_waiting)
    {
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_UNAVAILABLE,
                           "too many logins are waiting for their hash");
      return FALSE;
    }

  self->n_waiting++;
  while (self->n_free == 0)
    g_cond_wait (&self->freed, &self->lock);
  self->n_waiting--;
  self->n_free--;
  return TRUE;
}

void
wd_auth_slots_leave (WdAuthSlots *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->n_free++;
  g_cond_signal (&self->freed);
}
