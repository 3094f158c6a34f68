// SPDX-License-Identifier: EUPL-1.2
// Which WALs a failed sync may have left with a hole.
#include "config.h"

#include "sqlite-sync.h"

static _Thread_local gboolean has_failed;

static GMutex mutex; // Guards `distrusted`. Innermost.
static GHashTable *distrusted;
static gint n_distrusted;

void
wd_sqlite_sync_note_failure (void)
{
  has_failed = TRUE;
}

gboolean
wd_sqlite_sync_take_failure (void)
{
  gboolean failed = has_failed;

  has_failed = FALSE;
  return failed;
}

void
wd_sqlite_sync_distrust (const char *path)
{
  g_mutex_lock (&mutex);
  if (distrusted == NULL)
    distrusted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (distrusted, g_strdup (path));
  g_atomic_int_set (&n_distrusted, (gint) g_hash_table_size (distrusted));
  g_mutex_unlock (&mutex);
}

void
wd_sqlite_sync_trust (const char *path)
{
  g_mutex_lock (&mutex);
  if (distrusted != NULL)
    {
      g_hash_table_remove (distrusted, path);
      g_atomic_int_set (&n_distrusted, (gint) g_hash_table_size (distrusted));
    }
  g_mutex_unlock (&mutex);
}

gboolean
wd_sqlite_sync_is_distrusted (const char *path)
{
  gboolean is_there;

  if (G_LIKELY (g_atomic_int_get (&n_distrusted) == 0))
    return FALSE;
  g_mutex_lock (&mutex);
  is_there = g_hash_table_contains (distrusted, path);
  g_mutex_unlock (&mutex);
  return is_there;
}
