// SPDX-License-Identifier: EUPL-1.2
// The spool of a message on its way in.
#include "config.h"

#include "store-incoming-private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "core-limits.h"
#include "mime-indexer.h"
#include "store-backend.h"

#define FIRST_MEMORY_BYTES 8192

struct _WdIncoming
{
  gint n_refs; // Atomic.
  WdStore *store;
  guint64 max_bytes;
  gsize max_memory_bytes;
  guint64 size_bytes; // Of all that came, also of what was thrown away.
  GByteArray *memory; // NULL once it is in the file.
  int fd;             // -1 while it is in memory.
  WdMimeIndexer *indexer;
  WdMimeTree *tree; // Set when finished.
  GError *failure;  // What stopped it: said again for every later call.

  // Guards what is below. Held while the prepared form is made, by threads that need nothing else
  // before it.
  pthread_mutex_t mutex;
  gpointer prepared;
  GDestroyNotify destroy_prepared;
  GMappedFile *map;
};

WdIncoming *
wd_incoming_new (WdStore *store)
{
  WdIncoming *self = g_new0 (WdIncoming, 1);
  guint64 max_bytes = wd_store_get_options (store)->max_message_size_bytes;

  self->n_refs = 1;
  pthread_mutex_init (&self->mutex, NULL);
  self->store = g_object_ref (store);
  self->max_bytes = max_bytes != 0 ? max_bytes : WD_LIMIT_MESSAGE_BYTES;
  self->max_memory_bytes = WD_LIMIT_SPOOL_MEMORY_BYTES;
  self->memory = g_byte_array_sized_new (FIRST_MEMORY_BYTES);
  self->fd = -1;
  self->indexer = wd_mime_indexer_new ();
  return self;
}

void
wd_incoming_set_memory_bytes (WdIncoming *self, gsize max_memory_bytes)
{
  self->max_memory_bytes = MIN (max_memory_bytes, WD_LIMIT_SPOOL_MEMORY_BYTES);
}

WdIncoming *
wd_incoming_ref (WdIncoming *self)
{
  g_atomic_int_inc (&self->n_refs);
  return self;
}

void
wd_incoming_unref (WdIncoming *self)
{
  if (self == NULL || !g_atomic_int_dec_and_test (&self->n_refs))
    return;
  if (self->destroy_prepared != NULL)
    self->destroy_prepared (self->prepared);
  g_clear_pointer (&self->map, g_mapped_file_unref);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_pointer (&self->memory, g_byte_array_unref);
  wd_mime_indexer_free (self->indexer);
  wd_mime_tree_unref (self->tree);
  g_clear_error (&self->failure);
  pthread_mutex_destroy (&self->mutex);
  g_object_unref (self->store);
  g_free (self);
}

// Frees what is not needed any more, and remembers why. Returns FALSE.
static gboolean
fail (WdIncoming *self, GError *failure, GError **error)
{
  if (self->failure == NULL)
    self->failure = failure;
  g_clear_pointer (&self->memory, g_byte_array_unref);
  if (error != NULL)
    *error = g_error_copy (self->failure);
  return FALSE;
}

static gboolean
fail_errno (WdIncoming *self, const char *what, GError **error)
{
  int saved = errno;

  return fail (self,
               g_error_new (WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "%s the spool: %s", what,
                            g_strerror (saved)),
               error);
}

