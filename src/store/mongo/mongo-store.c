// SPDX-License-Identifier: EUPL-1.2
// The cluster's backend as a WdStore.
#include "config.h"

#include "mongo-store.h"

#include "core-clock.h"
#include "mongo-store-private.h"
#include "notify-count.h"
#include "notify-local.h"

// How often it is looked whether WildDuck has been started on the database: as long as nobody hears
// its channel, and while somebody does.
#define LOOK_US (10 * G_USEC_PER_SEC)
#define LOOK_HEARD_US (G_USEC_PER_SEC / 5)

#define WD_TYPE_MONGO_STORE (wd_mongo_store_get_type ())
G_DECLARE_FINAL_TYPE (WdMongoStore, wd_mongo_store, WD, MONGO_STORE, GObject)

struct _WdMongoStore
{
  GObject parent_instance;

  WdStoreOptions options;
  char *uri;
  char *runtime_dir;
  WdMongoPool *pool;
  WdMongoPending *pending;
  WdMongoKeywords *keywords;
  WdMongoLater *later;
  char *redis_uri;
  WdNotifyLocal *local; // One of the two.
  WdNotifyRedis *redis;
  WdNotifyCount *count; // With it.
  gint is_shared;       // Atomic.
  gint64 looked_us;     // Atomic. When it was found that it is not.
};

static void wd_mongo_store_iface_init (WdStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (WdMongoStore,
                         wd_mongo_store,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (WD_TYPE_STORE, wd_mongo_store_iface_init))

gboolean
wd_mongo_store_begin (WdStore *store,
                      WdMongoCall *out_call,
                      GCancellable *cancellable,
                      GError **error)
{
  return wd_mongo_pool_begin (WD_MONGO_STORE (store)->pool, out_call, cancellable, error);
}

gboolean
wd_mongo_store_begin_as (WdStore *store,
                         const WdActor *actor,
                         WdMongoCall *out_call,
                         GCancellable *cancellable,
                         GError **error)
{
  if (!wd_core_id_is_equal (&actor->accessor, &actor->owner))
    return wd_mongo_store_fail (WD_STORE_ERROR_FORBIDDEN, "it is another's", error);
  return wd_mongo_store_begin (store, out_call, cancellable, error);
}

void
wd_mongo_store_notify (WdStore *store, WdBeaconKind kind, const WdId *owner, const WdId *mailbox)
{
  WdMongoStore *self = WD_MONGO_STORE (store);
  WdBeacon beacon = { .kind = kind, .owner = *owner };

  if (mailbox != NULL)
    beacon.mailbox = *mailbox;
  if (self->redis != NULL)
    wd_notify_redis_send (self->redis, &beacon);
  else
    wd_notify_local_send (self->local, &beacon);
}

void
wd_mongo_store_notify_dropped (WdStore *store, const WdId *owner, const WdId *mailbox)
{
  WdMongoStore *self = WD_MONGO_STORE (store);

  // Sessions that have it open learn that it is gone; all others, that the list has changed.
  wd_mongo_store_notify (store, WD_BEACON_MAILBOX, owner, mailbox);
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, owner, NULL);
  if (wd_mongo_store_is_beside (store))
    wd_notify_redis_send_dropped (self->redis, owner, mailbox);
}

static gboolean
is_heard (WdMongoStore *self)
{
  return self->redis != NULL && wd_notify_redis_is_beside (self->redis);
}

