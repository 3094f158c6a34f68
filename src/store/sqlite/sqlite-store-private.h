// SPDX-License-Identifier: EUPL-1.2
// The calls of the embedded backend, one file a verb: what sqlite-store.c puts into its interface.
// Their contracts are those of the store's headers.
#pragma once

#include "notify-local.h"
#include "sqlite-directory.h"
#include "sqlite-lease.h"
#include "sqlite-store.h"
#include "store-backend.h"

// Returns (transfer none).
WdSqlitePool *wd_sqlite_store_get_pool (WdStore *store);
WdSqliteDirectory *wd_sqlite_store_get_directory (WdStore *store);
const char *wd_sqlite_store_get_dir (WdStore *store);

// The quota that holds for the owner of the lease; 0: none.
gboolean wd_sqlite_store_get_limit (WdStore *store,
                                    WdSqliteLease *lease,
                                    guint64 *out_limit_bytes,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Asks for chores in the background.
void wd_sqlite_store_poke (WdStore *store, const WdId *user, WdSqliteChores chores);

// sqlite-mailbox-list.c
GPtrArray *wd_sqlite_mailbox_list_all (WdStore *, const WdActor *, GCancellable *, GError **);
GPtrArray *
wd_sqlite_mailbox_list_subscriptions (WdStore *, const WdActor *, GCancellable *, GError **);
gboolean wd_sqlite_mailbox_list_find (
    WdStore *, const WdActor *, const char *, WdMailboxInfo **, GCancellable *, GError **);
WdMailboxInfo *
wd_sqlite_mailbox_list_get (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);

// One of them, by id or, with `id` NULL, by path; NULL in `out_info` when there is none.
gboolean wd_sqlite_mailbox_list_read (WdSqliteLease *lease,
                                      const WdId *id,
                                      const char *path,
                                      WdMailboxInfo **out_info,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-create.c
gboolean wd_sqlite_mailbox_create_one (WdStore *,
                                       const WdActor *,
                                       const char *,
                                       WdSpecialUse,
                                       const char *,
                                       WdId *,
                                       GCancellable *,
                                       GError **);
// A new user's folder, database and default mailboxes, durable on return.
gboolean
wd_sqlite_mailbox_create_user (const WdId *user, const WdUser *spec, gpointer store, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// Adds one with a normal path and the missing levels above it, inside a transaction. EXISTS, LIMIT.
gboolean wd_sqlite_mailbox_create_path (WdSqliteLease *lease,
                                        const char *path,
                                        WdSpecialUse special_use,
                                        const char *extra_json,
                                        WdId *out_id,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_mailbox_create_parents (WdSqliteLease *lease, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-change.c
gboolean wd_sqlite_mailbox_change_path (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);
gboolean wd_sqlite_mailbox_change_subscribed (
    WdStore *, const WdActor *, const char *, gboolean, GCancellable *, GError **);
gboolean wd_sqlite_mailbox_change_extra (
    WdStore *, const WdActor *, const WdId *, const char *, GCancellable *, GError **);

// sqlite-mailbox-delete.c
gboolean
wd_sqlite_mailbox_delete_one (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
// Takes the user's folder away.
gboolean wd_sqlite_mailbox_delete_user (const WdId *user, gpointer store, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-select.c
WdMailboxState *wd_sqlite_mailbox_select_state (
    WdStore *, const WdActor *, const WdId *, gboolean, GCancellable *, GError **);
gboolean wd_sqlite_mailbox_select_keywords (WdStore *,
                                            const WdActor *,
                                            const WdId *,
                                            const char *const *,
                                            gboolean,
                                            WdFlags *,
                                            GCancellable *,
                                            GError **);
gboolean
wd_sqlite_mailbox_select_quota (WdStore *, const WdActor *, WdQuota *, GCancellable *, GError **);
// A user's own quota has changed.
gboolean wd_sqlite_mailbox_change_quota (const WdId *user,
                                         guint64 quota_bytes,
                                         gpointer store,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// sqlite-changes.c
WdMailboxChanges *wd_sqlite_changes_list (
    WdStore *, const WdActor *, const WdId *, WdModseq, gboolean, guint, GCancellable *, GError **);

// sqlite-append.c
gboolean wd_sqlite_append_messages (WdStore *,
                                    const WdActor *,
                                    const WdId *,
                                    const WdAppend *,
                                    guint,
                                    WdAppended *,
                                    guint32 *,
                                    GCancellable *,
                                    GError **);

gboolean wd_sqlite_append_replacement (WdStore *,
                                       const WdActor *,
                                       const WdId *,
                                       WdUid,
                                       const WdId *,
                                       const WdAppend *,
                                       WdAppended *,
                                       guint32 *,
                                       GCancellable *,
                                       GError **);

// sqlite-fetch.c
gboolean wd_sqlite_fetch_messages (WdStore *,
                                   const WdActor *,
                                   const WdId *,
                                   const WdUidSet *,
                                   WdFetchFields,
                                   WdModseq,
                                   WdFetchFunc,
                                   gpointer,
                                   GCancellable *,
                                   GError **);

// sqlite-flags.c
gboolean wd_sqlite_flags_change (WdStore *,
                                 const WdActor *,
                                 const WdId *,
                                 const WdUidSet *,
                                 const WdFlagChange *,
                                 WdUidSet **,
                                 WdUidSet **,
                                 WdModseq *,
                                 GCancellable *,
                                 GError **);

// sqlite-copy.c
gboolean wd_sqlite_copy_messages (WdStore *,
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

// sqlite-expunge.c
gboolean wd_sqlite_expunge_messages (WdStore *,
                                     const WdActor *,
                                     const WdId *,
                                     const WdUidSet *,
                                     gboolean,
                                     WdUidSet **,
                                     WdModseq *,
                                     GCancellable *,
                                     GError **);

// sqlite-search.c
gboolean wd_sqlite_search_messages (WdStore *,
                                    const WdActor *,
                                    const WdId *,
                                    const WdSearchExpr *,
                                    WdUidSet **,
                                    WdModseq *,
                                    GCancellable *,
                                    GError **);

// sqlite-metadata.c
GPtrArray *
wd_sqlite_metadata_list (WdStore *, const WdActor *, const WdId *, GCancellable *, GError **);
gboolean wd_sqlite_metadata_set (
    WdStore *, const WdActor *, const WdId *, const WdMetadata *, guint, GCancellable *, GError **);

// sqlite-maintain.c
gboolean wd_sqlite_maintain_all (WdStore *, GCancellable *, GError **);

// sqlite-check.c
gboolean wd_sqlite_check_store (WdStore *,
                                const WdId *,
                                gboolean,
                                WdStoreFindingFunc,
                                WdStoreProgressFunc,
                                gpointer,
                                GCancellable *,
                                GError **);
