// SPDX-License-Identifier: EUPL-1.2
// Compression of stored octets, with one context a thread. For backends.
#pragma once

#include <glib.h>

// How stored octets are written.
typedef enum
{
  WD_STORE_CODING_RAW,
  WD_STORE_CODING_ZSTD,
} WdStoreCoding;

// Compresses into a new buffer. Returns (transfer full) (nullable): NULL when that does not pay.
void *wd_store_zstd_compress (const void *data, gsize len, gsize *out_len)
    G_GNUC_WARN_UNUSED_RESULT;

// Decompresses into `out`, which holds exactly `out_len` octets. FALSE unless it is just as long.
gboolean wd_store_zstd_decompress (const void *data, gsize len, void *out, gsize out_len)
    G_GNUC_WARN_UNUSED_RESULT;
