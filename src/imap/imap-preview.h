// SPDX-License-Identifier: EUPL-1.2
// PREVIEW (RFC 8970): the beginning of what a message says, made when it is asked for from a few
// KiB of its first text.
#pragma once

#include "store-content.h"

// At most so many characters; RFC 8970 3.1 wants no more than 256.
#define WD_IMAP_PREVIEW_CHARS 200

// One line of UTF-8; "" when there is nothing to show. Returns (transfer full) (nullable): NULL
// with the store's error.
char *wd_imap_preview_make (WdContent *content, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same of a text that is decoded already.
char *wd_imap_preview_of_text (const char *text, gboolean is_html) G_GNUC_WARN_UNUSED_RESULT;
