// SPDX-License-Identifier: EUPL-1.2
// Taking over messages that are there already.
#pragma once

#include "sqlite-mailbox.h"
#include "sqlite-store-private.h"

// Gives one its flags and modseq, and changes the counters in `mailbox`, which the caller saves.
gboolean wd_sqlite_import_flags (WdSqliteLease *lease,
                                 WdSqliteMailbox *mailbox,
                                 const WdImport *item,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
