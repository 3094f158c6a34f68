// SPDX-License-Identifier: EUPL-1.2
// Which parts leave a message to be kept on their own, and as which octets. For backends.
#pragma once

#include "mime-base64.h"
#include "mime-tree.h"
#include "store-sha.h"

// More than these stay in the text, so that reading a message needs a bounded number of blobs.
#define WD_STORE_PARTS_MAX 16

typedef struct
{
  guint64 offset; // In the message without a prefix.
  guint64 len;
  gboolean is_base64; // The decoded octets are kept, and `form` is how they were encoded.
  WdMimeBase64Form form;
  WdStoreSha sha; // Of what is kept.
} WdStorePart;

// Is given each part when it is found, with the octets that are to be kept, which are borrowed.
typedef gboolean (*WdStorePartFunc) (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error);

// Appends the leaves of WD_LIMIT_LARGE_PART_BYTES and more, in order, to `parts`, an array of
// WdStorePart. `func` (nullable) stops it by failing: `parts` then ends with what it failed for.
gboolean wd_store_parts_find (const WdMimeTree *tree,
                              const guint8 *octets,
                              gsize len,
                              WdStorePartFunc func,
                              gpointer user_data,
                              GArray *parts,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Hands the kept octets of a part to `func` once more. UNAVAILABLE when memory is short, and what
// `func` fails with.
gboolean wd_store_parts_visit (const WdStorePart *part,
                               const guint8 *octets,
                               WdStorePartFunc func,
                               gpointer user_data,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The message without the parts. Returns (transfer full).
guint8 *wd_store_parts_cut (GArray *parts, const guint8 *octets, gsize len, gsize *out_len)
    G_GNUC_WARN_UNUSED_RESULT;
