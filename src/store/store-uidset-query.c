// SPDX-License-Identifier: EUPL-1.2
// What one can ask a set of UIDs.
#include "config.h"

#include "store-uidset-private.h"

#include <string.h>

// Below so many runs, adding up is as fast as looking up, and costs a session no memory.
#define FEW_RANGES 8

gboolean
wd_uidset_is_empty (const WdUidSet *self)
{
  return self->n_ranges == 0;
}

gboolean
wd_uidset_is_equal (const WdUidSet *a, const WdUidSet *b)
{
  return a->n_ranges == b->n_ranges
         && (a->n_ranges == 0
             || memcmp (a->ranges, b->ranges, a->n_ranges * sizeof (WdUidRange)) == 0);
}

guint32
wd_uidset_get_count (const WdUidSet *self)
{
  return self->count;
}

WdUid
wd_uidset_get_first (const WdUidSet *self)
{
  return self->n_ranges == 0 ? 0 : self->ranges[0].first;
}

WdUid
wd_uidset_get_last (const WdUidSet *self)
{
  return self->n_ranges == 0 ? 0 : self->ranges[self->n_ranges - 1].last;
}

gboolean
wd_uidset_has (const WdUidSet *self, WdUid uid)
{
  guint i = wd_uidset_find_range (self, uid);

  return uid != 0 && i < self->n_ranges && self->ranges[i].first <= uid;
}

const WdUidRange *
wd_uidset_get_ranges (const WdUidSet *self, guint *out_n_ranges)
{
  *out_n_ranges = self->n_ranges;
  return self->ranges;
}

// The counts before each run. The set is const to its user: that it remembers them is not seen.
static const guint32 *
get_before (const WdUidSet *self)
{
  WdUidSet *cache = (WdUidSet *) self;
  guint32 n = 0;

  if (cache->before != NULL)
    return cache->before;

  cache->before = g_new (guint32, self->n_ranges);
  for (guint i = 0; i < self->n_ranges; i++)
    {
      cache->before[i] = n;
      n += self->ranges[i].last - self->ranges[i].first + 1;
    }
  return cache->before;
}

static guint32
count_before (const WdUidSet *self, guint index)
{
  guint32 n = 0;

  if (self->n_ranges > FEW_RANGES)
    return get_before (self)[index];
  for (guint i = 0; i < index; i++)
    n += self->ranges[i].last - self->ranges[i].first + 1;
  return n;
}

WdSeq
wd_uidset_get_seq (const WdUidSet *self, WdUid uid)
{
  guint i = wd_uidset_find_range (self, uid);

  if (uid == 0 || i == self->n_ranges || self->ranges[i].first > uid)
    return (WdSeq){ 0 };
  return (WdSeq){ count_before (self, i) + (uid - self->ranges[i].first) + 1 };
}

// The run that the position (from 0) is in.
static guint
find_position (const WdUidSet *self, guint32 position)
{
  const guint32 *before = get_before (self);
  guint low = 0;
  guint high = self->n_ranges;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (before[middle] <= position)
        low = middle;
      else
        high = middle;
    }
  return low;
}

WdUid
wd_uidset_get_uid (const WdUidSet *self, WdSeq seq)
{
  guint i = 0;

  if (seq.n == 0 || seq.n > self->count)
    return 0;

  guint32 position = seq.n - 1;

  if (self->n_ranges > FEW_RANGES)
    {
      i = find_position (self, position);
      return self->ranges[i].first + (position - get_before (self)[i]);
    }
  for (;; i++)
    {
      guint32 n = self->ranges[i].last - self->ranges[i].first + 1;

      if (position < n)
        return self->ranges[i].first + position;
      position -= n;
    }
}

WdUid
wd_uidset_get_next (const WdUidSet *self, WdUid uid)
{
  if (uid == G_MAXUINT32)
    return 0;

  guint i = wd_uidset_find_range (self, uid + 1);

  return i == self->n_ranges ? 0 : MAX (self->ranges[i].first, uid + 1);
}

gsize
wd_uidset_get_size_bytes (const WdUidSet *self)
{
  return sizeof *self + self->n_allocated * sizeof (WdUidRange)
         + (self->before == NULL ? 0 : self->n_ranges * sizeof (guint32));
}

void
wd_uidset_iter_init (WdUidSetIter *self, const WdUidSet *set)
{
  *self = (WdUidSetIter){ .set = set, .range = 0, .uid = 0 };
}

gboolean
wd_uidset_iter_next (WdUidSetIter *self, WdUid *out_uid)
{
  if (self->range >= self->set->n_ranges)
    return FALSE;

  const WdUidRange *range = &self->set->ranges[self->range];
  WdUid uid = self->uid < range->first ? range->first : self->uid + 1;

  self->uid = uid;
  if (uid == range->last)
    self->range++;
  *out_uid = uid;
  return TRUE;
}
