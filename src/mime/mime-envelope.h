// SPDX-License-Identifier: EUPL-1.2
// ENVELOPE of a header (RFC 3501 7.4.2).
#pragma once

#include "mime-fields.h"

// Appends the parenthesised list. Encoded words stay as they were sent.
void wd_mime_envelope_append (const WdMimeFields *fields, GString *out);
