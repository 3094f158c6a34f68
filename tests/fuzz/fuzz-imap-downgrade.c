// SPDX-License-Identifier: EUPL-1.2
// Lists in ASCII: any octets are taken for a list, and those of any message stay lists.
#include "config.h"

#include "downgrade-check.h"
#include "fuzz.h"
#include "imap-downgrade.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *octets = (const char *) data;
  g_autoptr (GString) out = g_string_new (NULL);

  wd_imap_downgrade_envelope (octets, size, out);
  wd_imap_downgrade_structure (octets, size, out);
  downgrade_check_message (octets, size);
  return 0;
}
