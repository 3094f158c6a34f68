// SPDX-License-Identifier: EUPL-1.2
// The users' mail databases of one store: which are open, and the handles that wait to be used.
// Any thread.
#pragma once

#include "sqlite-db.h"
#include "store-notify.h"

typedef struct _WdSqlitePool WdSqlitePool;
typedef struct _WdSqliteUser WdSqliteUser;
typedef struct _WdSqliteSearchMap WdSqliteSearchMap;

// What a user may need to have done in the background.
typedef enum
{
  WD_SQLITE_CHORE_CHECKPOINT = 1 << 0,
  WD_SQLITE_CHORE_GARBAGE = 1 << 1,
  WD_SQLITE_CHORE_INDEX = 1 << 2,
  WD_SQLITE_CHORE_SYNC = 1 << 3,  // A commit is not yet on stable storage.
  WD_SQLITE_CHORE_TRIM = 1 << 4,  // Idle handles have pages in memory.
  WD_SQLITE_CHORE_CLOSE = 1 << 5, // wd_sqlite_pool_close_surplus.
} WdSqliteChores;

// Both run with no lock held.
typedef struct
{
  void (*notify) (gpointer data, const WdBeacon *beacon);
  void (*poke) (gpointer data, const WdId *user, WdSqliteChores chores);
  gpointer data;
} WdSqlitePoolHooks;

WdSqlitePool *wd_sqlite_pool_new (const char *state_dir,
                                  guint max_open,
                                  const WdSqlitePoolHooks *hooks) G_GNUC_WARN_UNUSED_RESULT;

// No lease may be out.
void wd_sqlite_pool_free (WdSqlitePool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqlitePool, wd_sqlite_pool_free)

// The directory of the store. Returns (transfer none).
const char *wd_sqlite_pool_get_state_dir (const WdSqlitePool *self);

// STATE/users/xx/ID. Returns (transfer full).
char *wd_sqlite_pool_dup_user_dir (const WdSqlitePool *self, const WdId *id)
    G_GNUC_WARN_UNUSED_RESULT;

const WdSqlitePoolHooks *wd_sqlite_pool_get_hooks (const WdSqlitePool *self);

// Forgets the user's handles: the idle ones now, those in use when they are given back. To be
// called before and after the folder is taken away.
void wd_sqlite_pool_forget (WdSqlitePool *self, const WdId *id);

// TRUE for the first to ask since the last trimming: who is to ask for WD_SQLITE_CHORE_TRIM.
gboolean wd_sqlite_pool_mark_trim (WdSqliteUser *user);

// Frees the pages and the maps that the user's idle handles hold. FALSE when they were used just
// now: later.
gboolean wd_sqlite_pool_trim (WdSqlitePool *self, const WdId *id);

// Closes the handles of users that had to make room for others. The last handle of a database to
// be closed moves its WAL into it, for which nobody shall wait.
void wd_sqlite_pool_close_surplus (WdSqlitePool *self);

// Closes all handles that are not in use.
void wd_sqlite_pool_close_idle (WdSqlitePool *self);

guint wd_sqlite_pool_get_n_open (WdSqlitePool *self);

// Called for each row by the SQL function wd_row (…) of a handle: a statement that goes over many
// rows, and may change them, so tells which, in one pass. What it returns is the function's value.
typedef gint64 (*WdSqliteRowFunc) (gpointer data, sqlite3_value **values);

// One open database, in use by one thread.
typedef struct
{
  WdSqliteDb *db;
  WdSqliteRowFunc row_func;
  gpointer row_data;
  WdSqliteSearchMap *search_map; // (nullable) Kept by sqlite-search-map.c, freed with the handle.
} WdSqliteHandle;

// Takes a handle, opening one when none is idle. NOT_FOUND: there is no such user.
gboolean wd_sqlite_pool_take (WdSqlitePool *self,
                              const WdId *id,
                              WdSqliteUser **out_user,
                              WdSqliteHandle **out_handle,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Gives it back. `is_sound` FALSE: it is closed, for what it has seen may be damaged.
void wd_sqlite_pool_give (WdSqliteUser *user, WdSqliteHandle *handle, gboolean is_sound);

// One writer a user at a time, so that they do not meet in SQLite, which could only sleep.
void wd_sqlite_pool_lock_writer (WdSqliteUser *user);
void wd_sqlite_pool_unlock_writer (WdSqliteUser *user);

const WdId *wd_sqlite_pool_get_id (const WdSqliteUser *user);
const char *wd_sqlite_pool_get_dir (const WdSqliteUser *user);
WdSqlitePool *wd_sqlite_pool_get_pool (const WdSqliteUser *user);

// Pages that this process has seen the WAL grow by since its last checkpoint, however far that got.
guint wd_sqlite_pool_get_wal_growth (WdSqliteUser *user);

// A checkpoint was made. With the writer's lock held.
void wd_sqlite_pool_mark_checkpoint (WdSqliteUser *user);
