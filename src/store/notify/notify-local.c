// SPDX-License-Identifier: EUPL-1.2
// The local notifier: this process' watches, its socket, and the thread that reads it.
#include "config.h"

#include "notify-local.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify-beacon.h"
#include "notify-peers.h"
#include "store-watch-private.h"

#define MAX_DATAGRAMS_A_TURN 256

struct _WdNotifyLocal
{
  WdWatchSet *watches;
  WdNotifyPeers *peers; // (nullable): only this process.

  // Guards the three below. Held while the socket is made and the thread started; taken by the
  // thread before each poll. Nothing but the peers' mutex is taken under it.
  GMutex mutex;
  GThread *thread; // (nullable)
  int fd;          // Of the socket, or -1.
  gboolean is_stopping;

  int wake_fd; // Eventfd: the thread is to look at the above, or at what the peers have kept back.
};

WdNotifyLocal *
wd_notify_local_new (const char *runtime_dir)
{
  WdNotifyLocal *self = g_new0 (WdNotifyLocal, 1);

  g_mutex_init (&self->mutex);
  self->watches = wd_watch_set_new ();
  self->peers = runtime_dir == NULL ? NULL : wd_notify_peers_new (runtime_dir);
  self->fd = -1;
  self->wake_fd = -1;
  return self;
}

static void
wake (WdNotifyLocal *self)
{
  const guint64 one = 1;
  gssize n;

  do
    n = write (self->wake_fd, &one, sizeof one);
  while (n < 0 && errno == EINTR);
}

void
wd_notify_local_free (WdNotifyLocal *self)
{
  if (self == NULL)
    return;
  if (self->thread != NULL)
    {
      g_mutex_lock (&self->mutex);
      self->is_stopping = TRUE;
      g_mutex_unlock (&self->mutex);
      wake (self);
      g_thread_join (self->thread);
    }
  wd_notify_peers_free (self->peers);
  if (self->fd >= 0)
    close (self->fd);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  wd_watch_set_unref (self->watches);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

// Reads what has come, but not for ever: the thread has other things to look at.
static void
receive (WdNotifyLocal *self, int fd)
{
  // One octet more, so that what is too long shows.
  guint8 data[WD_NOTIFY_BEACON_MAX_BYTES + 1];
  WdBeacon beacons[WD_NOTIFY_BEACON_MAX];
  gssize len;
  gsize n;

  for (int n_turns = 0; n_turns < MAX_DATAGRAMS_A_TURN; n_turns++)
    {
      len = recv (fd, data, sizeof data, MSG_DONTWAIT);
      if (len < 0 && errno != EINTR)
        return;
      if (len < 0 || !wd_notify_beacon_decode (data, (gsize) len, beacons, &n))
        continue;
      if (n == 0)
        wd_watch_dispatch_all (self->watches);
      for (gsize i = 0; i < n; i++)
        wd_watch_dispatch (self->watches, &beacons[i]);
    }
}

// Fills what to poll for: [0] the wake-up, [1] the socket (-1 is passed over), then the peers with
// full queues. FALSE when the thread is to end.
static gboolean
collect_polls (WdNotifyLocal *self, GArray *polls)
{
  struct pollfd entries[2] = { { .events = POLLIN }, { .events = POLLIN } };

  g_mutex_lock (&self->mutex);
  entries[0].fd = self->wake_fd;
  entries[1].fd = self->fd;

  gboolean is_stopping = self->is_stopping;

  g_mutex_unlock (&self->mutex);
  g_array_set_size (polls, 0);
  g_array_append_vals (polls, entries, G_N_ELEMENTS (entries));
  wd_notify_peers_add_polls (self->peers, polls);
  return !is_stopping;
}

static gpointer
run (gpointer data)
{
  WdNotifyLocal *self = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  while (collect_polls (self, polls))
    {
      const struct pollfd *entries = (const struct pollfd *) (void *) polls->data;
      guint64 n_wakes;

      if (poll ((struct pollfd *) (void *) polls->data, polls->len, -1) < 0)
        continue; // EINTR; memory for it was just allocated.
      if (entries[0].revents != 0 && read (self->wake_fd, &n_wakes, sizeof n_wakes) < 0)
        continue;
      if (entries[1].revents != 0)
        receive (self, entries[1].fd);
      if (polls->len > 2)
        wd_notify_peers_flush (self->peers);
    }
  return NULL;
}

// With the lock held. The thread takes no signals: those are the main thread's.
static void
start_thread (WdNotifyLocal *self)
{
  sigset_t all;
  sigset_t old;

  if (self->thread != NULL)
    return;
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->wake_fd < 0)
    return;
  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
  self->thread = g_thread_try_new ("wd-notify", run, self, NULL);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  if (self->thread == NULL)
    {
      close (self->wake_fd);
      self->wake_fd = -1;
    }
}

// With the lock held.
static gboolean
listen_to_peers (WdNotifyLocal *self, GError **error)
{
  if (self->peers == NULL || self->fd >= 0)
    return TRUE;
  self->fd = wd_notify_peers_listen (self->peers, error);
  return self->fd >= 0;
}

gboolean
wd_notify_local_check (WdNotifyLocal *self, GError **error)
{
  return self->peers == NULL || wd_notify_peers_check (self->peers, error);
}

void
wd_notify_local_send (WdNotifyLocal *self, const WdBeacon *beacon)
{
  wd_watch_dispatch (self->watches, beacon);
  if (self->peers == NULL || !wd_notify_peers_send (self->peers, beacon))
    return;

  g_mutex_lock (&self->mutex);
  start_thread (self);
  if (self->thread != NULL)
    wake (self);
  g_mutex_unlock (&self->mutex);
}

// The socket is there before the watch is, and the watch before its user reads the state to go on
// from: what is committed after that read is told.
WdWatch *
wd_notify_local_watch (WdNotifyLocal *self,
                       const WdId *owner,
                       const WdId *mailbox,
                       WdWatchFunc func,
                       gpointer user_data)
{
  g_mutex_lock (&self->mutex);

  gboolean was_deaf = self->fd < 0;

  if (listen_to_peers (self, NULL) && self->fd >= 0)
    start_thread (self);
  if (was_deaf && self->thread != NULL)
    wake (self);
  g_mutex_unlock (&self->mutex);
  return wd_watch_new (self->watches, owner, mailbox, func, user_data);
}
