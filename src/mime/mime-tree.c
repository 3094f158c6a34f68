// SPDX-License-Identifier: EUPL-1.2
// The part tree: its lifetime, its accessors, and section numbers.
#include "config.h"

#include "mime-tree-private.h"

#include <string.h>

#include "mime-tree-codec.h"

WdMimeTree *
wd_mime_tree_new (guint n_parts, gsize n_text, char **out_text)
{
  gsize n_before = sizeof (WdMimeTree) + n_parts * sizeof (WdMimePart);
  WdMimeTree *self = g_malloc (n_before + n_text);

  memset (self, 0, n_before);
  g_atomic_ref_count_init (&self->ref_count);
  self->n_parts = n_parts;
  *out_text = (char *) self + n_before;
  return self;
}

WdMimeTree *
wd_mime_tree_ref (WdMimeTree *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
wd_mime_tree_unref (WdMimeTree *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

const WdMimePart *
wd_mime_tree_get_parts (const WdMimeTree *self, guint *out_n_parts)
{
  if (out_n_parts != NULL)
    *out_n_parts = self->n_parts;
  return self->parts;
}

static const WdMimePart *
find_child (const WdMimeTree *self, const WdMimePart *multipart, guint32 number)
{
  guint32 child = multipart->first_child;

  if (number == 0 || number > multipart->n_children)
    return NULL;
  while (--number > 0)
    child = self->parts[child].next_sibling;
  return &self->parts[child];
}

const WdMimePart *
wd_mime_tree_find (const WdMimeTree *self, const guint32 *path, guint n_path)
{
  const WdMimePart *part = &self->parts[0];
  // A message has parts of its own: those of its multipart, or else part 1, which is its body. The
  // root is one; a message/rfc822 holds one.
  gboolean is_message = TRUE;

  for (guint i = 0; i < n_path; i++)
    {
      if (!is_message && part->kind == WD_MIME_MESSAGE)
        {
          part = &self->parts[part->first_child];
          is_message = TRUE;
        }
      if (part->kind == WD_MIME_MULTIPART)
        part = find_child (self, part, path[i]);
      else if (!is_message || path[i] != 1)
        part = NULL;
      if (part == NULL)
        return NULL;
      is_message = FALSE;
    }
  return part;
}

const char *
wd_mime_tree_get_envelope (const WdMimeTree *self, gsize *out_len)
{
  *out_len = self->envelope_len;
  return self->envelope;
}

const char *
wd_mime_tree_get_body (const WdMimeTree *self, gsize *out_len)
{
  *out_len = self->body_len;
  return self->body;
}

const char *
wd_mime_tree_get_body_structure (const WdMimeTree *self, gsize *out_len)
{
  *out_len = self->body_structure_len;
  return self->body_structure;
}

gboolean
wd_mime_tree_get_sent (const WdMimeTree *self, gint32 *out_day, gint64 *out_ms)
{
  if (!self->has_sent)
    return FALSE;

  if (out_day != NULL)
    *out_day = self->sent_day;
  if (out_ms != NULL)
    *out_ms = self->sent_ms;
  return TRUE;
}

GBytes *
wd_mime_tree_encode (const WdMimeTree *self)
{
  return wd_mime_tree_codec_write (self);
}

WdMimeTree *
wd_mime_tree_decode (const void *data, gsize len, guint64 size_bytes, guint64 shift)
{
  return wd_mime_tree_codec_read (data, len, size_bytes, shift);
}
