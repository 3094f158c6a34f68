// SPDX-License-Identifier: EUPL-1.2
// The union of many sets of UIDs that come in any order: O(n log n) of all their runs, where adding
// one after the other to a set of many runs would be quadratic. One thread at a time.
#pragma once

#include "store-uidset.h"

typedef struct
{
  WdUidSet *first;    // What came last.
  GPtrArray *further; // (element-type WdUidSet) (nullable): each of less runs than the one before.
} WdUidSetUnion;

void wd_uidset_union_init (WdUidSetUnion *self);
void wd_uidset_union_clear (WdUidSetUnion *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdUidSetUnion, wd_uidset_union_clear)

void wd_uidset_union_add (WdUidSetUnion *self, const WdUidSet *set);

// All that was added; the union is empty then. Returns (transfer full).
WdUidSet *wd_uidset_union_take (WdUidSetUnion *self) G_GNUC_WARN_UNUSED_RESULT;
