// SPDX-License-Identifier: EUPL-1.2
// Sizes as people write them.
#pragma once

#include <glib.h>

// Reads digits and perhaps K, M, G or T (powers of 1024). FALSE, and `out_bytes` as it was, for
// anything else and for more than 2^63 - 1.
gboolean wd_core_size_from_string (const char *text, guint64 *out_bytes) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full): "1000", "64K" or "1.5M"; rounded where it is not exact.
char *wd_core_size_to_string (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
