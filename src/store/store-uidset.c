// SPDX-License-Identifier: EUPL-1.2
// The runs of a set of UIDs, and their changes.
#include "config.h"

#include "store-uidset-private.h"

#include <string.h>

static void
changed (WdUidSet *self)
{
  g_clear_pointer (&self->before, g_free);
}

static void
reserve (WdUidSet *self, guint n)
{
  if (n <= self->n_allocated)
    return;
  self->n_allocated = MAX (n, self->n_allocated + self->n_allocated / 2);
  self->ranges = g_renew (WdUidRange, self->ranges, self->n_allocated);
}

static guint32
range_count (const WdUidRange *range)
{
  return range->last - range->first + 1;
}

static void
append_range (WdUidSet *self, WdUid first, WdUid last)
{
  reserve (self, self->n_ranges + 1);
  self->ranges[self->n_ranges++] = (WdUidRange){ first, last };
  self->count += last - first + 1;
}

// Replaces the runs [from, to) by `n_new` ones.
static void
splice (WdUidSet *self, guint from, guint to, const WdUidRange *new_ranges, guint n_new)
{
  for (guint i = from; i < to; i++)
    self->count -= range_count (&self->ranges[i]);
  for (guint i = 0; i < n_new; i++)
    self->count += range_count (&new_ranges[i]);

  guint n_tail = self->n_ranges - to;

  reserve (self, from + n_new + n_tail);
  memmove (self->ranges + from + n_new, self->ranges + to, n_tail * sizeof (WdUidRange));
  if (n_new > 0)
    memcpy (self->ranges + from, new_ranges, n_new * sizeof (WdUidRange));
  self->n_ranges = from + n_new + n_tail;
}

