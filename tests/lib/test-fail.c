// SPDX-License-Identifier: EUPL-1.2
// The failing backend: every call is counted, and either fails or goes on to the store within.
#include "config.h"

#include "test-fail.h"

#include <signal.h>
#include <unistd.h>

#include "core-clock.h"
#include "store-backend.h"

struct _WdTestFail
{
  GObject parent_instance;

  WdStore *inner;

  GMutex mutex;       // Guards all below.
  GHashTable *counts; // Of calls, by name.
  char *name;         // (nullable): any.
  guint n_until;      // 0: nothing is planned.
  WdTestFailHow how;
  WdStoreError code;
  gint64 delay_us;
  const char *before_name; // (nullable)
  void (*before) (gpointer data);
  gpointer before_data;
};

static void implement_store (WdStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WdTestFail,
                               wd_test_fail,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WD_TYPE_STORE, implement_store))

static void
die (void)
{
  kill (getpid (), SIGKILL);
}

// Counts the call. TRUE, with the error, when it is to fail; `*out_dies` when the process is to die
// behind it.
static gboolean
is_to_fail (WdTestFail *self, const char *name, gboolean *out_dies, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, name)) + 1;

  g_hash_table_insert (self->counts, (gpointer) name, GUINT_TO_POINTER (n));
  *out_dies = FALSE;
  if (self->n_until == 0 || (self->name != NULL && !g_str_equal (self->name, name))
      || --self->n_until > 0)
    return FALSE;

  if (self->how == WD_TEST_FAIL_KILL_BEFORE)
    die ();
  *out_dies = self->how == WD_TEST_FAIL_KILL_AFTER;
  if (self->how == WD_TEST_FAIL_ALWAYS)
    self->n_until = 1;
  if (*out_dies)
    return FALSE;
  g_set_error (error, WD_STORE_ERROR, self->code, "%s fails for this test", name);
  return TRUE;
}

static void
run_before (WdTestFail *self, const char *name)
{
  gboolean is_due;

  g_mutex_lock (&self->mutex);
  is_due = g_strcmp0 (self->before_name, name) == 0;
  if (is_due)
    self->before_name = NULL;
  g_mutex_unlock (&self->mutex);
  if (is_due)
    self->before (self->before_data);
}

static void
delay (WdTestFail *self)
{
  gint64 delay_us;

  g_mutex_lock (&self->mutex);
  delay_us = self->delay_us;
  g_mutex_unlock (&self->mutex);
  if (delay_us > 0)
    wd_core_clock_advance_for_test (delay_us);
}

typedef struct
{
  WdTestFail *self;
  WdProgressFunc progress;
  gpointer user_data;
} Progress;

static void
forward_progress (guint32 n_done, gpointer user_data)
{
  Progress *progress = user_data;

  delay (progress->self);
  if (progress->progress != NULL)
    progress->progress (n_done, progress->user_data);
}

