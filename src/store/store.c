// SPDX-License-Identifier: EUPL-1.2
// The store interface: every call checks its arguments, then asks the backend.
#include "config.h"

#include "store-backend.h"

G_DEFINE_INTERFACE (WdStore, wd_store, G_TYPE_OBJECT)

static void
wd_store_default_init (WdStoreInterface *iface)
{
}

// A backend that fails says why, in the store's own words, and one that succeeds says nothing.
static void
check_outcome (gboolean ok, GError *const *error, const char *func)
{
#ifndef NDEBUG
  if (error == NULL)
    return;
  if (ok != (*error == NULL))
    g_critical ("%s: %s", func, ok ? "succeeded with an error set" : "failed without an error");
  else if (!ok && (*error)->domain != WD_STORE_ERROR)
    g_critical ("%s: error of a foreign domain: %s", func, (*error)->message);
#endif
}

// Returns what the backend's function returns, after the check.
#define CALL(type, vfunc, ...)                                                                     \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_return_val_if_fail (WD_IS_STORE (store), 0);                                                 \
    type result_ = WD_STORE_GET_IFACE (store)->vfunc (store, __VA_ARGS__);                         \
    check_outcome (result_ != (type) 0, error, G_STRFUNC);                                         \
    return result_;                                                                                \
  }                                                                                                \
  G_STMT_END

#define REQUIRE(condition) g_return_val_if_fail (condition, 0)

const WdStoreOptions *
wd_store_get_options (WdStore *store)
{
  g_return_val_if_fail (WD_IS_STORE (store), NULL);
  return WD_STORE_GET_IFACE (store)->get_options (store);
}

gboolean
wd_store_prepare (WdStore *store,
                  WdStorePrepared *out_prepared,
                  GCancellable *cancellable,
                  GError **error)
{
  *out_prepared = (WdStorePrepared){ 0 };
  // Files are made and upgraded when they are opened.
  if (WD_STORE_GET_IFACE (store)->init_store == NULL)
    return TRUE;
  CALL (gboolean, init_store, out_prepared, cancellable, error);
}

gboolean
wd_store_check_health (WdStore *store, GCancellable *cancellable, GError **error)
{
  CALL (gboolean, check_health, cancellable, error);
}

gboolean
wd_store_check_notifier (WdStore *store, GError **error)
{
  CALL (gboolean, check_notifier, error);
}

gboolean
wd_store_check (WdStore *store,
                const WdId *user,
                gboolean repair,
                WdStoreFindingFunc finding_func,
                WdStoreProgressFunc progress_func,
                gpointer user_data,
                GCancellable *cancellable,
                GError **error)
{
  CALL (gboolean, check, user, repair, finding_func, progress_func, user_data, cancellable, error);
}

gboolean
wd_store_maintain (WdStore *store, GCancellable *cancellable, GError **error)
{
  CALL (gboolean, maintain, cancellable, error);
}

gboolean
wd_store_create_user (
    WdStore *store, const WdUser *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  REQUIRE (spec != NULL && out_id != NULL);
  CALL (gboolean, create_user, spec, out_id, cancellable, error);
}

WdUser *
wd_store_get_user (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error)
{
  REQUIRE (id != NULL);
  CALL (WdUser *, get_user, id, cancellable, error);
}

gboolean
wd_store_find_user (
    WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  REQUIRE (login != NULL && out_user != NULL);
  CALL (gboolean, find_user, login, out_user, cancellable, error);
}

GPtrArray *
wd_store_list_app_passwords (WdStore *store,
                             const WdId *user,
                             GCancellable *cancellable,
                             GError **error)
{
  REQUIRE (user != NULL);
  if (WD_STORE_GET_IFACE (store)->list_app_passwords == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) wd_store_free_app_password);
  CALL (GPtrArray *, list_app_passwords, user, cancellable, error);
}

gboolean
wd_store_use_app_password (WdStore *store,
                           const WdAppPassword *password,
                           const char *remote,
                           GCancellable *cancellable,
                           GError **error)
{
  REQUIRE (password != NULL && remote != NULL);
  CALL (gboolean, use_app_password, password, remote, cancellable, error);
}