guint
wd_uidset_find_range (const WdUidSet *self, WdUid uid)
{
  guint low = 0;
  guint high = self->n_ranges;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (self->ranges[middle].last < uid)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

WdUidSet *
wd_uidset_new (void)
{
  return g_new0 (WdUidSet, 1);
}

WdUidSet *
wd_uidset_new_range (WdUid first, WdUid last)
{
  WdUidSet *self = wd_uidset_new ();

  wd_uidset_add_range (self, first, last);
  return self;
}

WdUidSet *
wd_uidset_copy (const WdUidSet *self)
{
  WdUidSet *copy = wd_uidset_new ();

  copy->ranges = g_memdup2 (self->ranges, self->n_ranges * sizeof (WdUidRange));
  copy->n_ranges = copy->n_allocated = self->n_ranges;
  copy->count = self->count;
  return copy;
}

void
wd_uidset_free (WdUidSet *self)
{
  if (self == NULL)
    return;
  g_free (self->ranges);
  g_free (self->before);
  g_free (self);
}

void
wd_uidset_add (WdUidSet *self, WdUid uid)
{
  wd_uidset_add_range (self, uid, uid);
}

void
wd_uidset_add_range (WdUidSet *self, WdUid first, WdUid last)
{
  g_return_if_fail (first != 0 && first <= last);

  changed (self);

  WdUidRange *end = self->n_ranges == 0 ? NULL : &self->ranges[self->n_ranges - 1];

  if (end == NULL || first > end->last)
    {
      if (end == NULL || first - 1 > end->last)
        {
          append_range (self, first, last);
          return;
        }
      self->count += last - end->last;
      end->last = last;
      return;
    }

  // [from, to) are the runs that overlap or touch the new one.
  guint from = wd_uidset_find_range (self, first - 1);
  guint to = from;
  WdUidRange merged = { first, last };

  while (to < self->n_ranges && self->ranges[to].first - 1 <= last)
    {
      merged.first = MIN (merged.first, self->ranges[to].first);
      merged.last = MAX (merged.last, self->ranges[to].last);
      to++;
    }
  splice (self, from, to, &merged, 1);
}

void
wd_uidset_remove_range (WdUidSet *self, WdUid first, WdUid last)
{
  g_return_if_fail (first != 0 && first <= last);

  guint from = wd_uidset_find_range (self, first);
  guint to = from;
  WdUidRange kept[2];
  guint n_kept = 0;

  while (to < self->n_ranges && self->ranges[to].first <= last)
    to++;
  if (from == to)
    return;

  changed (self);
  if (self->ranges[from].first < first)
    kept[n_kept++] = (WdUidRange){ self->ranges[from].first, first - 1 };
  if (self->ranges[to - 1].last > last)
    kept[n_kept++] = (WdUidRange){ last + 1, self->ranges[to - 1].last };
  splice (self, from, to, kept, n_kept);
}

// Takes the runs of `other`, which is emptied.
static void
take_ranges (WdUidSet *self, WdUidSet *other)
{
  changed (self);
  g_free (self->ranges);
  self->ranges = g_steal_pointer (&other->ranges);
  self->n_ranges = other->n_ranges;
  self->n_allocated = other->n_allocated;
  self->count = other->count;
}

// The three below merge two ordered lists: O(runs of both).
void
wd_uidset_add_set (WdUidSet *self, const WdUidSet *other)
{
  if (self->n_ranges == 0 || other->n_ranges <= 1
      || other->ranges[0].first > wd_uidset_get_last (self))
    {
      guint n = other->n_ranges;

      reserve (self, self->n_ranges + n);
      for (guint i = 0; i < n; i++)
        wd_uidset_add_range (self, other->ranges[i].first, other->ranges[i].last);
      return;
    }

  g_autoptr (WdUidSet) merged = wd_uidset_new ();
  guint i = 0;
  guint j = 0;

  reserve (merged, self->n_ranges + other->n_ranges);
  while (i < self->n_ranges || j < other->n_ranges)
    {
      gboolean mine = j == other->n_ranges
                      || (i < self->n_ranges && self->ranges[i].first <= other->ranges[j].first);
      const WdUidRange *range = mine ? &self->ranges[i++] : &other->ranges[j++];

      wd_uidset_add_range (merged, range->first, range->last);
    }
  take_ranges (self, merged);
}

void
wd_uidset_remove_set (WdUidSet *self, const WdUidSet *other)
{
  if (other == self)
    {
      wd_uidset_clear (self);
      return;
    }
  if (other->n_ranges <= 1)
    {
      if (other->n_ranges == 1)
        wd_uidset_remove_range (self, other->ranges[0].first, other->ranges[0].last);
      return;
    }

  g_autoptr (WdUidSet) left = wd_uidset_new ();
  guint j = 0;

  for (guint i = 0; i < self->n_ranges; i++)
    {
      guint64 first = self->ranges[i].first; // May go one past the last UID.
      WdUid last = self->ranges[i].last;

      while (j < other->n_ranges && other->ranges[j].last < first)
        j++;
      for (guint k = j; k < other->n_ranges && other->ranges[k].first <= last; k++)
        {
          if (other->ranges[k].first > first)
            append_range (left, (WdUid) first, other->ranges[k].first - 1);
          first = MAX (first, (guint64) other->ranges[k].last + 1);
          j = k;
        }
      if (first <= last)
        append_range (left, (WdUid) first, last);
    }
  take_ranges (self, left);
}

void
wd_uidset_intersect (WdUidSet *self, const WdUidSet *other)
{
  g_autoptr (WdUidSet) both = wd_uidset_new ();
  guint i = 0;
  guint j = 0;

  while (i < self->n_ranges && j < other->n_ranges)
    {
      WdUid first = MAX (self->ranges[i].first, other->ranges[j].first);
      WdUid last = MIN (self->ranges[i].last, other->ranges[j].last);

      if (first <= last)
        append_range (both, first, last);
      if (self->ranges[i].last < other->ranges[j].last)
        i++;
      else
        j++;
    }
  take_ranges (self, both);
}

void
wd_uidset_clear (WdUidSet *self)
{
  changed (self);
  g_clear_pointer (&self->ranges, g_free);
  self->n_ranges = self->n_allocated = 0;
  self->count = 0;
}
