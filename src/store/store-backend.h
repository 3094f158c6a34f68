// SPDX-License-Identifier: EUPL-1.2
// What a backend implements: one function for each call of the store's headers, whose contracts
// hold here unchanged. A backend declares its functions by these types. Only src/store includes
// this.
#pragma once

#include "store.h"

typedef const WdStoreOptions *WdBackendGetOptions (WdStore *);
typedef const char *WdBackendGetSpoolDir (WdStore *);
typedef gboolean WdBackendInitStore (WdStore *, WdStorePrepared *, GCancellable *, GError **);
typedef gboolean WdBackendCheckHealth (WdStore *, GCancellable *, GError **);
typedef gboolean WdBackendCheckNotifier (WdStore *, GError **);
typedef gboolean WdBackendCheck (WdStore *,
                                 const WdId *,
                                 gboolean,
                                 WdStoreFindingFunc,
                                 WdStoreProgressFunc,
                                 gpointer,
                                 GCancellable *,
                                 GError **);
typedef gboolean WdBackendMaintain (WdStore *, GCancellable *, GError **);
typedef gboolean WdBackendCreateUser (WdStore *, const WdUser *, WdId *, GCancellable *, GError **);
typedef WdUser *WdBackendGetUser (WdStore *, const WdId *, GCancellable *, GError **);
typedef gboolean WdBackendFindUser (WdStore *, const char *, WdUser **, GCancellable *, GError **);
typedef GPtrArray *WdBackendListAppPasswords (WdStore *, const WdId *, GCancellable *, GError **);
typedef gboolean
WdBackendUseAppPassword (WdStore *, const WdAppPassword *, const char *, GCancellable *, GError **);
typedef gboolean WdBackendUpdateUser (
    WdStore *, const WdId *, const WdUser *, WdUserFields, GCancellable *, GError **);
typedef gboolean WdBackendDeleteUser (WdStore *, const WdId *, guint *, GCancellable *, GError **);
typedef GPtrArray *WdBackendListUsers (
    WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);
typedef gboolean
WdBackendCreateAddress (WdStore *, const WdAddress *, WdId *, GCancellable *, GError **);
typedef GPtrArray *WdBackendListAddresses (WdStore *, const WdId *, GCancellable *, GError **);
typedef GPtrArray *WdBackendListAllAddresses (
    WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);
typedef gboolean WdBackendUpdateAddress (WdStore *,
                                         const WdId *,
                                         const WdId *,
                                         const WdAddress *,
                                         WdAddressFields,
                                         GCancellable *,
                                         GError **);
typedef gboolean
WdBackendDeleteAddress (WdStore *, const WdId *, const WdId *, GCancellable *, GError **);
typedef gboolean
WdBackendFindAddress (WdStore *, const char *, WdAddress **, GCancellable *, GError **);
typedef gboolean
WdBackendSetSetting (WdStore *, const char *, const char *, GCancellable *, GError **);
typedef gboolean WdBackendGetSetting (WdStore *, const char *, char **, GCancellable *, GError **);
typedef GPtrArray *WdBackendListMailboxes (WdStore *, const WdActor *, GCancellable *, GError **);
typedef GPtrArray *
WdBackendListSubscriptions (WdStore *, const WdActor *, GCancellable *, GError **);
typedef gboolean WdBackendFindMailbox (
    WdStore *, const WdActor *, const char *, WdMailboxInfo **, GCancellable *, GError **);
