// SPDX-License-Identifier: EUPL-1.2
// GMime, initialised once for the process.
//
// Of GMime only functions that work on their arguments alone are used, and so run in any thread:
// g_mime_utils_header_decode_date and g_mime_encoding_*. Those that look up a charset are not:
// GMime keeps every name it ever saw, so that mail could make the process grow without end
// (measured on 3.2.13: 90 octets a name).
#pragma once

// Any thread; cheap when done before.
void wd_mime_library_init (void);
