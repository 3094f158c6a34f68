// SPDX-License-Identifier: EUPL-1.2
// Making the stored form of a message.
#include "config.h"

#include "sqlite-prepare.h"

#include "store-incoming-private.h"
#include "store-types.h"

static void
prepared_free (gpointer data)
{
  WdSqlitePrepared *self = data;

  g_clear_pointer (&self->tree, g_bytes_unref);
  g_clear_pointer (&self->parts, g_bytes_unref);
  g_clear_pointer (&self->shas, g_array_unref);
  g_clear_pointer (&self->map, g_mapped_file_unref);
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

static gpointer
prepare (WdIncoming *incoming, gpointer user_data, GError **error)
{
  g_autoptr (WdSqlitePrepared) self = g_new0 (WdSqlitePrepared, 1);
  const guint8 *octets = get_octets (self, incoming, &self->text_len, error);

  if (octets == NULL)
    return NULL;
  self->tree = wd_mime_tree_encode (wd_incoming_get_tree (incoming));

  self->buffer = wd_store_zstd_compress (octets, self->text_len, &self->text_coded_len);
  self->coding = self->buffer != NULL ? WD_STORE_CODING_ZSTD : WD_STORE_CODING_RAW;
  self->text = self->buffer != NULL ? self->buffer : octets;
  if (self->buffer == NULL)
    self->text_coded_len = self->text_len;
  return g_steal_pointer (&self);
}

const WdSqlitePrepared *
wd_sqlite_prepare_message (WdIncoming *incoming, const char *state_dir, GError **error)
{
  return wd_incoming_get_prepared (incoming, prepare, (gpointer) state_dir, prepared_free, error);
}
