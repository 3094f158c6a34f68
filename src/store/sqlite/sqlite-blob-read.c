// SPDX-License-Identifier: EUPL-1.2
// Reading blobs by range.
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite-blob-private.h"
#include "store-types.h"
#include "store-zstd.h"

struct _WdSqliteBlob
{
  int fd;
  guint8 coding;
  guint64 size_bytes;
  guint64 *starts; // With frames: where each begins, and where the last ends.
  guint32 n_frames;
  guint8 *frame; // The last one that was decoded. (nullable)
  guint32 frame_index;
};

static gboolean
set_corrupt (const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "a large part: %s", what);
  return FALSE;
}

void
wd_sqlite_blob_free (WdSqliteBlob *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->starts);
  g_free (self->frame);
  g_free (self);
}

static gboolean
read_fully (int fd, guint64 offset, void *out_data, gsize len, GError **error)
{
  guint8 *p = out_data;

  while (len > 0)
    {
      gssize n = pread (fd, p, len, (off_t) offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return wd_sqlite_blob_set_errno ("read", "a large part", error);
      if (n == 0)
        return set_corrupt ("cut off", error);
      p += n;
      offset += (guint64) n;
      len -= (gsize) n;
    }
  return TRUE;
}

static gboolean
read_header (WdSqliteBlob *self, GError **error)
{
  WdSqliteBlobHeader header;

  if (!read_fully (self->fd, 0, &header, sizeof header, error))
    return FALSE;
  self->coding = header.coding;
  self->size_bytes = GUINT64_FROM_LE (header.size_bytes);
  return (memcmp (header.magic, WD_SQLITE_BLOB_MAGIC, sizeof header.magic) == 0
          && header.coding <= WD_SQLITE_BLOB_FRAMES && self->size_bytes <= G_MAXINT64 / 2)
         || set_corrupt ("damaged header", error);
}

WdSqliteBlob *
wd_sqlite_blob_open (const char *user_dir, const WdStoreSha *sha, GError **error)
{
  g_autoptr (WdSqliteBlob) self = g_new0 (WdSqliteBlob, 1);
  char hex[2 * WD_STORE_SHA_BYTES + 1];
  g_autofree char *path = NULL;

  wd_sqlite_blob_to_hex (sha, hex);
  path = g_strdup_printf ("%s/parts/%s", user_dir, hex);
  self->fd = open (path, O_RDONLY | O_CLOEXEC);
  if (self->fd < 0 && errno == ENOENT)
    {
      set_corrupt ("its file is missing", error);
      return NULL;
    }
  if (self->fd < 0)
    {
      wd_sqlite_blob_set_errno ("open", path, error);
      return NULL;
    }
  return read_header (self, error) ? g_steal_pointer (&self) : NULL;
}

guint64
wd_sqlite_blob_get_size_bytes (const WdSqliteBlob *self)
{
  return self->size_bytes;
}

// The lengths stand at the end of the file; the frames lie between the header and them.
static gboolean
load_starts (WdSqliteBlob *self, GError **error)
{
  struct stat info;
  guint64 n = (self->size_bytes + WD_SQLITE_BLOB_FRAME_BYTES - 1) / WD_SQLITE_BLOB_FRAME_BYTES;
  guint64 pos = sizeof (WdSqliteBlobHeader);

  if (self->starts != NULL)
    return TRUE;
  if (fstat (self->fd, &info) != 0)
    return wd_sqlite_blob_set_errno ("stat", "a large part", error);
  if ((guint64) info.st_size < pos + 4 * n || n > G_MAXUINT32 - 1)
    return set_corrupt ("cut off", error);

  g_autofree guint32 *lengths = g_new (guint32, n + 1);
  g_autofree guint64 *starts = g_new (guint64, n + 1);

  if (!read_fully (self->fd, (guint64) info.st_size - 4 * n, lengths, (gsize) (4 * n), error))
    return FALSE;
  for (guint64 i = 0; i < n; i++)
    {
      starts[i] = pos;
      pos += GUINT32_FROM_LE (lengths[i]);
      if (GUINT32_FROM_LE (lengths[i]) > WD_SQLITE_BLOB_FRAME_BYTES)
        return set_corrupt ("damaged frame", error);
    }
  starts[n] = pos;
  if (pos + 4 * n != (guint64) info.st_size)
    return set_corrupt ("damaged frames", error);
  self->starts = g_steal_pointer (&starts);
  self->n_frames = (guint32) n;
  return TRUE;
}

static gsize
get_frame_len (const WdSqliteBlob *self, guint32 index)
{
  guint64 start = (guint64) index * WD_SQLITE_BLOB_FRAME_BYTES;

  return (gsize) MIN (WD_SQLITE_BLOB_FRAME_BYTES, self->size_bytes - start);
}

static gboolean
decode_frame (WdSqliteBlob *self, guint32 index, guint8 *out_frame, GError **error)
{
  gsize coded_len = (gsize) (self->starts[index + 1] - self->starts[index]);
  gsize len = get_frame_len (self, index);

  if (coded_len == len)
    return read_fully (self->fd, self->starts[index], out_frame, len, error);

  g_autofree void *coded = g_malloc (coded_len);

  return read_fully (self->fd, self->starts[index], coded, coded_len, error)
         && (wd_store_zstd_decompress (coded, coded_len, out_frame, len)
             || set_corrupt ("damaged frame", error));
}

static gboolean
load_frame (WdSqliteBlob *self, guint32 index, GError **error)
{
  if (self->frame != NULL && self->frame_index == index)
    return TRUE;

  g_autofree guint8 *frame = self->frame != NULL ? g_steal_pointer (&self->frame)
                                                 : g_malloc (WD_SQLITE_BLOB_FRAME_BYTES);

  if (!decode_frame (self, index, frame, error))
    return FALSE;
  self->frame = g_steal_pointer (&frame);
  self->frame_index = index;
  return TRUE;
}

gboolean
wd_sqlite_blob_read (WdSqliteBlob *self, guint64 offset, void *out_data, gsize len, GError **error)
{
  guint8 *p = out_data;

  if (offset > self->size_bytes || len > self->size_bytes - offset)
    return set_corrupt ("shorter than it was", error);
  if (self->coding == WD_SQLITE_BLOB_RAW)
    return read_fully (self->fd, sizeof (WdSqliteBlobHeader) + offset, out_data, len, error);
  if (!load_starts (self, error))
    return FALSE;

  while (len > 0)
    {
      gsize skip = (gsize) (offset % WD_SQLITE_BLOB_FRAME_BYTES);
      gsize n = MIN (len, WD_SQLITE_BLOB_FRAME_BYTES - skip);

      if (!load_frame (self, (guint32) (offset / WD_SQLITE_BLOB_FRAME_BYTES), error))
        return FALSE;
      memcpy (p, self->frame + skip, n);
      p += n;
      offset += n;
      len -= n;
    }
  return TRUE;
}
