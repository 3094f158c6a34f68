// SPDX-License-Identifier: EUPL-1.2
// Inside of a WdUidSet: for store-uidset.c, store-uidset-query.c, store-uidset-code.c and
// store-uidset-union.c.
#pragma once

#include "store-uidset.h"

struct _WdUidSet
{
  WdUidRange *ranges; // Ascending, never touching.
  guint n_ranges;
  guint n_allocated;
  guint32 count; // Of UIDs: at most 2^32 - 1, since 0 is none.
  // UIDs in the runs before each one. Made by the first look-up of a set with several runs, dropped
  // by the next change. (nullable)
  guint32 *before;
};

// The first run that ends at or behind `uid`; n_ranges when there is none.
guint wd_uidset_find_range (const WdUidSet *self, WdUid uid);
