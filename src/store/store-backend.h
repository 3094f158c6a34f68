// SPDX-License-Identifier: EUPL-1.2
// What a backend implements: one function for each call of the store's headers, whose contracts
// hold here unchanged. Only src/store includes this.
#pragma once

#include "store.h"

struct _WdStoreInterface
{
  GTypeInterface parent;

  const WdStoreOptions *(*get_options) (WdStore *);
  // Where messages too large for memory are spooled, in files without a name. Optional (nullable):
  // without it, the system's directory for temporary files.
  const char *(*get_spool_dir) (WdStore *);
  gboolean (*check_health) (WdStore *, GCancellable *, GError **);
  gboolean (*check_notifier) (WdStore *, GError **);
  gboolean (*check) (WdStore *,
                     const WdId *,
                     gboolean,
                     WdStoreFindingFunc,
                     WdStoreProgressFunc,
                     gpointer,
                     GCancellable *,
                     GError **);
  gboolean (*maintain) (WdStore *, GCancellable *, GError **);

  // Accounts.
  gboolean (*create_user) (WdStore *, const WdUser *, WdId *, GCancellable *, GError **);
  WdUser *(*get_user) (WdStore *, const WdId *, GCancellable *, GError **);
  gboolean (*find_user) (WdStore *, const char *, WdUser **, GCancellable *, GError **);
  gboolean (*update_user) (
      WdStore *, const WdId *, const WdUser *, WdUserFields, GCancellable *, GError **);
  gboolean (*delete_user) (WdStore *, const WdId *, guint *, GCancellable *, GError **);
  GPtrArray *(*list_users) (
      WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);
  gboolean (*create_address) (WdStore *, const WdAddress *, WdId *, GCancellable *, GError **);
  GPtrArray *(*list_addresses) (WdStore *, const WdId *, GCancellable *, GError **);
  GPtrArray *(*list_all_addresses) (
      WdStore *, const WdListQuery *, guint64 *, gboolean *, GCancellable *, GError **);
  gboolean (*update_address) (WdStore *,
                              const WdId *,
                              const WdId *,
                              const WdAddress *,
                              WdAddressFields,
                              GCancellable *,
                              GError **);
  gboolean (*delete_address) (WdStore *, const WdId *, const WdId *, GCancellable *, GError **);
  gboolean (*find_address) (WdStore *, const char *, WdAddress **, GCancellable *, GError **);
  gboolean (*set_setting) (WdStore *, const char *, const char *, GCancellable *, GError **);
  gboolean (*get_setting) (WdStore *, const char *, char **, GCancellable *, GError **);

  // Mailboxes.
  GPtrArray *(*list_mailboxes) (WdStore *, const WdActor *, GCancellable *, GError **);
  GPtrArray *(*list_subscriptions) (WdStore *, const WdActor *, GCancellable *, GError **);
  gboolean (*find_mailbox) (
      WdStore *, const WdActor *, const char *, WdMailboxInfo **, GCancellable *, GError **);
  WdMailboxInfo *(*get_mailbox) (
      WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
  gboolean (*create_mailbox) (WdStore *,
                              const WdActor *,
                              const char *,
                              WdSpecialUse,
                              const char *,
                              WdId *,
                              GCancellable *,
                              GError **);
  gboolean (*rename_mailbox) (
      WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
  gboolean (*delete_mailbox) (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
  gboolean (*set_subscribed) (
      WdStore *, const WdActor *, const char *, gboolean, GCancellable *, GError **);
  gboolean (*set_mailbox_extra) (
      WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
  WdMailboxState *(*select_mailbox) (
      WdStore *, const WdActor *, const WdId *, gboolean, GCancellable *, GError **);
  WdMailboxChanges *(*list_changes) (WdStore *,
                                     const WdActor *,
                                     const WdId *,
                                     WdModseq,
                                     gboolean,
                                     guint,
                                     GCancellable *,
                                     GError **);
  gboolean (*intern_keywords) (WdStore *,
                               const WdActor *,
                               const WdId *,
                               const char *const *,
                               gboolean,
                               WdFlags *,
                               GCancellable *,
                               GError **);
  gboolean (*get_quota) (WdStore *, const WdActor *, WdQuota *, GCancellable *, GError **);

  // Messages.
  gboolean (*append) (WdStore *,
                      const WdActor *,
                      const WdId *,
                      const WdAppend *,
                      guint,
                      WdAppended *,
                      guint32 *,
                      GCancellable *,
                      GError **);
  // Optional (nullable): without it, append and expunge, one after the other.
  gboolean (*replace) (WdStore *,
                       const WdActor *,
                       const WdId *,
                       WdUid,
                       const WdId *,
                       const WdAppend *,
                       WdAppended *,
                       guint32 *,
                       GCancellable *,
                       GError **);
  gboolean (*fetch) (WdStore *,
                     const WdActor *,
                     const WdId *,
                     const WdUidSet *,
                     WdFetchFields,
                     WdModseq,
                     WdFetchFunc,
                     gpointer,
                     GCancellable *,
                     GError **);
  gboolean (*store_flags) (WdStore *,
                           const WdActor *,
                           const WdId *,
                           const WdUidSet *,
                           const WdFlagChange *,
                           WdUidSet **,
                           WdUidSet **,
                           WdModseq *,
                           GCancellable *,
                           GError **);
  gboolean (*copy) (WdStore *,
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
  gboolean (*expunge) (WdStore *,
                       const WdActor *,
                       const WdId *,
                       const WdUidSet *,
                       gboolean,
                       WdUidSet **,
                       WdModseq *,
                       GCancellable *,
                       GError **);
  gboolean (*search) (WdStore *,
                      const WdActor *,
                      const WdId *,
                      const WdSearchExpr *,
                      WdUidSet **,
                      WdModseq *,
                      GCancellable *,
                      GError **);

  // Annotations. Optional (nullable), both or neither.
  GPtrArray *(*list_metadata) (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
  gboolean (*set_metadata) (WdStore *,
                            const WdActor *,
                            const WdId *,
                            const WdMetadata *,
                            guint,
                            GCancellable *,
                            GError **);

  // The notifier of this store, which the backend owns.
  WdWatch *(*watch) (WdStore *, const WdId *, const WdId *, WdWatchFunc, gpointer);
};
