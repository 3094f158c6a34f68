// SPDX-License-Identifier: EUPL-1.2
// The schema of a user's mail.db. docs/storage-format.md says what each column means.
#pragma once

#include "sqlite-db.h"

// Pages are small: a delivery writes few octets to each of several pages.
#define WD_SQLITE_SCHEMA_PAGE_BYTES 1024

// The row of `mailbox` that holds the owner's totals, and that of INBOX.
#define WD_SQLITE_SCHEMA_OWNER_ROW 0
#define WD_SQLITE_SCHEMA_INBOX_ROW 1

// Kinds of journal rows.
enum
{
  WD_SQLITE_JOURNAL_CHANGED = 1,
  WD_SQLITE_JOURNAL_EXPUNGED = 2,
};

const WdSqliteSchema *wd_sqlite_schema_get (void);
