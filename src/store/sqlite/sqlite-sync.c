// SPDX-License-Identifier: EUPL-1.2
// Which WALs a failed sync may have left with a hole.
#include "config.h"

#include "sqlite-sync.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store-types.h"

#define PIECE_BYTES (64 * 1024)

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

static gboolean
set_errno_error (const char *what, const char *path, GError **error)
{
  int saved = errno;

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "%s %s: %s", what, path,
               g_strerror (saved));
  return FALSE;
}

// Writes the octets where they are already.
static gboolean
rewrite_piece (int fd, const guint8 *data, gsize len, gint64 offset)
{
  while (len > 0)
    {
      gssize n = pwrite (fd, data, len, offset);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n > 0)
        {
          data += n;
          len -= (gsize) n;
          offset += n;
        }
    }
  return TRUE;
}

static gboolean
rewrite_all (int fd)
{
  g_autofree guint8 *piece = g_malloc (PIECE_BYTES);
  gint64 offset = 0;

  for (;;)
    {
      gssize n = pread (fd, piece, PIECE_BYTES, offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 || (n > 0 && !rewrite_piece (fd, piece, (gsize) n, offset)))
        return FALSE;
      if (n == 0)
        return fdatasync (fd) == 0;
      offset += n;
    }
}

gboolean
wd_sqlite_sync_rewrite (const char *path, GError **error)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  int fd = open (wal, O_RDWR | O_CLOEXEC);
  gboolean ok;

  if (fd < 0)
    return errno == ENOENT ? TRUE : set_errno_error ("open", wal, error);
  ok = rewrite_all (fd) || set_errno_error ("rewrite", wal, error);
  close (fd);
  return ok;
}
