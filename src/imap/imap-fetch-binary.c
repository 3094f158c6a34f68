// SPDX-License-Identifier: EUPL-1.2
// Parts without their transfer encoding on their way out.
#include "config.h"

#include "imap-fetch-binary.h"

#include <string.h>

#include "core-limits.h"
#include "store-types.h"

// Octets that are read at once.
#define SLICE_BYTES (WD_LIMIT_OUTPUT_HIGH_WATER_BYTES / 2)

void
wd_imap_fetch_binary_clear (WdImapFetchBinary *self)
{
  g_clear_pointer (&self->decoder, wd_mime_decoder_free);
  self->skip = 0;
  self->left = 0;
}

// Decodes the next slice to `decoded`, which is emptied before.
static gboolean
read_slice (WdContent *content,
            WdMimeDecoder *decoder,
            guint64 *inout_offset,
            guint64 end,
            GString *decoded,
            GError **error)
{
  gsize len = (gsize) MIN (end - *inout_offset, SLICE_BYTES);
  g_autoptr (GString) coded = g_string_sized_new (len);

  g_string_truncate (decoded, 0);
  if (!wd_content_read (content, *inout_offset, len, coded, error))
    return FALSE;
  if (coded->len != len)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                           "message is shorter than its size");
      return FALSE;
    }
  wd_mime_decoder_feed (decoder, coded->str, coded->len, decoded);
  *inout_offset += len;
  if (*inout_offset == end)
    wd_mime_decoder_finish (decoder, decoded);
  return TRUE;
}

gboolean
wd_imap_fetch_binary_measure (WdContent *content,
                              WdMimeEncoding encoding,
                              guint64 start,
                              guint64 end,
                              guint64 max_bytes,
                              guint64 *out_size_bytes,
                              gboolean *out_has_nul,
                              GError **error)
{
  g_autoptr (WdMimeDecoder) decoder = wd_mime_decoder_new (encoding);
  g_autoptr (GString) decoded = g_string_new (NULL);
  guint64 size_bytes = 0;
  gboolean has_nul = FALSE;

  while (start < end && size_bytes < max_bytes)
    {
      if (!read_slice (content, decoder, &start, end, decoded, error))
        return FALSE;
      size_bytes += decoded->len;
      has_nul |= memchr (decoded->str, '\0', decoded->len) != NULL;
    }
  *out_size_bytes = MIN (size_bytes, max_bytes);
  *out_has_nul = has_nul;
  return TRUE;
}

void
wd_imap_fetch_binary_begin (WdImapFetchBinary *self,
                            WdMimeEncoding encoding,
                            guint64 first,
                            guint64 len)
{
  wd_imap_fetch_binary_clear (self);
  self->decoder = wd_mime_decoder_new (encoding);
  self->skip = first;
  self->left = len;
}

gboolean
wd_imap_fetch_binary_write (WdImapFetchBinary *self,
                            WdContent *content,
                            guint64 *inout_offset,
                            guint64 end,
                            GString *out,
                            GError **error)
{
  g_autoptr (GString) decoded = g_string_new (NULL);
  gsize skip;
  gsize len;

  if (*inout_offset >= end)
    {
      // It was measured, so this is not the part that it was.
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "part changed its size");
      return FALSE;
    }
  if (!read_slice (content, self->decoder, inout_offset, end, decoded, error))
    return FALSE;
  skip = (gsize) MIN (self->skip, decoded->len);
  len = (gsize) MIN (self->left, decoded->len - skip);
  g_string_append_len (out, decoded->str + skip, (gssize) len);
  self->skip -= skip;
  self->left -= len;
  return TRUE;
}
