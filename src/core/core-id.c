// SPDX-License-Identifier: EUPL-1.2
// Object ids.
#include "config.h"

#include "core-id.h"

#include <string.h>
#include <sys/random.h>

#include "core-clock.h"

static guint8 process_octets[5];
static gint counter;

static void
init_process_octets (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      guint32 start = 0;

      if (getrandom (process_octets, sizeof process_octets, 0) != sizeof process_octets
          || getrandom (&start, sizeof start, 0) != sizeof start)
        {
          // getrandom cannot fail for so few octets once the pool is ready; GRand is the spare.
          for (gsize i = 0; i < sizeof process_octets; i++)
            process_octets[i] = (guint8) g_random_int ();
          start = g_random_int ();
        }
      counter = (gint) (start & 0x7fffff);
      g_once_init_leave (&once, 1);
    }
}

void
wd_core_id_new (WdId *out_id)
{
  init_process_octets ();

  guint32 secs = (guint32) (wd_core_clock_now_us () / G_USEC_PER_SEC);
  guint32 n = (guint32) g_atomic_int_add (&counter, 1);

  out_id->bytes[0] = (guint8) (secs >> 24);
  out_id->bytes[1] = (guint8) (secs >> 16);
  out_id->bytes[2] = (guint8) (secs >> 8);
  out_id->bytes[3] = (guint8) secs;
  memcpy (out_id->bytes + 4, process_octets, sizeof process_octets);
  out_id->bytes[9] = (guint8) (n >> 16);
  out_id->bytes[10] = (guint8) (n >> 8);
  out_id->bytes[11] = (guint8) n;
}

void
wd_core_id_to_hex (const WdId *id, char out_hex[WD_CORE_ID_HEX_LEN + 1])
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < sizeof id->bytes; i++)
    {
      out_hex[2 * i] = digits[id->bytes[i] >> 4];
      out_hex[2 * i + 1] = digits[id->bytes[i] & 0xf];
    }
  out_hex[WD_CORE_ID_HEX_LEN] = '\0';
}

char *
wd_core_id_dup_hex (const WdId *id)
{
  char *hex = g_malloc (WD_CORE_ID_HEX_LEN + 1);

  wd_core_id_to_hex (id, hex);
  return hex;
}

gboolean
wd_core_id_from_hex (const char *hex, WdId *out_id)
{
  WdId id;

  for (gsize i = 0; i < sizeof id.bytes; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]);
      int low = high < 0 ? -1 : g_ascii_xdigit_value (hex[2 * i + 1]);

      if (low < 0)
        return FALSE;
      id.bytes[i] = (guint8) (high << 4 | low);
    }
  if (hex[WD_CORE_ID_HEX_LEN] != '\0')
    return FALSE;

  *out_id = id;
  return TRUE;
}

gboolean
wd_core_id_is_equal (const WdId *a, const WdId *b)
{
  return memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

gboolean
wd_core_id_is_none (const WdId *id)
{
  static const WdId none;

  return wd_core_id_is_equal (id, &none);
}

guint
wd_core_id_hash (gconstpointer id)
{
  const WdId *self = id;
  guint32 counter_part;

  // The last four octets hold the counter: the part that differs most.
  memcpy (&counter_part, self->bytes + 8, sizeof counter_part);
  return counter_part;
}

gboolean
wd_core_id_equal (gconstpointer a, gconstpointer b)
{
  return wd_core_id_is_equal (a, b);
}