gboolean
wd_store_update_user (WdStore *store,
                      const WdId *id,
                      const WdUser *changes,
                      WdUserFields fields,
                      GCancellable *cancellable,
                      GError **error)
{
  REQUIRE (id != NULL && changes != NULL);
  CALL (gboolean, update_user, id, changes, fields, cancellable, error);
}

gboolean
wd_store_delete_user (WdStore *store,
                      const WdId *id,
                      guint *out_n_addresses,
                      GCancellable *cancellable,
                      GError **error)
{
  REQUIRE (id != NULL && out_n_addresses != NULL);
  CALL (gboolean, delete_user, id, out_n_addresses, cancellable, error);
}

GPtrArray *
wd_store_list_users (WdStore *store,
                     const WdListQuery *query,
                     guint64 *out_total,
                     gboolean *out_has_more,
                     GCancellable *cancellable,
                     GError **error)
{
  REQUIRE (query != NULL && out_total != NULL && out_has_more != NULL);
  CALL (GPtrArray *, list_users, query, out_total, out_has_more, cancellable, error);
}

gboolean
wd_store_create_address (
    WdStore *store, const WdAddress *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  REQUIRE (spec != NULL && out_id != NULL);
  CALL (gboolean, create_address, spec, out_id, cancellable, error);
}

GPtrArray *
wd_store_list_addresses (WdStore *store,
                         const WdId *user,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (user != NULL);
  CALL (GPtrArray *, list_addresses, user, cancellable, error);
}

GPtrArray *
wd_store_list_all_addresses (WdStore *store,
                             const WdListQuery *query,
                             guint64 *out_total,
                             gboolean *out_has_more,
                             GCancellable *cancellable,
                             GError **error)
{
  REQUIRE (query != NULL && out_total != NULL && out_has_more != NULL);
  CALL (GPtrArray *, list_all_addresses, query, out_total, out_has_more, cancellable, error);
}

gboolean
wd_store_update_address (WdStore *store,
                         const WdId *user,
                         const WdId *id,
                         const WdAddress *changes,
                         WdAddressFields fields,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (user != NULL && id != NULL && changes != NULL);
  CALL (gboolean, update_address, user, id, changes, fields, cancellable, error);
}

gboolean
wd_store_delete_address (
    WdStore *store, const WdId *user, const WdId *id, GCancellable *cancellable, GError **error)
{
  REQUIRE (user != NULL && id != NULL);
  CALL (gboolean, delete_address, user, id, cancellable, error);
}

gboolean
wd_store_find_address (WdStore *store,
                       const char *address,
                       WdAddress **out_address,
                       GCancellable *cancellable,
                       GError **error)
{
  REQUIRE (address != NULL && out_address != NULL);
  CALL (gboolean, find_address, address, out_address, cancellable, error);
}

gboolean
wd_store_set_setting (
    WdStore *store, const char *key, const char *value, GCancellable *cancellable, GError **error)
{
  REQUIRE (key != NULL);
  CALL (gboolean, set_setting, key, value, cancellable, error);
}

gboolean
wd_store_get_setting (
    WdStore *store, const char *key, char **out_value, GCancellable *cancellable, GError **error)
{
  REQUIRE (key != NULL && out_value != NULL);
  CALL (gboolean, get_setting, key, out_value, cancellable, error);
}

GPtrArray *
wd_store_list_mailboxes (WdStore *store,
                         const WdActor *actor,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL);
  CALL (GPtrArray *, list_mailboxes, actor, cancellable, error);
}

GPtrArray *
wd_store_list_subscriptions (WdStore *store,
                             const WdActor *actor,
                             GCancellable *cancellable,
                             GError **error)
{
  REQUIRE (actor != NULL);
  CALL (GPtrArray *, list_subscriptions, actor, cancellable, error);
}

gboolean
wd_store_find_mailbox (WdStore *store,
                       const WdActor *actor,
                       const char *path,
                       WdMailboxInfo **out_info,
                       GCancellable *cancellable,
                       GError **error)
{
  REQUIRE (actor != NULL && path != NULL && out_info != NULL);
  CALL (gboolean, find_mailbox, actor, path, out_info, cancellable, error);
}