#define FORWARD_TO(call, type, name, parameters, arguments)                                        \
  static type name parameters                                                                      \
  {                                                                                                \
    WdTestFail *self = WD_TEST_FAIL (store);                                                       \
    gboolean dies;                                                                                 \
                                                                                                   \
    run_before (self, #name);                                                                      \
    if (is_to_fail (self, #name, &dies, error))                                                    \
      return (type) 0;                                                                             \
                                                                                                   \
    type result = call arguments;                                                                  \
                                                                                                   \
    delay (self);                                                                                  \
    if (dies)                                                                                      \
      die ();                                                                                      \
    return result;                                                                                 \
  }
#define FORWARD(type, name, parameters, arguments)                                                 \
  FORWARD_TO (WD_STORE_GET_IFACE (self->inner)->name, type, name, parameters, arguments)

// clang-format off
FORWARD (gboolean, check_health,
         (WdStore *store, GCancellable *cancellable, GError **error),
         (self->inner, cancellable, error))
FORWARD (gboolean, check_notifier,
         (WdStore *store, GError **error),
         (self->inner, error))
FORWARD (gboolean, check,
         (WdStore *store, const WdId *user, gboolean repair, WdStoreFindingFunc finding_func,
          WdStoreProgressFunc progress_func, gpointer user_data, GCancellable *cancellable,
          GError **error),
         (self->inner, user, repair, finding_func, progress_func, user_data, cancellable, error))
FORWARD (gboolean, maintain,
         (WdStore *store, GCancellable *cancellable, GError **error),
         (self->inner, cancellable, error))
FORWARD (gboolean, create_user,
         (WdStore *store, const WdUser *spec, WdId *out_id, GCancellable *cancellable,
          GError **error),
         (self->inner, spec, out_id, cancellable, error))
FORWARD (WdUser *, get_user,
         (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error),
         (self->inner, id, cancellable, error))
FORWARD (gboolean, find_user,
         (WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable,
          GError **error),
         (self->inner, login, out_user, cancellable, error))
FORWARD (gboolean, update_user,
         (WdStore *store, const WdId *id, const WdUser *changes, WdUserFields fields,
          GCancellable *cancellable, GError **error),
         (self->inner, id, changes, fields, cancellable, error))
FORWARD (gboolean, delete_user,
         (WdStore *store, const WdId *id, guint *out_n_addresses, GCancellable *cancellable,
          GError **error),
         (self->inner, id, out_n_addresses, cancellable, error))
FORWARD (GPtrArray *, list_users,
         (WdStore *store, const WdListQuery *query, guint64 *out_total, gboolean *out_has_more,
          GCancellable *cancellable, GError **error),
         (self->inner, query, out_total, out_has_more, cancellable, error))
FORWARD (gboolean, create_address,
         (WdStore *store, const WdAddress *spec, WdId *out_id, GCancellable *cancellable,
          GError **error),
         (self->inner, spec, out_id, cancellable, error))
FORWARD (GPtrArray *, list_addresses,
         (WdStore *store, const WdId *user, GCancellable *cancellable, GError **error),
         (self->inner, user, cancellable, error))
FORWARD (GPtrArray *, list_all_addresses,
         (WdStore *store, const WdListQuery *query, guint64 *out_total, gboolean *out_has_more,
          GCancellable *cancellable, GError **error),
         (self->inner, query, out_total, out_has_more, cancellable, error))
FORWARD (gboolean, update_address,
         (WdStore *store, const WdId *user, const WdId *id, const WdAddress *changes,
          WdAddressFields fields, GCancellable *cancellable, GError **error),
         (self->inner, user, id, changes, fields, cancellable, error))
FORWARD (gboolean, delete_address,
         (WdStore *store, const WdId *user, const WdId *id, GCancellable *cancellable,
          GError **error),
         (self->inner, user, id, cancellable, error))
FORWARD (gboolean, find_address,
         (WdStore *store, const char *address, WdAddress **out_address, GCancellable *cancellable,
          GError **error),
         (self->inner, address, out_address, cancellable, error))
FORWARD (gboolean, set_setting,
         (WdStore *store, const char *key, const char *value, GCancellable *cancellable,
          GError **error),
         (self->inner, key, value, cancellable, error))
FORWARD (gboolean, get_setting,
         (WdStore *store, const char *key, char **out_value, GCancellable *cancellable,
          GError **error),
         (self->inner, key, out_value, cancellable, error))
FORWARD (GPtrArray *, list_mailboxes,
         (WdStore *store, const WdActor *actor, GCancellable *cancellable, GError **error),
         (self->inner, actor, cancellable, error))
FORWARD (GPtrArray *, list_subscriptions,
         (WdStore *store, const WdActor *actor, GCancellable *cancellable, GError **error),
         (self->inner, actor, cancellable, error))
FORWARD (gboolean, find_mailbox,
         (WdStore *store, const WdActor *actor, const char *path, WdMailboxInfo **out_info,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, path, out_info, cancellable, error))
FORWARD (WdMailboxInfo *, get_mailbox,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, mailbox, cancellable, error))
FORWARD (gboolean, create_mailbox,
         (WdStore *store, const WdActor *actor, const char *path, WdSpecialUse special_use,
          const char *extra_json, WdId *out_id, GCancellable *cancellable, GError **error),
         (self->inner, actor, path, special_use, extra_json, out_id, cancellable, error))
FORWARD (gboolean, rename_mailbox,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const char *new_path,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, new_path, cancellable, error))
FORWARD (gboolean, delete_mailbox,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, mailbox, cancellable, error))
FORWARD (gboolean, set_subscribed,
         (WdStore *store, const WdActor *actor, const char *path, gboolean subscribed,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, path, subscribed, cancellable, error))
