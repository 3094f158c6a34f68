// SPDX-License-Identifier: EUPL-1.2
// Connections of one's own to the same server. Only src/store/notify includes this.
#pragma once

#include <hiredis/hiredis.h>

#include "notify-redis.h"

// Returns (transfer full) (nullable): NULL when Redis is away. Every wait on it is bounded by a
// second. Any thread.
redisContext *wd_notify_redis_connect (const WdNotifyRedis *self) G_GNUC_WARN_UNUSED_RESULT;
