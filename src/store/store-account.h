// SPDX-License-Identifier: EUPL-1.2
// Accounts and their addresses. All calls run on a worker thread; what changes is durable on
// return. Errors are WD_STORE_ERROR; each call may also return BUSY, UNAVAILABLE and CANCELLED.
#pragma once

#include <gio/gio.h>

#include "store-types.h"

typedef struct _WdStore WdStore;

typedef struct
{
  WdId id;
  char *username;      // As it was given; unique in its normal form.
  char *name;          // (nullable)
  char *address;       // The main address (nullable).
  char *password_hash; // crypt(3) form or another that auth/ knows (nullable: no password set).
  char *scram;         // SCRAM-SHA-256 keys of the same password (nullable: none made yet).
  gint64 created_ms;
  guint64 quota_bytes; // 0: [store] default-quota.
  guint64 used_bytes;  // Only filled by wd_store_get_user; 0 in lists.
  gboolean disabled;
  gboolean suspended;
  guint64 session_epoch; // Sessions that began under another one are to end.
  GStrv disabled_scopes; // Services that the user may not log in to (nullable). Only read.
  GStrv tags;
  char *extra_json; // An object with the fields that the store only keeps (HTTP API). (nullable)
  // Only for wd_store_update_user, and borrowed: change nothing, but fail with CONFLICT, unless
  // this is the stored password hash. (nullable)
  const char *if_password_hash;
  // Only for wd_store_create_user: take over the id and the time of creation (store-import.h).
  gboolean is_import;
} WdUser;

void wd_user_free (WdUser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdUser, wd_user_free)

// A password for some programs of a user beside the user's own (WildDuck makes them).
typedef struct
{
  WdId id;
  char *hash;      // As WdUser.password_hash (nullable).
  char *selector;  // What all passwords but some have in another way (nullable: not known).
  GStrv scopes;    // Services that it is for; "*": all. (nullable)
  gint64 ttl_secs; // It ends so long after it was last used; 0: never.
} WdAppPassword;

void wd_store_free_app_password (WdAppPassword *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAppPassword, wd_store_free_app_password)

typedef struct
{
  WdId id;
  WdId user;
  char *address; // As it was given; unique in its normal form.
  char *name;    // (nullable)
  gboolean main;
  gint64 created_ms;
  GStrv tags;
  char *extra_json; // (nullable)
  // Only for wd_store_create_address: take over the id and the time of creation (store-import.h).
  gboolean is_import;
} WdAddress;

void wd_address_free (WdAddress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAddress, wd_address_free)

// Which fields of a WdUser or WdAddress an update takes.
typedef enum
{
  WD_USER_FIELD_NAME = 1 << 0,
  WD_USER_FIELD_PASSWORD = 1 << 1, // password_hash and scram.
  WD_USER_FIELD_QUOTA = 1 << 2,
  WD_USER_FIELD_DISABLED = 1 << 3,
  WD_USER_FIELD_SUSPENDED = 1 << 4,
  WD_USER_FIELD_TAGS = 1 << 5,
  WD_USER_FIELD_EXTRA = 1 << 6,
  WD_USER_FIELD_SESSIONS = 1 << 7, // session_epoch, whatever it was, becomes the next.
} WdUserFields;

typedef enum
{
  WD_ADDRESS_FIELD_ADDRESS = 1 << 0,
  WD_ADDRESS_FIELD_NAME = 1 << 1,
  WD_ADDRESS_FIELD_MAIN = 1 << 2, // Only TRUE can be set: another address stops being main.
  WD_ADDRESS_FIELD_TAGS = 1 << 3,
  WD_ADDRESS_FIELD_EXTRA = 1 << 4,
} WdAddressFields;

// What a list is to hold, and where it goes on: in order of creation.
typedef struct
{
  const char *query;       // Substring of username, name or address, case-folded (nullable).
  const char *const *tags; // Any of these (nullable).
  const char *const *required_tags; // All of these (nullable).
  WdId after;                       // Start behind this id; none: at the beginning.
  WdId before;                      // Or: the page that ends before this id.
  guint limit;                      // Above 0.
} WdListQuery;

