// SPDX-License-Identifier: EUPL-1.2
// The watches of one process, whatever brings the beacons to it: for notifiers.
#pragma once

#include "store-notify.h"

typedef struct _WdWatchSet WdWatchSet;

// Counted: each watch holds a reference. Any thread.
WdWatchSet *wd_watch_set_new (void) G_GNUC_WARN_UNUSED_RESULT;
WdWatchSet *wd_watch_set_ref (WdWatchSet *self) G_GNUC_WARN_UNUSED_RESULT;
void wd_watch_set_unref (WdWatchSet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdWatchSet, wd_watch_set_unref)

// As wd_store_watch; wd_watch_free ends it.
WdWatch *wd_watch_new (WdWatchSet *self,
                       const WdId *owner,
                       const WdId *mailbox,
                       WdWatchFunc func,
                       gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

// Calls those that the beacon concerns, with no lock held. O(watches of the owner).
void wd_watch_dispatch (WdWatchSet *self, const WdBeacon *beacon);

// Calls all, with every beacon that may have been missed. O(watches).
void wd_watch_dispatch_all (WdWatchSet *self);
