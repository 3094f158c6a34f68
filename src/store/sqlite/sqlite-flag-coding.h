// SPDX-License-Identifier: EUPL-1.2
// Flags and modseqs of neighbours as octets: for each run of those that share them four varints:
// how many come before it since the last run, its length, flags, modseq.
#pragma once

#include "sqlite-varint.h"
#include "store-types.h"

typedef enum
{
  WD_SQLITE_FLAG_NONE,    // No such message, or not read.
  WD_SQLITE_FLAG_ARRIVED, // As it came.
  WD_SQLITE_FLAG_CHANGED,
} WdSqliteFlagState;

// Of one message.
typedef struct
{
  WdFlags flags;
  gint64 modseq;
  WdSqliteFlagState state;
} WdSqliteFlagEntry;

#define WD_SQLITE_FLAG_CODING_MAX_BYTES(n) ((n) * 4 * WD_SQLITE_VARINT_MAX_BYTES)

// Fills in what was changed. FALSE for damaged octets: some entries may be filled in then.
gboolean wd_sqlite_flag_coding_decode (const guint8 *data,
                                       gsize len,
                                       WdSqliteFlagEntry *entries,
                                       guint n_entries) G_GNUC_WARN_UNUSED_RESULT;

// Writes what was changed to `out`, which has WD_SQLITE_FLAG_CODING_MAX_BYTES. Returns the length,
// 0 when nothing was.
gsize wd_sqlite_flag_coding_encode (const WdSqliteFlagEntry *entries, guint n_entries, guint8 *out);
