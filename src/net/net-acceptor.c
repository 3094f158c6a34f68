// SPDX-License-Identifier: EUPL-1.2
// The accept loop.
#include "config.h"

#include "net-acceptor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core-clock.h"
#include "net-address.h"

// Connections taken at once, before others get their turn on the loop.
#define ACCEPTS_PER_ROUND 32
#define BACKOFF_US (G_USEC_PER_SEC / 2)

typedef struct
{
  WdSource source; // First: epoll's pointer.
  WdAcceptor *acceptor;
  int fd;
  gboolean is_tls;
  gboolean is_armed;
  char *name;
  char *unlink_path; // (nullable)
} Listener;

struct _WdAcceptor
{
  WdHub *hub;
  GPtrArray *listeners;
  gboolean is_started;
  gboolean is_stopped;
  gboolean is_full;
  gboolean has_complained; // Of a back-off, or of a site, since the last look of the clock.
  gint64 retry_us;         // End of the back-off; 0: none.
  _Atomic guint64 n_accepts;
};

static void
listener_close (Listener *self)
{
  if (self->fd < 0)
    return;

  close (self->fd);
  self->fd = -1;
  if (self->unlink_path != NULL)
    unlink (self->unlink_path);
}

static void
listener_free (gpointer data)
{
  Listener *self = data;

  listener_close (self);
  g_free (self->name);
  g_free (self->unlink_path);
  g_free (self);
}

WdAcceptor *
wd_net_acceptor_new (WdHub *hub)
{
  WdAcceptor *self = g_new0 (WdAcceptor, 1);

  self->hub = hub;
  self->listeners = g_ptr_array_new_with_free_func (listener_free);
  return self;
}

void
wd_net_acceptor_free (WdAcceptor *self)
{
  if (self == NULL)
    return;

  // The names stay until here: connections point to them.
  g_ptr_array_unref (self->listeners);
  g_free (self);
}

static void
back_off (WdAcceptor *self, int code)
{
  self->retry_us = wd_core_clock_monotonic_us () + BACKOFF_US;
  wd_net_loop_need_by (self->hub->loop, self->retry_us);
  if (self->has_complained)
    return;
  self->has_complained = TRUE;
  wd_log_warning (NULL, WD_MSG_LISTENER_BACKOFF, NULL, "no connections are taken for now: %s",
                  g_strerror (code));
}

static gboolean
is_paused (WdAcceptor *self)
{
  return self->is_stopped || self->is_full || self->retry_us != 0;
}

static void
arm (Listener *self)
{
  if (self->is_armed || is_paused (self->acceptor))
    return;
  self->is_armed
      = wd_net_loop_arm (self->acceptor->hub->loop, self->fd, &self->source, EPOLLIN, FALSE);
}

static void
arm_all (WdAcceptor *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    arm (g_ptr_array_index (self->listeners, i));
}

static void
take (Listener *self, int fd, const struct sockaddr_storage *address)
{
  WdAcceptor *acceptor = self->acceptor;
  WdPeer peer;

  wd_net_peer_from_sockaddr (&peer, address);
  if (!wd_net_hub_admit (acceptor->hub, &peer))
    {
      close (fd);
      if (!acceptor->has_complained)
        {
          g_autofree char *remote = wd_net_peer_dup_text (&peer);

          acceptor->has_complained = TRUE;
          wd_net_loop_need_by (acceptor->hub->loop, wd_core_clock_monotonic_us () + G_USEC_PER_SEC);
          wd_log_warning (NULL, WD_MSG_LIMIT_REACHED, "WD_REMOTE", remote, NULL,
                          "too many connections of one address");
        }
      return;
    }
  wd_net_hub_take (acceptor->hub, fd, self->name, self->is_tls, &peer);
}

