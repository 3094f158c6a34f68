// SPDX-License-Identifier: EUPL-1.2
// Peers are the sockets in the directory. A socket is bound under a hidden name and then renamed,
// so that one which is seen and refuses a connection belongs to a dead process and can be removed.
#include "config.h"

#include "notify-peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core-clock.h"
#include "notify-beacon.h"

#define NAME_PREFIX "beacon-"
// Two changes of a directory within one tick of the kernel's clock leave the same time on it: so
// long after a change, its time alone is not believed.
#define SETTLE_US (50 * 1000)

typedef struct
{
  char *name;
  int fd;          // Connected, non-blocking.
  GArray *pending; // (element-type WdBeacon)
  gboolean resync; // It has missed something: what is pending is "look at everything".
  gboolean is_seen;
} Peer;

struct _WdNotifyPeers
{
  char *dir;

  // Guards all below. Held while sending, which does not block.
  GMutex mutex;
  char *own_name;             // (nullable)
  GPtrArray *peers;           // (element-type Peer)
  struct timespec changed_at; // Of the directory, when it was read.
  gint64 settled_at_us;       // 0: settled.
};

static void
peer_free (Peer *peer)
{
  g_free (peer->name);
  close (peer->fd);
  g_array_unref (peer->pending);
  g_free (peer);
}

WdNotifyPeers *
wd_notify_peers_new (const char *dir)
{
  WdNotifyPeers *self = g_new0 (WdNotifyPeers, 1);

  g_mutex_init (&self->mutex);
  self->dir = g_strdup (dir);
  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peer_free);
  return self;
}

void
wd_notify_peers_free (WdNotifyPeers *self)
{
  if (self == NULL)
    return;
  if (self->own_name != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, self->own_name, NULL);

      unlink (path);
    }
  g_ptr_array_unref (self->peers);
  g_mutex_clear (&self->mutex);
  g_free (self->own_name);
  g_free (self->dir);
  g_free (self);
}

// bind or connect by name. A path too long for a socket address goes through the directory's
// descriptor. FALSE with errno.
static gboolean
with_address (WdNotifyPeers *self,
              const char *name,
              int fd,
              int (*func) (int, const struct sockaddr *, socklen_t))
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int dir_fd = -1;
  int n = g_snprintf (address.sun_path, sizeof address.sun_path, "%s/%s", self->dir, name);

  if (n >= (int) sizeof address.sun_path)
    {
      dir_fd = open (self->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
      if (dir_fd < 0)
        return FALSE;
      g_snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_fd, name);
    }

  int rc = func (fd, (const struct sockaddr *) &address, sizeof address);
  int saved = errno;

  if (dir_fd >= 0)
    close (dir_fd);
  errno = saved;
  return rc == 0;
}

static int
open_socket (void)
{
  return socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static gboolean
set_errno_error (WdNotifyPeers *self, GError **error)
{
  int saved = errno;

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE,
               "changes by other processes are not noticed: %s: %s", self->dir, g_strerror (saved));
  return FALSE;
}

gboolean
wd_notify_peers_check (WdNotifyPeers *self, GError **error)
{
  if (g_mkdir_with_parents (self->dir, 0700) != 0 || access (self->dir, R_OK | W_OK | X_OK) != 0)
    return set_errno_error (self, error);
  return TRUE;
}

// Binds under a hidden name, then shows it. FALSE with errno.
static gboolean
bind_socket (WdNotifyPeers *self, int fd, const char *name)
{
  g_autofree char *hidden = g_strconcat (".", name, NULL);
  g_autofree char *hidden_path = g_build_filename (self->dir, hidden, NULL);
  g_autofree char *path = g_build_filename (self->dir, name, NULL);

  if (!with_address (self, hidden, fd, bind))
    return FALSE;
  if (rename (hidden_path, path) == 0)
    return TRUE;

  int saved = errno;

  unlink (hidden_path);
  errno = saved;
  return FALSE;
}

int
wd_notify_peers_listen (WdNotifyPeers *self, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  WdId id;
  char hex[WD_CORE_ID_HEX_LEN + 1];

  if (!wd_notify_peers_check (self, error))
    return -1;

  int fd = open_socket ();

  if (fd < 0)
    {
      set_errno_error (self, error);
      return -1;
    }
  wd_core_id_new (&id);
  wd_core_id_to_hex (&id, hex);

  g_autofree char *name = g_strconcat (NAME_PREFIX, hex, NULL);

  if (!bind_socket (self, fd, name))
    {
      set_errno_error (self, error);
      close (fd);
      return -1;
    }
  g_free (self->own_name);
  self->own_name = g_steal_pointer (&name);
  return fd;
}

static void
remove_stale (WdNotifyPeers *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->dir, name, NULL);

  unlink (path);
}

static void
add_peer (WdNotifyPeers *self, const char *name)
{
  int fd = open_socket ();

  if (fd < 0)
    return;
  if (!with_address (self, name, fd, connect))
    {
      if (errno == ECONNREFUSED)
        remove_stale (self, name);
      close (fd);
      return;
    }

  Peer *peer = g_new0 (Peer, 1);

  peer->name = g_strdup (name);
  peer->fd = fd;
  peer->pending = g_array_new (FALSE, FALSE, sizeof (WdBeacon));
  peer->is_seen = TRUE;
  g_ptr_array_add (self->peers, peer);
}

