// SPDX-License-Identifier: EUPL-1.2
// A store that fails.
#include "config.h"

#include "fail-store.h"

#include "store-backend.h"

struct _FailStore
{
  GObject parent_instance;
  WdStore *inner;
  FailPlan plan;
};

static void fail_store_iface_init (WdStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (FailStore,
                         fail_store,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (WD_TYPE_STORE, fail_store_iface_init))

static gboolean
check (gint code, GError **error)
{
  if (code < 0)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, code, "told to fail");
  return FALSE;
}

static const WdStoreOptions *
get_options (WdStore *store)
{
  return wd_store_get_options (FAIL_STORE (store)->inner);
}

static const char *
get_spool_dir (WdStore *store)
{
  WdStore *inner = FAIL_STORE (store)->inner;

  return WD_STORE_GET_IFACE (inner)->get_spool_dir (inner);
}

static gboolean
find_user (
    WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  FailStore *self = FAIL_STORE (store);

  return check (self->plan.find_user, error)
         && wd_store_find_user (self->inner, login, out_user, cancellable, error);
}

static gboolean
get_quota (WdStore *store,
           const WdActor *actor,
           WdQuota *out_quota,
           GCancellable *cancellable,
           GError **error)
{
  FailStore *self = FAIL_STORE (store);

  return check (self->plan.get_quota, error)
         && wd_store_get_quota (self->inner, actor, out_quota, cancellable, error);
}

static gboolean
find_mailbox (WdStore *store,
              const WdActor *actor,
              const char *path,
              WdMailboxInfo **out_info,
              GCancellable *cancellable,
              GError **error)
{
  FailStore *self = FAIL_STORE (store);

  return check (self->plan.find_mailbox, error)
         && wd_store_find_mailbox (self->inner, actor, path, out_info, cancellable, error);
}

static gboolean
append (WdStore *store,
        const WdActor *actor,
        const WdId *mailbox,
        const WdAppend *items,
        guint n_items,
        WdAppended *outs,
        guint32 *out_uidvalidity,
        GCancellable *cancellable,
        GError **error)
{
  FailStore *self = FAIL_STORE (store);
  const FailPlan *plan = &self->plan;
  gboolean is_meant = wd_core_id_is_none (&plan->append_user)
                      || wd_core_id_is_equal (&plan->append_user, &actor->owner);

  if (plan->before_append != NULL)
    plan->before_append (plan->before_append_data);
  return check (is_meant ? plan->append : -1, error)
         && wd_store_append (self->inner, actor, mailbox, items, n_items, outs, out_uidvalidity,
                             cancellable, error);
}

static void
fail_store_iface_init (WdStoreInterface *iface)
{
  iface->get_options = get_options;
  iface->get_spool_dir = get_spool_dir;
  iface->find_user = find_user;
  iface->get_quota = get_quota;
  iface->find_mailbox = find_mailbox;
  iface->append = append;
}

static void
fail_store_finalize (GObject *object)
{
  g_object_unref (FAIL_STORE (object)->inner);
  G_OBJECT_CLASS (fail_store_parent_class)->finalize (object);
}

static void
fail_store_class_init (FailStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = fail_store_finalize;
}

static void
fail_store_init (FailStore *self)
{
  self->plan = (FailPlan){ -1, -1, -1, -1 };
}

FailStore *
fail_store_new (WdStore *inner)
{
  FailStore *self = g_object_new (FAIL_TYPE_STORE, NULL);

  self->inner = g_object_ref (inner);
  return self;
}

FailPlan *
fail_store_get_plan (FailStore *self)
{
  return &self->plan;
}
