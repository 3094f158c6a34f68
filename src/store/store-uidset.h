// SPDX-License-Identifier: EUPL-1.2
// An ordered set of UIDs as runs: a session's UID map, and every set of messages that the store
// takes or gives. A dense mailbox of any size is one run. One thread at a time.
#pragma once

#include <glib.h>

#include "store-types.h"

typedef struct _WdUidSet WdUidSet;

typedef struct
{
  WdUid first;
  WdUid last; // Inclusive, >= first.
} WdUidRange;

WdUidSet *wd_uidset_new (void) G_GNUC_WARN_UNUSED_RESULT;
WdUidSet *wd_uidset_new_range (WdUid first, WdUid last) G_GNUC_WARN_UNUSED_RESULT;
WdUidSet *wd_uidset_copy (const WdUidSet *self) G_GNUC_WARN_UNUSED_RESULT;
void wd_uidset_free (WdUidSet *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdUidSet, wd_uidset_free)

// Adding past the end is O(1) amortised; elsewhere O(runs).
void wd_uidset_add (WdUidSet *self, WdUid uid);
void wd_uidset_add_range (WdUidSet *self, WdUid first, WdUid last);
void wd_uidset_add_set (WdUidSet *self, const WdUidSet *other);
void wd_uidset_remove_range (WdUidSet *self, WdUid first, WdUid last);
void wd_uidset_remove_set (WdUidSet *self, const WdUidSet *other);
void wd_uidset_intersect (WdUidSet *self, const WdUidSet *other);
void wd_uidset_clear (WdUidSet *self);

gboolean wd_uidset_is_empty (const WdUidSet *self);
gboolean wd_uidset_is_equal (const WdUidSet *a, const WdUidSet *b);
guint32 wd_uidset_get_count (const WdUidSet *self); // O(1).
WdUid wd_uidset_get_first (const WdUidSet *self);   // 0 when empty.
WdUid wd_uidset_get_last (const WdUidSet *self);
gboolean wd_uidset_has (const WdUidSet *self, WdUid uid); // O(log runs).

// The runs, ascending and never touching. Returns (transfer none), valid until the next change.
const WdUidRange *wd_uidset_get_ranges (const WdUidSet *self, guint *out_n_ranges);

// Sequence numbers: the position in the set, from 1. O(log runs). {0} or 0 when not there.
WdSeq wd_uidset_get_seq (const WdUidSet *self, WdUid uid);
WdUid wd_uidset_get_uid (const WdUidSet *self, WdSeq seq);

// The smallest UID > `uid` in the set, 0 at the end: to go on where one stopped. O(log runs).
WdUid wd_uidset_get_next (const WdUidSet *self, WdUid uid);

// "1:3,5" as in RFC 3501 sequence-set; "" when empty. Appends.
void wd_uidset_to_string (const WdUidSet *self, GString *out);

// A compact, versioned form for storage (varints). Decoding checks everything.
GBytes *wd_uidset_encode (const WdUidSet *self) G_GNUC_WARN_UNUSED_RESULT;
WdUidSet *wd_uidset_decode (const void *data, gsize len) G_GNUC_WARN_UNUSED_RESULT; // NULL if bad.

// Octets that it takes in memory.
gsize wd_uidset_get_size_bytes (const WdUidSet *self);

// Walks the UIDs: for (wd_uidset_iter_init (&i, set); wd_uidset_iter_next (&i, &uid);)
typedef struct
{
  const WdUidSet *set;
  guint range;
  WdUid uid;
} WdUidSetIter;

void wd_uidset_iter_init (WdUidSetIter *self, const WdUidSet *set);
gboolean wd_uidset_iter_next (WdUidSetIter *self, WdUid *out_uid);
