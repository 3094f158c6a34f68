// SPDX-License-Identifier: EUPL-1.2
// sequence-set of RFC 3501.
#include "config.h"

#include "imap-set.h"

#include "core-limits.h"

void
wd_imap_set_free (WdImapSet *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->ranges);
  g_free (self);
}

static gboolean
parse_end_point (WdImapParser *parser, guint32 *out_number)
{
  if (wd_imap_parse_skip (parser, '*'))
    {
      *out_number = 0;
      return TRUE;
    }
  return wd_imap_parse_nz_number (parser, out_number);
}

gboolean
wd_imap_set_parse (WdImapParser *parser, WdImapSet **out_set)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (WdImapRange));
  gboolean is_saved = wd_imap_parse_skip (parser, '$');

  while (!is_saved)
    {
      WdImapRange range;

      if (ranges->len >= WD_LIMIT_IMAP_SET_RANGES)
        return wd_imap_parse_fail (parser, "Too many ranges in a message set");
      if (!parse_end_point (parser, &range.first))
        return FALSE;
      range.last = range.first;
      if (wd_imap_parse_skip (parser, ':') && !parse_end_point (parser, &range.last))
        return FALSE;
      g_array_append_val (ranges, range);
      if (!wd_imap_parse_skip (parser, ','))
        break;
    }
  *out_set = g_new (WdImapSet, 1);
  (*out_set)->is_saved = is_saved;
  (*out_set)->ranges = g_steal_pointer (&ranges);
  return TRUE;
}

static gint
compare_ranges (gconstpointer a, gconstpointer b)
{
  const WdImapRange *x = a;
  const WdImapRange *y = b;

  return x->first < y->first ? -1 : x->first > y->first ? 1 : 0;
}

gboolean
wd_imap_set_has_star (const WdImapSet *self)
{
  for (guint i = 0; i < self->ranges->len; i++)
    {
      const WdImapRange *range = &g_array_index (self->ranges, WdImapRange, i);

      if (range->first == 0 || range->last == 0)
        return TRUE;
    }
  return FALSE;
}

// Ascending and without overlap: adding ranges in order is cheap.
WdUidSet *
wd_imap_set_resolve_numbers (const WdImapSet *self, guint32 star)
{
  g_autoptr (GArray) sorted = g_array_copy (self->ranges);
  WdUidSet *set = wd_uidset_new ();

  for (guint i = 0; i < sorted->len; i++)
    {
      WdImapRange *range = &g_array_index (sorted, WdImapRange, i);
      gboolean has_star = range->first == 0 || range->last == 0;
      guint32 a = range->first != 0 ? range->first : star;
      guint32 b = range->last != 0 ? range->last : star;

      // 9:* of five messages is 5: '*' is the largest number there is.
      range->first = MIN (a, b);
      range->last = has_star ? star : MAX (a, b);
      range->first = MIN (range->first, range->last);
    }
  g_array_sort (sorted, compare_ranges);
  for (guint i = 0; i < sorted->len; i++)
    {
      const WdImapRange *range = &g_array_index (sorted, WdImapRange, i);

      // 0: '*' of an empty mailbox.
      if (range->last != 0)
        wd_uidset_add_range (set, range->first, range->last);
    }
  return set;
}

WdUidSet *
wd_imap_set_resolve_uids (const WdImapSet *self, const WdUidSet *known)
{
  WdUidSet *set;

  if (wd_uidset_is_empty (known))
    return wd_uidset_new ();
  set = wd_imap_set_resolve_numbers (self, wd_uidset_get_last (known));
  wd_uidset_intersect (set, known);
  return set;
}

// Appends the UIDs at positions first … last, both there, going on from where the cursor stands.
static void
add_positions (WdUidSet *set, WdImapSeqCursor *at, guint32 first, guint32 last)
{
  while (first <= last && at->range < at->n_ranges)
    {
      const WdUidRange *run = &at->ranges[at->range];
      guint32 n = run->last - run->first + 1;

      if (first > at->base + n)
        {
          at->base += n;
          at->range++;
          continue;
        }
      guint32 end = MIN (last, at->base + n);
      wd_uidset_add_range (set, run->first + (first - at->base - 1),
                           run->first + (end - at->base - 1));
      if (end == last)
        return;
      first = end + 1;
    }
}

WdUidSet *
wd_imap_set_resolve_seqs (const WdImapSet *self, const WdUidSet *known, gboolean *out_is_valid)
{
  guint32 count = wd_uidset_get_count (known);
  g_autoptr (WdUidSet) numbers = wd_imap_set_resolve_numbers (self, count);
  WdUidSet *set = wd_uidset_new ();
  WdImapSeqCursor at;
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (numbers, &n_ranges);

  wd_imap_set_cursor_init (&at, known);
  for (guint i = 0; i < n_ranges && ranges[i].first <= count; i++)
    add_positions (set, &at, ranges[i].first, MIN (ranges[i].last, count));
  if (out_is_valid != NULL)
    *out_is_valid = wd_uidset_get_last (numbers) <= count;
  return set;
}

WdUidSet *
wd_imap_set_resolve (const WdImapSet *self,
                     const WdUidSet *known,
                     gboolean is_uid,
                     gboolean *out_is_valid)
{
  if (!is_uid)
    return wd_imap_set_resolve_seqs (self, known, out_is_valid);
  *out_is_valid = TRUE;
  return wd_imap_set_resolve_uids (self, known);
}

WdUidSet *
wd_imap_set_seqs_of (const WdUidSet *uids, const WdUidSet *known)
{
  WdUidSet *seqs = wd_uidset_new ();
  g_autoptr (WdUidSet) there = wd_uidset_copy (uids);
  WdImapSeqCursor at;
  guint n_ranges;
  const WdUidRange *ranges;

  wd_uidset_intersect (there, known);
  ranges = wd_uidset_get_ranges (there, &n_ranges);
  wd_imap_set_cursor_init (&at, known);
  for (guint i = 0; i < n_ranges; i++)
    {
      guint32 first = wd_imap_set_cursor_seek (&at, ranges[i].first);

      // A run of `there` lies within one run of `known`, so its positions are a run too.
      wd_uidset_add_range (seqs, first, first + (ranges[i].last - ranges[i].first));
    }
  return seqs;
}

void
wd_imap_set_cursor_init (WdImapSeqCursor *self, const WdUidSet *known)
{
  *self = (WdImapSeqCursor){ 0 };
  self->ranges = wd_uidset_get_ranges (known, &self->n_ranges);
}
