// SPDX-License-Identifier: EUPL-1.2
// Removing the contents that no message refers to any more.
#pragma once

#include "sqlite-lease.h"

// Works off the user's queue, in short transactions. Durable only with what follows: a crash at any
// point leaves something that the next run does again.
gboolean wd_sqlite_garbage_collect (WdSqlitePool *pool,
                                    const WdId *user,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
