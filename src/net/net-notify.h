// SPDX-License-Identifier: EUPL-1.2
// What systemd is told, and its watchdog. Main thread.
#pragma once

#include "net-hub.h"

// Each is nothing without $NOTIFY_SOCKET.
void wd_net_notify_ready (const WdHub *hub);
// The same without saying that it has started. Any thread.
void wd_net_notify_status (const WdHub *hub);
void wd_net_notify_reloading (void);
void wd_net_notify_stopping (void);

// Starts to ping the watchdog, if systemd wants it, for as long as the loop goes round and the
// workers get work done. Returns (transfer full) (nullable).
GSource *wd_net_notify_start_watchdog (WdHub *hub, GMainContext *context) G_GNUC_WARN_UNUSED_RESULT;
