// SPDX-License-Identifier: EUPL-1.2
// The store's outcomes as replies (RFC 5321 4.2, RFC 3463).
#pragma once

#include <glib.h>

#include "store-types.h"

// Returns a reply without its CRLF (a literal). `permanent_quota`: refuse mail over quota for good.
const char *wd_lmtp_status_from_code (WdStoreError code, gboolean permanent_quota);

// The same of an error; what is not the store's is a local error.
const char *wd_lmtp_status_from_error (const GError *error, gboolean permanent_quota);
