// SPDX-License-Identifier: EUPL-1.2
// Addresses and user names: a normal form is valid UTF-8 and its own normal form.
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store-address.h"
#include "store-search.h"

static void
check_again (const char *normal, char *(*normalize) (const char *, GError **) )
{
  g_autofree char *again = normalize (normal, NULL);

  // Folding and decoding may make it longer, beyond what is taken.
  if (again != NULL && strcmp (again, normal) != 0)
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *address = wd_store_address_normalize (text, NULL);
  g_autofree char *username = wd_store_username_normalize (text, NULL);
  g_autofree char *detail = wd_store_address_dup_detail (text);
  g_autofree char *folded = wd_search_fold ((const char *) data, (gssize) size);

  if (!g_utf8_validate (folded, -1, NULL))
    abort ();
  if (address != NULL)
    {
      if (!g_utf8_validate (address, -1, NULL) || strchr (address, '@') == NULL)
        abort ();
      check_again (address, wd_store_address_normalize);
    }
  if (username != NULL && strchr (username, '@') == NULL)
    check_again (username, wd_store_username_normalize);
  if (detail != NULL && strlen (detail) > size)
    abort ();
  return 0;
}
