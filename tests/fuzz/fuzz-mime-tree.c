// SPDX-License-Identifier: EUPL-1.2
// Stored trees: what is not refused keeps the rules, and is the same when stored again.
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "mime-check.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint32 message_bytes;
  g_autoptr (WdMimeTree) tree = NULL;

  // Four octets are the size of the message.
  if (size < sizeof message_bytes)
    return 0;
  memcpy (&message_bytes, data, sizeof message_bytes);
  message_bytes = GUINT32_FROM_LE (message_bytes);
  tree = wd_mime_tree_decode (data + sizeof message_bytes, size - sizeof message_bytes,
                              message_bytes, 0);
  if (tree != NULL)
    mime_check_stored (tree, message_bytes);
  return 0;
}
