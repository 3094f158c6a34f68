// SPDX-License-Identifier: EUPL-1.2
// The indexer: any octets make a tree that is true of them, however they are cut.
#include "config.h"

#include "fuzz.h"
#include "mime-check.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *octets = (const char *) data;
  g_autoptr (WdMimeTree) whole = mime_check_index (octets, size, size == 0 ? 1 : size);
  g_autoptr (WdMimeTree) single = mime_check_index (octets, size, 1);
  g_autoptr (WdMimeTree) pieces = mime_check_index (octets, size, size == 0 ? 1 : 2 + data[0] % 61);

  mime_check_tree (whole, octets, size);
  mime_check_equal (whole, single);
  mime_check_equal (whole, pieces);
  return 0;
}
