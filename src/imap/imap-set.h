// SPDX-License-Identifier: EUPL-1.2
// sequence-set of RFC 3501: read, then resolved against the messages that a session knows.
#pragma once

#include "imap-parse.h"
#include "store-uidset.h"

// Ranges as they were written; 0 stands for '*'.
typedef struct
{
  guint32 first;
  guint32 last;
} WdImapRange;

typedef struct
{
  GArray *ranges;    // (element-type WdImapRange)
  gboolean is_saved; // "$": what a search saved (RFC 5182); there are no ranges.
} WdImapSet;

void wd_imap_set_free (WdImapSet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapSet, wd_imap_set_free)

// "$", or at most WD_LIMIT_IMAP_SET_RANGES ranges. *out_set is (transfer full).
gboolean wd_imap_set_parse (WdImapParser *parser, WdImapSet **out_set) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_imap_set_has_star (const WdImapSet *self);

// Those that follow know nothing of "$": wd_imap_view_resolve does.

// The numbers themselves, whatever is there; '*' is `star`. Returns (transfer full).
WdUidSet *wd_imap_set_resolve_numbers (const WdImapSet *self, guint32 star)
    G_GNUC_WARN_UNUSED_RESULT;

// The UIDs of `known` that the set names as UIDs; '*' is the last of them. Returns (transfer full).
// O(ranges log ranges + runs).
WdUidSet *wd_imap_set_resolve_uids (const WdImapSet *self, const WdUidSet *known)
    G_GNUC_WARN_UNUSED_RESULT;

// The UIDs at the positions in `known` that the set names as sequence numbers. Numbers past the end
// are left out, and *out_is_valid (optional) is FALSE; '*' of nothing is valid, and nothing.
WdUidSet *wd_imap_set_resolve_seqs (const WdImapSet *self,
                                    const WdUidSet *known,
                                    gboolean *out_is_valid) G_GNUC_WARN_UNUSED_RESULT;

// Either of the two; a set of UIDs is always valid.
WdUidSet *wd_imap_set_resolve (const WdImapSet *self,
                               const WdUidSet *known,
                               gboolean is_uid,
                               gboolean *out_is_valid) G_GNUC_WARN_UNUSED_RESULT;

// The positions in `known` of those of `uids` that are there, as a set of numbers: for responses
// that name many messages by sequence number. Returns (transfer full). O(runs).
WdUidSet *wd_imap_set_seqs_of (const WdUidSet *uids, const WdUidSet *known)
    G_GNUC_WARN_UNUSED_RESULT;

// Walks ascending UIDs to their sequence numbers without a look-up for each.
typedef struct
{
  const WdUidRange *ranges;
  guint n_ranges;
  guint range;
  guint32 base; // Messages before `range`.
} WdImapSeqCursor;

// Valid until `known` changes.
void wd_imap_set_cursor_init (WdImapSeqCursor *self, const WdUidSet *known);

// 0 when it is not there. `uid` must not be below the one before.
static inline guint32
wd_imap_set_cursor_seek (WdImapSeqCursor *self, WdUid uid)
{
  while (self->range < self->n_ranges && self->ranges[self->range].last < uid)
    {
      self->base += self->ranges[self->range].last - self->ranges[self->range].first + 1;
      self->range++;
    }
  if (self->range >= self->n_ranges || self->ranges[self->range].first > uid)
    return 0;
  return self->base + (uid - self->ranges[self->range].first) + 1;
}
