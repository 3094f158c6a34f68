// SPDX-License-Identifier: EUPL-1.2
// Numbers as seven bits an octet.
#include "config.h"

#include "sqlite-varint.h"

guint8 *
wd_sqlite_varint_put (guint8 *out, guint64 n)
{
  for (; n >= 0x80; n >>= 7)
    *out++ = (guint8) (n | 0x80);
  *out++ = (guint8) n;
  return out;
}

gboolean
wd_sqlite_varint_get (const guint8 **inout_p, const guint8 *end, guint64 *out_n)
{
  guint64 n = 0;

  for (guint shift = 0; *inout_p < end && shift < 63; shift += 7)
    {
      guint8 octet = *(*inout_p)++;

      n |= (guint64) (octet & 0x7f) << shift;
      if (octet < 0x80)
        {
          *out_n = n;
          return TRUE;
        }
    }
  return FALSE;
}
