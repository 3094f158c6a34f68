// SPDX-License-Identifier: EUPL-1.2
// What is done later, and in the background.
#include "config.h"

#include "sqlite-maintain.h"

#include <fcntl.h>
#include <unistd.h>

#include "sqlite-check.h"
#include "sqlite-garbage.h"
#include "sqlite-index.h"
#include "sqlite-store-private.h"
#include "sqlite-sync.h"
#include "sqlite-trash.h"

static gboolean
mend (WdSqlitePool *pool, const WdId *user, GError **error)
{
  WdSqliteUser *open_user;
  WdSqliteHandle *handle;
  gboolean ok;

  if (!wd_sqlite_pool_take (pool, user, &open_user, &handle, error))
    return FALSE;
  ok = wd_sqlite_db_mend (handle->db, error);
  wd_sqlite_pool_give (open_user, handle, TRUE);
  return ok;
}

// What was committed without waiting for the disk. SQLite holds its locks on other files than the
// WAL, so that closing this descriptor takes none away.
static gboolean
sync_wal (WdSqlitePool *pool, const WdId *user, GCancellable *cancellable, GError **error)
{
  g_autofree char *dir = wd_sqlite_pool_dup_user_dir (pool, user);
  g_autofree char *database = g_build_filename (dir, "mail.db", NULL);
  g_autofree char *path = g_strconcat (database, "-wal", NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gboolean is_synced;

  if (fd < 0)
    return TRUE;
  is_synced = fdatasync (fd) == 0;
  close (fd);
  if (is_synced)
    return TRUE;
  wd_sqlite_sync_distrust (database);
  return mend (pool, user, error);
}

static gboolean
checkpoint (WdSqlitePool *pool, const WdId *user, GCancellable *cancellable, GError **error)
{
  WdSqliteUser *open_user;
  WdSqliteHandle *handle;

  if (!wd_sqlite_pool_take (pool, user, &open_user, &handle, error))
    return FALSE;
  // Others at it, or readers of an old view: the next one gets further.
  wd_sqlite_db_checkpoint (handle->db);
  // That was long, and what was written meanwhile is left. Only when nothing is, the WAL begins
  // anew: so that is moved while nobody writes, and it is little.
  wd_sqlite_pool_lock_writer (open_user);
  wd_sqlite_db_checkpoint (handle->db);
  wd_sqlite_pool_mark_checkpoint (open_user);
  wd_sqlite_pool_unlock_writer (open_user);
  wd_sqlite_pool_give (open_user, handle, TRUE);
  return TRUE;
}

// Also of users who never search.
#define CHORE_INDEX_ALWAYS ((WdSqliteChores) 1 << 8)

static const struct
{
  WdSqliteChores chore;
  gboolean (*func) (WdSqlitePool *, const WdId *, GCancellable *, GError **);
} chores[] = {
  { WD_SQLITE_CHORE_GARBAGE, wd_sqlite_garbage_collect },
  { WD_SQLITE_CHORE_INDEX, wd_sqlite_index_update },
  { CHORE_INDEX_ALWAYS, wd_sqlite_index_force },
  { WD_SQLITE_CHORE_CHECKPOINT, checkpoint },
  { WD_SQLITE_CHORE_SYNC, sync_wal },
};

static gboolean
do_chores (WdSqlitePool *pool,
           const WdId *user,
           WdSqliteChores wanted,
           GCancellable *cancellable,
           GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (chores); i++)
    if ((chores[i].chore & wanted) != 0 && !chores[i].func (pool, user, cancellable, error))
      return FALSE;
  return TRUE;
}

void
wd_sqlite_maintain_user (gpointer store,
                         const WdId *user,
                         WdSqliteChores wanted,
                         GCancellable *cancellable)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);

  if ((wanted & WD_SQLITE_CHORE_CLOSE) != 0)
    wd_sqlite_pool_close_surplus (pool);
  (void) do_chores (pool, user, wanted, cancellable, NULL);
  if ((wanted & WD_SQLITE_CHORE_TRIM) != 0 && !wd_sqlite_pool_trim (pool, user))
    wd_sqlite_store_poke (store, user, WD_SQLITE_CHORE_TRIM);
}

// What interrupted deliveries have left in the pool.
static void
sweep_pool (WdStore *store)
{
  g_autoptr (GPtrArray) findings = wd_sqlite_check_new_findings ();
  WdSqliteCheck check = { .repair = TRUE, .findings = findings };

  wd_sqlite_check_pool (&check, wd_sqlite_store_get_dir (store));
}

gboolean
wd_sqlite_maintain_all (WdStore *store, GCancellable *cancellable, GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  g_autoptr (GArray) users = wd_sqlite_directory_list_ids (store, error);
  const WdSqliteChores all
      = WD_SQLITE_CHORE_GARBAGE | CHORE_INDEX_ALWAYS | WD_SQLITE_CHORE_CHECKPOINT;

  if (users == NULL)
    return FALSE;
  wd_sqlite_trash_empty (wd_sqlite_store_get_dir (store));
  sweep_pool (store);
  for (guint i = 0; i < users->len; i++)
    {
      const WdId *user = &g_array_index (users, WdId, i);
      g_autoptr (GError) failure = NULL;

      // One who is gone meanwhile, or whose mail is damaged, does not keep the others from it.
      if (!do_chores (pool, user, all, cancellable, &failure)
          && !g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND)
          && !g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return TRUE;
}
