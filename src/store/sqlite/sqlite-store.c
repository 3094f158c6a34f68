// SPDX-License-Identifier: EUPL-1.2
// The embedded backend's object: what it owns, and its functions as the store's interface.
#include "config.h"

#include "sqlite-keeper.h"
#include "sqlite-mailbox.h"
#include "sqlite-maintain.h"
#include "sqlite-store-private.h"

struct _WdSqliteStore
{
  GObject parent_instance;

  char *dir;
  char *uri;
  char *runtime_dir;
  WdStoreOptions options; // Its strings are those above.
  WdNotifyLocal *notify;
  WdSqlitePool *pool;
  WdSqliteDirectory *directory;
  WdSqliteKeeper *keeper;
};

static void implement_store (WdStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WdSqliteStore,
                               wd_sqlite_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WD_TYPE_STORE, implement_store))

WdSqlitePool *
wd_sqlite_store_get_pool (WdStore *store)
{
  return WD_SQLITE_STORE (store)->pool;
}

WdSqliteDirectory *
wd_sqlite_store_get_directory (WdStore *store)
{
  return WD_SQLITE_STORE (store)->directory;
}

const char *
wd_sqlite_store_get_dir (WdStore *store)
{
  return WD_SQLITE_STORE (store)->dir;
}

gboolean
wd_sqlite_store_get_limit (WdStore *store,
                           WdSqliteLease *lease,
                           guint64 *out_limit_bytes,
                           GError **error)
{
  guint64 own_bytes;

  if (!wd_sqlite_mailbox_load_quota (lease, &own_bytes, error))
    return FALSE;
  *out_limit_bytes
      = own_bytes != 0 ? own_bytes : WD_SQLITE_STORE (store)->options.default_quota_bytes;
  return TRUE;
}

void
wd_sqlite_store_poke (WdStore *store, const WdId *user, WdSqliteChores chores)
{
  wd_sqlite_keeper_poke (WD_SQLITE_STORE (store)->keeper, user, chores);
}

static const WdStoreOptions *
get_options (WdStore *store)
{
  return &WD_SQLITE_STORE (store)->options;
}

static const char *
get_spool_dir (WdStore *store)
{
  return WD_SQLITE_STORE (store)->dir;
}

static gboolean
check_notifier (WdStore *store, GError **error)
{
  return wd_notify_local_check (WD_SQLITE_STORE (store)->notify, error);
}

static WdWatch *
watch (WdStore *store, const WdId *owner, const WdId *mailbox, WdWatchFunc func, gpointer user_data)
{
  return wd_notify_local_watch (WD_SQLITE_STORE (store)->notify, owner, mailbox, func, user_data);
}

static WdUser *
get_user (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_autoptr (WdUser) user = wd_sqlite_directory_get_user (store, id, cancellable, error);
  WdActor actor = WD_ACTOR_SELF (*id);
  WdQuota quota;

  if (user == NULL || !wd_sqlite_mailbox_select_quota (store, &actor, &quota, cancellable, error))
    return NULL;
  user->used_bytes = quota.used_bytes;
  return g_steal_pointer (&user);
}

static void
implement_store (WdStoreInterface *iface)
{
  iface->get_options = get_options;
  iface->get_spool_dir = get_spool_dir;
  iface->check_health = wd_sqlite_directory_check_health;
  iface->check_notifier = check_notifier;
  iface->check = wd_sqlite_check_store;
  iface->maintain = wd_sqlite_maintain_all;

  iface->create_user = wd_sqlite_directory_create_user;
  iface->get_user = get_user;
  iface->find_user = wd_sqlite_directory_find_user;
  iface->update_user = wd_sqlite_directory_update_user;
  iface->delete_user = wd_sqlite_directory_delete_user;
  iface->list_users = wd_sqlite_directory_list_users;
  iface->create_address = wd_sqlite_directory_create_address;
  iface->list_addresses = wd_sqlite_directory_list_addresses;
  iface->list_all_addresses = wd_sqlite_directory_list_all_addresses;
  iface->update_address = wd_sqlite_directory_update_address;
  iface->delete_address = wd_sqlite_directory_delete_address;
  iface->find_address = wd_sqlite_directory_find_address;
  iface->set_setting = wd_sqlite_directory_set_setting;
  iface->get_setting = wd_sqlite_directory_get_setting;

  iface->list_mailboxes = wd_sqlite_mailbox_list_all;
  iface->list_subscriptions = wd_sqlite_mailbox_list_subscriptions;
  iface->find_mailbox = wd_sqlite_mailbox_list_find;
  iface->get_mailbox = wd_sqlite_mailbox_list_get;
  iface->create_mailbox = wd_sqlite_mailbox_create_one;
  iface->rename_mailbox = wd_sqlite_mailbox_change_path;
  iface->delete_mailbox = wd_sqlite_mailbox_delete_one;
  iface->set_subscribed = wd_sqlite_mailbox_change_subscribed;
  iface->set_mailbox_extra = wd_sqlite_mailbox_change_extra;
  iface->select_mailbox = wd_sqlite_mailbox_select_state;
  iface->list_changes = wd_sqlite_changes_list;
  iface->intern_keywords = wd_sqlite_mailbox_select_keywords;
  iface->get_quota = wd_sqlite_mailbox_select_quota;

  iface->append = wd_sqlite_append_messages;
  iface->deliver = wd_sqlite_append_delivery;
  iface->prepare = wd_sqlite_append_prepare;
  iface->replace = wd_sqlite_append_replacement;
  iface->list_metadata = wd_sqlite_metadata_list;
  iface->set_metadata = wd_sqlite_metadata_set;
  iface->fetch = wd_sqlite_fetch_messages;
  iface->store_flags = wd_sqlite_flags_change;
  iface->copy = wd_sqlite_copy_messages;
  iface->expunge = wd_sqlite_expunge_messages;
  iface->search = wd_sqlite_search_messages;
  iface->import_mailbox = wd_sqlite_import_mailbox;
  iface->import_messages = wd_sqlite_append_imported;
  iface->import_finish = wd_sqlite_import_finish;
  iface->watch = watch;
}