FORWARD (gboolean, set_mailbox_extra,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const char *extra_json,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, extra_json, cancellable, error))
FORWARD (WdMailboxState *, select_mailbox,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, gboolean claim_recent,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, claim_recent, cancellable, error))
FORWARD (WdMailboxChanges *, list_changes,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, WdModseq since,
          gboolean claim_recent, guint n_keywords_known, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, mailbox, since, claim_recent, n_keywords_known, cancellable, error))
FORWARD (gboolean, intern_keywords,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const char *const *names,
          gboolean create, WdFlags *out_mask, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, names, create, out_mask, cancellable, error))
FORWARD (gboolean, get_quota,
         (WdStore *store, const WdActor *actor, WdQuota *out_quota, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, out_quota, cancellable, error))
FORWARD (gboolean, append,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdAppend *items,
          guint n_items, WdAppended *outs, guint32 *out_uidvalidity, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, mailbox, items, n_items, outs, out_uidvalidity, cancellable, error))
FORWARD (GPtrArray *, list_metadata,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, GCancellable *cancellable,
          GError **error),
         (self->inner, actor, mailbox, cancellable, error))
FORWARD (gboolean, set_metadata,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdMetadata *entries,
          guint n_entries, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, entries, n_entries, cancellable, error))
FORWARD (gboolean, import_mailbox,
         (WdStore *store, const WdActor *actor, const WdMailboxInfo *info,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, info, cancellable, error))
FORWARD (gboolean, import_messages,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdImport *items,
          guint n_items, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, items, n_items, cancellable, error))
FORWARD (gboolean, import_finish,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, WdUid uidnext,
          WdModseq modseq, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, uidnext, modseq, cancellable, error))
// What a backend may leave out.
FORWARD_TO (wd_store_replace, gboolean, replace,
         (WdStore *store, const WdActor *actor, const WdId *source, WdUid uid, const WdId *target,
          const WdAppend *item, WdAppended *out_appended, guint32 *out_uidvalidity,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, source, uid, target, item, out_appended, out_uidvalidity,
          cancellable, error))
FORWARD (gboolean, fetch,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdUidSet *uids,
          WdFetchFields fields, WdModseq changed_since, WdFetchFunc func, gpointer user_data,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, uids, fields, changed_since, func, user_data, cancellable,
          error))
FORWARD (gboolean, store_flags,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdUidSet *uids,
          const WdFlagChange *change, WdUidSet **out_changed, WdUidSet **out_conflicts,
          WdModseq *out_modseq, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, uids, change, out_changed, out_conflicts, out_modseq,
          cancellable, error))
FORWARD (gboolean, copy,
         (WdStore *store, const WdActor *actor, const WdId *source, const WdUidSet *uids,
          const WdId *target, gboolean move, WdProgressFunc progress, gpointer user_data,
          WdUidSet **out_source, WdUidSet **out_target, guint32 *out_uidvalidity,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, source, uids, target, move, forward_progress,
          &(Progress){ self, progress, user_data }, out_source, out_target, out_uidvalidity,
          cancellable, error))
FORWARD (gboolean, expunge,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdUidSet *uids,
          gboolean force, WdUidSet **out_expunged, WdModseq *out_modseq,
          GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, uids, force, out_expunged, out_modseq, cancellable, error))
FORWARD (gboolean, search,
         (WdStore *store, const WdActor *actor, const WdId *mailbox, const WdSearchExpr *expr,
          WdUidSet **out_uids, WdModseq *out_modseq, GCancellable *cancellable, GError **error),
         (self->inner, actor, mailbox, expr, out_uids, out_modseq, cancellable, error))
