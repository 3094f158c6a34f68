// SPDX-License-Identifier: EUPL-1.2
// Makes the part tree of a message from its octets as they arrive, in one pass, in linear time and
// with memory that depends on the number of parts and their headers, never on the size.
// Every octet string is a message: what is malformed or beyond a limit (core-limits.h: depth,
// parts, header size) becomes part of an opaque leaf, never an error. RFC 5322, 2045-2047, 2231,
// 3501 7.4.2.
#pragma once

#include <glib.h>

#include "mime-tree.h"

typedef struct _WdMimeIndexer WdMimeIndexer;

WdMimeIndexer *wd_mime_indexer_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_mime_indexer_free (WdMimeIndexer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMimeIndexer, wd_mime_indexer_free)

// Takes the next octets; how they are cut into chunks makes no difference. One thread at a time.
void wd_mime_indexer_feed (WdMimeIndexer *self, const void *data, gsize len);

// Ends it. Returns (transfer full). Nothing may follow.
WdMimeTree *wd_mime_indexer_finish (WdMimeIndexer *self) G_GNUC_WARN_UNUSED_RESULT;
