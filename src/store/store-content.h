// SPDX-License-Identifier: EUPL-1.2
// The stored octets of one message, opened for reading. Independent of the database once opened: it
// stays readable after the message is expunged, and may be kept between two runs of a command.
#pragma once

#include <glib.h>

#include "mime-tree.h"

typedef struct _WdContent WdContent;

// One owner at a time.
void wd_content_free (WdContent *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdContent, wd_content_free)

guint64 wd_content_get_size_bytes (const WdContent *self);

// The part tree, whose offsets are those of wd_content_read. Returns (transfer none).
const WdMimeTree *wd_content_get_tree (WdContent *self);

// The beginning of its text in one line, made of it now. Returns (transfer full): CORRUPT,
// UNAVAILABLE.
char *wd_content_make_preview (WdContent *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Appends up to `len` octets from `offset` to `out`; short only at the end of the message. Reads no
// other part than those in the range. CORRUPT, UNAVAILABLE.
gboolean wd_content_read (WdContent *self, guint64 offset, gsize len, GString *out, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
