// SPDX-License-Identifier: EUPL-1.2
// One background thread a store.
#include "config.h"

#include "sqlite-keeper.h"

#include <sys/resource.h>
#include <unistd.h>

#include "core-clock.h"

// Chores wait, so that those of a burst are done at once.
static const struct
{
  WdSqliteChores chore;
  gint64 delay_us;
} delays[] = {
  { WD_SQLITE_CHORE_CHECKPOINT, 0 },
  { WD_SQLITE_CHORE_CLOSE, 0 },
  { WD_SQLITE_CHORE_GARBAGE, 500 * 1000 },
  { WD_SQLITE_CHORE_INDEX, 500 * 1000 },
  { WD_SQLITE_CHORE_SYNC, 2 * G_USEC_PER_SEC },
  { WD_SQLITE_CHORE_TRIM, 6 * G_USEC_PER_SEC },
};

#define NICE 5

struct _WdSqliteKeeper
{
  WdSqliteKeeperFunc func;
  gpointer data;
  GCancellable *cancellable;

  GMutex mutex; // Guards what follows. Innermost.
  GCond cond;
  GQueue pending; // (element-type Pending), in order of arrival.
  GHashTable *by_user;
  GThread *thread;
  gboolean is_stopping;
};

typedef struct
{
  WdId user;
  WdSqliteChores chores;
  gint64 due_us;
} Pending;

WdSqliteKeeper *
wd_sqlite_keeper_new (WdSqliteKeeperFunc func, gpointer data)
{
  WdSqliteKeeper *self = g_new0 (WdSqliteKeeper, 1);

  self->func = func;
  self->data = data;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->by_user = g_hash_table_new (wd_core_id_hash, wd_core_id_equal);
  return self;
}

void
wd_sqlite_keeper_free (WdSqliteKeeper *self)
{
  Pending *pending;

  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_mutex_lock (&self->mutex);
  self->is_stopping = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (self->thread != NULL)
    g_thread_join (self->thread);

  while ((pending = g_queue_pop_head (&self->pending)) != NULL)
    g_free (pending);
  g_hash_table_unref (self->by_user);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_object_unref (self->cancellable);
  g_free (self);
}

// The first that is due. NULL: `*out_wait_us` tells when to look again (0: never).
static Pending *
pop_due (WdSqliteKeeper *self, gint64 *out_wait_us)
{
  gint64 now_us = wd_core_clock_monotonic_us ();

  *out_wait_us = 0;
  for (GList *l = self->pending.head; l != NULL; l = l->next)
    {
      Pending *pending = l->data;

      if (pending->due_us <= now_us)
        {
          g_queue_delete_link (&self->pending, l);
          g_hash_table_remove (self->by_user, &pending->user);
          return pending;
        }
      if (*out_wait_us == 0 || pending->due_us < *out_wait_us)
        *out_wait_us = pending->due_us;
    }
  return NULL;
}

static gpointer
run (gpointer data)
{
  WdSqliteKeeper *self = data;

  // On Linux this is of the thread. It is below who waits for an answer, but not so far below that
  // it could hold up a writer's lock for long.
  (void) setpriority (PRIO_PROCESS, (id_t) gettid (), NICE);

  g_mutex_lock (&self->mutex);
  while (!self->is_stopping)
    {
      gint64 wait_us;
      g_autofree Pending *pending = pop_due (self, &wait_us);

      if (pending != NULL)
        {
          g_mutex_unlock (&self->mutex);
          self->func (self->data, &pending->user, pending->chores, self->cancellable);
          g_mutex_lock (&self->mutex);
        }
      else if (wait_us != 0)
        g_cond_wait_until (&self->cond, &self->mutex, wait_us);
      else
        g_cond_wait (&self->cond, &self->mutex);
    }
  g_mutex_unlock (&self->mutex);
  return NULL;
}

static gint64
get_delay_us (WdSqliteChores chores)
{
  for (gsize i = 0; i < G_N_ELEMENTS (delays); i++)
    if ((delays[i].chore & chores) != 0)
      return delays[i].delay_us;
  return 0;
}

void
wd_sqlite_keeper_poke (WdSqliteKeeper *self, const WdId *user, WdSqliteChores chores)
{
  gint64 due_us = wd_core_clock_monotonic_us () + get_delay_us (chores);

  g_mutex_lock (&self->mutex);

  Pending *pending = g_hash_table_lookup (self->by_user, user);
  gboolean is_news = pending == NULL || due_us < pending->due_us;

  if (pending == NULL)
    {
      pending = g_new0 (Pending, 1);
      pending->user = *user;
      pending->due_us = due_us;
      g_queue_push_tail (&self->pending, pending);
      g_hash_table_insert (self->by_user, &pending->user, pending);
    }
  pending->chores |= chores;
  pending->due_us = MIN (pending->due_us, due_us);
  if (self->thread == NULL)
    self->thread = g_thread_new ("store-keeper", run, self);
  else if (is_news)
    g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
}
