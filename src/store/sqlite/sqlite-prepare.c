// SPDX-License-Identifier: EUPL-1.2
// Making the stored form of a message.
#include "config.h"

#include "sqlite-prepare.h"

#include <string.h>

#include "mime-preview.h"
#include "store-incoming-private.h"
#include "store-types.h"

static void
prepared_free (gpointer data)
{
  WdSqlitePrepared *self = data;

  // What went into no mailbox has no other name by now.
  for (guint i = 0; self->parts != NULL && i < self->parts->len; i++)
    wd_sqlite_blob_drop_unused (self->state_dir, &g_array_index (self->parts, WdStorePart, i).sha);
  g_clear_pointer (&self->parts, g_array_unref);
  g_clear_pointer (&self->coded_parts, g_bytes_unref);
  g_clear_pointer (&self->tree, g_bytes_unref);
  g_free (self->state_dir);
  g_free (self->preview);
  g_free (self->buffer);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqlitePrepared, prepared_free)

static gboolean
keep_part (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error)
{
  const char *state_dir = user_data;

  return wd_sqlite_blob_exists (state_dir, &part->sha)
         || wd_sqlite_blob_write (state_dir, &part->sha, kept, kept_len, FALSE, error);
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
  self->octets = wd_incoming_map (incoming, &len, error);
  if (self->octets == NULL)
    return NULL;

  self->text_len = len;
  self->preview = wd_mime_preview_of_message (tree, (const char *) self->octets, len);
  self->parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  if (!wd_store_parts_find (tree, self->octets, len, keep_part, self->state_dir, self->parts,
                            error))
    return NULL;
  if (self->parts->len > 0)
    {
      self->coded_parts = wd_sqlite_parts_encode (self->parts);
      text = wd_store_parts_cut (self->parts, self->octets, len, &self->text_len);
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

// The pool's file is gone, or has no room for another name.
typedef struct
{
  const char *state_dir;
  gboolean replace;
} Rewrite;

static gboolean
rewrite_part (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error)
{
  const Rewrite *rewrite = user_data;

  return wd_sqlite_blob_write (rewrite->state_dir, &part->sha, kept, kept_len, rewrite->replace,
                               error);
}

static gboolean
link_part (const WdSqlitePrepared *self,
           const WdStorePart *part,
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

      Rewrite rewrite = { self->state_dir, result == WD_SQLITE_BLOB_FULL };

      if (!wd_store_parts_visit (part, self->octets, rewrite_part, &rewrite, error))
        return FALSE;
    }
}

gboolean
wd_sqlite_prepare_link (const WdSqlitePrepared *self, const char *user_dir, GError **error)
{
  for (guint i = 0; i < self->parts->len; i++)
    if (!link_part (self, &g_array_index (self->parts, WdStorePart, i), user_dir, error))
      return FALSE;
  return TRUE;
}
