// SPDX-License-Identifier: EUPL-1.2
// Counting in Redis: a hash for each key, with a field for each eighth of the window, by the clock
// of the server, so that all instances mean the same time.
#include "config.h"

#include "notify-count.h"

#include "core-clock.h"
#include "notify-redis-private.h"

#define PREFIX "wd:count:"
#define N_SLOTS 8
// Connections that are kept for the next; more come and go with their callers.
#define MAX_IDLE 4
#define RETRY_US (5 * G_USEC_PER_SEC)

// KEYS: the counters. ARGV: how many to add, an eighth of the window, how long to keep it, both in
// milliseconds.
static const char script[]
    = "local time = redis.call('TIME') "
      "local slot = math.floor((time[1] * 1000 + math.floor(time[2] / 1000)) / ARGV[2]) "
      "local sums = {} "
      "for i, key in ipairs(KEYS) do "
      "  if tonumber(ARGV[1]) > 0 then "
      "    redis.call('HINCRBY', key, string.format('%.0f', slot), ARGV[1]) "
      "    redis.call('PEXPIRE', key, ARGV[3]) "
      "  end "
      "  local sum, all = 0, redis.call('HGETALL', key) "
      "  for k = 1, #all, 2 do "
      "    if tonumber(all[k]) < slot - 8 then redis.call('HDEL', key, all[k]) "
      "    else sum = sum + all[k + 1] end "
      "  end "
      "  sums[i] = sum "
      "end "
      "return sums";

struct _WdNotifyCount
{
  const WdNotifyRedis *redis;
  char *prefix;

  // Guards the two below. Held for nothing else.
  GMutex mutex;
  GPtrArray *idle; // (element-type redisContext)
  gint64 retry_us; // Not before: Redis is away.
};

WdNotifyCount *
wd_notify_count_new (const WdNotifyRedis *redis, const char *scope)
{
  WdNotifyCount *self = g_new0 (WdNotifyCount, 1);

  self->redis = redis;
  self->prefix = g_strconcat (PREFIX, scope, ":", NULL);
  g_mutex_init (&self->mutex);
  self->idle = g_ptr_array_new_with_free_func ((GDestroyNotify) redisFree);
  return self;
}

void
wd_notify_count_free (WdNotifyCount *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->idle);
  g_mutex_clear (&self->mutex);
  g_free (self->prefix);
  g_free (self);
}

// Returns (transfer full) (nullable). `out_is_away`: it is not to be asked for now.
static redisContext *
take_idle (WdNotifyCount *self, gboolean *out_is_away)
{
  redisContext *redis = NULL;

  g_mutex_lock (&self->mutex);
  *out_is_away = wd_core_clock_monotonic_us () < self->retry_us;
  if (self->idle->len > 0)
    redis = g_ptr_array_steal_index_fast (self->idle, self->idle->len - 1);
  g_mutex_unlock (&self->mutex);
  return redis;
}

static void
give_back (WdNotifyCount *self, redisContext *redis)
{
  g_mutex_lock (&self->mutex);
  if (self->idle->len < MAX_IDLE)
    g_ptr_array_add (self->idle, g_steal_pointer (&redis));
  g_mutex_unlock (&self->mutex);
  if (redis != NULL)
    redisFree (redis);
}

static void
set_away (WdNotifyCount *self)
{
  g_mutex_lock (&self->mutex);
  self->retry_us = wd_core_clock_monotonic_us () + RETRY_US;
  g_mutex_unlock (&self->mutex);
}

static gboolean
read_counts (const redisReply *reply, guint n_keys, guint *out_counts)
{
  if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != n_keys)
    return FALSE;
  for (guint i = 0; i < n_keys; i++)
    if (reply->element[i]->type != REDIS_REPLY_INTEGER)
      return FALSE;
  for (guint i = 0; i < n_keys; i++)
    out_counts[i] = (guint) CLAMP (reply->element[i]->integer, 0, (gint64) G_MAXINT);
  return TRUE;
}

static GPtrArray *
make_command (
    const WdNotifyCount *self, const char *const *keys, guint n_keys, guint n, gint64 window_ms)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  gint64 slot_ms = MAX (window_ms / N_SLOTS, 1);

  g_ptr_array_add (words, g_strdup ("EVAL"));
  g_ptr_array_add (words, g_strdup (script));
  g_ptr_array_add (words, g_strdup_printf ("%u", n_keys));
  for (guint i = 0; i < n_keys; i++)
    g_ptr_array_add (words, g_strconcat (self->prefix, keys[i], NULL));
  g_ptr_array_add (words, g_strdup_printf ("%u", n));
  g_ptr_array_add (words, g_strdup_printf ("%" G_GINT64_FORMAT, slot_ms));
  g_ptr_array_add (words, g_strdup_printf ("%" G_GINT64_FORMAT, slot_ms * (N_SLOTS + 1)));
  return words;
}

gboolean
wd_notify_count_add (WdNotifyCount *self,
                     const char *const *keys,
                     guint n_keys,
                     guint n,
                     gint64 window_ms,
                     guint *out_counts)
{
  g_autoptr (GPtrArray) words = make_command (self, keys, n_keys, n, window_ms);

  // Once more on a new connection, for one that was closed while it was idle.
  for (;;)
    {
      gboolean is_away;
      redisContext *redis = take_idle (self, &is_away);
      gboolean is_new = redis == NULL;
      redisReply *reply;
      gboolean ok;

      if (is_new && is_away)
        return FALSE;
      if (is_new && (redis = wd_notify_redis_connect (self->redis)) == NULL)
        break;
      reply = redisCommandArgv (redis, (int) words->len, (const char **) words->pdata, NULL);
      ok = read_counts (reply, n_keys, out_counts);
      if (reply != NULL)
        freeReplyObject (reply);
      if (ok)
        {
          give_back (self, redis);
          return TRUE;
        }
      redisFree (redis);
      if (is_new)
        break;
    }
  set_away (self);
  return FALSE;
}