// FALSE when there is nothing more to accept now.
static gboolean
accept_one (Listener *self)
{
  WdAcceptor *acceptor = self->acceptor;
  struct sockaddr_storage address = { 0 };
  socklen_t len = sizeof address;
  int fd;

  if (!wd_net_hub_has_room (acceptor->hub))
    {
      acceptor->is_full = TRUE;
      return FALSE;
    }

  atomic_fetch_add_explicit (&acceptor->n_accepts, 1, memory_order_relaxed);
  fd = accept4 (self->fd, (struct sockaddr *) &address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0)
    {
      take (self, fd, &address);
      return TRUE;
    }
  if (errno == EAGAIN || errno == EWOULDBLOCK)
    return FALSE;
  // What went wrong with that one connection (accept(2)) says nothing of the next.
  if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO || errno == ENETDOWN
      || errno == EHOSTDOWN || errno == EHOSTUNREACH || errno == ENETUNREACH || errno == EPERM)
    return TRUE;
  back_off (acceptor, errno);
  return FALSE;
}

static void
on_ready (WdSource *source, guint32 events)
{
  Listener *self = (Listener *) source;

  self->is_armed = FALSE;
  for (guint i = 0; i < ACCEPTS_PER_ROUND && !is_paused (self->acceptor); i++)
    if (!accept_one (self))
      break;
  arm (self);
}

void
wd_net_acceptor_add (
    WdAcceptor *self, int fd, const char *name, const char *unlink_path, gboolean is_tls)
{
  Listener *listener = g_new0 (Listener, 1);

  listener->source.ready = on_ready;
  listener->acceptor = self;
  listener->fd = fd;
  listener->is_tls = is_tls;
  listener->name = g_strdup (name);
  listener->unlink_path = g_strdup (unlink_path);
  g_ptr_array_add (self->listeners, listener);
}

static void
start_on_loop (gpointer data)
{
  arm_all (data);
}

gboolean
wd_net_acceptor_start (WdAcceptor *self, GError **error)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->listeners, i);

      // Registered here, where it can be reported; armed on the loop, which then owns it.
      if (!wd_net_loop_arm (self->hub->loop, listener->fd, &listener->source, 0, TRUE))
        {
          g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SYSTEM, "%s: %s", listener->name,
                       g_strerror (errno));
          return FALSE;
        }
    }
  wd_net_loop_post_func (self->hub->loop, start_on_loop, self);
  return TRUE;
}

void
wd_net_acceptor_stop (WdAcceptor *self)
{
  self->is_stopped = TRUE;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      Listener *listener = g_ptr_array_index (self->listeners, i);

      if (listener->fd < 0)
        continue;
      wd_net_loop_remove (self->hub->loop, listener->fd);
      listener_close (listener);
    }
}

void
wd_net_acceptor_resume (WdAcceptor *self)
{
  if (!self->is_full && self->retry_us == 0)
    return;

  // The connection that is gone gave back its descriptor, too.
  self->is_full = FALSE;
  self->retry_us = 0;
  arm_all (self);
}

gint64
wd_net_acceptor_tick (WdAcceptor *self, gint64 now_us)
{
  if (self->retry_us > now_us)
    return self->retry_us;
  if (self->retry_us == 0)
    self->has_complained = FALSE;
  else
    {
      self->retry_us = 0;
      arm_all (self);
    }
  return WD_NET_LOOP_NEVER;
}

guint
wd_net_acceptor_get_n_listeners (WdAcceptor *self)
{
  return self->listeners->len;
}

const char *
wd_net_acceptor_get_name (WdAcceptor *self, guint index)
{
  const Listener *listener = g_ptr_array_index (self->listeners, index);

  return listener->name;
}

char *
wd_net_acceptor_dup_address (WdAcceptor *self, guint index)
{
  const Listener *listener = g_ptr_array_index (self->listeners, index);

  return wd_net_address_dup_of_socket (listener->fd);
}

guint64
wd_net_acceptor_get_n_accepts (WdAcceptor *self)
{
  return atomic_load_explicit (&self->n_accepts, memory_order_relaxed);
}
