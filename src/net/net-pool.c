// SPDX-License-Identifier: EUPL-1.2
// The worker threads.
//
// Plain pthread locks, not GLib's: ThreadSanitizer knows them.
#include "config.h"

#include "net-pool.h"

#include <pthread.h>
#include <stdatomic.h>

#define WORKERS_PER_PROCESSOR 8

// A thread that waits for work.
typedef struct Idler
{
  pthread_cond_t woken;
  gboolean is_woken;
  struct Idler *next;
} Idler;

struct _WdPool
{
  // Guards all below but the atomics. Rank 3: taken last, nothing is called while it is held.
  pthread_mutex_t lock;
  WdTaskList queue;
  GPtrArray *threads; // Of GThread.
  guint max_threads;
  // The last that has worked is the first to be woken: the processor's caches still have its stack,
  // its heap and its buffers, and the others can go on sleeping.
  Idler *idle;
  guint n_idle;
  gboolean stopping;

  // Written under the lock, read without it.
  _Atomic guint n_queued;
  _Atomic guint n_free; // Idle threads, and threads that may still be started.
  _Atomic guint64 n_begun;

  guint64 n_begun_seen; // Of the watchdog.
};

typedef struct
{
  WdTask task;
  void (*func) (gpointer data);
  gpointer data;
} FuncTask;

// One fan-out. Helpers that come late find all indexes taken and only drop their reference.
typedef struct
{
  void (*func) (guint index, gpointer data);
  gpointer data;
  guint n;
  _Atomic guint next;
  _Atomic guint refs;
  // Guards `n_done`. Rank 3.
  pthread_mutex_t lock;
  pthread_cond_t all_done;
  guint n_done;
} Fan;

typedef struct
{
  WdTask task;
  Fan *fan;
} FanTask;

static void
update_free (WdPool *self)
{
  guint free_threads = self->n_idle + self->max_threads - self->threads->len;

  atomic_store_explicit (&self->n_free, free_threads, memory_order_relaxed);
}

// With the lock held.
static void
wait_for_work (WdPool *self)
{
  Idler idler = { .next = self->idle };

  pthread_cond_init (&idler.woken, NULL);
  self->idle = &idler;
  self->n_idle++;
  update_free (self);
  while (!idler.is_woken)
    pthread_cond_wait (&idler.woken, &self->lock);
  pthread_cond_destroy (&idler.woken);
}

// Takes the first one out. With the lock held: without it, the idler could be gone.
static void
wake_one (WdPool *self)
{
  Idler *idler = self->idle;

  self->idle = idler->next;
  self->n_idle--;
  update_free (self);
  idler->is_woken = TRUE;
  pthread_cond_signal (&idler->woken);
}

static WdTask *
pop (WdPool *self)
{
  WdTask *task;

  pthread_mutex_lock (&self->lock);
  while ((task = wd_net_task_list_pop (&self->queue)) == NULL && !self->stopping)
    wait_for_work (self);
  if (task != NULL)
    {
      atomic_fetch_sub_explicit (&self->n_queued, 1, memory_order_relaxed);
      atomic_fetch_add_explicit (&self->n_begun, 1, memory_order_relaxed);
    }
  pthread_mutex_unlock (&self->lock);
  return task;
}

static gpointer
run_worker (gpointer data)
{
  WdPool *self = data;
  WdTask *task;

  while ((task = pop (self)) != NULL)
    task->func (task);
  return NULL;
}

WdPool *
wd_net_pool_new (guint n_workers)
{
  WdPool *self = g_new0 (WdPool, 1);

  pthread_mutex_init (&self->lock, NULL);
  self->threads = g_ptr_array_new ();
  self->max_threads = n_workers > 0 ? n_workers : WORKERS_PER_PROCESSOR * g_get_num_processors ();
  update_free (self);
  return self;
}

void
wd_net_pool_free (WdPool *self)
{
  if (self == NULL)
    return;

  pthread_mutex_lock (&self->lock);
  self->stopping = TRUE;
  while (self->idle != NULL)
    wake_one (self);
  pthread_mutex_unlock (&self->lock);

  // Nobody else pushes any more, and a worker that does finds itself here to do the work.
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));

  g_ptr_array_unref (self->threads);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

