// SPDX-License-Identifier: EUPL-1.2
// Text of a part for searching and previews: transfer encoding and charset undone.
#pragma once

#include <glib.h>

#include "mime-tree.h"

// Undoes the transfer encoding. Never fails: what is not base64 or quoted-printable is passed over
// as its RFC says. Appends to `out`.
void wd_mime_text_decode_transfer (WdMimeEncoding encoding,
                                   const char *data,
                                   gsize len,
                                   GByteArray *out);

// The body octets of `part` as valid UTF-8; an unknown charset is read as UTF-8, else Latin-1. HTML
// keeps its tags (SEARCH matches text as it is sent). Of a WD_MIME_MESSAGE it is the header of the
// message within, decoded, one field a line: its body is a part of its own. Returns (transfer
// full).
char *wd_mime_text_dup (const WdMimePart *part, const char *body, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;

// TRUE when the body is text that SEARCH BODY looks into: text/*, and message headers within. The
// texts that wd_mime_text_dup makes of all parts that are, are what SEARCH BODY searches.
gboolean wd_mime_text_is_searchable (const WdMimePart *part);

// Converts from `charset` to valid UTF-8. Returns (transfer full) (nullable): NULL when iconv does
// not know the charset or the text is not in it (SEARCH CHARSET: NO [BADCHARSET]).
char *wd_mime_text_convert (const char *charset, const char *data, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;
