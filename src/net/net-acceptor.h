// SPDX-License-Identifier: EUPL-1.2
// Listening sockets, and the accept loop: it stops at the cap until a connection is gone, and backs
// off when the system has no descriptors or memory left. Loop thread, but where it says otherwise.
#pragma once

#include "net-hub.h"

// Of the hub, which owns it. Main thread, before the loop knows of it.
WdAcceptor *wd_net_acceptor_new (WdHub *hub) G_GNUC_WARN_UNUSED_RESULT;
void wd_net_acceptor_free (WdAcceptor *self);

// Adds a socket that listens already and is now owned. Main thread, before start.
void wd_net_acceptor_add (
    WdAcceptor *self, int fd, const char *name, const char *unlink_path, gboolean is_tls);

// Main thread: begins to accept. FALSE when epoll refuses.
gboolean wd_net_acceptor_start (WdAcceptor *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Closes the listeners for good.
void wd_net_acceptor_stop (WdAcceptor *self);

// A connection is gone.
void wd_net_acceptor_resume (WdAcceptor *self);

// Ends a back-off that is over. Returns when to be called again.
gint64 wd_net_acceptor_tick (WdAcceptor *self, gint64 now_us);

// Main thread: the sockets by index, for the start-up message and for tests.
guint wd_net_acceptor_get_n_listeners (WdAcceptor *self);
const char *wd_net_acceptor_get_name (WdAcceptor *self, guint index);
// Returns (transfer full): "127.0.0.1:1143", "unix:/run/…".
char *wd_net_acceptor_dup_address (WdAcceptor *self, guint index);

// Calls of accept(2) so far, for tests. Any thread.
guint64 wd_net_acceptor_get_n_accepts (WdAcceptor *self);
