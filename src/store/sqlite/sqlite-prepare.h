// SPDX-License-Identifier: EUPL-1.2
// What is made of a message once, however many mailboxes it goes into: the compressed text, the
// coded tree, and the large parts in the shared pool.
#pragma once

#include "store-incoming.h"
#include "store-zstd.h"

typedef struct
{
  WdStoreCoding coding;
  const void *text; // Coded; within `buffer`, or the incoming message's own memory.
  gsize text_coded_len;
  gsize text_len;
  GBytes *tree;
  GBytes *parts; // Coded (sqlite-parts.h); NULL when nothing was taken out.
  GArray *shas;  // Of them, in the order of the message. (element-type WdSqliteSha)
  gpointer buffer;
  GMappedFile *map;
} WdSqlitePrepared;

// Returns (transfer none): kept with `incoming`. What it refers to in the pool is durable.
const WdSqlitePrepared *wd_sqlite_prepare_message (WdIncoming *incoming,
                                                   const char *state_dir,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
