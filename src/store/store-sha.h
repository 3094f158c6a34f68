// SPDX-License-Identifier: EUPL-1.2
// The SHA-256 that stored octets are known by. For backends.
#pragma once

#include <glib.h>

#define WD_STORE_SHA_BYTES 32

typedef struct
{
  guint8 bytes[WD_STORE_SHA_BYTES];
} WdStoreSha;

void wd_store_sha_hash (const void *data, gsize len, WdStoreSha *out_sha);
