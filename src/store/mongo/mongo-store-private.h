// SPDX-License-Identifier: EUPL-1.2
// The calls of the cluster's backend, one file a verb: what mongo-store.c puts into its interface.
// Their contracts are those of the store's headers.
#pragma once

#include "mongo-keyword.h"
#include "mongo-later.h"
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

// Tells everybody that a mailbox is gone.
void wd_mongo_store_notify_dropped (WdStore *store, const WdId *owner, const WdId *mailbox);

// Whether WildDuck has ever been started on this database, as it was ten seconds ago at most: what
// only it reads is written then. May take a round trip.
gboolean wd_mongo_store_is_shared (WdStore *store);

// Whether WildDuck has to be told of what is added and changed, by its journal.
gboolean wd_mongo_store_is_beside (WdStore *store);

// Returns (transfer none).
WdMongoKeywords *wd_mongo_store_get_keywords (WdStore *store);
WdMongoPending *wd_mongo_store_get_pending (WdStore *store);
WdMongoLater *wd_mongo_store_get_later (WdStore *store);

// Sets the error. Returns FALSE.
gboolean wd_mongo_store_fail (WdStoreError code, const char *what, GError **error);

// mongo-user.c
WdBackendCreateUser wd_mongo_user_create;
WdBackendGetUser wd_mongo_user_get;
WdBackendFindUser wd_mongo_user_find;
WdBackendUpdateUser wd_mongo_user_update;
WdBackendDeleteUser wd_mongo_user_delete;
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

// mongo-app.c
WdBackendListAppPasswords wd_mongo_app_list_passwords;
WdBackendUseAppPassword wd_mongo_app_use_password;

// mongo-address.c
WdBackendCreateAddress wd_mongo_address_create;
WdBackendListAddresses wd_mongo_address_list;
WdBackendUpdateAddress wd_mongo_address_update;
WdBackendDeleteAddress wd_mongo_address_delete;
WdBackendFindAddress wd_mongo_address_find;
gboolean wd_mongo_address_insert (WdMongoCall *call,
                                  const WdId *user,
                                  const WdAddress *spec,
                                  WdId *out_id,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
// `main_view`: of the user's main address (nullable).
WdAddress *wd_mongo_address_read (const bson_t *doc, const char *main_view)
    G_GNUC_WARN_UNUSED_RESULT;

// mongo-list.c
WdBackendListUsers wd_mongo_list_users;
WdBackendListAllAddresses wd_mongo_list_addresses;

// mongo-setting.c
WdBackendSetSetting wd_mongo_setting_set;
WdBackendGetSetting wd_mongo_setting_get;
WdBackendCheckHealth wd_mongo_setting_check_health;

// mongo-mailbox-list.c
WdBackendListMailboxes wd_mongo_mailbox_list_all;
WdBackendListSubscriptions wd_mongo_mailbox_list_subscriptions;
WdBackendFindMailbox wd_mongo_mailbox_list_find;
WdBackendGetMailbox wd_mongo_mailbox_list_get;

gboolean wd_mongo_mailbox_list_has_children (WdMongoCall *call,
                                             const WdId *owner,
                                             const char *path,
                                             gboolean *out_has,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-create.c
WdBackendCreateMailbox wd_mongo_mailbox_create_one;
// INBOX and the other four of a new user.
gboolean wd_mongo_mailbox_create_defaults (WdMongoCall *call, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// One with the numbers that it had elsewhere, without levels above it. EXISTS.
gboolean wd_mongo_mailbox_create_given (WdMongoCall *call,
                                        const WdId *user,
                                        const WdMailboxInfo *info,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_mailbox_create_parents (WdStore *store,
                                          WdMongoCall *call,
                                          const WdId *user,
                                          const char *path,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-change.c
WdBackendRenameMailbox wd_mongo_mailbox_change_path;
WdBackendSetSubscribed wd_mongo_mailbox_change_subscribed;
WdBackendSetMailboxExtra wd_mongo_mailbox_change_extra;
// Keeps a subscription to a name that has no mailbox any more, or makes none of it.
gboolean wd_mongo_mailbox_change_bare_name (WdMongoCall *call,
                                            const WdId *user,
                                            const char *path,
                                            gboolean subscribed,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-delete.c
WdBackendDeleteMailbox wd_mongo_mailbox_delete_one;
// All messages that `filter` names, and what they refer to.
gboolean wd_mongo_mailbox_delete_messages (WdMongoCall *call,
                                           const bson_t *filter,
                                           gint64 *out_size_bytes,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
// All of a user's mail.
gboolean wd_mongo_mailbox_delete_all (WdMongoCall *call, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// mongo-mailbox-select.c
WdBackendSelectMailbox wd_mongo_mailbox_select_state;
WdBackendGetQuota wd_mongo_mailbox_select_quota;

// mongo-changes.c
WdBackendListChanges wd_mongo_changes_list;

// mongo-keyword-intern.c
WdBackendInternKeywords wd_mongo_keyword_intern;

// mongo-append.c
WdBackendAppend wd_mongo_append_messages;
WdBackendReplace wd_mongo_append_replacement;
WdBackendImportMessages wd_mongo_append_imported;

// mongo-import.c
WdBackendImportMailbox wd_mongo_import_mailbox;
WdBackendImportFinish wd_mongo_import_finish;

// mongo-metadata.c
WdBackendListMetadata wd_mongo_metadata_list;
WdBackendSetMetadata wd_mongo_metadata_set;

// mongo-fetch.c
WdBackendFetch wd_mongo_fetch_messages;

// mongo-flags.c
WdBackendStoreFlags wd_mongo_flags_change;

// mongo-copy.c
WdBackendCopy wd_mongo_copy_messages;

// mongo-expunge.c
WdBackendExpunge wd_mongo_expunge_messages;

// mongo-search.c
WdBackendSearch wd_mongo_search_messages;

// mongo-check.c
WdBackendCheck wd_mongo_check_store;
WdBackendMaintain wd_mongo_check_maintain;
