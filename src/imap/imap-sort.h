// SPDX-License-Identifier: EUPL-1.2
// Sort criteria of RFC 5256 and RFC 5957, and messages in their order.
#pragma once

#include "imap-parse.h"
#include "store-message.h"

typedef struct _WdImapSort WdImapSort;

// Reads the list of criteria in parentheses. *out_sort is (transfer full).
gboolean wd_imap_sort_parse (WdImapParser *parser, WdImapSort **out_sort) G_GNUC_WARN_UNUSED_RESULT;
void wd_imap_sort_free (WdImapSort *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapSort, wd_imap_sort_free)

// What the rows have to be read with.
WdFetchFields wd_imap_sort_get_fields (const WdImapSort *self);

// Takes the keys of a message. Rows come in order of UID, which decides between equals. FALSE: it
// is full, with more than WD_LIMIT_IMAP_ORDER_BYTES of keys.
gboolean wd_imap_sort_add (WdImapSort *self, const WdMessageRow *row) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_sort_is_full (const WdImapSort *self);

// All messages in order. Returns (transfer full) (element-type WdUid). O(n log n).
GArray *wd_imap_sort_run (WdImapSort *self) G_GNUC_WARN_UNUSED_RESULT;
