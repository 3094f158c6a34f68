// SPDX-License-Identifier: EUPL-1.2
// Writing blobs, and giving and taking their names.
#include "config.h"

#include "sqlite-blob-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-db.h"
#include "store-zstd.h"

#define SAMPLE_BYTES (32 * 1024)

void
wd_sqlite_blob_to_hex (const WdStoreSha *sha, char out_hex[2 * WD_STORE_SHA_BYTES + 1])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < WD_STORE_SHA_BYTES; i++)
    {
      out_hex[2 * i] = digits[sha->bytes[i] >> 4];
      out_hex[2 * i + 1] = digits[sha->bytes[i] & 0xf];
    }
  out_hex[2 * WD_STORE_SHA_BYTES] = '\0';
}

gboolean
wd_sqlite_blob_from_hex (const char *hex, WdStoreSha *out_sha)
{
  WdStoreSha sha;

  if (strlen (hex) != 2 * WD_STORE_SHA_BYTES)
    return FALSE;
  for (guint i = 0; i < WD_STORE_SHA_BYTES; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]), low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      sha.bytes[i] = (guint8) (high << 4 | low);
    }
  *out_sha = sha;
  return TRUE;
}

gboolean
wd_sqlite_blob_set_errno (const char *what, const char *path, GError **error)
{
  int saved = errno;

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "%s %s: %s", what, path,
               g_strerror (saved));
  return FALSE;
}

static char *
dup_pool_dir (const char *state_dir, const WdStoreSha *sha)
{
  return g_strdup_printf ("%s/parts/%02x", state_dir, sha->bytes[0]);
}

static char *
dup_pool_path (const char *state_dir, const WdStoreSha *sha)
{
  char hex[2 * WD_STORE_SHA_BYTES + 1];

  wd_sqlite_blob_to_hex (sha, hex);
  return g_strdup_printf ("%s/parts/%.2s/%s", state_dir, hex, hex);
}

static char *
dup_user_path (const char *user_dir, const WdStoreSha *sha)
{
  char hex[2 * WD_STORE_SHA_BYTES + 1];

  wd_sqlite_blob_to_hex (sha, hex);
  return g_strdup_printf ("%s/parts/%s", user_dir, hex);
}

gboolean
wd_sqlite_blob_exists (const char *state_dir, const WdStoreSha *sha)
{
  g_autofree char *path = dup_pool_path (state_dir, sha);

  return access (path, F_OK) == 0;
}

// A file on its way into the pool, under a name that only we know.
typedef struct
{
  int fd;
  char *path;
} Temporary;

static void
temporary_clear (Temporary *self)
{
  if (self->path == NULL)
    return;
  close (self->fd);
  unlink (self->path);
  g_clear_pointer (&self->path, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Temporary, temporary_clear)

static gboolean
temporary_open (Temporary *out_self, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "new-XXXXXX", NULL);
  int fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);

  // Not synced: what counts is the user's name for the file.
  if (fd < 0 && errno == ENOENT && g_mkdir_with_parents (dir, 0700) == 0)
    {
      g_free (path);
      path = g_build_filename (dir, "new-XXXXXX", NULL);
      fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
    }
  if (fd < 0)
    return wd_sqlite_blob_set_errno ("create", path, error);
  *out_self = (Temporary){ .fd = fd, .path = g_steal_pointer (&path) };
  return TRUE;
}

