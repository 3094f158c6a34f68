// SPDX-License-Identifier: EUPL-1.2
// Modified UTF-7 of mailbox names (RFC 3501 5.1.3).
#include "config.h"

#include "imap-utf7.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static gboolean
is_direct (gunichar c)
{
  return c >= 0x20 && c <= 0x7e;
}

// UTF-16 units going out as base64 without padding.
typedef struct
{
  GString *out;
  guint32 bits;
  guint n_bits;
} Shift;

static void
shift_unit (Shift *self, guint16 unit)
{
  self->bits = self->bits << 16 | unit;
  self->n_bits += 16;
  while (self->n_bits >= 6)
    {
      self->n_bits -= 6;
      g_string_append_c (self->out, alphabet[self->bits >> self->n_bits & 0x3f]);
    }
  self->bits &= (1u << self->n_bits) - 1;
}

static void
shift_char (Shift *self, gunichar c)
{
  if (c < 0x10000)
    {
      shift_unit (self, (guint16) c);
      return;
    }
  shift_unit (self, (guint16) (0xd800 + ((c - 0x10000) >> 10)));
  shift_unit (self, (guint16) (0xdc00 + ((c - 0x10000) & 0x3ff)));
}

static void
shift_end (Shift *self)
{
  if (self->n_bits > 0)
    g_string_append_c (self->out, alphabet[self->bits << (6 - self->n_bits) & 0x3f]);
  g_string_append_c (self->out, '-');
}

void
wd_imap_utf7_encode (const char *text, GString *out)
{
  const char *p = text;

  while (*p != '\0')
    {
      Shift shift = { .out = out };

      if (*p == '&')
        {
          g_string_append (out, "&-");
          p++;
          continue;
        }
      if (is_direct ((guchar) *p))
        {
          g_string_append_c (out, *p++);
          continue;
        }
      g_string_append_c (out, '&');
      for (; *p != '\0' && !is_direct (g_utf8_get_char (p)); p = g_utf8_next_char (p))
        shift_char (&shift, g_utf8_get_char (p));
      shift_end (&shift);
    }
}

// UTF-16 units coming in; `high` holds the first half of a pair.
static gboolean
take_unit (GString *out, guint16 unit, guint16 *inout_high)
{
  gunichar c = unit;

  if (*inout_high != 0)
    {
      if (unit < 0xdc00 || unit > 0xdfff)
        return FALSE;
      c = 0x10000 + ((gunichar) (*inout_high - 0xd800) << 10) + (unit - 0xdc00u);
      *inout_high = 0;
    }
  else if (unit >= 0xd800 && unit <= 0xdbff)
    {
      *inout_high = unit;
      return TRUE;
    }
  // What can be written directly must be (RFC 3501 5.1.3).
  if (c == 0 || is_direct (c) || (c >= 0xdc00 && c <= 0xdfff))
    return FALSE;
  g_string_append_unichar (out, c);
  return TRUE;
}

// The base64 behind '&', up to its '-'. Returns (nullable) what follows it.
static const char *
take_shifted (const char *p, GString *out)
{
  guint32 bits = 0;
  guint n_bits = 0;
  guint16 high = 0;

  for (; *p != '-'; p++)
    {
      const char *digit = *p != '\0' ? strchr (alphabet, *p) : NULL;

      if (digit == NULL)
        return NULL;
      bits = bits << 6 | (guint32) (digit - alphabet);
      n_bits += 6;
      if (n_bits < 16)
        continue;
      n_bits -= 16;
      if (!take_unit (out, (guint16) (bits >> n_bits), &high))
        return NULL;
      bits &= (1u << n_bits) - 1;
    }
  // Left over: less than a digit, and zero.
  if (n_bits >= 6 || bits != 0 || high != 0)
    return NULL;
  return p + 1;
}

char *
wd_imap_utf7_decode (const char *name)
{
  g_autoptr (GString) out = g_string_sized_new (strlen (name));
  const char *p = name;

  while (*p != '\0')
    {
      if (*p != '&')
        {
          g_string_append_c (out, *p++);
          continue;
        }
      p++;
      if (*p == '-')
        {
          g_string_append_c (out, '&');
          p++;
          continue;
        }
      p = take_shifted (p, out);
      // A shift right behind another one should have been one.
      if (p == NULL || (p[0] == '&' && p[1] != '-'))
        return NULL;
    }
  if (!g_utf8_validate (out->str, (gssize) out->len, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}
