// SPDX-License-Identifier: EUPL-1.2
// Datagrams of beacons: what is read is what would be sent.
#include "config.h"

#include <stdlib.h>

#include "fuzz.h"
#include "notify-beacon.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  WdBeacon beacons[WD_NOTIFY_BEACON_MAX];
  WdBeacon again[WD_NOTIFY_BEACON_MAX];
  guint8 octets[WD_NOTIFY_BEACON_MAX_BYTES];
  gsize n;
  gsize n_again;

  if (!wd_notify_beacon_decode (data, size, beacons, &n))
    return 0;
  if (n > WD_NOTIFY_BEACON_MAX
      || !wd_notify_beacon_decode (octets, wd_notify_beacon_encode (beacons, n, octets), again,
                                   &n_again)
      || n_again != n)
    abort ();
  for (gsize i = 0; i < n; i++)
    if (beacons[i].kind != again[i].kind
        || !wd_core_id_is_equal (&beacons[i].owner, &again[i].owner)
        || !wd_core_id_is_equal (&beacons[i].mailbox, &again[i].mailbox))
      abort ();
  return 0;
}
