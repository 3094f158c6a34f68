// SPDX-License-Identifier: EUPL-1.2
// Waiting for changes, made by this process or another: a beacon says that something happened, the
// journal (wd_store_list_changes) says what.
#pragma once

#include <gio/gio.h>

#include "store-types.h"

typedef struct _WdStore WdStore;
typedef struct _WdWatch WdWatch;

// Changes that other processes make are noticed seconds late, and nothing is lost, or that is over:
// Redis has gone away, or has come back; on one machine, that the folder of beacons cannot be used
// is told by wd_store_open. Called once for each change, on a thread of the notifier or the one
// that opens, with no store lock held: it must not block and not call the store.
typedef void (*WdNotifierFunc) (gboolean is_away, gpointer user_data);

typedef enum
{
  WD_BEACON_MAILBOX,   // Messages or flags of `mailbox` changed.
  WD_BEACON_MAILBOXES, // The list of mailboxes changed.
  WD_BEACON_ACCOUNT,   // Password, state or limits of the user changed, or the user is gone.
} WdBeaconKind;

typedef struct
{
  WdBeaconKind kind;
  WdId owner;
  WdId mailbox; // None unless WD_BEACON_MAILBOX; there, none means that any may have changed.
} WdBeacon;

// Runs on the notifier's thread or on that of the store call which made the change, with no store
// lock held: it must not block and not call the store. Beacons may be merged, and may come once
// too often.
typedef void (*WdWatchFunc) (const WdBeacon *beacon, gpointer user_data);

// Watches one mailbox, or, with `mailbox` NULL, all of the owner. Account beacons come to all
// watches of the owner. O(1), about 100 octets.
WdWatch *wd_store_watch (WdStore *store,
                         const WdId *owner,
                         const WdId *mailbox,
                         WdWatchFunc func,
                         gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

// On return `func` is not running and will not run again. Not from within `func`.
void wd_watch_free (WdWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdWatch, wd_watch_free)
