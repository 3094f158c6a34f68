// SPDX-License-Identifier: EUPL-1.2
// What the files of the directory share.
#pragma once

#include "sqlite-db.h"
#include "sqlite-directory.h"

struct _WdSqliteDirectory
{
  char *path;
  WdSqliteDirectoryHooks hooks;
  WdNotifyLocal *notify; // (transfer none)

  GMutex mutex;    // Guards `idle`. A leaf: nothing is called under it.
  GPtrArray *idle; // (element-type WdSqliteDb): handles that nobody uses.
};

// What a name in the table of names is.
enum
{
  WD_SQLITE_NAME_USER = 0,
  WD_SQLITE_NAME_ADDRESS = 1,
};

// A handle from the pool, given back when the scope is left, behind the transaction that runs in
// it: declare it before the transaction and the statements.
typedef struct
{
  WdSqliteDirectory *directory;
  WdSqliteDb *db;
} WdSqliteClient;

// Takes one, opening it when all are in use. CANCELLED.
gboolean wd_sqlite_directory_acquire (WdStore *store,
                                      WdSqliteClient *out_client,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_directory_release (WdSqliteClient *client);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteClient, wd_sqlite_directory_release)

// Sends the account beacon of the user.
void wd_sqlite_directory_notify (WdStore *store, const WdId *user);

// The internal number of a user. NOT_FOUND.
gboolean
wd_sqlite_directory_get_number (WdSqliteDb *db, const WdId *user, gint64 *out_n, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Whether the user (0: one to be made) may have this name: a user name and an address that are the
// same may only be one user's. EXISTS when not. `address`: the number of the address that is being
// changed, which is no obstacle to itself; or 0.
gboolean wd_sqlite_directory_check_name (
    WdSqliteDb *db, const char *name, int kind, gint64 user, gint64 address, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_directory_add_name (
    WdSqliteDb *db, const char *name, int kind, gint64 user, gint64 address, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Adds an address in a transaction that runs, and makes it the main one if it is the first or says
// so. `normal`: its normal form, which is free.
gboolean wd_sqlite_directory_insert_address (WdSqliteDb *db,
                                             gint64 user,
                                             const WdAddress *spec,
                                             const char *normal,
                                             WdId *out_id,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Tags as one text, and as what a query looks into; both (nullable) when there are none. LIMIT,
// INVALID.
gboolean wd_sqlite_directory_join_tags (char *const *tags,
                                        char **out_text,
                                        char **out_search,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// One tag as it is found in that. Returns (transfer full).
char *wd_sqlite_directory_dup_tag_search (const char *tag) G_GNUC_WARN_UNUSED_RESULT;

// The columns of a user and of an address, as the two functions below read them; the tables are u
// and a, and m is the main address of u.
#define WD_SQLITE_USER_COLUMNS                                                                     \
  "u.id, u.username, u.name, m.address, u.password_hash, u.scram, u.created_ms, u.quota,"          \
  " u.disabled, u.suspended, u.session_epoch, u.tags, u.extra"
#define WD_SQLITE_ADDRESS_COLUMNS                                                                  \
  "a.id, u.id, a.address, a.name, u.main = a.n, a.created_ms, a.tags, a.extra"

WdUser *wd_sqlite_directory_dup_user (sqlite3_stmt *stmt) G_GNUC_WARN_UNUSED_RESULT;
WdAddress *wd_sqlite_directory_dup_address (sqlite3_stmt *stmt) G_GNUC_WARN_UNUSED_RESULT;
