// SPDX-License-Identifier: EUPL-1.2
// A counting semaphore with a bounded queue.
//
// Plain pthread locks, not GLib's: ThreadSanitizer knows them.
#include "config.h"

#include "auth-slots.h"

#include <pthread.h>

#include "auth.h"

struct _WdAuthSlots
{
  pthread_mutex_t lock; // Guards what follows; a leaf. Not held while a hash runs.
  pthread_cond_t freed;
  guint n_free;
  guint n_waiting;
  guint max_waiting;
};

WdAuthSlots *
wd_auth_slots_new (guint n_slots, guint max_waiting)
{
  WdAuthSlots *self = g_new0 (WdAuthSlots, 1);

  pthread_mutex_init (&self->lock, NULL);
  pthread_cond_init (&self->freed, NULL);
  self->n_free = n_slots;
  self->max_waiting = max_waiting;
  return self;
}

void
wd_auth_slots_free (WdAuthSlots *self)
{
  if (self == NULL)
    return;

  pthread_cond_destroy (&self->freed);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

gboolean
wd_auth_slots_enter (WdAuthSlots *self, GError **error)
{
  gboolean is_entered;

  pthread_mutex_lock (&self->lock);
  is_entered = self->n_free > 0 || self->n_waiting < self->max_waiting;
  if (is_entered)
    {
      self->n_waiting++;
      while (self->n_free == 0)
        pthread_cond_wait (&self->freed, &self->lock);
      self->n_waiting--;
      self->n_free--;
    }
  pthread_mutex_unlock (&self->lock);

  if (!is_entered)
    g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_UNAVAILABLE,
                         "too many logins are waiting for their hash");
  return is_entered;
}

void
wd_auth_slots_leave (WdAuthSlots *self)
{
  pthread_mutex_lock (&self->lock);
  self->n_free++;
  pthread_mutex_unlock (&self->lock);
  pthread_cond_signal (&self->freed);
}

guint
wd_auth_slots_get_n_waiting (WdAuthSlots *self)
{
  guint n;

  pthread_mutex_lock (&self->lock);
  n = self->n_waiting;
  pthread_mutex_unlock (&self->lock);
  return n;
}
