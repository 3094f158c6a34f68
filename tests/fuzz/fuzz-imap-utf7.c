// SPDX-License-Identifier: EUPL-1.2
// Mailbox names: what is decoded is valid, and comes back as it was unless it was sent as UTF-8.
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "imap-utf7.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *name = g_strndup ((const char *) data, size);
  g_autofree char *text = wd_imap_utf7_decode (name);
  g_autoptr (GString) wire = g_string_new (NULL);
  g_autofree char *again = NULL;
  gboolean is_ascii = TRUE;

  if (text == NULL)
    return 0;
  if (!g_utf8_validate (text, -1, NULL))
    abort ();
  wd_imap_utf7_encode (text, wire);
  again = wd_imap_utf7_decode (wire->str);
  if (again == NULL || strcmp (again, text) != 0)
    abort ();
  // Control characters may stand as they are, but go out in base64.
  for (const char *p = name; *p != '\0'; p++)
    is_ascii &= *p >= 0x20 && *p <= 0x7e;
  if (is_ascii && strcmp (wire->str, name) != 0)
    abort ();
  return 0;
}
