// SPDX-License-Identifier: EUPL-1.2
// Octets of a header as an IMAP string: quoted where they allow it, else a literal (RFC 3501 4.3).
#pragma once

#include <glib.h>

// Octets that stand in a header; data NULL: the field is not there.
typedef struct
{
  const char *data;
  gsize len;
} WdMimeSlice;

// Appends the value without the white space around it. Line ends of folding are taken out, other CR
// and LF become a space and NUL is dropped, for a string can carry neither. Octets above 127 make
// it a literal.
void wd_mime_nstring_append (GString *out, const char *data, gsize len);

// The same, for the inside of a quoted string (RFC 5322 3.2.4): a backslash is taken away from what
// it quotes.
void wd_mime_nstring_append_quoted (GString *out, const char *data, gsize len);

// NIL when `slice` is not there.
void wd_mime_nstring_append_slice (GString *out, WdMimeSlice slice);

// Appends the octets of a value cleaned as above, without making them a string. With `quoted`,
// backslashes are undone.
void wd_mime_nstring_append_clean (GString *out, const char *data, gsize len, gboolean quoted);

// Cuts white space and line ends off both sides.
WdMimeSlice wd_mime_nstring_trim (const char *data, gsize len);
