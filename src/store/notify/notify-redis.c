// SPDX-License-Identifier: EUPL-1.2
// The notifier of a cluster: a thread that publishes what is queued, and one that hears.
#include "config.h"

#include "notify-redis.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core-clock.h"
#include "notify-event.h"
#include "notify-redis-private.h"
#include "store-watch-private.h"

#define DEFAULT_PORT 6379
#define MAX_DATABASE 65535
#define CONNECT_MS 1000
#define RETRY_MS 500
// A connection over which nothing has come for so long is asked whether it lives.
#define SILENCE_MS 15000
// How often it is looked for other programs on the channel.
#define LOOK_US G_USEC_PER_SEC

struct _WdNotifyRedis
{
  char *host;
  guint16 port;
  char *password; // (nullable)
  guint database;
  WdId sender;
  WdWatchSet *watches;
  GAsyncQueue *queue; // (element-type utf8): messages to be published; "" ends the thread.
  GThread *sender_thread;
  WdNotifierFunc func; // (nullable)
  gpointer user_data;

  // Guards `away`. Held while `func` runs, so that it hears things in their order; with no other.
  GMutex away_mutex;
  guint away; // Bits: whose connections are not there.

  // Guards the three below. Waited on for the first try to subscribe, which is bounded.
  GMutex mutex;
  GCond cond;
  GThread *listener_thread; // (nullable): there is no watch yet.
  gboolean is_tried;        // To subscribe, with or without success.
  gboolean is_stopping;

  int wake_fd;    // Eventfd: the listener is to end.
  gint is_beside; // Atomic.
};

static gboolean
fail (WdStoreError code, const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, (gint) code, "redis: %s", what);
  return FALSE;
}

// The path of the uri: nothing, "/" or "/NUMBER".
static gboolean
parse_database (const char *path, guint *out_database)
{
  guint64 number = 0;

  if (path[0] == '/')
    path++;
  if (path[0] != '\0' && !g_ascii_string_to_unsigned (path, 10, 0, MAX_DATABASE, &number, NULL))
    return FALSE;
  *out_database = (guint) number;
  return TRUE;
}

static gboolean
parse (WdNotifyRedis *self, const char *text, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_HAS_PASSWORD, NULL);
  int port;

  if (uri == NULL || strcmp (g_uri_get_scheme (uri), "redis") != 0 || g_uri_get_host (uri) == NULL
      || g_uri_get_host (uri)[0] == '\0' || !parse_database (g_uri_get_path (uri), &self->database))
    return fail (WD_STORE_ERROR_INVALID,
                 "the uri is not redis://[:PASSWORD@]HOST[:PORT][/DATABASE]", error);
  port = g_uri_get_port (uri);
  self->host = g_strdup (g_uri_get_host (uri));
  self->port = (guint16) (port < 0 ? DEFAULT_PORT : port);
  self->password = g_strdup (g_uri_get_password (uri));
  return TRUE;
}

enum
{
  AWAY_SENDER = 1 << 0,
  AWAY_LISTENER = 1 << 1,
};

static void
set_away (WdNotifyRedis *self, guint gone, guint back)
{
  guint before;

  g_mutex_lock (&self->away_mutex);
  before = self->away;
  self->away = (before & ~back) | gone;
  if ((before != 0) != (self->away != 0) && self->func != NULL)
    self->func (self->away != 0, self->user_data);
  g_mutex_unlock (&self->away_mutex);
}

static gboolean
is_good (redisContext *redis, redisReply *reply)
{
  gboolean ok = reply != NULL && redis->err == 0 && reply->type != REDIS_REPLY_ERROR;

  if (reply != NULL)
    freeReplyObject (reply);
  return ok;
}