// Starts a thread when all are busy and there may be more. Failing that, the work waits for one of
// those that run; without any it would wait for ever, so the first must start.
static void
start_worker (WdPool *self)
{
  g_autofree char *name = g_strdup_printf ("worker-%u", self->threads->len);
  GThread *thread;

  if (self->threads->len == 0)
    thread = g_thread_new (name, run_worker, self);
  else
    thread = g_thread_try_new (name, run_worker, self, NULL);
  if (thread != NULL)
    g_ptr_array_add (self->threads, thread);
  update_free (self);
}

void
wd_net_pool_push (WdPool *self, WdTask *task)
{
  pthread_mutex_lock (&self->lock);
  wd_net_task_list_push (&self->queue, task);
  atomic_fetch_add_explicit (&self->n_queued, 1, memory_order_relaxed);
  if (self->idle != NULL)
    wake_one (self);
  else if (self->threads->len < self->max_threads && !self->stopping)
    start_worker (self);
  pthread_mutex_unlock (&self->lock);
}

static void
run_func (WdTask *task)
{
  FuncTask *self = (FuncTask *) task;

  self->func (self->data);
  g_free (self);
}

void
wd_net_pool_push_func (WdPool *self, void (*func) (gpointer data), gpointer data)
{
  FuncTask *task = g_new0 (FuncTask, 1);

  task->task.func = run_func;
  task->func = func;
  task->data = data;
  wd_net_pool_push (self, &task->task);
}

gboolean
wd_net_pool_is_slack (WdPool *self)
{
  return atomic_load_explicit (&self->n_queued, memory_order_relaxed) == 0
         && atomic_load_explicit (&self->n_free, memory_order_relaxed) > 0;
}

gboolean
wd_net_pool_has_progressed (WdPool *self)
{
  guint64 n_begun = atomic_load_explicit (&self->n_begun, memory_order_relaxed);
  gboolean moved = n_begun != self->n_begun_seen;

  self->n_begun_seen = n_begun;
  return moved || atomic_load_explicit (&self->n_queued, memory_order_relaxed) == 0;
}

static void
fan_unref (Fan *self)
{
  if (atomic_fetch_sub (&self->refs, 1) > 1)
    return;

  pthread_cond_destroy (&self->all_done);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

static void
fan_work (Fan *self)
{
  guint n_done = 0;
  guint index;

  while ((index = atomic_fetch_add (&self->next, 1)) < self->n)
    {
      self->func (index, self->data);
      n_done++;
    }
  if (n_done == 0)
    return;

  pthread_mutex_lock (&self->lock);
  self->n_done += n_done;
  if (self->n_done == self->n)
    pthread_cond_signal (&self->all_done);
  pthread_mutex_unlock (&self->lock);
}

static void
run_fan (WdTask *task)
{
  FanTask *self = (FanTask *) task;

  fan_work (self->fan);
  fan_unref (self->fan);
  g_free (self);
}

void
wd_net_pool_run_parallel (WdPool *self,
                          guint n,
                          void (*func) (guint index, gpointer data),
                          gpointer data)
{
  guint n_helpers = MIN (n, self->max_threads);
  Fan *fan;

  if (n == 0)
    return;
  if (n == 1)
    {
      func (0, data);
      return;
    }

  n_helpers = MIN (n_helpers, atomic_load_explicit (&self->n_free, memory_order_relaxed) + 1) - 1;
  fan = g_new0 (Fan, 1);
  fan->func = func;
  fan->data = data;
  fan->n = n;
  fan->refs = n_helpers + 1;
  pthread_mutex_init (&fan->lock, NULL);
  pthread_cond_init (&fan->all_done, NULL);

  for (guint i = 0; i < n_helpers; i++)
    {
      FanTask *task = g_new0 (FanTask, 1);

      task->task.func = run_fan;
      task->fan = fan;
      wd_net_pool_push (self, &task->task);
    }

  // What is waited for is being run by a worker already, so workers that fan out at the same time
  // do not wait for each other.
  fan_work (fan);
  pthread_mutex_lock (&fan->lock);
  while (fan->n_done < fan->n)
    pthread_cond_wait (&fan->all_done, &fan->lock);
  pthread_mutex_unlock (&fan->lock);
  fan_unref (fan);
}
