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
