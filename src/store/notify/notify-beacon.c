// SPDX-License-Identifier: EUPL-1.2
// The datagram: "WDB", version, then records of kind, owner and mailbox.
#include "config.h"

#include "notify-beacon.h"

#include <string.h>

#define MAGIC "WDB"
#define VERSION 1

// The kinds as they are sent: numbers of the format, not of the enumeration.
static const struct
{
  guint8 octet;
  WdBeaconKind kind;
} kinds[] = {
  { 1, WD_BEACON_MAILBOX },
  { 2, WD_BEACON_MAILBOXES },
  { 3, WD_BEACON_ACCOUNT },
};

static guint8
octet_of (WdBeaconKind kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == kind)
      return kinds[i].octet;
  return 0;
}

static gboolean
kind_of (guint8 octet, WdBeaconKind *out_kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].octet == octet)
      {
        *out_kind = kinds[i].kind;
        return TRUE;
      }
  return FALSE;
}

gsize
wd_notify_beacon_encode (const WdBeacon *beacons,
                         gsize n_beacons,
                         guint8 out_data[WD_NOTIFY_BEACON_MAX_BYTES])
{
  guint8 *p = out_data + WD_NOTIFY_BEACON_HEADER_BYTES;

  g_return_val_if_fail (n_beacons <= WD_NOTIFY_BEACON_MAX, 0);

  memcpy (out_data, MAGIC, 3);
  out_data[3] = VERSION;
  for (gsize i = 0; i < n_beacons; i++, p += WD_NOTIFY_BEACON_RECORD_BYTES)
    {
      p[0] = octet_of (beacons[i].kind);
      memcpy (p + 1, beacons[i].owner.bytes, 12);
      memcpy (p + 13, beacons[i].mailbox.bytes, 12);
    }
  return (gsize) (p - out_data);
}

gboolean
wd_notify_beacon_decode (const guint8 *data,
                         gsize len,
                         WdBeacon out_beacons[WD_NOTIFY_BEACON_MAX],
                         gsize *out_n_beacons)
{
  gsize n_records;
  gsize n = 0;

  if (len < WD_NOTIFY_BEACON_HEADER_BYTES || memcmp (data, MAGIC, 3) != 0)
    return FALSE;
  *out_n_beacons = 0;
  if (data[3] != VERSION || len == WD_NOTIFY_BEACON_HEADER_BYTES)
    return TRUE;

  n_records = (len - WD_NOTIFY_BEACON_HEADER_BYTES) / WD_NOTIFY_BEACON_RECORD_BYTES;
  if (len > WD_NOTIFY_BEACON_MAX_BYTES
      || (len - WD_NOTIFY_BEACON_HEADER_BYTES) % WD_NOTIFY_BEACON_RECORD_BYTES != 0)
    return FALSE;
  for (gsize i = 0; i < n_records; i++)
    {
      const guint8 *p = data + WD_NOTIFY_BEACON_HEADER_BYTES + i * WD_NOTIFY_BEACON_RECORD_BYTES;

      if (!kind_of (p[0], &out_beacons[n].kind))
        continue;
      memcpy (out_beacons[n].owner.bytes, p + 1, 12);
      memcpy (out_beacons[n].mailbox.bytes, p + 13, 12);
      n++;
    }
  *out_n_beacons = n;
  // Nothing but unknown kinds is nothing for us.
  return n > 0;
}
