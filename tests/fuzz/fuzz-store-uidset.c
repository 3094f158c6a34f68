// SPDX-License-Identifier: EUPL-1.2
// Stored sets of UIDs: what is not refused keeps the rules, and is the same octets when stored
// again.
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store-uidset.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (WdUidSet) set = wd_uidset_decode (data, size);
  guint64 count = 0;
  guint n;

  if (set == NULL)
    return 0;

  g_autoptr (GBytes) octets = wd_uidset_encode (set);
  const WdUidRange *ranges = wd_uidset_get_ranges (set, &n);

  for (guint i = 0; i < n; i++)
    {
      if (ranges[i].first == 0 || ranges[i].first > ranges[i].last
          || (i > 0 && ranges[i].first <= (guint64) ranges[i - 1].last + 1))
        abort ();
      if (wd_uidset_get_seq (set, ranges[i].first).n != count + 1)
        abort ();
      count += ranges[i].last - ranges[i].first + 1;
    }
  if (wd_uidset_get_count (set) != count || g_bytes_get_size (octets) != size
      || memcmp (g_bytes_get_data (octets, NULL), data, size) != 0)
    abort ();
  return 0;
}