// clang-format on

static const WdStoreOptions *
get_options (WdStore *store)
{
  return wd_store_get_options (WD_TEST_FAIL (store)->inner);
}

static const char *
get_spool_dir (WdStore *store)
{
  WdStore *inner = WD_TEST_FAIL (store)->inner;
  WdStoreInterface *iface = WD_STORE_GET_IFACE (inner);

  return iface->get_spool_dir == NULL ? g_get_tmp_dir () : iface->get_spool_dir (inner);
}

static WdWatch *
watch (WdStore *store, const WdId *owner, const WdId *mailbox, WdWatchFunc func, gpointer user_data)
{
  return wd_store_watch (WD_TEST_FAIL (store)->inner, owner, mailbox, func, user_data);
}

static void
implement_store (WdStoreInterface *iface)
{
  iface->get_options = get_options;
  iface->get_spool_dir = get_spool_dir;
  iface->watch = watch;
  iface->check_health = check_health;
  iface->check_notifier = check_notifier;
  iface->check = check;
  iface->maintain = maintain;
  iface->create_user = create_user;
  iface->get_user = get_user;
  iface->find_user = find_user;
  iface->update_user = update_user;
  iface->delete_user = delete_user;
  iface->list_users = list_users;
  iface->create_address = create_address;
  iface->list_addresses = list_addresses;
  iface->list_all_addresses = list_all_addresses;
  iface->update_address = update_address;
  iface->delete_address = delete_address;
  iface->find_address = find_address;
  iface->set_setting = set_setting;
  iface->get_setting = get_setting;
  iface->list_mailboxes = list_mailboxes;
  iface->list_subscriptions = list_subscriptions;
  iface->find_mailbox = find_mailbox;
  iface->get_mailbox = get_mailbox;
  iface->create_mailbox = create_mailbox;
  iface->rename_mailbox = rename_mailbox;
  iface->delete_mailbox = delete_mailbox;
  iface->set_subscribed = set_subscribed;
  iface->set_mailbox_extra = set_mailbox_extra;
  iface->select_mailbox = select_mailbox;
  iface->list_changes = list_changes;
  iface->intern_keywords = intern_keywords;
  iface->get_quota = get_quota;
  iface->append = append;
  iface->replace = replace;
  iface->list_metadata = list_metadata;
  iface->set_metadata = set_metadata;
  iface->import_mailbox = import_mailbox;
  iface->import_messages = import_messages;
  iface->import_finish = import_finish;
  iface->fetch = fetch;
  iface->store_flags = store_flags;
  iface->copy = copy;
  iface->expunge = expunge;
  iface->search = search;
}

static void
wd_test_fail_init (WdTestFail *self)
{
  g_mutex_init (&self->mutex);
  self->counts = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
wd_test_fail_finalize (GObject *object)
{
  WdTestFail *self = WD_TEST_FAIL (object);

  g_object_unref (self->inner);
  g_hash_table_unref (self->counts);
  g_free (self->name);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (wd_test_fail_parent_class)->finalize (object);
}

static void
wd_test_fail_class_init (WdTestFailClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_test_fail_finalize;
}

WdTestFail *
wd_test_fail_new (WdStore *inner)
{
  WdTestFail *self = g_object_new (WD_TYPE_TEST_FAIL, NULL);

  self->inner = g_object_ref (inner);
  return self;
}

void
wd_test_fail_plan (
    WdTestFail *self, const char *name, guint nth, WdTestFailHow how, WdStoreError code)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  g_free (self->name);
  self->name = g_strdup (name);
  self->n_until = nth;
  self->how = how;
  self->code = code;
}

void
wd_test_fail_run_before (WdTestFail *self, const char *name, void (*func) (gpointer), gpointer data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->before_name = name;
  self->before = func;
  self->before_data = data;
}

void
wd_test_fail_set_delay (WdTestFail *self, gint64 delay_us)
{
  g_mutex_lock (&self->mutex);
  self->delay_us = delay_us;
  g_mutex_unlock (&self->mutex);
}

guint
wd_test_fail_get_count (WdTestFail *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, name));
}