typedef WdMailboxInfo *
WdBackendGetMailbox (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
typedef gboolean WdBackendCreateMailbox (WdStore *,
                                         const WdActor *,
                                         const char *,
                                         WdSpecialUse,
                                         const char *,
                                         WdId *,
                                         GCancellable *,
                                         GError **);
typedef gboolean WdBackendRenameMailbox (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
typedef gboolean
WdBackendDeleteMailbox (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
typedef gboolean WdBackendSetSubscribed (
    WdStore *, const WdActor *, const char *, gboolean, GCancellable *, GError **);
typedef gboolean WdBackendSetMailboxExtra (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
typedef WdMailboxState *WdBackendSelectMailbox (
    WdStore *, const WdActor *, const WdId *, gboolean, GCancellable *, GError **);
typedef WdMailboxChanges *WdBackendListChanges (
    WdStore *, const WdActor *, const WdId *, WdModseq, gboolean, guint, GCancellable *, GError **);
typedef gboolean WdBackendInternKeywords (WdStore *,
                                          const WdActor *,
                                          const WdId *,
                                          const char *const *,
                                          gboolean,
                                          WdFlags *,
                                          GCancellable *,
                                          GError **);
typedef gboolean
WdBackendGetQuota (WdStore *, const WdActor *, WdQuota *, GCancellable *, GError **);
typedef void WdBackendPrepare (WdStore *, WdIncoming *);
typedef gboolean WdBackendAppend (WdStore *,
                                  const WdActor *,
                                  const WdId *,
                                  const WdAppend *,
                                  guint,
                                  WdAppended *,
                                  guint32 *,
                                  GCancellable *,
                                  GError **);
typedef gboolean WdBackendDeliver (WdStore *,
                                   const WdActor *,
                                   const char *,
                                   const WdAppend *,
                                   WdId *,
                                   WdAppended *,
                                   GCancellable *,
                                   GError **);
typedef gboolean WdBackendReplace (WdStore *,
                                   const WdActor *,
                                   const WdId *,
                                   WdUid,
                                   const WdId *,
                                   const WdAppend *,
                                   WdAppended *,
                                   guint32 *,
                                   GCancellable *,
                                   GError **);
typedef gboolean WdBackendFetch (WdStore *,
                                 const WdActor *,
                                 const WdId *,
                                 const WdUidSet *,
                                 WdFetchFields,
                                 WdModseq,
                                 WdFetchFunc,
                                 gpointer,
                                 GCancellable *,
                                 GError **);
typedef gboolean WdBackendStoreFlags (WdStore *,
                                      const WdActor *,
                                      const WdId *,
                                      const WdUidSet *,
                                      const WdFlagChange *,
                                      WdUidSet **,
                                      WdUidSet **,
                                      WdModseq *,
                                      GCancellable *,
                                      GError **);
typedef gboolean WdBackendCopy (WdStore *,
                                const WdActor *,
                                const WdId *,
                                const WdUidSet *,
                                const WdId *,
                                gboolean,
                                WdProgressFunc,
                                gpointer,
                                WdUidSet **,
                                WdUidSet **,
                                guint32 *,
                                GCancellable *,
                                GError **);
typedef gboolean WdBackendExpunge (WdStore *,
                                   const WdActor *,
                                   const WdId *,
                                   const WdUidSet *,
                                   gboolean,
                                   WdUidSet **,
                                   WdModseq *,
                                   GCancellable *,
                                   GError **);
typedef gboolean WdBackendSearch (WdStore *,
                                  const WdActor *,
                                  const WdId *,
                                  const WdSearchExpr *,
                                  WdUidSet **,
                                  WdModseq *,
                                  GCancellable *,
                                  GError **);
typedef GPtrArray *
WdBackendListMetadata (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
typedef gboolean WdBackendSetMetadata (
    WdStore *, const WdActor *, const WdId *, const WdMetadata *, guint, GCancellable *, GError **);
typedef gboolean WdBackendCount (WdStore *, const char *const *, guint, guint, gint64, guint *);
typedef gboolean WdBackendImportMailbox (
    WdStore *, const WdActor *, const WdMailboxInfo *, GCancellable *, GError **);
typedef gboolean WdBackendImportMessages (
    WdStore *, const WdActor *, const WdId *, const WdImport *, guint, GCancellable *, GError **);
typedef gboolean WdBackendImportFinish (
    WdStore *, const WdActor *, const WdId *, WdUid, WdModseq, GCancellable *, GError **);
typedef WdWatch *WdBackendWatch (WdStore *, const WdId *, const WdId *, WdWatchFunc, gpointer);

struct _WdStoreInterface
{
  GTypeInterface parent;

  WdBackendGetOptions *get_options;
  // Where messages too large for memory are spooled, in files without a name. Optional (nullable):
  // without it, the system's directory for temporary files.
  WdBackendGetSpoolDir *get_spool_dir;
  WdBackendInitStore *init_store; // (nullable)
  WdBackendCheckHealth *check_health;
  WdBackendCheckNotifier *check_notifier;
  WdBackendCheck *check;
  WdBackendMaintain *maintain;

  // Accounts.
  WdBackendCreateUser *create_user;
  WdBackendGetUser *get_user;
  WdBackendFindUser *find_user;
  WdBackendUpdateUser *update_user;
  // Optional (nullable), both or neither: without it there are none.
  WdBackendListAppPasswords *list_app_passwords;
  WdBackendUseAppPassword *use_app_password;
  WdBackendDeleteUser *delete_user;
  WdBackendListUsers *list_users;
  WdBackendCreateAddress *create_address;
  WdBackendListAddresses *list_addresses;
  WdBackendListAllAddresses *list_all_addresses;
  WdBackendUpdateAddress *update_address;
  WdBackendDeleteAddress *delete_address;
  WdBackendFindAddress *find_address;
  WdBackendSetSetting *set_setting;
  WdBackendGetSetting *get_setting;

  // Mailboxes.
  WdBackendListMailboxes *list_mailboxes;
  WdBackendListSubscriptions *list_subscriptions;
  WdBackendFindMailbox *find_mailbox;
  WdBackendGetMailbox *get_mailbox;
  WdBackendCreateMailbox *create_mailbox;
  WdBackendRenameMailbox *rename_mailbox;
  WdBackendDeleteMailbox *delete_mailbox;
  WdBackendSetSubscribed *set_subscribed;
  WdBackendSetMailboxExtra *set_mailbox_extra;
  WdBackendSelectMailbox *select_mailbox;
  WdBackendListChanges *list_changes;
  WdBackendInternKeywords *intern_keywords;
  WdBackendGetQuota *get_quota;

  // Messages.
  // Optional (nullable): as wd_incoming_prepare.
  WdBackendPrepare *prepare;
  WdBackendAppend *append;
  // Optional (nullable): without it, find_mailbox and append.
  WdBackendDeliver *deliver;
  // Optional (nullable): without it, append and expunge, one after the other.
  WdBackendReplace *replace;
  WdBackendFetch *fetch;
  WdBackendStoreFlags *store_flags;
  WdBackendCopy *copy;
  WdBackendExpunge *expunge;
  WdBackendSearch *search;

  // Annotations. Optional (nullable), both or neither.
  WdBackendListMetadata *list_metadata;
  WdBackendSetMetadata *set_metadata;

  // Optional (nullable): as wd_store_count, which is FALSE without it.
  WdBackendCount *count;

  // Taking over what another store had.
  WdBackendImportMailbox *import_mailbox;
  WdBackendImportMessages *import_messages;
  WdBackendImportFinish *import_finish;

  // The notifier of this store, which the backend owns.
  WdBackendWatch *watch;
};