// What was found once stays so. Somebody who hears the channel may have come just now, or is of
// another database.
gboolean
wd_mongo_store_is_shared (WdStore *store)
{
  WdMongoStore *self = WD_MONGO_STORE (store);
  gint64 interval_us = is_heard (self) ? LOOK_HEARD_US : LOOK_US;
  gint64 now_us = wd_core_clock_monotonic_us ();
  gint64 looked_us = __atomic_load_n (&self->looked_us, __ATOMIC_RELAXED);
  g_auto (WdMongoCall) call = { 0 };
  gboolean is_shared = FALSE;

  if (g_atomic_int_get (&self->is_shared))
    return TRUE;
  if (now_us - looked_us < interval_us
      || !__atomic_compare_exchange_n (&self->looked_us, &looked_us, now_us, FALSE,
                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
    return FALSE;
  if (!wd_mongo_pool_begin (self->pool, &call, NULL, NULL)
      || !wd_mongo_schema_is_shared (&call, &is_shared, NULL))
    return FALSE;
  if (is_shared)
    g_atomic_int_set (&self->is_shared, 1);
  return is_shared;
}

gboolean
wd_mongo_store_is_beside (WdStore *store)
{
  return is_heard (WD_MONGO_STORE (store)) && wd_mongo_store_is_shared (store);
}

WdMongoKeywords *
wd_mongo_store_get_keywords (WdStore *store)
{
  return WD_MONGO_STORE (store)->keywords;
}

WdMongoPending *
wd_mongo_store_get_pending (WdStore *store)
{
  return WD_MONGO_STORE (store)->pending;
}

WdMongoLater *
wd_mongo_store_get_later (WdStore *store)
{
  return WD_MONGO_STORE (store)->later;
}

gboolean
wd_mongo_store_fail (WdStoreError code, const char *what, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, (gint) code, what);
  return FALSE;
}

// WdWatchFunc
static void
look_again (const WdBeacon *beacon, gpointer user_data)
{
  wd_mongo_store_notify (user_data, beacon->kind, &beacon->owner, &beacon->mailbox);
}

static const WdStoreOptions *
get_options (WdStore *store)
{
  return &WD_MONGO_STORE (store)->options;
}

static gboolean
init_store (WdStore *store,
            WdStorePrepared *out_prepared,
            GCancellable *cancellable,
            GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  return wd_mongo_store_begin (store, &call, cancellable, error)
         && wd_mongo_schema_init (&call, out_prepared, error);
}

static gboolean
check_notifier (WdStore *store, GError **error)
{
  WdMongoStore *self = WD_MONGO_STORE (store);

  // Of Redis the notifier itself tells, when it goes away and when it is back.
  return self->redis != NULL || wd_notify_local_check (self->local, error);
}

static gboolean
count (WdStore *store,
       const char *const *keys,
       guint n_keys,
       guint n,
       gint64 window_ms,
       guint *out_counts)
{
  WdMongoStore *self = WD_MONGO_STORE (store);

  return self->count != NULL
         && wd_notify_count_add (self->count, keys, n_keys, n, window_ms, out_counts);
}

static WdWatch *
watch (WdStore *store, const WdId *owner, const WdId *mailbox, WdWatchFunc func, gpointer user_data)
{
  WdMongoStore *self = WD_MONGO_STORE (store);

  return self->redis != NULL ? wd_notify_redis_watch (self->redis, owner, mailbox, func, user_data)
                             : wd_notify_local_watch (self->local, owner, mailbox, func, user_data);
}

static void
wd_mongo_store_iface_init (WdStoreInterface *iface)
{
  iface->get_options = get_options;
  iface->init_store = init_store;
  iface->check_health = wd_mongo_setting_check_health;
  iface->check_notifier = check_notifier;
  iface->check = wd_mongo_check_store;
  iface->maintain = wd_mongo_check_maintain;

  iface->create_user = wd_mongo_user_create;
  iface->get_user = wd_mongo_user_get;
  iface->find_user = wd_mongo_user_find;
  iface->update_user = wd_mongo_user_update;
  iface->list_app_passwords = wd_mongo_app_list_passwords;
  iface->use_app_password = wd_mongo_app_use_password;
  iface->delete_user = wd_mongo_user_delete;
  iface->list_users = wd_mongo_list_users;
  iface->create_address = wd_mongo_address_create;
  iface->list_addresses = wd_mongo_address_list;
  iface->list_all_addresses = wd_mongo_list_addresses;
  iface->update_address = wd_mongo_address_update;
  iface->delete_address = wd_mongo_address_delete;
  iface->find_address = wd_mongo_address_find;
  iface->set_setting = wd_mongo_setting_set;
  iface->get_setting = wd_mongo_setting_get;

  iface->list_mailboxes = wd_mongo_mailbox_list_all;
  iface->list_subscriptions = wd_mongo_mailbox_list_subscriptions;
  iface->find_mailbox = wd_mongo_mailbox_list_find;
  iface->get_mailbox = wd_mongo_mailbox_list_get;
  iface->create_mailbox = wd_mongo_mailbox_create_one;
  iface->rename_mailbox = wd_mongo_mailbox_change_path;
  iface->delete_mailbox = wd_mongo_mailbox_delete_one;
  iface->set_subscribed = wd_mongo_mailbox_change_subscribed;
  iface->set_mailbox_extra = wd_mongo_mailbox_change_extra;
  iface->select_mailbox = wd_mongo_mailbox_select_state;
  iface->list_changes = wd_mongo_changes_list;
  iface->intern_keywords = wd_mongo_keyword_intern;
  iface->get_quota = wd_mongo_mailbox_select_quota;

  iface->append = wd_mongo_append_messages;
  iface->replace = wd_mongo_append_replacement;
  iface->fetch = wd_mongo_fetch_messages;
  iface->store_flags = wd_mongo_flags_change;
  iface->copy = wd_mongo_copy_messages;
  iface->expunge = wd_mongo_expunge_messages;
  iface->search = wd_mongo_search_messages;
  iface->list_metadata = wd_mongo_metadata_list;
  iface->set_metadata = wd_mongo_metadata_set;
  iface->import_mailbox = wd_mongo_import_mailbox;
  iface->import_messages = wd_mongo_append_imported;
  iface->import_finish = wd_mongo_import_finish;
  iface->count = count;
  iface->watch = watch;
}

static void
wd_mongo_store_init (WdMongoStore *self)
{
}

static void
wd_mongo_store_finalize (GObject *object)
{
  WdMongoStore *self = WD_MONGO_STORE (object);

  // Before what it calls.
  g_clear_pointer (&self->later, wd_mongo_later_free);
  g_clear_pointer (&self->local, wd_notify_local_free);
  g_clear_pointer (&self->count, wd_notify_count_free);
  g_clear_pointer (&self->redis, wd_notify_redis_free);
  g_clear_pointer (&self->keywords, wd_mongo_keyword_free);
  g_clear_pointer (&self->pending, wd_mongo_pending_free);
  g_clear_pointer (&self->pool, wd_mongo_pool_unref);
  g_free (self->uri);
  g_free (self->redis_uri);
  g_free (self->runtime_dir);
  G_OBJECT_CLASS (wd_mongo_store_parent_class)->finalize (object);
}

static void
wd_mongo_store_class_init (WdMongoStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_mongo_store_finalize;
}

WdStore *
wd_mongo_store_open (const char *rest, const WdStoreOptions *options, GError **error)
{
  g_autoptr (WdMongoStore) self = g_object_new (WD_TYPE_MONGO_STORE, NULL);
  g_auto (WdMongoCall) call = { 0 };

  self->uri = g_strdup (options->uri);
  self->runtime_dir = g_strdup (options->runtime_dir);
  self->options = *options;
  self->options.uri = self->uri;
  self->options.runtime_dir = self->runtime_dir;
  self->redis_uri = g_strdup (options->redis_uri);
  self->options.redis_uri = self->redis_uri;
  self->pending = wd_mongo_pending_new ();
  self->keywords = wd_mongo_keyword_new ();
  self->later = wd_mongo_later_new (look_again, self);
  if (self->redis_uri == NULL)
    self->local = wd_notify_local_new (options->runtime_dir);
  else if ((self->redis = wd_notify_redis_new (self->redis_uri, options->notifier_func,
                                               options->notifier_data, error))
           == NULL)
    return NULL;
  self->pool = wd_mongo_pool_new (options->uri, error);
  if (self->pool != NULL && self->redis != NULL)
    self->count = wd_notify_count_new (self->redis, wd_mongo_pool_get_database (self->pool));
  self->looked_us = wd_core_clock_monotonic_us ();
  if (self->pool == NULL || !wd_mongo_pool_begin (self->pool, &call, NULL, error)
      || !wd_mongo_schema_is_shared (&call, &self->is_shared, error)
      || (!options->is_unprepared && !wd_mongo_schema_check (&call, options->must_exist, error)))
    return NULL;
  return WD_STORE (g_steal_pointer (&self));
}
