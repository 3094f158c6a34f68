// SPDX-License-Identifier: EUPL-1.2
// Conversion to UTF-8 by iconv.
#pragma once

#include <glib.h>

// Appends `data` as UTF-8 to `out` (which may then hold NUL and has yet to be made valid). What is
// not in the charset becomes U+FFFD, or with `is_strict` the call fails. FALSE, with `out` as it
// was, also when the charset is unknown.
gboolean wd_mime_charset_append (
    const char *charset, const char *data, gsize len, gboolean is_strict, GString *out);

// Appends text of an unknown charset: as it stands when it is UTF-8, else read as Latin-1.
void wd_mime_charset_append_guess (const char *data, gsize len, GString *out);

// Takes what stands in `text`, NUL and wrong UTF-8 replaced. Returns (transfer full).
char *wd_mime_charset_finish (GString *text) G_GNUC_WARN_UNUSED_RESULT;
