// SPDX-License-Identifier: EUPL-1.2
// What the connections of a service share.
#include "config.h"

#include "net-hub.h"

#include <string.h>

#include "net-acceptor.h"
#include "net-conn-private.h"

typedef struct
{
  WdTask task;
  WdHub *hub;
  WdPeer peer;
} Release;

static guint
site_hash (gconstpointer key)
{
  guint64 half[2];

  memcpy (half, key, sizeof half);
  return (guint) ((half[0] * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
                   ^ half[1] * G_GUINT64_CONSTANT (0xc2b2ae3d27d4eb4f))
                  >> 32);
}

static gboolean
site_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, 16) == 0;
}

static gint64
on_tick (gpointer data, gint64 now_us)
{
  WdHub *self = data;
  gint64 next_us = wd_net_acceptor_tick (self->acceptor, now_us);

  for (WdConn *conn = self->conns; conn != NULL; conn = conn->next)
    next_us = MIN (next_us, wd_net_conn_check_alarm (conn, now_us));
  return next_us;
}

WdHub *
wd_net_hub_new (const WdServiceSpec *spec, WdService *service, guint n_workers, WdTls *tls)
{
  WdHub *self = g_new0 (WdHub, 1);

  self->spec = spec;
  self->service = service;
  self->tls = tls;
  self->max_conns = G_MAXUINT;
  self->max_conns_per_site = G_MAXUINT;
  self->sites = g_hash_table_new_full (site_hash, site_equal, g_free, NULL);
  self->streams = g_hash_table_new (NULL, NULL);
  self->acceptor = wd_net_acceptor_new (self);
  self->pool = wd_net_pool_new (n_workers);
  self->loop = wd_net_loop_new (on_tick, self);
  if (self->loop == NULL)
    g_clear_pointer (&self, wd_net_hub_free);
  return self;
}

void
wd_net_hub_free (WdHub *self)
{
  if (self == NULL)
    return;

  // The workers first: what they do last is to post to the loop.
  wd_net_pool_free (self->pool);
  wd_net_loop_free (self->loop);
  wd_net_acceptor_free (self->acceptor);
  g_hash_table_unref (self->sites);
  g_hash_table_unref (self->streams);
  g_free (self);
}

static void
resume_on_loop (gpointer data)
{
  WdHub *self = data;

  wd_net_acceptor_resume (self->acceptor);
}

void
wd_net_hub_configure (WdHub *self, WdConfig *config)
{
  const char *section = self->spec->name;

  atomic_store (&self->max_conns,
                (guint) wd_core_config_get_integer (config, section, "max-connections"));
  atomic_store (&self->max_conns_per_site, (guint) wd_core_config_get_integer (
                                               config, section, "max-connections-per-address"));
  // There may be room now.
  wd_net_loop_post_func (self->loop, resume_on_loop, self);
}

gboolean
wd_net_hub_has_room (WdHub *self)
{
  return atomic_load (&self->n_conns) < atomic_load (&self->max_conns);
}

gboolean
wd_net_hub_admit (WdHub *self, const WdPeer *peer)
{
  guint8 site[16];
  guint n;

  if (peer->is_ip && !wd_net_peer_is_loopback (peer))
    {
      wd_net_peer_get_site (peer, site);
      n = GPOINTER_TO_UINT (g_hash_table_lookup (self->sites, site));
      if (n >= atomic_load (&self->max_conns_per_site))
        return FALSE;
      g_hash_table_insert (self->sites, g_memdup2 (site, sizeof site), GUINT_TO_POINTER (n + 1));
    }
  atomic_fetch_add (&self->n_conns, 1);
  return TRUE;
}

void
wd_net_hub_release (WdHub *self, const WdPeer *peer)
{
  guint8 site[16];
  guint n;

  if (peer->is_ip && !wd_net_peer_is_loopback (peer))
    {
      wd_net_peer_get_site (peer, site);
      n = GPOINTER_TO_UINT (g_hash_table_lookup (self->sites, site));
      if (n > 1)
        g_hash_table_insert (self->sites, g_memdup2 (site, sizeof site), GUINT_TO_POINTER (n - 1));
      else
        g_hash_table_remove (self->sites, site);
    }
  n = atomic_fetch_sub (&self->n_conns, 1) - 1;
  wd_net_acceptor_resume (self->acceptor);
  if (n == 0)
    self->on_empty (self->service, self->is_closed);
}

static void
run_release (WdTask *task)
{
  Release *release = (Release *) task;

  wd_net_hub_release (release->hub, &release->peer);
  g_free (release);
}

void
wd_net_hub_release_stream (WdHub *self, const WdPeer *peer)
{
  Release *release = g_new0 (Release, 1);

  release->task.func = run_release;
  release->hub = self;
  release->peer = *peer;
  wd_net_loop_post (self->loop, &release->task);
}

void
wd_net_hub_take (WdHub *self, int fd, const char *listener, gboolean is_tls, const WdPeer *peer)
{
  WdConn *conn;

  if (self->spec->accept_stream != NULL)
    {
      self->on_stream (self->service, fd, peer);
      return;
    }

  conn = wd_net_conn_new (self, fd, listener, is_tls, peer);
  conn->next = self->conns;
  if (self->conns != NULL)
    self->conns->prev = conn;
  self->conns = conn;
  wd_net_pool_push (self->pool, &conn->task);
}

static void
stop_on_loop (gpointer data)
{
  WdHub *self = data;

  self->is_closed = TRUE;
  wd_net_acceptor_stop (self->acceptor);
  for (WdConn *conn = self->conns; conn != NULL; conn = conn->next)
    wd_net_conn_post (conn, WD_WHY_SHUTDOWN);
  if (atomic_load (&self->n_conns) == 0)
    self->on_empty (self->service, TRUE);
}

void
wd_net_hub_stop (WdHub *self)
{
  // Before the task, so that the workers see it no later than the reason.
  atomic_store (&self->is_stopping, TRUE);
  wd_net_loop_post_func (self->loop, stop_on_loop, self);
}

static void
cancel_on_loop (gpointer data)
{
  WdHub *self = data;

  for (WdConn *conn = self->conns; conn != NULL; conn = conn->next)
    wd_net_conn_cancel (conn);
}

void
wd_net_hub_cancel (WdHub *self)
{
  atomic_store (&self->is_cancelled, TRUE);
  wd_net_loop_post_func (self->loop, cancel_on_loop, self);
}

static void
stop_if_empty_on_loop (gpointer data)
{
  WdHub *self = data;

  if (atomic_load (&self->n_conns) > 0)
    return;
  atomic_store (&self->is_stopping, TRUE);
  stop_on_loop (self);
}

void
wd_net_hub_stop_if_empty (WdHub *self)
{
  wd_net_loop_post_func (self->loop, stop_if_empty_on_loop, self);
}

gboolean
wd_net_hub_is_quiet (WdHub *self)
{
  for (WdConn *conn = self->conns; conn != NULL; conn = conn->next)
    if ((atomic_load (&conn->state) & WD_NET_CONN_OWNER_MASK) != WD_NET_CONN_PARKED)
      return FALSE;
  return TRUE;
}