redisContext *
wd_notify_redis_connect (const WdNotifyRedis *self)
{
  const struct timeval wait = { CONNECT_MS / 1000, (CONNECT_MS % 1000) * 1000 };
  redisContext *redis = redisConnectWithTimeout (self->host, self->port, wait);

  if (redis != NULL && redis->err == 0 && redisSetTimeout (redis, wait) == REDIS_OK
      && (self->password == NULL
          || is_good (redis, redisCommand (redis, "AUTH %s", self->password)))
      && (self->database == 0
          || is_good (redis, redisCommand (redis, "SELECT %u", self->database))))
    return redis;
  if (redis != NULL)
    redisFree (redis);
  return NULL;
}

static gboolean
is_stopping (WdNotifyRedis *self)
{
  gboolean result;

  g_mutex_lock (&self->mutex);
  result = self->is_stopping;
  g_mutex_unlock (&self->mutex);
  return result;
}

// Waits for the connection, the end, or `timeout_ms`. Returns poll's result.
static int
wait_for (WdNotifyRedis *self, int fd, int timeout_ms)
{
  struct pollfd entries[] = { { self->wake_fd, POLLIN, 0 }, { fd, POLLIN, 0 } };

  return poll (entries, G_N_ELEMENTS (entries), timeout_ms);
}

// --- Sending.

// Of too many, the oldest is dropped: what it tells of was there before Redis was back, and
// everybody looks then.
static void
enqueue (WdNotifyRedis *self, char *message)
{
  if (g_async_queue_length (self->queue) >= WD_NOTIFY_REDIS_MAX_PENDING)
    g_free (g_async_queue_try_pop (self->queue));
  g_async_queue_push (self->queue, message);
}

// What WildDuck remembers of how many messages a mailbox has is not right any more.
static gboolean
drop_counters (redisContext *redis, const char *mailbox)
{
  return is_good (redis,
                  redisCommand (redis, "DEL total:%b unseen:%b", mailbox,
                                (size_t) WD_CORE_ID_HEX_LEN, mailbox, (size_t) WD_CORE_ID_HEX_LEN));
}

// `message`: what is published, with the id of a mailbox ahead of it whose counters are dropped.
static gboolean
publish (WdNotifyRedis *self, redisContext **inout_redis, const char *message)
{
  gboolean has_mailbox = message[0] != '{';

  if (*inout_redis == NULL)
    *inout_redis = wd_notify_redis_connect (self);
  if (*inout_redis == NULL)
    return FALSE;
  if ((!has_mailbox || drop_counters (*inout_redis, message))
      && is_good (*inout_redis,
                  redisCommand (*inout_redis, "PUBLISH %s %s", WD_NOTIFY_REDIS_CHANNEL,
                                message + (has_mailbox ? WD_CORE_ID_HEX_LEN : 0))))
    return TRUE;
  g_clear_pointer (inout_redis, redisFree);
  return FALSE;
}

// WildDuck subscribes to the channel itself, and this program to a pattern, which is not counted.
static void
look_for_others (WdNotifyRedis *self, redisContext **inout_redis)
{
  redisReply *reply;

  if (*inout_redis == NULL)
    *inout_redis = wd_notify_redis_connect (self);
  if (*inout_redis == NULL)
    return;
  reply = redisCommand (*inout_redis, "PUBSUB NUMSUB %s", WD_NOTIFY_REDIS_CHANNEL);
  if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
      && reply->element[1]->type == REDIS_REPLY_INTEGER)
    g_atomic_int_set (&self->is_beside, reply->element[1]->integer > 0);
  if (!is_good (*inout_redis, reply))
    g_clear_pointer (inout_redis, redisFree);
}

static gpointer
run_sender (gpointer data)
{
  WdNotifyRedis *self = data;
  redisContext *redis = NULL;
  gint64 looked_us = 0;

  for (;;)
    {
      g_autofree char *message = NULL;

      if (wd_core_clock_monotonic_us () - looked_us >= LOOK_US)
        {
          look_for_others (self, &redis);
          looked_us = wd_core_clock_monotonic_us ();
        }
      message = g_async_queue_timeout_pop (self->queue, LOOK_US);
      if (message == NULL)
        continue;
      if (message[0] == '\0')
        break;
      // Once more, for a connection that was closed while there was nothing to say.
      if (publish (self, &redis, message) || publish (self, &redis, message))
        {
          set_away (self, 0, AWAY_SENDER);
          continue;
        }
      set_away (self, AWAY_SENDER, 0);
      if (is_stopping (self))
        break;
      // It is said late: others may hear Redis again before this does, and then they do not look by
      // themselves any more.
      g_async_queue_push_front (self->queue, g_steal_pointer (&message));
      (void) wait_for (self, -1, RETRY_MS);
    }
  if (redis != NULL)
    redisFree (redis);
  return NULL;
}