// Writes all. FALSE with errno.
static gboolean
write_fully (int fd, const void *data, gsize len)
{
  const guint8 *p = data;

  while (len > 0)
    {
      gssize n = write (fd, p, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      p += n;
      len -= (gsize) n;
    }
  return TRUE;
}

static int
open_spool (WdStore *store)
{
  WdStoreInterface *iface = WD_STORE_GET_IFACE (store);
  const char *dir = iface->get_spool_dir == NULL ? g_get_tmp_dir () : iface->get_spool_dir (store);

  return open (dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static gboolean
move_to_file (WdIncoming *self, GError **error)
{
  self->fd = open_spool (self->store);
  if (self->fd < 0)
    return fail_errno (self, "open", error);
  if (!write_fully (self->fd, self->memory->data, self->memory->len))
    return fail_errno (self, "write", error);
  g_clear_pointer (&self->memory, g_byte_array_unref);
  return TRUE;
}

gboolean
wd_incoming_write (WdIncoming *self, const void *data, gsize len, GError **error)
{
  g_return_val_if_fail (self->tree == NULL, FALSE);

  self->size_bytes += len;
  if (self->failure != NULL)
    return fail (self, NULL, error);
  if (self->size_bytes > self->max_bytes)
    return fail (self,
                 g_error_new (WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE,
                              "the message exceeds %" G_GUINT64_FORMAT " octets", self->max_bytes),
                 error);

  if (self->memory != NULL && self->size_bytes > self->max_memory_bytes
      && !move_to_file (self, error))
    return FALSE;
  if (self->memory != NULL)
    g_byte_array_append (self->memory, data, (guint) len);
  else if (!write_fully (self->fd, data, len))
    return fail_errno (self, "write", error);

  wd_mime_indexer_feed (self->indexer, data, len);
  return TRUE;
}

gboolean
wd_incoming_finish (WdIncoming *self, GError **error)
{
  g_return_val_if_fail (self->tree == NULL, FALSE);

  if (self->failure != NULL)
    return fail (self, NULL, error);
  self->tree = wd_mime_indexer_finish (self->indexer);
  g_clear_pointer (&self->indexer, wd_mime_indexer_free);
  return TRUE;
}

guint64
wd_incoming_get_size_bytes (const WdIncoming *self)
{
  return self->size_bytes;
}

const WdMimeTree *
wd_incoming_get_tree (const WdIncoming *self)
{
  g_return_val_if_fail (self->tree != NULL, NULL);
  return self->tree;
}

// Reads up to `len` octets. FALSE with errno.
static gboolean
read_fully (int fd, guint64 offset, void *out_data, gsize len, gsize *out_n_read)
{
  gsize n_read = 0;

  while (n_read < len)
    {
      gssize n = pread (fd, (guint8 *) out_data + n_read, len - n_read, (off_t) (offset + n_read));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      if (n == 0)
        break;
      n_read += (gsize) n;
    }
  *out_n_read = n_read;
  return TRUE;
}

gboolean
wd_incoming_read (
    WdIncoming *self, guint64 offset, void *out_data, gsize len, gsize *out_n_read, GError **error)
{
  g_return_val_if_fail (self->tree != NULL, FALSE);

  guint64 n_left = offset < self->size_bytes ? self->size_bytes - offset : 0;
  gsize n = (gsize) MIN (n_left, len);

  if (self->memory != NULL)
    {
      if (n > 0)
        memcpy (out_data, self->memory->data + offset, n);
      *out_n_read = n;
      return TRUE;
    }
  if (read_fully (self->fd, offset, out_data, n, out_n_read))
    return TRUE;

  int saved = errno;

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "read the spool: %s",
               g_strerror (saved));
  return FALSE;
}

const guint8 *
wd_incoming_peek_memory (const WdIncoming *self, gsize *out_len)
{
  g_return_val_if_fail (self->tree != NULL, NULL);

  if (self->memory == NULL)
    return NULL;
  *out_len = self->memory->len;
  // Never NULL, for that means the file; an empty array has no data.
  return self->memory->data != NULL ? self->memory->data : (const guint8 *) "";
}

const guint8 *
wd_incoming_map (WdIncoming *self, gsize *out_len, GError **error)
{
  const guint8 *memory = wd_incoming_peek_memory (self, out_len);
  g_autoptr (GError) failure = NULL;

  if (memory != NULL)
    return memory;
  if (self->map == NULL)
    self->map = g_mapped_file_new_from_fd (self->fd, FALSE, &failure);
  if (self->map == NULL)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "map the spool: %s",
                   failure->message);
      return NULL;
    }
  *out_len = g_mapped_file_get_length (self->map);
  return (const guint8 *) g_mapped_file_get_contents (self->map);
}

int
wd_incoming_get_fd (const WdIncoming *self)
{
  return self->fd;
}

gpointer
wd_incoming_get_prepared (WdIncoming *self,
                          WdIncomingPrepareFunc func,
                          gpointer user_data,
                          GDestroyNotify destroy,
                          GError **error)
{
  gpointer prepared;

  g_return_val_if_fail (self->tree != NULL, NULL);

  pthread_mutex_lock (&self->mutex);
  if (self->prepared == NULL)
    {
      self->prepared = func (self, user_data, error);
      self->destroy_prepared = self->prepared == NULL ? NULL : destroy;
    }
  prepared = self->prepared;
  pthread_mutex_unlock (&self->mutex);
  return prepared;
}

void
wd_incoming_prepare (WdIncoming *self)
{
  WdStoreInterface *iface = WD_STORE_GET_IFACE (self->store);

  g_return_if_fail (self->tree != NULL);
  if (iface->prepare != NULL)
    iface->prepare (self->store, self);
}