// Makes a page of rows that were read from the cursor on, backwards for `before`, one more than the
// limit where there are more. Returns whether there are. For backends.
gboolean wd_list_query_trim (const WdListQuery *self, GPtrArray *rows);

// Creates the user with INBOX, "Sent Mail", Drafts, Junk and Trash, and with `spec->address` as the
// main address when it is set. `spec->id` and counters are not looked at.
// EXISTS when the user name or the address is taken (`spec` tells which by the message's prefix
// "username" or "address"), INVALID when either is not valid.
gboolean wd_store_create_user (WdStore *store,
                               const WdUser *spec,
                               WdId *out_id,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Finds by id. NOT_FOUND.
WdUser *
wd_store_get_user (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Finds by user name or by address, either spelling. Returns TRUE and NULL in `out_user` when there
// is none. One indexed read.
gboolean wd_store_find_user (WdStore *store,
                             const char *login,
                             WdUser **out_user,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full) (element-type WdAppPassword): those of the user that have not ended (a
// hundred at most); none where the backend has no such thing. One indexed read.
GPtrArray *wd_store_list_app_passwords (WdStore *store,
                                        const WdId *user,
                                        GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Notes that it was used, from where, and that it ends later.
gboolean wd_store_use_app_password (WdStore *store,
                                    const WdAppPassword *password,
                                    const char *remote,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_store_update_user (WdStore *store,
                               const WdId *id,
                               const WdUser *changes,
                               WdUserFields fields,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Removes the user, the addresses and all mail, at once. NOT_FOUND.
gboolean wd_store_delete_user (WdStore *store,
                               const WdId *id,
                               guint *out_n_addresses,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full) (element-type WdUser): at most query->limit. `out_total` counts all that
// match; `out_has_more`: there are more behind the page, or, with query->before, ahead of it.
GPtrArray *wd_store_list_users (WdStore *store,
                                const WdListQuery *query,
                                guint64 *out_total,
                                gboolean *out_has_more,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Addresses. EXISTS when taken by anybody; LIMIT past WD_LIMIT_ADDRESSES. The first is main.
gboolean wd_store_create_address (WdStore *store,
                                  const WdAddress *spec,
                                  WdId *out_id,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

GPtrArray *wd_store_list_addresses (WdStore *store,
                                    const WdId *user,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

// All addresses of all users, as pages.
GPtrArray *wd_store_list_all_addresses (WdStore *store,
                                        const WdListQuery *query,
                                        guint64 *out_total,
                                        gboolean *out_has_more,
                                        GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_store_update_address (WdStore *store,
                                  const WdId *user,
                                  const WdId *id,
                                  const WdAddress *changes,
                                  WdAddressFields fields,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// FORBIDDEN for the main address while others are left.
gboolean wd_store_delete_address (WdStore *store,
                                  const WdId *user,
                                  const WdId *id,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The address that mail for `address` belongs to; +detail is not looked at. Returns TRUE and NULL
// when there is none. One indexed read.
gboolean wd_store_find_address (WdStore *store,
                                const char *address,
                                WdAddress **out_address,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Small named values of the installation, such as the hash of the access token. NULL deletes.
gboolean wd_store_set_setting (WdStore *store,
                               const char *key,
                               const char *value,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_store_get_setting (WdStore *store,
                               const char *key,
                               char **out_value,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Counters of events that all processes of the installation share: adds `n` (0: only looks) to
// those of `keys`, and gives how often each was counted within the last `window_ms` and up to an
// eighth more. FALSE when nothing is shared here, or what would share it is away: the caller counts
// for itself. Not durable. One short round trip.
gboolean wd_store_count (WdStore *store,
                         const char *const *keys,
                         guint n_keys,
                         guint n,
                         gint64 window_ms,
                         guint *out_counts) G_GNUC_WARN_UNUSED_RESULT;
