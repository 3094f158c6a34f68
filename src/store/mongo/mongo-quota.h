// SPDX-License-Identifier: EUPL-1.2
// The octets that a user's mail takes: users, storageUsed.
#pragma once

#include "mongo-store-private.h"

// Adds them, unless that exceeds the quota. NOT_FOUND, OVER_QUOTA. One round trip when there is
// room.
gboolean wd_mongo_quota_take (WdStore *store,
                              WdMongoCall *call,
                              const WdId *owner,
                              gint64 size_bytes,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Gives them back. One round trip.
gboolean
wd_mongo_quota_give_back (WdMongoCall *call, const WdId *owner, gint64 size_bytes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
