// SPDX-License-Identifier: EUPL-1.2
// Lets ThreadSanitizer see GLib's locks. GLib's own code is not instrumented, and its mutexes are
// futexes that never reach pthreads, so every use of one would look like a race. Preloaded in
// builds with -Db_sanitize=thread: the same functions on pthreads, and marks where GLib's counters
// hand something over.
#include <dlfcn.h>
#include <errno.h>
#include <glib-object.h>
#include <pthread.h>
#include <stdlib.h>

// Not there in programs without the sanitizer, which a test may start.
extern void __tsan_acquire (void *address) __attribute__ ((weak));
extern void __tsan_release (void *address) __attribute__ ((weak));

#define EXPORT __attribute__ ((visibility ("default")))

static void
acquire (void *address)
{
  if (__tsan_acquire != NULL)
    __tsan_acquire (address);
}

static void
release (void *address)
{
  if (__tsan_release != NULL)
    __tsan_release (address);
}

static void *
find_next (const char *name)
{
  void *symbol = dlsym (RTLD_NEXT, name);

  if (symbol == NULL)
    abort ();
  return symbol;
}

// A static GMutex is zero: the pthread mutex is made at its first use.
static pthread_mutex_t *
get_mutex (GMutex *mutex)
{
  gpointer made = __atomic_load_n (&mutex->p, __ATOMIC_ACQUIRE);

  if (made != NULL)
    {
      acquire (mutex);
      return made;
    }

  pthread_mutex_t *fresh = malloc (sizeof *fresh);

  pthread_mutex_init (fresh, NULL);
  release (mutex);
  if (__atomic_compare_exchange_n (&mutex->p, &made, fresh, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return fresh;
  acquire (mutex);
  pthread_mutex_destroy (fresh);
  free (fresh);
  return made;
}

EXPORT void
g_mutex_init (GMutex *mutex)
{
  mutex->p = NULL;
}

EXPORT void
g_mutex_clear (GMutex *mutex)
{
  if (mutex->p == NULL)
    return;
  pthread_mutex_destroy (mutex->p);
  free (mutex->p);
  mutex->p = NULL;
}

EXPORT void
g_mutex_lock (GMutex *mutex)
{
  pthread_mutex_lock (get_mutex (mutex));
}

EXPORT void
g_mutex_unlock (GMutex *mutex)
{
  pthread_mutex_unlock (get_mutex (mutex));
}

EXPORT gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (get_mutex (mutex)) == 0;
}

static pthread_cond_t *
get_cond (GCond *cond)
{
  gpointer made = __atomic_load_n (&cond->p, __ATOMIC_ACQUIRE);

  if (made != NULL)
    {
      acquire (cond);
      return made;
    }

  pthread_cond_t *fresh = malloc (sizeof *fresh);
  pthread_condattr_t attributes;

  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (fresh, &attributes);
  pthread_condattr_destroy (&attributes);
  release (cond);
  if (__atomic_compare_exchange_n (&cond->p, &made, fresh, FALSE, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE))
    return fresh;
  acquire (cond);
  pthread_cond_destroy (fresh);
  free (fresh);
  return made;
}

EXPORT void
g_cond_init (GCond *cond)
{
  cond->p = NULL;
}

EXPORT void
g_cond_clear (GCond *cond)
{
  if (cond->p == NULL)
    return;
  pthread_cond_destroy (cond->p);
  free (cond->p);
  cond->p = NULL;
}

EXPORT void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pthread_cond_wait (get_cond (cond), get_mutex (mutex));
}

EXPORT gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  const struct timespec until
      = { .tv_sec = end_time / G_USEC_PER_SEC, .tv_nsec = end_time % G_USEC_PER_SEC * 1000 };

  return pthread_cond_timedwait (get_cond (cond), get_mutex (mutex), &until) != ETIMEDOUT;
}

EXPORT void
g_cond_signal (GCond *cond)
{
  pthread_cond_signal (get_cond (cond));
}

EXPORT void
g_cond_broadcast (GCond *cond)
{
  pthread_cond_broadcast (get_cond (cond));
}

EXPORT
gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean (*next) (volatile void *) = find_next ("g_once_init_enter");
  gboolean is_first = next (location);

  acquire ((void *) location);
  return is_first;
}

EXPORT void (g_once_init_leave) (volatile void *location, gsize result)
{
  void (*next) (volatile void *, gsize) = find_next ("g_once_init_leave");

  release ((void *) location);
  next (location, result);
}

EXPORT
gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  gboolean (*next) (gatomicrefcount *) = find_next ("g_atomic_ref_count_dec");

  release (count);

  gboolean is_last = next (count);

  // Else it may be gone.
  if (is_last)
    acquire (count);
  return is_last;
}

EXPORT void (g_object_unref) (gpointer object)
{
  void (*next) (gpointer) = find_next ("g_object_unref");

  release (object);
  acquire (object);
  next (object);
}

EXPORT void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  void (*next) (GAsyncQueue *, gpointer) = find_next ("g_async_queue_push");

  release (queue);
  next (queue, data);
}

EXPORT gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer (*next) (GAsyncQueue *) = find_next ("g_async_queue_pop");
  gpointer data = next (queue);

  acquire (queue);
  return data;
}

EXPORT gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer (*next) (GAsyncQueue *) = find_next ("g_async_queue_try_pop");
  gpointer data = next (queue);

  acquire (queue);
  return data;
}

EXPORT gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  gboolean (*next) (GThreadPool *, gpointer, GError **) = find_next ("g_thread_pool_push");

  release (data);
  return next (pool, data, error);
}

static gboolean
is_ready (GSource *source, gint *timeout_ms)
{
  (void) source;
  *timeout_ms = 0;
  return TRUE;
}

static gboolean
has_come (GSource *source)
{
  (void) source;
  return TRUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  acquire (source);
  return callback (data);
}

// An idle source as GLib's own, and seen to come from the thread that attached it.
EXPORT GSource *
g_idle_source_new (void)
{
  static GSourceFuncs funcs = { is_ready, has_come, dispatch, NULL, NULL, NULL };
  GSource *source = g_source_new (&funcs, sizeof *source);

  g_source_set_priority (source, G_PRIORITY_DEFAULT_IDLE);
  return source;
}

EXPORT guint
g_source_attach (GSource *source, GMainContext *context)
{
  guint (*next) (GSource *, GMainContext *) = find_next ("g_source_attach");

  release (source);
  return next (source, context);
}
