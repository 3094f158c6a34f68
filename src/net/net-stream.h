// SPDX-License-Identifier: EUPL-1.2
// A connection that a library reads and writes itself: its streams are those of the socket, and it
// is counted among the connections of the service until it is closed. Main context's thread.
#pragma once

#include "net-hub.h"

#define WD_TYPE_NET_STREAM (wd_net_stream_get_type ())
G_DECLARE_FINAL_TYPE (WdNetStream, wd_net_stream, WD, NET_STREAM, GIOStream)

// Loop: gives an accepted and counted descriptor to the spec's accept_stream, on `context`.
void wd_net_stream_hand_over (WdHub *hub, GMainContext *context, int fd, const WdPeer *peer);

// The service stops: those that wait for a request read the end of the stream. `now`: all are shut
// down.
void wd_net_stream_stop_all (WdHub *hub, gboolean now);
