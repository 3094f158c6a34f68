// SPDX-License-Identifier: EUPL-1.2
// The union of many sets of UIDs.
#include "config.h"

#include "store-uidset-union.h"

#include "store-uidset-private.h"

// A set of up to so many runs is added to directly.
#define FEW_RUNS 64

void
wd_uidset_union_init (WdUidSetUnion *self)
{
  *self = (WdUidSetUnion){ .first = wd_uidset_new () };
}

void
wd_uidset_union_clear (WdUidSetUnion *self)
{
  g_clear_pointer (&self->first, wd_uidset_free);
  g_clear_pointer (&self->further, g_ptr_array_unref);
}

static WdUidSet *
get_further (WdUidSetUnion *self, guint from_end)
{
  return g_ptr_array_index (self->further, self->further->len - from_end);
}

static void
merge_last (WdUidSetUnion *self)
{
  wd_uidset_add_set (get_further (self, 2), get_further (self, 1));
  g_ptr_array_set_size (self->further, (int) self->further->len - 1);
}

void
wd_uidset_union_add (WdUidSetUnion *self, const WdUidSet *set)
{
  wd_uidset_add_set (self->first, set);
  if (self->first->n_ranges <= FEW_RUNS)
    return;
  if (self->further == NULL)
    self->further = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_uidset_free);
  g_ptr_array_add (self->further, g_steal_pointer (&self->first));
  self->first = wd_uidset_new ();
  while (self->further->len > 1
         && get_further (self, 1)->n_ranges >= get_further (self, 2)->n_ranges)
    merge_last (self);
}

WdUidSet *
wd_uidset_union_take (WdUidSetUnion *self)
{
  WdUidSet *all = g_steal_pointer (&self->first);

  if (self->further != NULL)
    {
      g_ptr_array_add (self->further, all);
      while (self->further->len > 1)
        merge_last (self);
      all = g_ptr_array_steal_index (self->further, 0);
    }
  wd_uidset_union_clear (self);
  self->first = wd_uidset_new ();
  return all;
}
