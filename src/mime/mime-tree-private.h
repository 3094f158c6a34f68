// SPDX-License-Identifier: EUPL-1.2
// What the indexer, the codec and the tree share.
#pragma once

#include "mime-tree.h"

// One allocation: the parts and all texts stand behind it in the same block.
struct _WdMimeTree
{
  gatomicrefcount ref_count;
  guint n_parts;
  gboolean has_sent;
  gint32 sent_day;
  gint64 sent_ms;
  const char *envelope;
  gsize envelope_len;
  const char *body;
  gsize body_len;
  const char *body_structure;
  gsize body_structure_len;
  WdMimePart parts[];
};

// Returns (transfer full): a zeroed tree with room for `n_parts` parts, and `n_text` octets at
// *out_text.
WdMimeTree *wd_mime_tree_new (guint n_parts, gsize n_text, char **out_text)
    G_GNUC_WARN_UNUSED_RESULT;
