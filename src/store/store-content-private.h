// SPDX-License-Identifier: EUPL-1.2
// How a backend makes a WdContent: a prefix, the message's text, and the parts that were taken out
// of it. For backends.
#pragma once

#include "store-content.h"
#include "store-zstd.h"

// A part taken out of the message: where it was, and how to read it.
typedef struct
{
  guint64 offset; // In the message without the prefix.
  guint64 len;
  gpointer source;
} WdContentPart;

// Appends `len` octets of the part from `offset` to `out`. CORRUPT, UNAVAILABLE.
typedef gboolean (*WdContentReadPartFunc) (
    gpointer source, guint64 offset, gsize len, GString *out, GError **error);

typedef struct
{
  const char *prefix;
  gsize prefix_len;
  const void *tree;
  gsize tree_len;
  WdStoreCoding coding;
  const void *text; // Coded.
  gsize text_coded_len;
  gsize text_len; // Decoded: the message without prefix and parts.
  // (transfer full) (nullable): array of WdContentPart, ascending, and what reads and frees them.
  GArray *parts;
  WdContentReadPartFunc read_part;
  GDestroyNotify free_source;
} WdContentSpec;

// Copies what `spec` borrows. Returns (transfer full): NULL with CORRUPT when it does not fit
// together; `parts` is taken in any case.
WdContent *wd_content_new (const WdContentSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