// --- Hearing.

static void
hear (WdNotifyRedis *self, const redisReply *reply)
{
  WdBeacon beacons[2];
  guint n_beacons;
  WdId sender;

  // ["pmessage", pattern, channel, text]
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4
      || reply->element[0]->type != REDIS_REPLY_STRING
      || strcmp (reply->element[0]->str, "pmessage") != 0
      || reply->element[3]->type != REDIS_REPLY_STRING
      || !wd_notify_event_read (reply->element[3]->str, (gsize) reply->element[3]->len, beacons,
                                &n_beacons, &sender)
      || wd_core_id_is_equal (&sender, &self->sender))
    return;
  for (guint i = 0; i < n_beacons; i++)
    wd_watch_dispatch (self->watches, &beacons[i]);
}

// What has been read already. FALSE when the connection is of no more use.
static gboolean
hear_all (WdNotifyRedis *self, redisContext *redis)
{
  void *reply;

  for (;;)
    {
      if (redisGetReplyFromReader (redis, &reply) != REDIS_OK)
        return FALSE;
      if (reply == NULL)
        return TRUE;
      hear (self, reply);
      freeReplyObject (reply);
    }
}

// A ping on the subscription; its answer is one more thing heard.
static gboolean
ask (redisContext *redis)
{
  int is_done = 0;

  if (redisAppendCommand (redis, "PING") != REDIS_OK)
    return FALSE;
  while (!is_done)
    if (redisBufferWrite (redis, &is_done) != REDIS_OK)
      return FALSE;
  return TRUE;
}

// Until the connection is lost or the end.
static void
listen_on (WdNotifyRedis *self, redisContext *redis)
{
  gboolean is_asked = FALSE;

  while (!is_stopping (self))
    {
      int n = wait_for (self, redis->fd, SILENCE_MS);

      if (n < 0 && errno == EINTR)
        continue;
      if (n == 0 && is_asked)
        return;
      if (n == 0)
        {
          if (!ask (redis))
            return;
          is_asked = TRUE;
          continue;
        }
      if (is_stopping (self) || redisBufferRead (redis) != REDIS_OK || !hear_all (self, redis))
        return;
      is_asked = FALSE;
    }
}

// While Redis is away, watches look by themselves now and then.
static void
wait_away (WdNotifyRedis *self, gint64 *inout_told_us)
{
  gint64 now_us = wd_core_clock_monotonic_us ();

  if (now_us - *inout_told_us >= WD_NOTIFY_REDIS_POLL_US)
    {
      wd_watch_dispatch_all (self->watches);
      *inout_told_us = now_us;
    }
  (void) wait_for (self, -1, RETRY_MS);
}

static void
set_tried (WdNotifyRedis *self)
{
  g_mutex_lock (&self->mutex);
  self->is_tried = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gpointer
run_listener (gpointer data)
{
  WdNotifyRedis *self = data;
  gint64 told_us = wd_core_clock_monotonic_us ();

  while (!is_stopping (self))
    {
      redisContext *redis = wd_notify_redis_connect (self);
      gboolean ok
          = redis != NULL
            && is_good (redis, redisCommand (redis, "PSUBSCRIBE %s", WD_NOTIFY_REDIS_CHANNEL));

      // What happened until now may have been missed. The sender learns with the next beacon.
      if (ok)
        {
          set_away (self, 0, AWAY_LISTENER | AWAY_SENDER);
          wd_watch_dispatch_all (self->watches);
        }
      else
        set_away (self, AWAY_LISTENER, 0);
      set_tried (self);
      if (ok)
        listen_on (self, redis);
      if (redis != NULL)
        redisFree (redis);
      if (!is_stopping (self))
        wait_away (self, &told_us);
    }
  return NULL;
}

// --- The rest.

// Threads take no signals: those are the main thread's.
static GThread *
start (const char *name, GThreadFunc func, WdNotifyRedis *self)
{
  sigset_t all, old;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &old);
  thread = g_thread_try_new (name, func, self, NULL);
  pthread_sigmask (SIG_SETMASK, &old, NULL);
  return thread;
}

