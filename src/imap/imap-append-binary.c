// SPDX-License-Identifier: EUPL-1.2
// Binary parts of messages that come in.
#include "config.h"

#include "imap-append-binary.h"

#include <string.h>

#include "core-limits.h"
#include "imap-error.h"
#include "mime-header.h"

// Octets of one line of base64, and those that are read at once.
#define LINE_BYTES 57
#define SLICE_BYTES (LINE_BYTES * 1024)

// A copy on its way.
typedef struct
{
  WdIncoming *from;
  WdIncoming *to;
  guint64 done; // Octets of `from` that are copied.
} Copy;

static gboolean
refuse (GError **error)
{
  g_set_error_literal (error, WD_IMAP_ERROR, WD_IMAP_ERROR_UNKNOWN_CTE, "NUL outside of a part");
  return FALSE;
}

// Copies as it is, up to `end`: there may be no NUL.
static gboolean
copy_text (Copy *self, guint64 end, GError **error)
{
  g_autofree char *data = g_malloc (SLICE_BYTES);

  while (self->done < end)
    {
      gsize len = (gsize) MIN (end - self->done, SLICE_BYTES);
      gsize n;

      if (!wd_incoming_read (self->from, self->done, data, len, &n, error))
        return FALSE;
      if (memchr (data, '\0', n) != NULL)
        return refuse (error);
      if (n == 0 || !wd_incoming_write (self->to, data, n, error))
        return n == 0 ? refuse (error) : FALSE;
      self->done += n;
    }
  return TRUE;
}

static gboolean
has_nul (Copy *self, guint64 start, guint64 end, gboolean *out_has_nul, GError **error)
{
  g_autofree char *data = g_malloc (SLICE_BYTES);

  *out_has_nul = FALSE;
  while (start < end && !*out_has_nul)
    {
      gsize n;

      if (!wd_incoming_read (self->from, start, data, (gsize) MIN (end - start, SLICE_BYTES), &n,
                             error))
        return FALSE;
      if (n == 0)
        return refuse (error);
      *out_has_nul = memchr (data, '\0', n) != NULL;
      start += n;
    }
  return TRUE;
}

// The header of the part, which now says base64.
static gboolean
copy_header (Copy *self, const WdMimePart *part, GError **error)
{
  static const char *const names[] = { "Content-Transfer-Encoding", NULL };
  gsize len = (gsize) (part->body_start - part->header_start);
  g_autofree char *header = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize n;

  if (len > WD_LIMIT_MIME_HEADER_BYTES)
    return refuse (error);
  header = g_malloc (len + 1);
  if (!wd_incoming_read (self->from, part->header_start, header, len, &n, error))
    return FALSE;
  if (memchr (header, '\0', n) != NULL)
    return refuse (error);
  wd_mime_header_filter (header, n, names, TRUE, text);
  // In the place of the empty line at its end.
  if (g_str_has_suffix (text->str, "\r\n"))
    g_string_truncate (text, text->len - 2);
  g_string_append (text, "Content-Transfer-Encoding: base64\r\n\r\n");
  self->done = part->body_start;
  return wd_incoming_write (self->to, text->str, text->len, error);
}

static void
append_lines (GString *out, const guchar *data, gsize len)
{
  for (gsize i = 0; i < len; i += LINE_BYTES)
    {
      g_autofree char *line = g_base64_encode (data + i, MIN (LINE_BYTES, len - i));

      g_string_append (out, line);
      if (i + LINE_BYTES < len)
        g_string_append (out, "\r\n");
    }
}

static gboolean
copy_body (Copy *self, guint64 end, GError **error)
{
  g_autofree guchar *data = g_malloc (SLICE_BYTES);

  while (self->done < end)
    {
      gsize len = (gsize) MIN (end - self->done, SLICE_BYTES);
      g_autoptr (GString) out = g_string_new (NULL);
      gsize n;

      if (!wd_incoming_read (self->from, self->done, data, len, &n, error))
        return FALSE;
      if (n != len)
        return refuse (error);
      append_lines (out, data, len);
      self->done += len;
      if (self->done < end)
        g_string_append (out, "\r\n");
      if (!wd_incoming_write (self->to, out->str, out->len, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
copy_part (Copy *self, const WdMimePart *part, GError **error)
{
  gboolean is_binary;

  if (part->kind != WD_MIME_LEAF || part->encoding != WD_MIME_ENCODING_IDENTITY)
    return TRUE;
  if (!has_nul (self, part->body_start, part->body_end, &is_binary, error))
    return FALSE;
  return !is_binary
         || (copy_text (self, part->header_start, error) && copy_header (self, part, error)
             && copy_body (self, part->body_end, error));
}

WdIncoming *
wd_imap_append_binary_encode (WdStore *store,
                              WdIncoming *message,
                              gsize memory_bytes,
                              GError **error)
{
  g_autoptr (WdIncoming) incoming = wd_incoming_new (store);
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (wd_incoming_get_tree (message), &n_parts);
  Copy copy = { .from = message, .to = incoming };

  wd_incoming_set_memory_bytes (incoming, memory_bytes);
  for (guint i = 0; i < n_parts; i++)
    if (!copy_part (&copy, &parts[i], error))
      return NULL;
  if (!copy_text (&copy, wd_incoming_get_size_bytes (message), error)
      || !wd_incoming_finish (incoming, error))
    return NULL;
  return g_steal_pointer (&incoming);
}
