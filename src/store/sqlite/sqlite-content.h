// SPDX-License-Identifier: EUPL-1.2
// Opening the octets of a message from its database row.
#pragma once

#include "sqlite-lease.h"
#include "store-content.h"

#define WD_SQLITE_CONTENT_ANY_SIZE G_MAXUINT64

// Makes the content of the row on which `stmt` stands, whose columns from `column` on are tree,
// prefix, coding, text_len, parts and text. `size_bytes` is what it must come to, or
// WD_SQLITE_CONTENT_ANY_SIZE. CORRUPT.
WdContent *wd_sqlite_content_open (WdSqliteLease *lease,
                                   sqlite3_stmt *stmt,
                                   int column,
                                   guint64 size_bytes,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same by its number. CORRUPT.
WdContent *wd_sqlite_content_load (WdSqliteLease *lease, gint64 content, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
