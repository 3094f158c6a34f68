// SPDX-License-Identifier: EUPL-1.2
// The date of a Date: header (RFC 5322 3.3 and 4.3).
#pragma once

#include "mime-nstring.h"

// `out_day`: days since 1970-01-01 of the date as written, so in its own zone; `out_ms`:
// milliseconds UTC. FALSE when it is no date. What has not the RFC's form goes to GMime, which
// knows many broken ones.
gboolean wd_mime_date_read (WdMimeSlice value, gint32 *out_day, gint64 *out_ms);
