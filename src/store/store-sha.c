// SPDX-License-Identifier: EUPL-1.2
// The SHA-256 that stored octets are known by.
#include "config.h"

#include "store-sha.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void
wd_store_sha_hash (const void *data, gsize len, WdStoreSha *out_sha)
{
  g_autoptr (GChecksum) checksum = NULL;
  gsize sha_len = sizeof out_sha->bytes;

  if (gnutls_hash_fast (GNUTLS_DIG_SHA256, data, len, out_sha->bytes) >= 0)
    return;
  // The slower one cannot fail.
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, data, (gssize) len);
  g_checksum_get_digest (checksum, out_sha->bytes, &sha_len);
}
