// SPDX-License-Identifier: EUPL-1.2
// What is made of a message once, however many mailboxes it goes into: the compressed text, the
// coded tree, the preview, and the large parts in the shared pool.
#pragma once

#include "sqlite-parts.h"
#include "store-incoming.h"
#include "store-zstd.h"

typedef struct
{
  WdStoreCoding coding;
  const void *text; // Coded; within `buffer`, or the incoming message's own memory.
  gsize text_coded_len;
  gsize text_len;
  GBytes *tree;
  char *preview;
  GArray *parts;        // What was taken out. (element-type WdStorePart)
  GBytes *coded_parts;  // The same as it is kept.
  const guint8 *octets; // The whole message.
  char *state_dir;
  gpointer buffer;
} WdSqlitePrepared;

// Returns (transfer none): kept with `incoming`. What it refers to in the pool is durable.
const WdSqlitePrepared *wd_sqlite_prepare_message (WdIncoming *incoming,
                                                   const char *state_dir,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Gives the parts a name in the user's folder, which is durable after wd_sqlite_blob_sync_user.
// Within the transaction that will refer to them, for whoever removes parts of this user waits for
// it. Some may be gone from the pool by now,
// or have no room for a name: then they are written again.
gboolean wd_sqlite_prepare_link (const WdSqlitePrepared *self, const char *user_dir, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
