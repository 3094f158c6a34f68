// SPDX-License-Identifier: EUPL-1.2
// directory.db: the accounts, addresses and settings of all users. The functions are the
// store's, and the contracts of store-account.h hold here; any thread, each with a handle of its
// own from a pool.
#pragma once

#include "notify-local.h"
#include "store-account.h"
#include "store-backend.h"

typedef struct _WdSqliteDirectory WdSqliteDirectory;

// What happens to a user's mail when the user comes, changes and goes. Called without a
// transaction.
typedef struct
{
  // Makes the user's folder with the default mailboxes, durably. Before the user can be found: if
  // the process dies in between, a folder without a user is left for the checker. `spec->id` is not
  // set.
  gboolean (*create) (WdStore *store, const WdId *user, const WdUser *spec, GError **error);
  // The user's own quota is another now. After the directory has it.
  gboolean (*adopt_quota) (WdStore *store, const WdId *user, GError **error);
  // Removes it. After the user is gone, or when creating one failed after `create`.
  gboolean (*remove) (WdStore *store, const WdId *user, GError **error);
} WdSqliteDirectoryHooks;

// Opens directory.db in `dir`, which exists. `notify` (transfer none) gets an account beacon after
// each change.
WdSqliteDirectory *wd_sqlite_directory_open (const char *dir,
                                             const WdSqliteDirectoryHooks *hooks,
                                             WdNotifyLocal *notify,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_directory_free (WdSqliteDirectory *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqliteDirectory, wd_sqlite_directory_free)

// TRUE when it can be read and written.
WdBackendCheckHealth wd_sqlite_directory_check_health;

WdBackendCreateUser wd_sqlite_directory_create_user;
// `used_bytes` is not filled: it stands in the user's mail.db.
WdBackendGetUser wd_sqlite_directory_get_user;
WdBackendFindUser wd_sqlite_directory_find_user;
WdBackendUpdateUser wd_sqlite_directory_update_user;
WdBackendDeleteUser wd_sqlite_directory_delete_user;
WdBackendListUsers wd_sqlite_directory_list_users;

// The user's own quota: 0 when the default holds. NOT_FOUND. One indexed read. It stands here,
// where lists of users are made of one file, and in the user's mail.db, where a delivery must hold
// to it in its own transaction and without a second database. This one is what counts: the other
// is a copy, made by wd_sqlite_mailbox_adopt_quota () and compared by the checker.
gboolean wd_sqlite_directory_get_quota (WdStore *store,
                                        const WdId *user,
                                        guint64 *out_quota_bytes,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Ids of all users, in order. (element-type WdId) For the checker and for upkeep.
GArray *wd_sqlite_directory_list_ids (WdStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

WdBackendCreateAddress wd_sqlite_directory_create_address;
WdBackendListAddresses wd_sqlite_directory_list_addresses;
WdBackendListAllAddresses wd_sqlite_directory_list_all_addresses;
WdBackendUpdateAddress wd_sqlite_directory_update_address;
WdBackendDeleteAddress wd_sqlite_directory_delete_address;
WdBackendFindAddress wd_sqlite_directory_find_address;

WdBackendSetSetting wd_sqlite_directory_set_setting;
WdBackendGetSetting wd_sqlite_directory_get_setting;
