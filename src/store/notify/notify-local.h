// SPDX-License-Identifier: EUPL-1.2
// Beacons between the processes of one machine: a datagram socket a process, in one directory. For
// backends; the rest of the program sees store-notify.h.
#pragma once

#include "store-notify.h"

typedef struct _WdNotifyLocal WdNotifyLocal;

// One for each opened store. `runtime_dir` (nullable): made when it is first needed; NULL for a
// store that only this process uses. No thread and no socket until there is a watch: a process that
// only sends costs its peers nothing. Returns (transfer full).
WdNotifyLocal *wd_notify_local_new (const char *runtime_dir) G_GNUC_WARN_UNUSED_RESULT;

// Watches stay valid, but hear nothing more.
void wd_notify_local_free (WdNotifyLocal *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdNotifyLocal, wd_notify_local_free)

// UNAVAILABLE when the directory cannot be used: then beacons stay in this process.
gboolean wd_notify_local_check (WdNotifyLocal *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Tells everybody, after the commit. Calls the watches of this process before it returns, so no
// lock may be held. Any thread; never blocks.
void wd_notify_local_send (WdNotifyLocal *self, const WdBeacon *beacon);

// As wd_store_watch. Any thread.
WdWatch *wd_notify_local_watch (WdNotifyLocal *self,
                                const WdId *owner,
                                const WdId *mailbox,
                                WdWatchFunc func,
                                gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
