// SPDX-License-Identifier: EUPL-1.2
// A rename, then removal at leisure.
#include "config.h"

#include "sqlite-trash.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "core-id.h"
#include "sqlite-db.h"

#define MAX_OPEN_DIRS 16

static int
remove_entry (const char *path, const struct stat *info, int type, struct FTW *ftw)
{
  // What cannot be removed now is found by the next emptying.
  (void) remove (path);
  return 0;
}

void
wd_sqlite_trash_remove_tree (const char *dir)
{
  (void) nftw (dir, remove_entry, MAX_OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

gboolean
wd_sqlite_trash_take (const char *state_dir, const char *dir, GError **error)
{
  g_autofree char *trash = g_build_filename (state_dir, "trash", NULL);
  g_autofree char *parent = g_path_get_dirname (dir);
  g_autofree char *target = NULL;
  char hex[WD_CORE_ID_HEX_LEN + 1];
  WdId id;

  if (!wd_sqlite_db_make_dir (trash, error))
    return FALSE;
  wd_core_id_new (&id);
  wd_core_id_to_hex (&id, hex);
  target = g_build_filename (trash, hex, NULL);
  if (rename (dir, target) != 0)
    {
      int saved = errno;

      if (saved == ENOENT)
        return TRUE;
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "remove %s: %s", dir,
                   g_strerror (saved));
      return FALSE;
    }
  if (!wd_sqlite_db_sync_dir (parent, error))
    return FALSE;
  wd_sqlite_trash_remove_tree (target);
  return TRUE;
}

void
wd_sqlite_trash_empty (const char *state_dir)
{
  g_autofree char *trash = g_build_filename (state_dir, "trash", NULL);
  g_autoptr (GDir) entries = g_dir_open (trash, 0, NULL);
  const char *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (trash, name, NULL);

      wd_sqlite_trash_remove_tree (path);
    }
}
