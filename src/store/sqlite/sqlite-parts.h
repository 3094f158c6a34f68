// SPDX-License-Identifier: EUPL-1.2
// The parts that were taken out of a message: finding them, keeping where they were, and giving
// their octets back.
#pragma once

#include "mime-base64.h"
#include "mime-tree.h"
#include "sqlite-blob.h"
#include "store-content-private.h"

// More than these stay in the text, so that reading a message needs a bounded number of files.
#define WD_SQLITE_PARTS_MAX 16

typedef struct
{
  guint64 offset; // In the message without a prefix.
  guint64 len;
  gboolean is_base64; // The blob has the decoded octets, and `form` how they were encoded.
  WdMimeBase64Form form;
  WdSqliteSha sha;
} WdSqlitePart;

// The large leaves of the message, hashed, in order. Returns (transfer full) (element-type
// WdSqlitePart) (nullable): NULL when there are none.
GArray *wd_sqlite_parts_find (const WdMimeTree *tree, const guint8 *octets, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes the blob of one of them into the pool.
gboolean wd_sqlite_parts_write (const char *state_dir,
                                const WdSqlitePart *part,
                                const guint8 *octets,
                                gboolean replace,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

GBytes *wd_sqlite_parts_encode (GArray *parts) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full) (nullable): NULL for damaged data.
GArray *wd_sqlite_parts_decode (const void *data, gsize len) G_GNUC_WARN_UNUSED_RESULT;

// Opens all, for a WdContent. Returns (transfer full) (element-type WdContentPart).
GArray *wd_sqlite_parts_open (GArray *parts, const char *user_dir, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Of what wd_sqlite_parts_open made: WdContentReadPartFunc and its GDestroyNotify.
gboolean
wd_sqlite_parts_read (gpointer source, guint64 offset, gsize len, GString *out, GError **error);
void wd_sqlite_parts_free_source (gpointer source);
