// SPDX-License-Identifier: EUPL-1.2
// Modified UTF-7 of mailbox names (RFC 3501 5.1.3).
#pragma once

#include <glib.h>

// Appends the modified UTF-7 form of `text`, which is valid UTF-8.
void wd_imap_utf7_encode (const char *text, GString *out);

// Returns (transfer full) (nullable): UTF-8, or NULL for what is no name: an open or needless
// shift, printable ASCII in base64, bits left over, half a surrogate pair, a NUL, or octets above
// 127 that are not UTF-8. UTF-8 itself passes through.
char *wd_imap_utf7_decode (const char *name) G_GNUC_WARN_UNUSED_RESULT;