WdMailboxInfo *
wd_store_get_mailbox (WdStore *store,
                      const WdActor *actor,
                      const WdId *mailbox,
                      GCancellable *cancellable,
                      GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (WdMailboxInfo *, get_mailbox, actor, mailbox, cancellable, error);
}

gboolean
wd_store_create_mailbox (WdStore *store,
                         const WdActor *actor,
                         const char *path,
                         WdSpecialUse special_use,
                         const char *extra_json,
                         WdId *out_id,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && path != NULL && out_id != NULL);
  CALL (gboolean, create_mailbox, actor, path, special_use, extra_json, out_id, cancellable, error);
}

gboolean
wd_store_rename_mailbox (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         const char *new_path,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && new_path != NULL);
  CALL (gboolean, rename_mailbox, actor, mailbox, new_path, cancellable, error);
}

gboolean
wd_store_delete_mailbox (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (gboolean, delete_mailbox, actor, mailbox, cancellable, error);
}

gboolean
wd_store_set_subscribed (WdStore *store,
                         const WdActor *actor,
                         const char *path,
                         gboolean subscribed,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && path != NULL);
  CALL (gboolean, set_subscribed, actor, path, subscribed, cancellable, error);
}

gboolean
wd_store_set_mailbox_extra (WdStore *store,
                            const WdActor *actor,
                            const WdId *mailbox,
                            const char *extra_json,
                            GCancellable *cancellable,
                            GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (gboolean, set_mailbox_extra, actor, mailbox, extra_json, cancellable, error);
}

WdMailboxState *
wd_store_select_mailbox (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         gboolean claim_recent,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (WdMailboxState *, select_mailbox, actor, mailbox, claim_recent, cancellable, error);
}

WdMailboxChanges *
wd_store_list_changes (WdStore *store,
                       const WdActor *actor,
                       const WdId *mailbox,
                       WdModseq since,
                       gboolean claim_recent,
                       guint n_keywords_known,
                       GCancellable *cancellable,
                       GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (WdMailboxChanges *, list_changes, actor, mailbox, since, claim_recent, n_keywords_known,
        cancellable, error);
}

gboolean
wd_store_intern_keywords (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const char *const *names,
                          gboolean create,
                          WdFlags *out_mask,
                          GCancellable *cancellable,
                          GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && names != NULL && out_mask != NULL);
  CALL (gboolean, intern_keywords, actor, mailbox, names, create, out_mask, cancellable, error);
}

gboolean
wd_store_get_quota (WdStore *store,
                    const WdActor *actor,
                    WdQuota *out_quota,
                    GCancellable *cancellable,
                    GError **error)
{
  REQUIRE (actor != NULL && out_quota != NULL);
  CALL (gboolean, get_quota, actor, out_quota, cancellable, error);
}

gboolean
wd_store_append (WdStore *store,
                 const WdActor *actor,
                 const WdId *mailbox,
                 const WdAppend *items,
                 guint n_items,
                 WdAppended *outs,
                 guint32 *out_uidvalidity,
                 GCancellable *cancellable,
                 GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && items != NULL && outs != NULL
           && out_uidvalidity != NULL);
  CALL (gboolean, append, actor, mailbox, items, n_items, outs, out_uidvalidity, cancellable,
        error);
}

// The id of the mailbox with the path. TRUE with *out_found FALSE when there is none.
static gboolean
find_id (WdStore *store,
         const WdActor *actor,
         const char *path,
         WdId *out_id,
         gboolean *out_found,
         GCancellable *cancellable,
         GError **error)
{
  g_autoptr (WdMailboxInfo) info = NULL;

  if (!WD_STORE_GET_IFACE (store)->find_mailbox (store, actor, path, &info, cancellable, error))
    return FALSE;
  *out_found = info != NULL;
  if (info != NULL)
    *out_id = info->id;
  return TRUE;
}

