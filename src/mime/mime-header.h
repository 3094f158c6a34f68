// SPDX-License-Identifier: EUPL-1.2
// The header of one message or part as octets: walking its fields, and decoding their text.
#pragma once

#include <glib.h>

// One field: all octets from its name to its last line end, continuation lines included.
typedef struct
{
  const char *start;
  gsize len;
  gsize name_len;    // 0: not a field (no colon); it belongs to the one before.
  gsize value_start; // Offset of what follows the colon.
} WdMimeField;

// Walks `header` (a header with or without its final empty line). *inout_offset begins at 0.
// Returns FALSE at the end. Linear.
gboolean
wd_mime_header_next (const char *header, gsize len, gsize *inout_offset, WdMimeField *out_field);

gboolean wd_mime_header_is_named (const WdMimeField *field, const char *name, gsize name_len);

// Appends the fields that are (or, with `invert`, are not) among `names`, as they stand, and a
// final CRLF: the octets of BODY[HEADER.FIELDS …] (RFC 3501 6.4.5).
void wd_mime_header_filter (
    const char *header, gsize len, const char *const *names, gboolean invert, GString *out);

// The value unfolded, its encoded words decoded (RFC 2047, every charset iconv knows), as valid
// UTF-8. Raw 8-bit text is taken as UTF-8, else as Latin-1. Returns (transfer full).
char *wd_mime_header_dup_text (const char *value, gsize len) G_GNUC_WARN_UNUSED_RESULT;

// All values of the fields called `name`, decoded, one a line. Returns (transfer full) (nullable).
char *wd_mime_header_dup_values (const char *header, gsize len, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;
