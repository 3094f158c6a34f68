// SPDX-License-Identifier: EUPL-1.2
// Beacons as octets. docs/storage-format.md describes them.
#pragma once

#include "store-notify.h"

// Beacons in one datagram.
#define WD_NOTIFY_BEACON_MAX 64
#define WD_NOTIFY_BEACON_HEADER_BYTES 4
#define WD_NOTIFY_BEACON_RECORD_BYTES 25
#define WD_NOTIFY_BEACON_MAX_BYTES                                                                 \
  (WD_NOTIFY_BEACON_HEADER_BYTES + WD_NOTIFY_BEACON_MAX * WD_NOTIFY_BEACON_RECORD_BYTES)

// Writes up to WD_NOTIFY_BEACON_MAX beacons; none at all means "look at everything". Returns the
// octets written.
gsize wd_notify_beacon_encode (const WdBeacon *beacons,
                               gsize n_beacons,
                               guint8 out_data[WD_NOTIFY_BEACON_MAX_BYTES]);

// Reads a datagram, whatever it holds. FALSE for what is none of ours. Records of a kind that is
// not known are left out; a datagram of another version is read as "look at everything", which is
// *out_n_beacons == 0.
gboolean wd_notify_beacon_decode (const guint8 *data,
                                  gsize len,
                                  WdBeacon out_beacons[WD_NOTIFY_BEACON_MAX],
                                  gsize *out_n_beacons) G_GNUC_WARN_UNUSED_RESULT;
