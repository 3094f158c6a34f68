// SPDX-License-Identifier: EUPL-1.2
// The other processes that listen in a runtime directory, and sending to them without ever waiting:
// what a full queue does not take is kept, merged, until there is room.
#pragma once

#include <poll.h>

#include "store-notify.h"

typedef struct _WdNotifyPeers WdNotifyPeers;

// Beacons that are kept for one peer; beyond, it is told to look at everything.
#define WD_NOTIFY_PEERS_MAX_PENDING 1024

// Any thread.
WdNotifyPeers *wd_notify_peers_new (const char *dir) G_GNUC_WARN_UNUSED_RESULT;
void wd_notify_peers_free (WdNotifyPeers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdNotifyPeers, wd_notify_peers_free)

// Makes a socket of a new name in the directory, which is made (0700) where there is none. From
// then on this is no peer. Returns the descriptor, or -1 with UNAVAILABLE.
int wd_notify_peers_listen (WdNotifyPeers *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// UNAVAILABLE when the directory cannot be made or written to.
gboolean wd_notify_peers_check (WdNotifyPeers *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Sends to all. Returns TRUE when something is kept back: then somebody must flush.
gboolean wd_notify_peers_send (WdNotifyPeers *self, const WdBeacon *beacon);

// Sends what was kept back, as far as there is room.
void wd_notify_peers_flush (WdNotifyPeers *self);

// Appends what to poll for until the next flush. (element-type struct pollfd)
void wd_notify_peers_add_polls (WdNotifyPeers *self, GArray *polls);
