// SPDX-License-Identifier: EUPL-1.2
// Mailboxes to look at again, and the thread that tells when.
#include "config.h"

#include "mongo-later.h"

#include <pthread.h>
#include <signal.h>

#include "core-clock.h"

// Beyond, mailboxes are looked at again when something happens to them.
#define MAX_MAILBOXES 4096

typedef struct
{
  WdBeacon beacon;
  gint64 due_us;
} Entry;

struct _WdMongoLater
{
  WdWatchFunc func;
  gpointer user_data;

  // Guards the rest. Not held while `func` runs.
  GMutex mutex;
  GCond cond;
  GHashTable *entries; // Of the mailbox's id to Entry.
  GThread *thread;     // (nullable)
  gboolean is_stopping;
};

// One that is due; else when the next one is. With the lock.
static gboolean
take_due (WdMongoLater *self, WdBeacon *out_beacon, gint64 *out_next_us)
{
  gint64 now_us = wd_core_clock_monotonic_us ();
  GHashTableIter iter;
  gpointer value;

  *out_next_us = G_MAXINT64;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Entry *entry = value;

      if (entry->due_us <= now_us)
        {
          *out_beacon = entry->beacon;
          g_hash_table_iter_remove (&iter);
          return TRUE;
        }
      *out_next_us = MIN (*out_next_us, entry->due_us);
    }
  return FALSE;
}

static gpointer
run (gpointer data)
{
  WdMongoLater *self = data;

  g_mutex_lock (&self->mutex);
  while (!self->is_stopping)
    {
      WdBeacon beacon;
      gint64 next_us;

      if (take_due (self, &beacon, &next_us))
        {
          g_mutex_unlock (&self->mutex);
          self->func (&beacon, self->user_data);
          g_mutex_lock (&self->mutex);
        }
      else if (next_us == G_MAXINT64)
        g_cond_wait (&self->cond, &self->mutex);
      else
        g_cond_wait_until (&self->cond, &self->mutex, next_us);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

WdMongoLater *
wd_mongo_later_new (WdWatchFunc func, gpointer user_data)
{
  WdMongoLater *self = g_new0 (WdMongoLater, 1);

  self->func = func;
  self->user_data = user_data;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->entries = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, NULL, g_free);
  return self;
}

void
wd_mongo_later_free (WdMongoLater *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->mutex);
  self->is_stopping = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (self->thread != NULL)
    g_thread_join (self->thread);
  g_hash_table_unref (self->entries);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

// Takes no signals: those are the main thread's. With the lock.
static void
start (WdMongoLater *self)
{
  sigset_t all, old;

  if (self->thread != NULL)
    return;
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
  self->thread = g_thread_try_new ("wd-later", run, self, NULL);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
}

void
wd_mongo_later_add (WdMongoLater *self, const WdId *owner, const WdId *mailbox, gint64 delay_us)
{
  g_mutex_lock (&self->mutex);
  start (self);
  if (!g_hash_table_contains (self->entries, mailbox)
      && g_hash_table_size (self->entries) < MAX_MAILBOXES)
    {
      Entry *entry = g_new (Entry, 1);

      *entry = (Entry){
        .beacon = { .kind = WD_BEACON_MAILBOX, .owner = *owner, .mailbox = *mailbox },
        .due_us = wd_core_clock_monotonic_us () + delay_us,
      };
      g_hash_table_insert (self->entries, &entry->beacon.mailbox, entry);
      g_cond_signal (&self->cond);
    }
  g_mutex_unlock (&self->mutex);
}
