// SPDX-License-Identifier: EUPL-1.2
// Beacons as messages of WildDuck's event channel: {"e":"USER"} says that something of the user's
// has changed. Ours say in "wd" what, and who says so.
#pragma once

#include "store-notify.h"

// Returns (transfer full).
char *wd_notify_event_dup (const WdBeacon *beacon, const WdId *sender) G_GNUC_WARN_UNUSED_RESULT;

// Reads a message, whatever it holds. FALSE for one that names no user, or that asks for something
// instead of telling. One that does not say what has changed is of everything of the user:
// *out_n_beacons is 2 then. `out_sender` is none when it does not say who sent it.
gboolean wd_notify_event_read (const char *data,
                               gsize len,
                               WdBeacon out_beacons[2],
                               guint *out_n_beacons,
                               WdId *out_sender) G_GNUC_WARN_UNUSED_RESULT;
