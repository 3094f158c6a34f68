// SPDX-License-Identifier: EUPL-1.2
// Sizes as people write them.
#include "config.h"

#include "core-size.h"

#include <string.h>

static const char units[] = " KMGT";

gboolean
wd_core_size_from_string (const char *text, guint64 *out_bytes)
{
  gsize n_digits = strspn (text, "0123456789");
  const char *suffix = text + n_digits;
  g_autofree char *digits = g_strndup (text, n_digits);
  const char *unit = units;
  guint shift;
  guint64 number;

  if (*suffix != '\0')
    unit = suffix[1] == '\0' ? strchr (units + 1, *suffix) : NULL;
  if (unit == NULL || !g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT64, &number, NULL))
    return FALSE;
  shift = 10 * (guint) (unit - units);
  if (number > (guint64) G_MAXINT64 >> shift)
    return FALSE;
  *out_bytes = number << shift;
  return TRUE;
}

char *
wd_core_size_to_string (guint64 bytes)
{
  guint unit = 0;
  guint64 one;

  while (unit + 2 < sizeof units && bytes >> (10 * (unit + 1)) != 0)
    unit++;
  if (unit == 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT, bytes);
  one = G_GUINT64_CONSTANT (1) << (10 * unit);
  if (bytes % one == 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT "%c", bytes / one, units[unit]);
  return g_strdup_printf ("%.1f%c", (double) bytes / (double) one, units[unit]);
}
