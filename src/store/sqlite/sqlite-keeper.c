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
  gint64 due_us[G_N_ELEMENTS (delays)]; // 0: not to be done.
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

// Takes what is due. `inout_wait_us`: when the first of the rest is (0: never).
static WdSqliteChores
take_due (Pending *pending, gint64 now_us, gint64 *inout_wait_us)
{
  WdSqliteChores chores = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      gint64 due_us = pending->due_us[i];

      if (due_us == 0)
        continue;
      if (due_us <= now_us)
        {
          chores |= delays[i].chore;
          pending->due_us[i] = 0;
        }
      else if (*inout_wait_us == 0 || due_us < *inout_wait_us)
        *inout_wait_us = due_us;
    }
  return chores;
}

// The first that is due, each chore at its own time: else who asks for one again and again would
// have all of them done as often. 0: `*out_wait_us` tells when to look again (0: never).
static WdSqliteChores
pop_due (WdSqliteKeeper *self, WdId *out_user, gint64 *out_wait_us)
{
  gint64 now_us = wd_core_clock_monotonic_us ();

  *out_wait_us = 0;
  for (GList *l = self->pending.head; l != NULL; l = l->next)
    {
      Pending *pending = l->data;
      gint64 rest_us = 0;
      WdSqliteChores chores = take_due (pending, now_us, &rest_us);

      if (chores != 0)
        {
          *out_user = pending->user;
          g_queue_unlink (&self->pending, l);
          if (rest_us != 0)
            {
              g_queue_push_tail_link (&self->pending, l);
              return chores;
            }
          g_hash_table_remove (self->by_user, &pending->user);
          g_list_free_full (l, g_free);
          return chores;
        }
      if (*out_wait_us == 0 || rest_us < *out_wait_us)
        *out_wait_us = rest_us;
    }
  return 0;
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
      WdId user;
      WdSqliteChores chores = pop_due (self, &user, &wait_us);

      if (chores != 0)
        {
          g_mutex_unlock (&self->mutex);
          self->func (self->data, &user, chores, self->cancellable);
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

// Whether the thread is to look earlier than it would.
static gboolean
add_chores (Pending *pending, WdSqliteChores chores)
{
  gint64 now_us = wd_core_clock_monotonic_us ();
  gboolean is_news = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (delays); i++)
    if ((delays[i].chore & chores) != 0 && pending->due_us[i] == 0)
      {
        pending->due_us[i] = now_us + delays[i].delay_us;
        is_news = TRUE;
      }
  return is_news;
}

void
wd_sqlite_keeper_poke (WdSqliteKeeper *self, const WdId *user, WdSqliteChores chores)
{
  g_mutex_lock (&self->mutex);

  Pending *pending = g_hash_table_lookup (self->by_user, user);

  if (pending == NULL)
    {
      pending = g_new0 (Pending, 1);
      pending->user = *user;
      g_queue_push_tail (&self->pending, pending);
      g_hash_table_insert (self->by_user, &pending->user, pending);
    }
  if (add_chores (pending, chores))
    {
      if (self->thread == NULL)
        self->thread = g_thread_new ("store-keeper", run, self);
      else
        g_cond_signal (&self->cond);
    }
  g_mutex_unlock (&self->mutex);
}
