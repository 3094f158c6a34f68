// SPDX-License-Identifier: EUPL-1.2
// The parts that were taken out of a message: keeping where they were, and giving their octets
// back.
#pragma once

#include "sqlite-blob.h"
#include "store-content-private.h"
#include "store-parts.h"

// Of an array of WdStorePart.
GBytes *wd_sqlite_parts_encode (GArray *parts) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full) (element-type WdStorePart) (nullable): NULL for damaged data.
GArray *wd_sqlite_parts_decode (const void *data, gsize len) G_GNUC_WARN_UNUSED_RESULT;

// Opens all, for a WdContent. Returns (transfer full) (element-type WdContentPart).
GArray *wd_sqlite_parts_open (GArray *parts, const char *user_dir, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Of what wd_sqlite_parts_open made: WdContentReadPartFunc and its GDestroyNotify.
gboolean
wd_sqlite_parts_read (gpointer source, guint64 offset, gsize len, GString *out, GError **error);
void wd_sqlite_parts_free_source (gpointer source);
