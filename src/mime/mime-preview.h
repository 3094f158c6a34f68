// SPDX-License-Identifier: EUPL-1.2
// The beginning of what a message says (RFC 8970), in one line of UTF-8 without markup.
#pragma once

#include <glib.h>

#include "mime-tree.h"

// At most so many characters; RFC 8970 3.1 wants no more than 256.
#define WD_MIME_PREVIEW_CHARS 200
// Octets of the part that are looked at: in HTML, what comes before the text can be long.
#define WD_MIME_PREVIEW_READ_BYTES (16 * 1024)

// The part that it is made of: the first plain text, else the first HTML, that is no attachment.
// Returns (transfer none) (nullable): NULL when there is nothing to show.
const WdMimePart *wd_mime_preview_find_part (const WdMimeTree *tree);

// Makes it of the first `len` octets of the part's body, of which it looks at no more than it
// needs. Returns (transfer full): "" when there is nothing to show.
char *wd_mime_preview_make (const WdMimePart *part, const char *body, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;

// The same of a text that is decoded already.
char *wd_mime_preview_of_text (const char *text, gboolean is_html) G_GNUC_WARN_UNUSED_RESULT;

// The same of a whole message.
char *wd_mime_preview_of_message (const WdMimeTree *tree, const char *octets, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;
