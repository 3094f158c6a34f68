// SPDX-License-Identifier: EUPL-1.2
// The HTTP server: connections from net/ go in, libsoup speaks the protocol, workers answer.
#pragma once

#include <gio/gio.h>

#include "core-config.h"
#include "store.h"

typedef struct _WdHttpServer WdHttpServer;

// Runs `func (data)` on a worker; never on the calling thread.
typedef void (*WdHttpQueueFunc) (gpointer queue, void (*func) (gpointer data), gpointer data);

// Keeps a reference to the store and the configuration. The thread that calls it is the one on
// which all functions here run, and its default main context the one that serves. Returns (transfer
// full).
WdHttpServer *
wd_http_server_new (WdStore *store, WdConfig *config, WdHttpQueueFunc queue_func, gpointer queue)
    G_GNUC_WARN_UNUSED_RESULT;

// Disconnects everybody. Requests that a worker has run to their end, unheard.
void wd_http_server_free (WdHttpServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdHttpServer, wd_http_server_free)

// Counts for requests that begin from now on.
void wd_http_server_set_config (WdHttpServer *self, WdConfig *config);

// Serves a connection until it is closed. Its streams must be pollable. `remote`: "192.0.2.1", …
void wd_http_server_accept (WdHttpServer *self, GIOStream *stream, const char *remote);

// Closes the connections that wait for a request; the others close after their reply.
void wd_http_server_stop (WdHttpServer *self);
