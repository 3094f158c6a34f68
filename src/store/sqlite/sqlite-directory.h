// SPDX-License-Identifier: EUPL-1.2
// directory.db: the accounts, addresses and settings of all users. The functions are those of
// store-account.h, whose contracts hold here; any thread, each with a handle of its own from a
// pool.
#pragma once

#include "notify-local.h"
#include "store-account.h"

typedef struct _WdSqliteDirectory WdSqliteDirectory;

// What happens to a user's mail when the user comes, changes and goes. Called without a
// transaction.
typedef struct
{
  // Makes the user's folder with the default mailboxes, durably. Before the user can be found: if
  // the process dies in between, a folder without a user is left for the checker. `spec->id` is not
  // set.
  gboolean (*create) (const WdId *user, const WdUser *spec, gpointer data, GError **error);
  // The user's own quota is another now. After the directory has it.
  gboolean (*set_quota) (const WdId *user, guint64 quota_bytes, gpointer data, GError **error);
  // Removes it. After the user is gone, or when creating one failed after `create`.
  gboolean (*remove) (const WdId *user, gpointer data, GError **error);
  gpointer data;
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
gboolean wd_sqlite_directory_check_health (WdSqliteDirectory *self,
                                           GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_sqlite_directory_create_user (WdSqliteDirectory *self,
                                          const WdUser *spec,
                                          WdId *out_id,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

// `used_bytes` is not filled: it stands in the user's mail.db.
WdUser *wd_sqlite_directory_get_user (WdSqliteDirectory *self,
                                      const WdId *id,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_find_user (WdSqliteDirectory *self,
                                        const char *login,
                                        WdUser **out_user,
                                        GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_update_user (WdSqliteDirectory *self,
                                          const WdId *id,
                                          const WdUser *changes,
                                          WdUserFields fields,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_delete_user (WdSqliteDirectory *self,
                                          const WdId *id,
                                          guint *out_n_addresses,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *wd_sqlite_directory_list_users (WdSqliteDirectory *self,
                                           const WdListQuery *query,
                                           guint64 *out_total,
                                           gboolean *out_has_more,
                                           GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The user's own quota: 0 when the default holds. NOT_FOUND. One indexed read; for each delivery.
gboolean wd_sqlite_directory_get_quota (WdSqliteDirectory *self,
                                        const WdId *user,
                                        guint64 *out_quota_bytes,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Ids of all users, in order. (element-type WdId) For the checker and for upkeep.
GArray *wd_sqlite_directory_list_ids (WdSqliteDirectory *self, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_sqlite_directory_create_address (WdSqliteDirectory *self,
                                             const WdAddress *spec,
                                             WdId *out_id,
                                             GCancellable *cancellable,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *wd_sqlite_directory_list_addresses (WdSqliteDirectory *self,
                                               const WdId *user,
                                               GCancellable *cancellable,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *wd_sqlite_directory_list_all_addresses (WdSqliteDirectory *self,
                                                   const WdListQuery *query,
                                                   guint64 *out_total,
                                                   gboolean *out_has_more,
                                                   GCancellable *cancellable,
                                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_update_address (WdSqliteDirectory *self,
                                             const WdId *user,
                                             const WdId *id,
                                             const WdAddress *changes,
                                             WdAddressFields fields,
                                             GCancellable *cancellable,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_delete_address (WdSqliteDirectory *self,
                                             const WdId *user,
                                             const WdId *id,
                                             GCancellable *cancellable,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_find_address (WdSqliteDirectory *self,
                                           const char *address,
                                           WdAddress **out_address,
                                           GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_sqlite_directory_set_setting (WdSqliteDirectory *self,
                                          const char *key,
                                          const char *value,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_get_setting (WdSqliteDirectory *self,
                                          const char *key,
                                          char **out_value,
                                          GCancellable *cancellable,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