// One try to deliver to that path. TRUE with *out_found FALSE when there is no such mailbox, or it
// was deleted after it was found.
static gboolean
try_path (WdStore *store,
          const WdActor *actor,
          const char *path,
          const WdAppend *item,
          WdId *out_mailbox,
          WdAppended *out_appended,
          gboolean *out_found,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (GError) failure = NULL;
  guint32 uidvalidity;
  gboolean is_found;
  WdId id;

  *out_found = FALSE;
  if (!find_id (store, actor, path, &id, &is_found, cancellable, error))
    return FALSE;
  if (!is_found)
    return TRUE;
  *out_found = WD_STORE_GET_IFACE (store)->append (store, actor, &id, item, 1, out_appended,
                                                   &uidvalidity, cancellable, &failure);
  if (*out_found)
    *out_mailbox = id;
  if (*out_found || g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

// For a backend that does not look for the mailbox itself.
static gboolean
find_then_append (WdStore *store,
                  const WdActor *actor,
                  const char *path,
                  const WdAppend *item,
                  WdId *out_mailbox,
                  WdAppended *out_appended,
                  GCancellable *cancellable,
                  GError **error)
{
  const char *const paths[] = { path, "INBOX" };

  for (gsize i = path == NULL ? 1 : 0; i < G_N_ELEMENTS (paths); i++)
    {
      gboolean is_found;

      if (!try_path (store, actor, paths[i], item, out_mailbox, out_appended, &is_found,
                     cancellable, error))
        return FALSE;
      if (is_found)
        return TRUE;
    }
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "there is no INBOX");
  return FALSE;
}

gboolean
wd_store_deliver (WdStore *store,
                  const WdActor *actor,
                  const char *path,
                  const WdAppend *item,
                  WdId *out_mailbox,
                  WdAppended *out_appended,
                  GCancellable *cancellable,
                  GError **error)
{
  REQUIRE (actor != NULL && item != NULL && out_mailbox != NULL && out_appended != NULL);
  g_return_val_if_fail (WD_IS_STORE (store), FALSE);
  if (WD_STORE_GET_IFACE (store)->deliver == NULL)
    return find_then_append (store, actor, path, item, out_mailbox, out_appended, cancellable,
                             error);
  CALL (gboolean, deliver, actor, path, item, out_mailbox, out_appended, cancellable, error);
}

// For a backend that cannot do both at once. A message that is there twice for a moment is better
// than none.
static gboolean
append_then_expunge (WdStore *store,
                     const WdActor *actor,
                     const WdId *source,
                     WdUid uid,
                     const WdId *target,
                     const WdAppend *item,
                     WdAppended *out_appended,
                     guint32 *out_uidvalidity,
                     GCancellable *cancellable,
                     GError **error)
{
  WdStoreInterface *iface = WD_STORE_GET_IFACE (store);
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  g_autoptr (WdMailboxState) state
      = iface->select_mailbox (store, actor, source, FALSE, cancellable, error);

  if (state == NULL)
    return FALSE;
  if (!wd_uidset_has (state->uids, uid))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXPUNGED, "the message is gone");
      return FALSE;
    }
  return iface->append (store, actor, target, item, 1, out_appended, out_uidvalidity, cancellable,
                        error)
         && iface->expunge (store, actor, source, uids, TRUE, NULL, NULL, cancellable, error);
}

gboolean
wd_store_replace (WdStore *store,
                  const WdActor *actor,
                  const WdId *source,
                  WdUid uid,
                  const WdId *target,
                  const WdAppend *item,
                  WdAppended *out_appended,
                  guint32 *out_uidvalidity,
                  GCancellable *cancellable,
                  GError **error)
{
  REQUIRE (actor != NULL && source != NULL && uid != 0 && target != NULL && item != NULL
           && out_appended != NULL && out_uidvalidity != NULL);
  g_return_val_if_fail (WD_IS_STORE (store), FALSE);
  if (WD_STORE_GET_IFACE (store)->replace == NULL)
    return append_then_expunge (store, actor, source, uid, target, item, out_appended,
                                out_uidvalidity, cancellable, error);
  CALL (gboolean, replace, actor, source, uid, target, item, out_appended, out_uidvalidity,
        cancellable, error);
}

gboolean
wd_store_fetch (WdStore *store,
                const WdActor *actor,
                const WdId *mailbox,
                const WdUidSet *uids,
                WdFetchFields fields,
                WdModseq changed_since,
                WdFetchFunc func,
                gpointer user_data,
                GCancellable *cancellable,
                GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && uids != NULL && func != NULL);
  CALL (gboolean, fetch, actor, mailbox, uids, fields, changed_since, func, user_data, cancellable,
        error);
}

