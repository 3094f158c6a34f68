// SPDX-License-Identifier: EUPL-1.2
// What the connections of a service share: the loop, the workers, the caps, and the list of them.
#pragma once

#include <stdatomic.h>

#include "net-loop.h"
#include "net-peer.h"
#include "net-pool.h"
#include "net-service.h"
#include "net-tls.h"

typedef struct _WdAcceptor WdAcceptor;
typedef struct _WdHub WdHub;

struct _WdHub
{
  const WdServiceSpec *spec;
  WdService *service;
  gpointer data; // Of the service's `start`.
  WdPool *pool;
  WdLoop *loop;
  WdTls *tls;
  WdAcceptor *acceptor;

  // Called on the loop when the last connection is gone; `is_final`: and none can come any more.
  // Must not block.
  void (*on_empty) (WdService *service, gboolean is_final);
  // Called on the loop for a spec with `accept_stream`. Takes the descriptor; `peer` is counted
  // until wd_net_hub_release_stream.
  void (*on_stream) (WdService *service, int fd, const WdPeer *peer);

  // Loop thread only.
  WdConn *conns;
  GHashTable *sites;  // 16 octets to the number of connections.
  gboolean is_closed; // Accepts no more.

  // Main thread only: of WdNetStream, the open ones.
  GHashTable *streams;

  _Atomic gboolean is_deaf; // As wd_net_service_set_deaf; shown in STATUS=.
  _Atomic guint n_conns;    // Written on the loop.
  _Atomic guint max_conns;
  _Atomic guint max_conns_per_site;
  _Atomic gboolean is_stopping;
  _Atomic gboolean is_cancelled;
};

WdHub *wd_net_hub_new (const WdServiceSpec *spec, WdService *service, guint n_workers, WdTls *tls)
    G_GNUC_WARN_UNUSED_RESULT;

// Ends loop and workers. All connections must be gone, or the process must be about to end.
void wd_net_hub_free (WdHub *self);

// Reads the caps from the section of the service. Any thread.
void wd_net_hub_configure (WdHub *self, WdConfig *config);

// FALSE when the process serves as many as it may. Loop.
gboolean wd_net_hub_has_room (WdHub *self);

// Counts a connection. FALSE when its site has as many as it may. Loop.
gboolean wd_net_hub_admit (WdHub *self, const WdPeer *peer);
// Uncounts it. Loop.
void wd_net_hub_release (WdHub *self, const WdPeer *peer);
// The same from any thread.
void wd_net_hub_release_stream (WdHub *self, const WdPeer *peer);

// Makes an admitted connection of `fd`. Loop.
void
wd_net_hub_take (WdHub *self, int fd, const char *listener, gboolean is_tls, const WdPeer *peer);

// Ends accepting, and runs each session once with WD_WHY_SHUTDOWN. Any thread.
void wd_net_hub_stop (WdHub *self);

// Cancels what still runs, and closes what waits. Any thread, after stop.
void wd_net_hub_cancel (WdHub *self);

// Ends accepting if there is no connection; then calls on_empty. Any thread.
void wd_net_hub_stop_if_empty (WdHub *self);

// TRUE when every connection is parked. Loop; for tests.
gboolean wd_net_hub_is_quiet (WdHub *self);
