// SPDX-License-Identifier: EUPL-1.2
// Encoded words (RFC 2047).
#pragma once

#include <glib.h>

// Appends unfolded header text with its encoded words decoded, as wd_mime_charset_append leaves it.
// Words in a charset that iconv does not know, and raw 8-bit text, are UTF-8, else Latin-1. A
// character may be cut between two words of the same charset. CR, LF and NUL of a word become
// spaces. Linear.
void wd_mime_word_append_decoded (const char *text, gsize len, GString *out);

// Appends valid UTF-8 as encoded words of at most 75 octets, in which no character is cut, with a
// space between each two.
void wd_mime_word_append_encoded (const char *text, gsize len, GString *out);
