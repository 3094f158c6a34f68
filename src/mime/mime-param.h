// SPDX-License-Identifier: EUPL-1.2
// The parameters of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231).
#pragma once

#include "mime-nstring.h"

typedef struct
{
  WdMimeSlice name;
  WdMimeSlice value; // As it stands, without its quotes.
  gboolean quoted;   // Backslashes in it quote.
} WdMimeParam;

// Reads the next `; name=value` of *inout_rest. FALSE at the end. What is none is passed over.
gboolean wd_mime_param_next (WdMimeSlice *inout_rest, WdMimeParam *out_param);

// Reads the token at the head of *inout_rest, white space and comments before it passed over.
// An empty slice when there is none.
WdMimeSlice wd_mime_param_read_token (WdMimeSlice *inout_rest);

// Takes `c` (white space and comments around it passed over) off the head. FALSE: it is not there.
gboolean wd_mime_param_skip (WdMimeSlice *inout_rest, char c);

gboolean wd_mime_param_is_named (const WdMimeParam *param, const char *name);

// Appends the value of `name`, put together from its pieces (RFC 2231 3) and percent-decoded where
// it says so (RFC 2231 4; its charset is left out). FALSE when there is none. Linear.
gboolean wd_mime_param_get (WdMimeSlice params, const char *name, GString *out);
