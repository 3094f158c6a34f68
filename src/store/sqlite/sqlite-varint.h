// SPDX-License-Identifier: EUPL-1.2
// Numbers as seven bits an octet, the low ones first; the last octet is below 0x80.
#pragma once

#include <glib.h>

// Octets of the longest: of 64 bits.
#define WD_SQLITE_VARINT_MAX_BYTES 10

// Writes at `out`, which has room for WD_SQLITE_VARINT_MAX_BYTES. Returns what follows.
guint8 *wd_sqlite_varint_put (guint8 *out, guint64 n);

// Reads a number of at most 63 bits and goes on behind it. FALSE when it is cut off or longer.
gboolean wd_sqlite_varint_get (const guint8 **inout_p, const guint8 *end, guint64 *out_n)
    G_GNUC_WARN_UNUSED_RESULT;
