// SPDX-License-Identifier: EUPL-1.2
// The backend for a cluster: MongoDB, or what speaks its protocol.
#pragma once

#include "store.h"

// `rest`: the uri behind "mongodb:" or "mongodb+srv:".
WdStore *wd_mongo_store_open (const char *rest, const WdStoreOptions *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
