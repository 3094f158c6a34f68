// SPDX-License-Identifier: EUPL-1.2
// Undoing a transfer encoding a piece at a time.
#include "config.h"

#include "mime-decoder.h"

#include <gmime/gmime.h>

#include "mime-library.h"

struct _WdMimeDecoder
{
  gboolean is_encoded;
  GMimeEncoding state;
};

WdMimeDecoder *
wd_mime_decoder_new (WdMimeEncoding encoding)
{
  WdMimeDecoder *self = g_new0 (WdMimeDecoder, 1);

  wd_mime_library_init ();
  self->is_encoded = encoding == WD_MIME_ENCODING_BASE64 || encoding == WD_MIME_ENCODING_QP;
  if (self->is_encoded)
    g_mime_encoding_init_decode (&self->state, encoding == WD_MIME_ENCODING_BASE64
                                                   ? GMIME_CONTENT_ENCODING_BASE64
                                                   : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  return self;
}

void
wd_mime_decoder_free (WdMimeDecoder *self)
{
  g_free (self);
}

void
wd_mime_decoder_feed (WdMimeDecoder *self, const char *data, gsize len, GString *out)
{
  gsize before = out->len;
  gsize n;

  if (!self->is_encoded)
    {
      g_string_append_len (out, data, (gssize) len);
      return;
    }
  g_string_set_size (out, before + g_mime_encoding_outlen (&self->state, len));
  n = g_mime_encoding_step (&self->state, data, len, out->str + before);
  g_string_truncate (out, before + n);
}

void
wd_mime_decoder_finish (WdMimeDecoder *self, GString *out)
{
  gsize before = out->len;
  gsize n;

  if (!self->is_encoded)
    return;
  g_string_set_size (out, before + g_mime_encoding_outlen (&self->state, 0) + 8);
  n = g_mime_encoding_flush (&self->state, "", 0, out->str + before);
  g_string_truncate (out, before + n);
}
