// SPDX-License-Identifier: EUPL-1.2
// The threads by which WildDuck puts messages together.
#pragma once

#include "mongo-mime.h"

#include "mongo-call.h"

// The thread of a message of the owner's, which learns of its ids; a new one where there is none.
// One round trip, or two. The message of no id has a thread of its own, for no round trip.
gboolean wd_mongo_thread_find (WdMongoCall *call,
                               const WdId *owner,
                               const WdMongoMime *mime,
                               WdId *out_thread,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