gboolean
wd_store_store_flags (WdStore *store,
                      const WdActor *actor,
                      const WdId *mailbox,
                      const WdUidSet *uids,
                      const WdFlagChange *change,
                      WdUidSet **out_changed,
                      WdUidSet **out_conflicts,
                      WdModseq *out_modseq,
                      GCancellable *cancellable,
                      GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && uids != NULL && change != NULL);
  if (change->now != NULL)
    change->now->is_known = FALSE;
  CALL (gboolean, store_flags, actor, mailbox, uids, change, out_changed, out_conflicts, out_modseq,
        cancellable, error);
}

gboolean
wd_store_copy (WdStore *store,
               const WdActor *actor,
               const WdId *source,
               const WdUidSet *uids,
               const WdId *target,
               gboolean move,
               WdProgressFunc progress,
               gpointer user_data,
               WdUidSet **out_source,
               WdUidSet **out_target,
               guint32 *out_uidvalidity,
               GCancellable *cancellable,
               GError **error)
{
  REQUIRE (actor != NULL && source != NULL && uids != NULL && target != NULL && out_source != NULL
           && out_target != NULL && out_uidvalidity != NULL);
  CALL (gboolean, copy, actor, source, uids, target, move, progress, user_data, out_source,
        out_target, out_uidvalidity, cancellable, error);
}

gboolean
wd_store_expunge (WdStore *store,
                  const WdActor *actor,
                  const WdId *mailbox,
                  const WdUidSet *uids,
                  gboolean force,
                  WdUidSet **out_expunged,
                  WdModseq *out_modseq,
                  GCancellable *cancellable,
                  GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && out_expunged != NULL && out_modseq != NULL);
  CALL (gboolean, expunge, actor, mailbox, uids, force, out_expunged, out_modseq, cancellable,
        error);
}

gboolean
wd_store_search (WdStore *store,
                 const WdActor *actor,
                 const WdId *mailbox,
                 const WdSearchExpr *expr,
                 WdUidSet **out_uids,
                 WdModseq *out_modseq,
                 GCancellable *cancellable,
                 GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && expr != NULL && out_uids != NULL);
  CALL (gboolean, search, actor, mailbox, expr, out_uids, out_modseq, cancellable, error);
}

gboolean
wd_store_count (WdStore *store,
                const char *const *keys,
                guint n_keys,
                guint n,
                gint64 window_ms,
                guint *out_counts)
{
  REQUIRE (WD_IS_STORE (store) && keys != NULL && n_keys > 0 && out_counts != NULL);
  return WD_STORE_GET_IFACE (store)->count != NULL
         && WD_STORE_GET_IFACE (store)->count (store, keys, n_keys, n, window_ms, out_counts);
}

gboolean
wd_store_import_mailbox (WdStore *store,
                         const WdActor *actor,
                         const WdMailboxInfo *info,
                         GCancellable *cancellable,
                         GError **error)
{
  REQUIRE (actor != NULL && info != NULL && info->path != NULL);
  CALL (gboolean, import_mailbox, actor, info, cancellable, error);
}

gboolean
wd_store_import_messages (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdImport *items,
                          guint n_items,
                          GCancellable *cancellable,
                          GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL && (items != NULL || n_items == 0));
  CALL (gboolean, import_messages, actor, mailbox, items, n_items, cancellable, error);
}

gboolean
wd_store_import_finish (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        WdUid uidnext,
                        WdModseq modseq,
                        GCancellable *cancellable,
                        GError **error)
{
  REQUIRE (actor != NULL && mailbox != NULL);
  CALL (gboolean, import_finish, actor, mailbox, uidnext, modseq, cancellable, error);
}

WdWatch *
wd_store_watch (
    WdStore *store, const WdId *owner, const WdId *mailbox, WdWatchFunc func, gpointer user_data)
{
  g_return_val_if_fail (WD_IS_STORE (store) && owner != NULL && func != NULL, NULL);
  return WD_STORE_GET_IFACE (store)->watch (store, owner, mailbox, func, user_data);
}
