// SPDX-License-Identifier: EUPL-1.2
// The schema of a user's mail.db. docs/storage-format.md says what each column means.
#pragma once

#include "sqlite-db.h"

// Pages are small: a delivery writes few octets to each of several pages.
#define WD_SQLITE_SCHEMA_PAGE_BYTES 1024

// The row of `mailbox` that holds the owner's totals, and that of INBOX.
#define WD_SQLITE_SCHEMA_OWNER_ROW 0
#define WD_SQLITE_SCHEMA_INBOX_ROW 1

// Changed flags are kept by chunks of so many UIDs. A chunk with flags in disorder takes 400
// octets, which fit into a page: a row of more would have pages of its own, all written for each
// change.
#define WD_SQLITE_SCHEMA_CHUNK_UIDS 64
// The row of a chunk (UID / 64, below 2^26) of a mailbox in `flags`.
#define WD_SQLITE_SCHEMA_CHUNK_ID(mailbox, chunk)                                                  \
  ((mailbox) * (G_GINT64_CONSTANT (1) << 26) + (chunk))
#define WD_SQLITE_SCHEMA_CHUNKS_OF "id BETWEEN ?1 << 26 AND (?1 << 26) + 0x3ffffff" // Mailbox ?1.

// Kinds of journal rows.
enum
{
  WD_SQLITE_JOURNAL_CHANGED = 1,
  WD_SQLITE_JOURNAL_EXPUNGED = 2,
};

const WdSqliteSchema *wd_sqlite_schema_get (void);