static Peer *
find_peer (WdNotifyPeers *self, const char *name)
{
  for (guint i = 0; i < self->peers->len; i++)
    {
      Peer *peer = self->peers->pdata[i];

      if (strcmp (peer->name, name) == 0)
        return peer;
    }
  return NULL;
}

static void
scan (WdNotifyPeers *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->dir, 0, NULL);
  const char *name;

  for (guint i = 0; i < self->peers->len; i++)
    ((Peer *) self->peers->pdata[i])->is_seen = FALSE;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      Peer *peer = g_str_has_prefix (name, NAME_PREFIX) ? find_peer (self, name) : NULL;

      if (peer != NULL)
        peer->is_seen = TRUE;
      else if (g_str_has_prefix (name, NAME_PREFIX) && g_strcmp0 (name, self->own_name) != 0)
        add_peer (self, name);
    }

  for (guint i = self->peers->len; i-- > 0;)
    if (!((Peer *) self->peers->pdata[i])->is_seen)
      g_ptr_array_remove_index_fast (self->peers, i);
}

// Reads the directory when it has changed since it was read. One stat when it has not.
static void
refresh (WdNotifyPeers *self)
{
  struct stat about;
  gint64 now_us;

  if (stat (self->dir, &about) != 0)
    {
      g_ptr_array_set_size (self->peers, 0);
      self->changed_at = (struct timespec){ 0 };
      return;
    }
  if (about.st_mtim.tv_sec == self->changed_at.tv_sec
      && about.st_mtim.tv_nsec == self->changed_at.tv_nsec && self->settled_at_us == 0)
    return;

  now_us = wd_core_clock_monotonic_us ();
  if (about.st_mtim.tv_sec != self->changed_at.tv_sec
      || about.st_mtim.tv_nsec != self->changed_at.tv_nsec)
    self->settled_at_us = now_us + SETTLE_US;
  else if (now_us >= self->settled_at_us)
    self->settled_at_us = 0;
  self->changed_at = about.st_mtim;
  scan (self);
}

typedef enum
{
  SENT,
  FULL,
  GONE,
} Outcome;

static Outcome
send_datagram (Peer *peer, const WdBeacon *beacons, gsize n_beacons)
{
  guint8 data[WD_NOTIFY_BEACON_MAX_BYTES];
  gsize len = wd_notify_beacon_encode (beacons, n_beacons, data);
  gssize n;

  do
    n = send (peer->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n >= 0)
    return SENT;
  if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
    return FULL;
  return GONE;
}

static void
keep (Peer *peer, const WdBeacon *beacon)
{
  if (peer->resync)
    return;
  for (guint i = peer->pending->len; i-- > 0;)
    {
      const WdBeacon *other = &g_array_index (peer->pending, WdBeacon, i);

      if (other->kind == beacon->kind && wd_core_id_is_equal (&other->owner, &beacon->owner)
          && wd_core_id_is_equal (&other->mailbox, &beacon->mailbox))
        return;
    }
  if (peer->pending->len < WD_NOTIFY_PEERS_MAX_PENDING)
    {
      g_array_append_vals (peer->pending, beacon, 1);
      return;
    }
  g_array_set_size (peer->pending, 0);
  peer->resync = TRUE;
}

static gboolean
has_pending (const Peer *peer)
{
  return peer->resync || peer->pending->len > 0;
}

static Outcome
flush_peer (Peer *peer)
{
  while (has_pending (peer))
    {
      guint n = MIN (peer->pending->len, WD_NOTIFY_BEACON_MAX);
      Outcome outcome = send_datagram (peer, (const WdBeacon *) (void *) peer->pending->data, n);

      if (outcome != SENT)
        return outcome;
      peer->resync = FALSE;
      if (n > 0)
        g_array_remove_range (peer->pending, 0, n);
    }
  return SENT;
}

static void
drop_peer (WdNotifyPeers *self, guint index)
{
  remove_stale (self, ((Peer *) self->peers->pdata[index])->name);
  g_ptr_array_remove_index_fast (self->peers, index);
}

gboolean
wd_notify_peers_send (WdNotifyPeers *self, const WdBeacon *beacon)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gboolean is_any_kept = FALSE;

  refresh (self);
  for (guint i = self->peers->len; i-- > 0;)
    {
      Peer *peer = self->peers->pdata[i];
      Outcome outcome = has_pending (peer) ? FULL : send_datagram (peer, beacon, 1);

      if (outcome == GONE)
        drop_peer (self, i);
      else if (outcome == FULL)
        {
          keep (peer, beacon);
          is_any_kept = TRUE;
        }
    }
  return is_any_kept;
}

void
wd_notify_peers_flush (WdNotifyPeers *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = self->peers->len; i-- > 0;)
    if (flush_peer (self->peers->pdata[i]) == GONE)
      drop_peer (self, i);
}

void
wd_notify_peers_add_polls (WdNotifyPeers *self, GArray *polls)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  for (guint i = 0; i < self->peers->len; i++)
    {
      const Peer *peer = self->peers->pdata[i];
      const struct pollfd entry = { .fd = peer->fd, .events = POLLOUT };

      // Another thread may drop the peer meanwhile: then poll returns early, once, to no harm.
      if (has_pending (peer))
        g_array_append_val (polls, entry);
    }
}
