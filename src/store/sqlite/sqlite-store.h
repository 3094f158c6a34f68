// SPDX-License-Identifier: EUPL-1.2
// The embedded backend: WdStore on SQLite files under one directory.
#pragma once

#include "store.h"

#define WD_TYPE_SQLITE_STORE (wd_sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (WdSqliteStore, wd_sqlite_store, WD, SQLITE_STORE, GObject)

// Opens the store in the directory `path`, making it where there is none. As wd_store_open.
WdStore *wd_sqlite_store_open (const char *path, const WdStoreOptions *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