static gboolean
write_octets (const Temporary *file, const void *data, gsize len, GError **error)
{
  const guint8 *p = data;

  while (len > 0)
    {
      gssize n = write (file->fd, p, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return wd_sqlite_blob_set_errno ("write", file->path, error);
      p += n;
      len -= (gsize) n;
    }
  return TRUE;
}

// Writes one frame: packed into `*out_length` octets, or, when that would not make it smaller, as
// it is, which its length tells.
static gboolean
write_frame (
    const Temporary *file, const guint8 *data, gsize len, guint32 *out_length, GError **error)
{
  gsize packed_len;
  g_autofree void *packed = wd_store_zstd_compress (data, len, &packed_len);

  *out_length = GUINT32_TO_LE ((guint32) (packed == NULL ? len : packed_len));
  return packed == NULL ? write_octets (file, data, len, error)
                        : write_octets (file, packed, packed_len, error);
}

static gboolean
write_frames (const Temporary *file, const guint8 *data, gsize len, GError **error)
{
  gsize n = (len + WD_SQLITE_BLOB_FRAME_BYTES - 1) / WD_SQLITE_BLOB_FRAME_BYTES;
  g_autofree guint32 *lengths = g_new (guint32, n + 1);

  for (gsize i = 0; i < n; i++)
    {
      gsize start = i * WD_SQLITE_BLOB_FRAME_BYTES;

      if (!write_frame (file, data + start, MIN (WD_SQLITE_BLOB_FRAME_BYTES, len - start),
                        &lengths[i], error))
        return FALSE;
    }
  return write_octets (file, lengths, n * sizeof *lengths, error);
}

// What does not pack at its beginning is taken not to pack at all.
static gboolean
does_pay (const guint8 *data, gsize len)
{
  gsize packed_len;
  g_autofree void *packed = wd_store_zstd_compress (data, MIN (len, SAMPLE_BYTES), &packed_len);

  return packed != NULL;
}

static gboolean
fill (const Temporary *file, const guint8 *data, gsize len, GError **error)
{
  gboolean packs = does_pay (data, len);
  WdSqliteBlobHeader header = {
    .magic = WD_SQLITE_BLOB_MAGIC,
    .coding = packs ? WD_SQLITE_BLOB_FRAMES : WD_SQLITE_BLOB_RAW,
    .size_bytes = GUINT64_TO_LE (len),
  };

  return write_octets (file, &header, sizeof header, error)
         && (packs ? write_frames (file, data, len, error) : write_octets (file, data, len, error));
}

// The name comes after the octets are on stable storage, so that whoever finds it can rely on them.
// That the pool's name itself may get lost in a crash only costs the sharing.
gboolean
wd_sqlite_blob_write (const char *state_dir,
                      const WdStoreSha *sha,
                      const void *data,
                      gsize len,
                      gboolean replace,
                      GError **error)
{
  g_autofree char *dir = dup_pool_dir (state_dir, sha);
  g_autofree char *path = dup_pool_path (state_dir, sha);
  g_auto (Temporary) file = { 0 };

  if (!temporary_open (&file, dir, error) || !fill (&file, data, len, error))
    return FALSE;
  if (fsync (file.fd) != 0)
    return wd_sqlite_blob_set_errno ("fsync", file.path, error);
  if (replace ? rename (file.path, path) == 0 : link (file.path, path) == 0 || errno == EEXIST)
    return TRUE;
  return wd_sqlite_blob_set_errno ("name", path, error);
}

gboolean
wd_sqlite_blob_link (const char *state_dir,
                     const char *user_dir,
                     const WdStoreSha *sha,
                     WdSqliteBlobLink *out_result,
                     GError **error)
{
  g_autofree char *from = dup_pool_path (state_dir, sha);
  g_autofree char *to = dup_user_path (user_dir, sha);
  g_autofree char *dir = g_build_filename (user_dir, "parts", NULL);

  for (gboolean is_made = FALSE;; is_made = TRUE)
    {
      if (link (from, to) == 0 || errno == EEXIST)
        {
          *out_result = WD_SQLITE_BLOB_LINKED;
          return TRUE;
        }
      if (errno == EMLINK)
        {
          *out_result = WD_SQLITE_BLOB_FULL;
          return TRUE;
        }
      if (errno != ENOENT)
        return wd_sqlite_blob_set_errno ("link", to, error);
      // ENOENT: the user's directory of parts is not there yet, or the pool's file is gone.
      if (is_made)
        {
          *out_result = WD_SQLITE_BLOB_MISSING;
          return TRUE;
        }
      if (!wd_sqlite_db_make_dir (dir, error))
        return FALSE;
    }
}

gboolean
wd_sqlite_blob_sync_user (const char *user_dir, GError **error)
{
  g_autofree char *dir = g_build_filename (user_dir, "parts", NULL);

  return wd_sqlite_db_sync_dir (dir, error);
}

// Between the look and the removal somebody may link it: then it has that name, and not the pool's,
// and is only not shared any further.
void
wd_sqlite_blob_drop_unused (const char *state_dir, const WdStoreSha *sha)
{
  g_autofree char *path = dup_pool_path (state_dir, sha);
  struct stat info;

  if (stat (path, &info) == 0 && info.st_nlink == 1)
    unlink (path);
}

void
wd_sqlite_blob_unlink (const char *state_dir, const char *user_dir, const WdStoreSha *sha)
{
  g_autofree char *path = dup_user_path (user_dir, sha);

  unlink (path);
  wd_sqlite_blob_drop_unused (state_dir, sha);
}
