// SPDX-License-Identifier: EUPL-1.2
// The calls of the cluster's backend, one file a verb: what mongo-store.c puts into its interface.
// Their contracts are those of the store's headers.
#pragma once

#include "mongo-keyword.h"
#include "mongo-pending.h"
#include "mongo-schema.h"
#include "mongo-store.h"
#include "store-backend.h"

// Begins a call: g_auto (WdMongoCall).
gboolean wd_mongo_store_begin (WdStore *store,
                               WdMongoCall *out_call,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same, for a call about the owner's mail. FORBIDDEN for anybody else.
gboolean wd_mongo_store_begin_as (WdStore *store,
                                  const WdActor *actor,
                                  WdMongoCall *out_call,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Tells everybody. After the change, with no lock held.
void
wd_mongo_store_notify (WdStore *store, WdBeaconKind kind, const WdId *owner, const WdId *mailbox);

// Returns (transfer none).
WdMongoKeywords *wd_mongo_store_get_keywords (WdStore *store);
WdMongoPending *wd_mongo_store_get_pending (WdStore *store);

// Sets the error. Returns FALSE.
gboolean wd_mongo_store_fail (WdStoreError code, const char *what, GError **error);

// mongo-user.c
gboolean wd_mongo_user_create (WdStore *, const WdUser *, WdId *, GCancellable *, GError **);
WdUser *wd_mongo_user_get (WdStore *, const WdId *, GCancellable *, GError **);
gboolean wd_mongo_user_find (WdStore *, const char *, WdUser **, GCancellable *, GError **);
gboolean wd_mongo_user_update (
    WdStore *, const WdId *, const WdUser *, WdUserFields, GCancellable *, GError **);
gboolean wd_mongo_user_delete (WdStore *, const WdId *, guint *, GCancellable *, GError **);
// A document as a user. Returns (transfer full).
WdUser *wd_mongo_user_read (const bson_t *doc) G_GNUC_WARN_UNUSED_RESULT;
// The user's document, with `options`. NOT_FOUND. Returns (transfer full).
bson_t *
wd_mongo_user_load (WdMongoCall *call, const WdId *id, const bson_t *options, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// The form under which two spellings of a name or an address are one: without the dots of the local
// part, as WildDuck has it. Returns (transfer full): NULL with INVALID.
char *wd_mongo_user_dup_view (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *wd_mongo_user_dup_address_view (const char *address, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// tags and tagsview. LIMIT, INVALID.
gboolean wd_mongo_user_add_tags (bson_t *doc, char *const *tags, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// The main address has become this one (NULL: none).
gboolean
wd_mongo_user_set_address (WdMongoCall *call, const WdId *id, const char *address, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// mongo-address.c
gboolean wd_mongo_address_create (WdStore *, const WdAddress *, WdId *, GCancellable *, GError **);
GPtrArray *wd_mongo_address_list (WdStore *, const WdId *, GCancellable *, GError **);
gboolean wd_mongo_address_update (WdStore *,
                                  const WdId *,
                                  const WdId *,
                                  const WdAddress *,
                                  WdAddressFields,
                                  GCancellable *,
                                  GError **);
gboolean wd_mongo_address_delete (WdStore *, const WdId *, const WdId *, GCancellable *, GError **);
gboolean wd_mongo_address_find (WdStore *, const char *, WdAddress **, GCancellable *, GError **);
gboolean wd_mongo_address_insert (WdMongoCall *call,
                                  const WdId *user,
                                  const WdAddress *spec,
                                  WdId *out_id,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
// `main_view`: of the user's main address (nullable).
WdAddress *wd_mongo_address_read (const bson_t *doc, const char *main_view)
    G_GNUC_WARN_UNUSED_RESULT;

// mongo-list.c
GPtrArray *wd_mongo_list_users (
    WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);
GPtrArray *wd_mongo_list_addresses (
    WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);

// mongo-setting.c
gboolean wd_mongo_setting_set (WdStore *, const char *, const char *, GCancellable *, GError **);
gboolean wd_mongo_setting_get (WdStore *, const char *, char **, GCancellable *, GError **);
gboolean wd_mongo_setting_check_health (WdStore *, GCancellable *, GError **);

// mongo-mailbox-list.c
GPtrArray *wd_mongo_mailbox_list_all (WdStore *, const WdActor *, GCancellable *, GError **);
GPtrArray *
wd_mongo_mailbox_list_subscriptions (WdStore *, const WdActor *, GCancellable *, GError **);
gboolean wd_mongo_mailbox_list_find (
    WdStore *, const WdActor *, const char *, WdMailboxInfo **, GCancellable *, GError **);
WdMailboxInfo *
wd_mongo_mailbox_list_get (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);

// mongo-mailbox-create.c
gboolean wd_mongo_mailbox_create_one (WdStore *,
                                      const WdActor *,
                                      const char *,
                                      WdSpecialUse,
                                      const char *,
                                      WdId *,
                                      GCancellable *,
                                      GError **);
// INBOX and the other four of a new user.
gboolean wd_mongo_mailbox_create_defaults (WdMongoCall *call, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_mailbox_create_path (WdMongoCall *call,
                                       const WdId *user,
                                       const char *path,
                                       WdSpecialUse special_use,
                                       const char *extra_json,
                                       WdId *out_id,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_mailbox_create_parents (WdMongoCall *call,
                                          const WdId *user,
                                          const char *path,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-change.c
gboolean wd_mongo_mailbox_change_path (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
gboolean wd_mongo_mailbox_change_subscribed (
    WdStore *, const WdActor *, const char *, gboolean, GCancellable *, GError **);
gboolean wd_mongo_mailbox_change_extra (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
// Keeps a subscription to a name that has no mailbox any more, or makes none of it.
gboolean wd_mongo_mailbox_change_bare_name (WdMongoCall *call,
                                            const WdId *user,
                                            const char *path,
                                            gboolean subscribed,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-delete.c
gboolean
wd_mongo_mailbox_delete_one (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
// All messages that `filter` names, and what they refer to.
gboolean wd_mongo_mailbox_delete_messages (WdMongoCall *call,
                                           const bson_t *filter,
                                           gint64 *out_size_bytes,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
// All of a user's mail.
gboolean wd_mongo_mailbox_delete_all (WdMongoCall *call, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-select.c
WdMailboxState *wd_mongo_mailbox_select_state (
    WdStore *, const WdActor *, const WdId *, gboolean, GCancellable *, GError **);
gboolean
wd_mongo_mailbox_select_quota (WdStore *, const WdActor *, WdQuota *, GCancellable *, GError **);

// mongo-changes.c
WdMailboxChanges *wd_mongo_changes_list (
    WdStore *, const WdActor *, const WdId *, WdModseq, gboolean, guint, GCancellable *, GError **);

// mongo-keyword-intern.c
gboolean wd_mongo_keyword_intern (WdStore *,
                                  const WdActor *,
                                  const WdId *,
                                  const char *const *,
                                  gboolean,
                                  WdFlags *,
                                  GCancellable *,
                                  GError **);

// mongo-append.c
gboolean wd_mongo_append_messages (WdStore *,
                                   const WdActor *,
                                   const WdId *,
                                   const WdAppend *,
                                   guint,
                                   WdAppended *,
                                   guint32 *,
                                   GCancellable *,
                                   GError **);

// mongo-fetch.c
gboolean wd_mongo_fetch_messages (WdStore *,
                                  const WdActor *,
                                  const WdId *,
                                  const WdUidSet *,
                                  WdFetchFields,
                                  WdModseq,
                                  WdFetchFunc,
                                  gpointer,
                                  GCancellable *,
                                  GError **);

// mongo-flags.c
gboolean wd_mongo_flags_change (WdStore *,
                                const WdActor *,
                                const WdId *,
                                const WdUidSet *,
                                const WdFlagChange *,
                                WdUidSet **,
                                WdUidSet **,
                                WdModseq *,
                                GCancellable *,
                                GError **);

// mongo-copy.c
gboolean wd_mongo_copy_messages (WdStore *,
                                 const WdActor *,
                                 const WdId *,
                                 const WdUidSet *,
                                 const WdId *,
                                 gboolean,
                                 WdUidSet **,
                                 WdUidSet **,
                                 guint32 *,
                                 GCancellable *,
                                 GError **);

// mongo-expunge.c
gboolean wd_mongo_expunge_messages (WdStore *,
                                    const WdActor *,
                                    const WdId *,
                                    const WdUidSet *,
                                    gboolean,
                                    WdUidSet **,
                                    WdModseq *,
                                    GCancellable *,
                                    GError **);

// mongo-search.c
gboolean wd_mongo_search_messages (WdStore *,
                                   const WdActor *,
                                   const WdId *,
                                   const WdSearchExpr *,
                                   WdUidSet **,
                                   WdModseq *,
                                   GCancellable *,
                                   GError **);

// mongo-check.c
gboolean wd_mongo_check_store (WdStore *,
                               const WdId *,
                               gboolean,
                               WdStoreFindingFunc,
                               WdStoreProgressFunc,
                               gpointer,
                               GCancellable *,
                               GError **);
gboolean wd_mongo_check_maintain (WdStore *, GCancellable *, GError **);
