// SPDX-License-Identifier: EUPL-1.2
// The shell of a service: options, configuration, log, sockets (inherited by name from systemd, or
// --listen), accept loop with its caps, TLS certificates, workers, watchdog, idle exit, SIGHUP
// reload, and the graceful stop (each session is run once with WD_WHY_SHUTDOWN).
#pragma once

#include <gio/gio.h>

#include "core-config.h"
#include "net-conn.h"

typedef struct _WdService WdService;

typedef struct
{
  const char *name;                 // "imap": section of the configuration, unit, log.
  const char *description;          // For --help.
  const char *const *listeners;     // Socket names that it serves, NULL-terminated.
  const char *const *tls_listeners; // Those of them that begin with a handshake; none may with
                                    // accept_stream.

  // Opens what the service needs (the store). Main thread, before any socket is served; FALSE ends
  // the process with the error.
  gboolean (*start) (WdService *service, gpointer *out_data, GError **error);
  // After the last session is gone.
  void (*stop) (gpointer data);
  // SIGHUP; the configuration is already the new one. (nullable)
  void (*reload) (WdService *service, gpointer data);

  // One session. `session_new` on the loop: no I/O, no store. `run` and `session_free` on a worker.
  gpointer (*session_new) (WdConn *conn, WdService *service, gpointer data);
  WdRun (*run) (gpointer session, WdConn *conn, WdWhy why);
  void (*session_free) (gpointer session);

  // Instead of the three above, for a protocol whose library reads the socket itself (HTTP): takes
  // over an accepted and counted connection, of which `stream` (transfer full) is the only
  // reference; closing it, or dropping it, uncounts it. It has no deadline of its own. When the
  // service stops its reads see the end of the stream, and some seconds later its writes fail. Runs
  // on the main context's thread.
  void (*accept_stream) (WdService *service, gpointer data, GIOStream *stream, const char *remote);
} WdServiceSpec;

// Runs the service to its end. Returns the exit status for main().
int wd_net_service_run (const WdServiceSpec *spec, int argc, char **argv);

// Returns (transfer full): the current one. Any thread.
WdConfig *wd_net_service_ref_config (WdService *self);

// Logs, and shows in STATUS=, that what other processes do is noticed late, or no longer so: a
// WdNotifierFunc. `service`: a WdService. Any thread.
void wd_net_service_set_deaf (gboolean is_deaf, gpointer service);

// Runs `func (data)` on a worker of the service's pool: for fan-out of one command. Blocks until
// all `n` calls (index 0 … n-1) are done; the calling worker does its share. Workers only.
void wd_net_service_run_parallel (WdService *self,
                                  guint n,
                                  void (*func) (guint index, gpointer data),
                                  gpointer data);

// Queues `func (data)` on a worker. Any thread.
void wd_net_service_queue (WdService *self, void (*func) (gpointer data), gpointer data);
