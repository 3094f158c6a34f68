// SPDX-License-Identifier: EUPL-1.2
// The inside of a service, for tests: a service in a thread of the test.
#pragma once

#include "net-service.h"

// Starts a service with a main context and a thread of its own. `args` (NULL-terminated) are those
// of the command line without the program's name. Signals, notifications and inherited sockets are
// left alone. Returns (transfer full): NULL with the error.
WdService *wd_net_service_start_for_test (const WdServiceSpec *spec,
                                          const char *const *args,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

// As SIGTERM, then waits for the end. Returns the exit status.
int wd_net_service_stop_for_test (WdService *self);

// What comes ten seconds after SIGTERM: running commands are cancelled.
void wd_net_service_cancel_for_test (WdService *self);

// As SIGHUP; returns when it is done.
void wd_net_service_reload_for_test (WdService *self);

// The port that the first listener of this name is bound to.
guint wd_net_service_get_port_for_test (WdService *self, const char *listener);

// Makes the loop look at the clock, after wd_core_clock_advance_for_test.
void wd_net_service_kick_for_test (WdService *self);

// Waits until every connection is parked, so that its deadline stands.
void wd_net_service_wait_parked_for_test (WdService *self);

guint wd_net_service_get_n_connections_for_test (WdService *self);
guint64 wd_net_service_get_n_accepts_for_test (WdService *self);
