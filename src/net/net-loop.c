// SPDX-License-Identifier: EUPL-1.2
// The event loop.
#include "config.h"

#include "net-loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core-clock.h"

#define EVENTS_PER_ROUND 128

struct _WdLoop
{
  int epoll_fd;
  int event_fd;
  WdSource event_source;
  GThread *thread;
  gint64 (*tick) (gpointer data, gint64 now_us);
  gpointer data;

  // Guards `posted`. Rank 3.
  pthread_mutex_t lock;
  WdTaskList posted;

  _Atomic gboolean is_woken; // The eventfd is written and was not read yet.
  _Atomic gboolean stopping;
  _Atomic gint64 next_tick_us;
  _Atomic guint64 n_rounds;
};

typedef struct
{
  WdTask task;
  void (*func) (gpointer data);
  gpointer data;
} FuncTask;

static void
on_woken (WdSource *source, guint32 events)
{
  WdLoop *self = (WdLoop *) ((char *) source - G_STRUCT_OFFSET (WdLoop, event_source));
  guint64 count;

  // Read first: a wake between the two writes again, and costs one round for nothing.
  (void) !read (self->event_fd, &count, sizeof count);
  atomic_store (&self->is_woken, FALSE);
}

static int
get_timeout_ms (WdLoop *self)
{
  gint64 next_us = atomic_load (&self->next_tick_us);
  gint64 wait_us;

  if (next_us == WD_NET_LOOP_NEVER)
    return -1;
  wait_us = next_us - wd_core_clock_monotonic_us ();
  if (wait_us <= 0)
    return 0;
  return (int) MIN (wait_us / 1000 + 1, 3600 * 1000);
}

static void
lower_next_tick (WdLoop *self, gint64 when_us, gboolean wake)
{
  gint64 old = atomic_load (&self->next_tick_us);

  while (when_us < old)
    if (atomic_compare_exchange_weak (&self->next_tick_us, &old, when_us))
      {
        if (wake)
          wd_net_loop_wake (self);
        return;
      }
}

// The mark is set to never before `tick` looks, so that a deadline set meanwhile lowers it anew.
static void
tick_if_due (WdLoop *self)
{
  gint64 next_us = atomic_load (&self->next_tick_us);
  gint64 now_us;

  if (next_us == WD_NET_LOOP_NEVER)
    return;
  now_us = wd_core_clock_monotonic_us ();
  if (now_us < next_us)
    return;

  atomic_store (&self->next_tick_us, WD_NET_LOOP_NEVER);
  lower_next_tick (self, self->tick (self->data, now_us), FALSE);
}

static gboolean
run_posted (WdLoop *self)
{
  WdTaskList list;
  WdTask *task;

  pthread_mutex_lock (&self->lock);
  list = self->posted;
  self->posted.head = NULL;
  pthread_mutex_unlock (&self->lock);

  if (list.head == NULL)
    return FALSE;
  while ((task = wd_net_task_list_pop (&list)) != NULL)
    task->func (task);
  return TRUE;
}

static gpointer
run_loop (gpointer data)
{
  WdLoop *self = data;
  struct epoll_event events[EVENTS_PER_ROUND];

  while (!atomic_load (&self->stopping))
    {
      int n = epoll_wait (self->epoll_fd, events, EVENTS_PER_ROUND, get_timeout_ms (self));

      atomic_fetch_add_explicit (&self->n_rounds, 1, memory_order_relaxed);
      for (int i = 0; i < n; i++)
        {
          WdSource *source = events[i].data.ptr;

          source->ready (source, events[i].events);
        }
      // Tasks free connections, so they come after the events that may point to them.
      run_posted (self);
      tick_if_due (self);
    }
  while (run_posted (self))
    ;
  return NULL;
}

WdLoop *
wd_net_loop_new (gint64 (*tick) (gpointer data, gint64 now_us), gpointer data)
{
  WdLoop *self = g_new0 (WdLoop, 1);
  struct epoll_event event = { .events = EPOLLIN };

  self->tick = tick;
  self->data = data;
  self->next_tick_us = WD_NET_LOOP_NEVER;
  self->event_source.ready = on_woken;
  pthread_mutex_init (&self->lock, NULL);
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->event_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  event.data.ptr = &self->event_source;
  if (self->epoll_fd < 0 || self->event_fd < 0
      || epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->event_fd, &event) < 0)
    {
      wd_net_loop_free (self);
      return NULL;
    }
  self->thread = g_thread_new ("loop", run_loop, self);
  return self;
}

void
wd_net_loop_free (WdLoop *self)
{
  if (self == NULL)
    return;

  if (self->thread != NULL)
    {
      atomic_store (&self->stopping, TRUE);
      wd_net_loop_wake (self);
      g_thread_join (self->thread);
    }
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  if (self->event_fd >= 0)
    close (self->event_fd);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

gboolean
wd_net_loop_arm (WdLoop *self, int fd, WdSource *source, guint32 events, gboolean add)
{
  struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = source };

  return epoll_ctl (self->epoll_fd, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0;
}

void
wd_net_loop_remove (WdLoop *self, int fd)
{
  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void
wd_net_loop_wake (WdLoop *self)
{
  guint64 one = 1;

  if (!atomic_exchange (&self->is_woken, TRUE))
    (void) !write (self->event_fd, &one, sizeof one);
}

void
wd_net_loop_post (WdLoop *self, WdTask *task)
{
  pthread_mutex_lock (&self->lock);
  wd_net_task_list_push (&self->posted, task);
  pthread_mutex_unlock (&self->lock);
  wd_net_loop_wake (self);
}

static void
run_func (WdTask *task)
{
  FuncTask *self = (FuncTask *) task;

  self->func (self->data);
  g_free (self);
}

void
wd_net_loop_post_func (WdLoop *self, void (*func) (gpointer data), gpointer data)
{
  FuncTask *task = g_new0 (FuncTask, 1);

  task->task.func = run_func;
  task->func = func;
  task->data = data;
  wd_net_loop_post (self, &task->task);
}

void
wd_net_loop_need_by (WdLoop *self, gint64 when_us)
{
  gint64 second_us = G_USEC_PER_SEC;

  if (when_us > WD_NET_LOOP_NEVER - second_us)
    return;
  lower_next_tick (self, (when_us + second_us - 1) / second_us * second_us, TRUE);
}

guint64
wd_net_loop_get_n_rounds (WdLoop *self)
{
  return atomic_load_explicit (&self->n_rounds, memory_order_relaxed);
}
