// SPDX-License-Identifier: EUPL-1.2
// Making the stored form of a message.
#include "config.h"

#include "sqlite-prepare.h"

#include <string.h>

#include "store-incoming-private.h"
#include "store-types.h"

static void
prepared_free (gpointer data)
{
  WdSqlitePrepared *self = data;

  // What went into no mailbox has no other name by now.
  for (guint i = 0; self->parts != NULL && i < self->parts->len; i++)
    wd_sqlite_blob_drop_unused (self->state_dir, &g_array_index (self->parts, WdSqlitePart, i).sha);
  g_clear_pointer (&self->parts, g_array_unref);
  g_clear_pointer (&self->coded_parts, g_bytes_unref);
  g_clear_pointer (&self->tree, g_bytes_unref);
  g_clear_pointer (&self->map, g_mapped_file_unref);
  g_free (self->state_dir);
  g_free (self->buffer);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqlitePrepared, prepared_free)

// The whole message: in memory, or the spool file mapped.
static const guint8 *
get_octets (WdSqlitePrepared *self, WdIncoming *incoming, gsize *out_len, GError **error)
{
  const guint8 *memory = wd_incoming_peek_memory (incoming, out_len);
  g_autoptr (GError) failure = NULL;

  if (memory != NULL)
    return memory;

  self->map = g_mapped_file_new_from_fd (wd_incoming_get_fd (incoming), FALSE, &failure);
  if (self->map == NULL)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "map the spool: %s",
                   failure->message);
      return NULL;
    }
  *out_len = g_mapped_file_get_length (self->map);
  return (const guint8 *) g_mapped_file_get_contents (self->map);
}

// The message without the parts, in a new buffer.
static guint8 *
cut_text (const WdSqlitePrepared *self, gsize len, gsize *out_len)
{
  guint8 *text, *end;
  gsize pos = 0, n_taken = 0;

  for (guint i = 0; i < self->parts->len; i++)
    n_taken += (gsize) g_array_index (self->parts, WdSqlitePart, i).len;
  text = end = g_malloc (len - n_taken + 1);
  for (guint i = 0; i <= self->parts->len; i++)
    {
      const WdSqlitePart *part
          = i < self->parts->len ? &g_array_index (self->parts, WdSqlitePart, i) : NULL;
      gsize stop = part == NULL ? len : (gsize) part->offset;

      memcpy (end, self->octets + pos, stop - pos);
      end += stop - pos;
      pos = part == NULL ? len : stop + (gsize) part->len;
    }
  *out_len = len - n_taken;
  return text;
}

static gboolean
write_parts (const WdSqlitePrepared *self, GError **error)
{
  for (guint i = 0; i < self->parts->len; i++)
    {
      const WdSqlitePart *part = &g_array_index (self->parts, WdSqlitePart, i);

      if (!wd_sqlite_blob_exists (self->state_dir, &part->sha)
          && !wd_sqlite_parts_write (self->state_dir, part, self->octets, FALSE, error))
        return FALSE;
    }
  return TRUE;
}

// `text` (transfer full) (nullable): NULL when it is the message's own octets.
static void
pack_text (WdSqlitePrepared *self, guint8 *text)
{
  const guint8 *plain = text != NULL ? text : self->octets;
  void *packed = wd_store_zstd_compress (plain, self->text_len, &self->text_coded_len);

  self->coding = packed != NULL ? WD_STORE_CODING_ZSTD : WD_STORE_CODING_RAW;
  if (packed == NULL)
    {
      self->text = plain;
      self->text_coded_len = self->text_len;
      self->buffer = text;
      return;
    }
  g_free (text);
  self->text = self->buffer = packed;
}

static gpointer
prepare (WdIncoming *incoming, gpointer user_data, GError **error)
{
  g_autoptr (WdSqlitePrepared) self = g_new0 (WdSqlitePrepared, 1);
  const WdMimeTree *tree = wd_incoming_get_tree (incoming);
  guint8 *text = NULL;
  gsize len;

  self->state_dir = g_strdup (user_data);
  self->octets = get_octets (self, incoming, &len, error);
  if (self->octets == NULL)
    return NULL;

  self->text_len = len;
  self->parts = wd_sqlite_parts_find (tree, self->octets, len);
  if (self->parts != NULL)
    {
      if (!write_parts (self, error))
        return NULL;
      self->coded_parts = wd_sqlite_parts_encode (self->parts);
      text = cut_text (self, len, &self->text_len);
    }
  pack_text (self, text);
  self->tree = wd_mime_tree_encode (tree);
  return g_steal_pointer (&self);
}

const WdSqlitePrepared *
wd_sqlite_prepare_message (WdIncoming *incoming, const char *state_dir, GError **error)
{
  return wd_incoming_get_prepared (incoming, prepare, (gpointer) state_dir, prepared_free, error);
}

static gboolean
link_part (const WdSqlitePrepared *self,
           const WdSqlitePart *part,
           const char *user_dir,
           GError **error)
{
  for (;;)
    {
      WdSqliteBlobLink result;

      if (!wd_sqlite_blob_link (self->state_dir, user_dir, &part->sha, &result, error))
        return FALSE;
      if (result == WD_SQLITE_BLOB_LINKED)
        return TRUE;
      if (!wd_sqlite_parts_write (self->state_dir, part, self->octets,
                                  result == WD_SQLITE_BLOB_FULL, error))
        return FALSE;
    }
}

gboolean
wd_sqlite_prepare_link (const WdSqlitePrepared *self, const char *user_dir, GError **error)
{
  if (self->parts == NULL)
    return TRUE;
  for (guint i = 0; i < self->parts->len; i++)
    if (!link_part (self, &g_array_index (self->parts, WdSqlitePart, i), user_dir, error))
      return FALSE;
  return wd_sqlite_blob_sync_user (user_dir, error);
}