WdNotifyRedis *
wd_notify_redis_new (const char *uri, WdNotifierFunc func, gpointer user_data, GError **error)
{
  g_autoptr (WdNotifyRedis) self = g_new0 (WdNotifyRedis, 1);

  self->func = func;
  self->user_data = user_data;
  g_mutex_init (&self->away_mutex);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  wd_core_id_new (&self->sender);
  self->watches = wd_watch_set_new ();
  self->queue = g_async_queue_new_full (g_free);
  // Until it is known.
  self->is_beside = 1;
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (!parse (self, uri, error))
    return NULL;
  self->sender_thread = start ("wd-publish", run_sender, self);
  if (self->wake_fd < 0 || self->sender_thread == NULL)
    {
      fail (WD_STORE_ERROR_UNAVAILABLE, "no thread or descriptor is left", error);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
wd_notify_redis_free (WdNotifyRedis *self)
{
  const guint64 one = 1;

  if (self == NULL)
    return;
  g_mutex_lock (&self->mutex);
  self->is_stopping = TRUE;
  g_mutex_unlock (&self->mutex);
  if (self->wake_fd >= 0 && write (self->wake_fd, &one, sizeof one) > 0
      && self->listener_thread != NULL)
    g_thread_join (self->listener_thread);
  if (self->sender_thread != NULL)
    {
      g_async_queue_push (self->queue, g_strdup (""));
      g_thread_join (self->sender_thread);
    }
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  g_async_queue_unref (self->queue);
  wd_watch_set_unref (self->watches);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->away_mutex);
  g_free (self->host);
  g_free (self->password);
  g_free (self);
}

gboolean
wd_notify_redis_is_beside (WdNotifyRedis *self)
{
  return g_atomic_int_get (&self->is_beside) != 0;
}

void
wd_notify_redis_send (WdNotifyRedis *self, const WdBeacon *beacon)
{
  gboolean has_counters = beacon->kind == WD_BEACON_MAILBOX && wd_notify_redis_is_beside (self)
                          && !wd_core_id_is_none (&beacon->mailbox);
  g_autofree char *mailbox = has_counters ? wd_core_id_dup_hex (&beacon->mailbox) : NULL;
  g_autofree char *event = wd_notify_event_dup (beacon, &self->sender);

  wd_watch_dispatch (self->watches, beacon);
  enqueue (self, has_counters ? g_strconcat (mailbox, event, NULL) : g_steal_pointer (&event));
}

void
wd_notify_redis_send_dropped (WdNotifyRedis *self, const WdId *owner, const WdId *mailbox)
{
  g_autofree char *from = wd_core_id_dup_hex (owner);
  g_autofree char *gone = wd_core_id_dup_hex (mailbox);

  enqueue (self, g_strdup_printf ("{\"e\":\"%s\",\"p\":{\"command\":\"DROP\",\"mailbox\":\"%s\"}}",
                                  from, gone));
}

// The first one waits until there is a subscription, or Redis is known to be away: then everybody
// is told to look when it comes.
WdWatch *
wd_notify_redis_watch (WdNotifyRedis *self,
                       const WdId *owner,
                       const WdId *mailbox,
                       WdWatchFunc func,
                       gpointer user_data)
{
  g_mutex_lock (&self->mutex);
  if (self->listener_thread == NULL)
    self->listener_thread = start ("wd-listen", run_listener, self);
  while (self->listener_thread != NULL && !self->is_tried)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  return wd_watch_new (self->watches, owner, mailbox, func, user_data);
}
