// SPDX-License-Identifier: EUPL-1.2
// Beacons as messages of the event channel.
#include "config.h"

#include "notify-event.h"

#include <string.h>

// A longer message is none of these.
#define MAX_BYTES 1024

char *
wd_notify_event_dup (const WdBeacon *beacon, const WdId *sender)
{
  g_autofree char *owner = wd_core_id_dup_hex (&beacon->owner);
  g_autofree char *mailbox = wd_core_id_dup_hex (&beacon->mailbox);
  g_autofree char *from = wd_core_id_dup_hex (sender);

  return g_strdup_printf ("{\"e\":\"%s\",\"wd\":{\"k\":%d,\"m\":\"%s\",\"s\":\"%s\"}}", owner,
                          (int) beacon->kind, mailbox, from);
}

// The id behind `key` in the text. FALSE when it is not there.
static gboolean
find_id (const char *text, const char *key, WdId *out_id)
{
  const char *at = strstr (text, key);
  char hex[WD_CORE_ID_HEX_LEN + 1];

  if (at == NULL || g_strlcpy (hex, at + strlen (key), sizeof hex) < WD_CORE_ID_HEX_LEN)
    return FALSE;
  return wd_core_id_from_hex (hex, out_id);
}

static gboolean
find_kind (const char *text, WdBeaconKind *out_kind)
{
  const char *at = strstr (text, "\"k\":");
  char digit = at == NULL ? '\0' : at[4];

  if (digit < '0' || digit > '0' + WD_BEACON_ACCOUNT)
    return FALSE;
  *out_kind = (WdBeaconKind) (digit - '0');
  return TRUE;
}

// Whoever can publish is trusted with making others look, and with no more: what is read here only
// names whom to wake.
gboolean
wd_notify_event_read (
    const char *data, gsize len, WdBeacon out_beacons[2], guint *out_n_beacons, WdId *out_sender)
{
  g_autofree char *text = NULL;
  const char *ours;
  WdId owner;

  memset (out_sender, 0, sizeof *out_sender);
  if (len > MAX_BYTES)
    return FALSE;
  text = g_strndup (data, len);
  if (!find_id (text, "\"e\":\"", &owner) || strstr (text, "\"p\":") != NULL)
    return FALSE;
  out_beacons[0] = (WdBeacon){ .kind = WD_BEACON_MAILBOX, .owner = owner };
  out_beacons[1] = (WdBeacon){ .kind = WD_BEACON_MAILBOXES, .owner = owner };
  *out_n_beacons = 2;
  ours = strstr (text, "\"wd\":{");
  if (ours == NULL || !find_kind (ours, &out_beacons[0].kind)
      || !find_id (ours, "\"m\":\"", &out_beacons[0].mailbox))
    return TRUE;
  *out_n_beacons = 1;
  (void) !find_id (ours, "\"s\":\"", out_sender);
  return TRUE;
}
