// SPDX-License-Identifier: EUPL-1.2
// What SEARCH looks into: the texts of a message, decoded and folded (wd_search_fold). For
// backends: an index over these texts narrows, and these texts decide.
#pragma once

#include "store-content.h"

// The header of the message, as octets. Returns (transfer full): NULL with CORRUPT or UNAVAILABLE.
GString *wd_search_text_read_header (WdContent *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// All of its fields, "name: value", one a line.
char *wd_search_text_dup_header (const GString *header) G_GNUC_WARN_UNUSED_RESULT;

// The values of one field, one a line. (nullable): NULL when there is none.
char *wd_search_text_dup_field (const GString *header, const char *name) G_GNUC_WARN_UNUSED_RESULT;

// All text parts, and the headers of messages within. Returns (transfer full): NULL with an error.
char *wd_search_text_dup_body (WdContent *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same piece by piece: all of them, one after the other, are the body; each ends with a line
// feed. *inout_part is 0 at first, and afterwards where to go on. *out_text (transfer full): NULL
// at the end. FALSE with an error.
gboolean
wd_search_text_next_piece (WdContent *content, guint *inout_part, char **out_text, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
