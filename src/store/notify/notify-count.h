// SPDX-License-Identifier: EUPL-1.2
// Counters that all processes of a cluster share, in Redis.
#pragma once

#include "notify-redis.h"

typedef struct _WdNotifyCount WdNotifyCount;

// `redis` (transfer none) stays as long as this. `scope`: who counts together, beside others on the
// same server. Does not connect yet.
WdNotifyCount *wd_notify_count_new (const WdNotifyRedis *redis, const char *scope)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_notify_count_free (WdNotifyCount *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdNotifyCount, wd_notify_count_free)

// As wd_store_count. One round trip; FALSE while Redis is away, which is found out once in five
// seconds and costs a second at most. Any thread.
gboolean wd_notify_count_add (WdNotifyCount *self,
                              const char *const *keys,
                              guint n_keys,
                              guint n,
                              gint64 window_ms,
                              guint *out_counts) G_GNUC_WARN_UNUSED_RESULT;