static void
notify (gpointer data, const WdBeacon *beacon)
{
  WdSqliteStore *self = data;

  wd_notify_local_send (self->notify, beacon);
}

static void
poke (gpointer data, const WdId *user, WdSqliteChores chores)
{
  WdSqliteStore *self = data;

  wd_sqlite_keeper_poke (self->keeper, user, chores);
}

static void
wd_sqlite_store_init (WdSqliteStore *self)
{
}

static void
wd_sqlite_store_finalize (GObject *object)
{
  WdSqliteStore *self = WD_SQLITE_STORE (object);

  // The keeper's thread uses all else, and the keeper itself, until it has ended.
  wd_sqlite_keeper_free (self->keeper);
  g_clear_pointer (&self->directory, wd_sqlite_directory_free);
  g_clear_pointer (&self->pool, wd_sqlite_pool_free);
  g_clear_pointer (&self->notify, wd_notify_local_free);
  g_free (self->dir);
  g_free (self->uri);
  g_free (self->runtime_dir);
  G_OBJECT_CLASS (wd_sqlite_store_parent_class)->finalize (object);
}

static void
wd_sqlite_store_class_init (WdSqliteStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_sqlite_store_finalize;
}

static void
take_options (WdSqliteStore *self, const WdStoreOptions *options)
{
  self->uri = g_strdup (options->uri);
  self->runtime_dir = g_strdup (options->runtime_dir);
  self->options = *options;
  self->options.uri = self->uri;
  self->options.runtime_dir = self->runtime_dir;
}

// A relative path would change its meaning with the working directory, and SQLite resolves it late.
static gboolean
check_path (const char *path, GError **error)
{
  if (g_path_is_absolute (path))
    return TRUE;
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID,
               "sqlite:%s: the directory must be an absolute path", path);
  return FALSE;
}

static gboolean
check_exists (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, "directory.db", NULL);

  if (g_file_test (file, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "sqlite:%s: there is no store",
               path);
  return FALSE;
}

static const WdSqliteDirectoryHooks directory_hooks = {
  .create = wd_sqlite_mailbox_create_user,
  .adopt_quota = wd_sqlite_mailbox_adopt_quota,
  .remove = wd_sqlite_mailbox_delete_user,
};

WdStore *
wd_sqlite_store_open (const char *path, const WdStoreOptions *options, GError **error)
{
  g_autoptr (WdSqliteStore) self = NULL;

  if (!check_path (path, error) || (options->must_exist && !check_exists (path, error))
      || !wd_sqlite_db_make_dir (path, error))
    return NULL;
  self = g_object_new (WD_TYPE_SQLITE_STORE, NULL);
  self->dir = g_strdup (path);
  take_options (self, options);

  WdSqlitePoolHooks pool_hooks = { notify, poke, self };

  self->keeper = wd_sqlite_keeper_new (wd_sqlite_maintain_user, self);
  self->notify = wd_notify_local_new (options->runtime_dir);
  self->pool = wd_sqlite_pool_new (path, options->max_open_users, &pool_hooks);
  self->directory = wd_sqlite_directory_open (path, &directory_hooks, self->notify, error);
  return self->directory == NULL ? NULL : WD_STORE (g_steal_pointer (&self));
}
