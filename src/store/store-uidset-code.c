// SPDX-License-Identifier: EUPL-1.2
// Sets of UIDs as text (RFC 3501 sequence-set) and as stored octets.
#include "config.h"

#include "store-uidset-private.h"

// Version octet, number of runs, then for each run the distance from the end of the one before and
// its length less one; all numbers as LEB128.
#define FORMAT_VERSION 1
#define VARINT_MAX_BYTES 5

void
wd_uidset_to_string (const WdUidSet *self, GString *out)
{
  for (guint i = 0; i < self->n_ranges; i++)
    {
      const WdUidRange *range = &self->ranges[i];

      if (i > 0)
        g_string_append_c (out, ',');
      g_string_append_printf (out, "%u", range->first);
      if (range->last != range->first)
        g_string_append_printf (out, ":%u", range->last);
    }
}

static void
put_varint (GByteArray *out, guint32 value)
{
  guint8 octet;

  do
    {
      octet = (guint8) (value & 0x7f);
      value >>= 7;
      if (value != 0)
        octet |= 0x80;
      g_byte_array_append (out, &octet, 1);
    }
  while (value != 0);
}

// Reads one number in its shortest form. FALSE when it is cut off, over-long or over 32 bits.
static gboolean
get_varint (const guint8 **inout_data, const guint8 *end, guint32 *out_value)
{
  const guint8 *p = *inout_data;
  guint64 value = 0;

  for (guint i = 0; i < VARINT_MAX_BYTES && p < end; i++)
    {
      guint8 octet = *p++;

      value |= (guint64) (octet & 0x7f) << (7 * i);
      if ((octet & 0x80) != 0)
        continue;
      if ((octet == 0 && i > 0) || value > G_MAXUINT32)
        return FALSE;
      *inout_data = p;
      *out_value = (guint32) value;
      return TRUE;
    }
  return FALSE;
}

GBytes *
wd_uidset_encode (const WdUidSet *self)
{
  GByteArray *out = g_byte_array_sized_new (8 + 4 * self->n_ranges);
  const guint8 version = FORMAT_VERSION;
  WdUid end = 0;

  g_byte_array_append (out, &version, 1);
  put_varint (out, self->n_ranges);
  for (guint i = 0; i < self->n_ranges; i++)
    {
      put_varint (out, self->ranges[i].first - end);
      put_varint (out, self->ranges[i].last - self->ranges[i].first);
      end = self->ranges[i].last;
    }
  return g_byte_array_free_to_bytes (out);
}

// Decodes one run behind `*inout_end`. Runs never touch, so all but the first are 2 or more away.
static gboolean
decode_range (const guint8 **inout_data, const guint8 *data_end, WdUidSet *set, WdUid *inout_end)
{
  guint32 distance;
  guint32 length;

  if (!get_varint (inout_data, data_end, &distance) || !get_varint (inout_data, data_end, &length))
    return FALSE;
  if (distance < (*inout_end == 0 ? 1 : 2) || distance > G_MAXUINT32 - *inout_end
      || length > G_MAXUINT32 - *inout_end - distance)
    return FALSE;

  WdUid first = *inout_end + distance;

  wd_uidset_add_range (set, first, first + length);
  *inout_end = first + length;
  return TRUE;
}

WdUidSet *
wd_uidset_decode (const void *data, gsize len)
{
  g_autoptr (WdUidSet) set = wd_uidset_new ();
  const guint8 *p = data;
  const guint8 *end = p + len;
  WdUid last = 0;
  guint32 n;

  if (len < 2 || *p++ != FORMAT_VERSION || !get_varint (&p, end, &n))
    return NULL;
  for (guint32 i = 0; i < n; i++)
    if (!decode_range (&p, end, set, &last))
      return NULL;
  return p == end ? g_steal_pointer (&set) : NULL;
}
