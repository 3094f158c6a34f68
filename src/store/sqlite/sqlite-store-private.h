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
WdBackendListMailboxes wd_sqlite_mailbox_list_all;
WdBackendListSubscriptions wd_sqlite_mailbox_list_subscriptions;
WdBackendFindMailbox wd_sqlite_mailbox_list_find;
WdBackendGetMailbox wd_sqlite_mailbox_list_get;

// One of them, by id or, with `id` NULL, by path; NULL in `out_info` when there is none.
gboolean wd_sqlite_mailbox_list_read (WdSqliteLease *lease,
                                      const WdId *id,
                                      const char *path,
                                      WdMailboxInfo **out_info,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-create.c
WdBackendCreateMailbox wd_sqlite_mailbox_create_one;
// A new user's folder, database and default mailboxes, durable on return.
gboolean
wd_sqlite_mailbox_create_user (WdStore *store, const WdId *user, const WdUser *spec, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
// Adds one with a normal path and the missing levels above it, inside a transaction. EXISTS, LIMIT.
gboolean wd_sqlite_mailbox_create_path (WdSqliteLease *lease,
                                        const char *path,
                                        WdSpecialUse special_use,
                                        const char *extra_json,
                                        WdId *out_id,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
// The same without looking at the name, and without levels above it. LIMIT.
gboolean wd_sqlite_mailbox_create_level (WdSqliteLease *lease,
                                         const char *path,
                                         WdSpecialUse special_use,
                                         const char *extra_json,
                                         WdId *out_id,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_mailbox_create_parents (WdSqliteLease *lease, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-change.c
WdBackendRenameMailbox wd_sqlite_mailbox_change_path;
WdBackendSetSubscribed wd_sqlite_mailbox_change_subscribed;
WdBackendSetMailboxExtra wd_sqlite_mailbox_change_extra;

// sqlite-mailbox-delete.c
WdBackendDeleteMailbox wd_sqlite_mailbox_delete_one;
// Takes the user's folder away.
gboolean wd_sqlite_mailbox_delete_user (WdStore *store, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// sqlite-mailbox-select.c
WdBackendSelectMailbox wd_sqlite_mailbox_select_state;
WdBackendInternKeywords wd_sqlite_mailbox_select_keywords;
WdBackendGetQuota wd_sqlite_mailbox_select_quota;

// sqlite-mailbox-change.c
// Gives the user's mail.db the quota that the directory says, durably.
gboolean wd_sqlite_mailbox_adopt_quota (WdStore *store, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// sqlite-changes.c
WdBackendListChanges wd_sqlite_changes_list;

// sqlite-append.c
WdBackendPrepare wd_sqlite_append_prepare;
WdBackendAppend wd_sqlite_append_messages;
WdBackendDeliver wd_sqlite_append_delivery;
WdBackendReplace wd_sqlite_append_replacement;
WdBackendImportMessages wd_sqlite_append_imported;

// sqlite-fetch.c
WdBackendFetch wd_sqlite_fetch_messages;

// sqlite-flags.c
WdBackendStoreFlags wd_sqlite_flags_change;

// sqlite-copy.c
WdBackendCopy wd_sqlite_copy_messages;

// sqlite-expunge.c
WdBackendExpunge wd_sqlite_expunge_messages;

// sqlite-search.c
WdBackendSearch wd_sqlite_search_messages;

// sqlite-import.c
WdBackendImportMailbox wd_sqlite_import_mailbox;
WdBackendImportFinish wd_sqlite_import_finish;

// sqlite-metadata.c
WdBackendListMetadata wd_sqlite_metadata_list;
WdBackendSetMetadata wd_sqlite_metadata_set;

// sqlite-maintain.c
WdBackendMaintain wd_sqlite_maintain_all;

// sqlite-check.c
WdBackendCheck wd_sqlite_check_store;
