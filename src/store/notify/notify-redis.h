// SPDX-License-Identifier: EUPL-1.2
// Beacons between the processes of a cluster, by Redis: a channel that all publish to and that each
// process subscribes to once, as a pattern. It is WildDuck's channel, so that its sessions hear of
// our changes and ours of its.
//
// While Redis is away, everything works and nothing waits: watches of this process hear of its own
// changes at once and are told every few seconds to look at everything; the same when it is back,
// for what was missed.
#pragma once

#include "store-notify.h"

typedef struct _WdNotifyRedis WdNotifyRedis;

#define WD_NOTIFY_REDIS_CHANNEL "wd_events"
// How often watches are told to look while Redis is away.
#define WD_NOTIFY_REDIS_POLL_US (2 * G_USEC_PER_SEC)
// Beacons that wait to be published; beyond, the oldest are dropped: Redis is away, and its return
// makes everybody look.
#define WD_NOTIFY_REDIS_MAX_PENDING 1024

// `func` (nullable) hears that Redis has gone away, and that it is back. `uri`:
// redis://[:PASSWORD@]HOST[:PORT][/DATABASE]. Starts a thread for sending, and with the first watch
// one for hearing; waits for neither. INVALID.
WdNotifyRedis *
wd_notify_redis_new (const char *uri, WdNotifierFunc func, gpointer user_data, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Watches stay valid, but hear nothing more.
void wd_notify_redis_free (WdNotifyRedis *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdNotifyRedis, wd_notify_redis_free)

// TRUE while another program (WildDuck) hears the channel, as it was a second ago at most; TRUE,
// too, as long as it is not known. Any thread; never blocks.
gboolean wd_notify_redis_is_beside (WdNotifyRedis *self);

// Tells everybody, after the change. Calls the watches of this process before it returns, so no
// lock may be held. Any thread; never blocks.
void wd_notify_redis_send (WdNotifyRedis *self, const WdBeacon *beacon);

// Tells WildDuck that a mailbox is gone: its sessions that have it open end. Any thread; never
// blocks.
void wd_notify_redis_send_dropped (WdNotifyRedis *self, const WdId *owner, const WdId *mailbox);

// As wd_store_watch. Any thread. The first one of a process may wait for Redis, two seconds at
// most.
WdWatch *wd_notify_redis_watch (WdNotifyRedis *self,
                                const WdId *owner,
                                const WdId *mailbox,
                                WdWatchFunc func,
                                gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
