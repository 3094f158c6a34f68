// SPDX-License-Identifier: EUPL-1.2
// Text of a part: transfer encoding and charset undone.
#include "config.h"

#include "mime-text.h"

#include <gmime/gmime.h>
#include <string.h>

#include "mime-base64.h"
#include "mime-charset.h"
#include "mime-header.h"
#include "mime-library.h"

// Well-formed base64 takes the fast way.
static gboolean
decode_canonical (const char *data, gsize len, GByteArray *out)
{
  guint before = out->len;
  WdMimeBase64Scan scan;
  WdMimeBase64Form form;
  gsize n;

  g_byte_array_set_size (out, before + (guint) WD_MIME_BASE64_DECODED_ROOM (len));
  wd_mime_base64_begin (&scan);
  if (wd_mime_base64_scan (&scan, data, len, out->data + before, &n)
      && wd_mime_base64_end (&scan, &form))
    {
      g_byte_array_set_size (out, before + (guint) n);
      return TRUE;
    }
  g_byte_array_set_size (out, before);
  return FALSE;
}

static void
decode_with (GMimeContentEncoding encoding, const char *data, gsize len, GByteArray *out)
{
  guint before = out->len;
  GMimeEncoding state;
  gsize n;

  wd_mime_library_init ();
  g_mime_encoding_init_decode (&state, encoding);
  g_byte_array_set_size (out, before + (guint) g_mime_encoding_outlen (&state, len));
  n = g_mime_encoding_flush (&state, data, len, (char *) out->data + before);
  g_byte_array_set_size (out, before + (guint) n);
}

void
wd_mime_text_decode_transfer (WdMimeEncoding encoding, const char *data, gsize len, GByteArray *out)
{
  switch (encoding)
    {
    case WD_MIME_ENCODING_BASE64:
      if (!decode_canonical (data, len, out))
        decode_with (GMIME_CONTENT_ENCODING_BASE64, data, len, out);
      return;
    case WD_MIME_ENCODING_QP:
      decode_with (GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, data, len, out);
      return;
    case WD_MIME_ENCODING_IDENTITY:
    case WD_MIME_ENCODING_UNKNOWN:
      g_byte_array_append (out, (const guint8 *) data, (guint) len);
      return;
    }
}

static char *
dup_decoded (const char *charset, const char *data, gsize len)
{
  GString *out = g_string_sized_new (len);

  if (charset == NULL || !wd_mime_charset_append (charset, data, len, FALSE, out))
    wd_mime_charset_append_guess (data, len, out);
  return wd_mime_charset_finish (out);
}

// The header that `data` begins with, one decoded field a line.
static char *
dup_header (const char *data, gsize len)
{
  GString *out = g_string_sized_new (1024);
  gsize offset = 0;
  WdMimeField field;

  while (wd_mime_header_next (data, len, &offset, &field))
    {
      g_autofree char *text = wd_mime_header_dup_text (field.start + field.value_start,
                                                       field.len - field.value_start);

      if (field.name_len > 0)
        {
          g_string_append_len (out, field.start, (gssize) field.name_len);
          g_string_append (out, ": ");
        }
      g_string_append (out, text);
      g_string_append_c (out, '\n');
    }
  return wd_mime_charset_finish (out);
}

char *
wd_mime_text_dup (const WdMimePart *part, const char *body, gsize len)
{
  g_autoptr (GByteArray) decoded = NULL;

  if (part->kind == WD_MIME_MESSAGE)
    return dup_header (body, len);
  if (part->encoding == WD_MIME_ENCODING_IDENTITY || part->encoding == WD_MIME_ENCODING_UNKNOWN)
    return dup_decoded (part->charset, body, len);

  decoded = g_byte_array_new ();
  wd_mime_text_decode_transfer (part->encoding, body, len, decoded);
  // An empty array has no data.
  return dup_decoded (part->charset, decoded->len > 0 ? (const char *) decoded->data : "",
                      decoded->len);
}

gboolean
wd_mime_text_is_searchable (const WdMimePart *part)
{
  if (part->kind == WD_MIME_MESSAGE)
    return TRUE;
  return part->kind == WD_MIME_LEAF && g_str_has_prefix (part->type, "text/");
}

char *
wd_mime_text_convert (const char *charset, const char *data, gsize len)
{
  GString *out = g_string_sized_new (len);

  if (wd_mime_charset_append (charset, data, len, TRUE, out))
    return wd_mime_charset_finish (out);
  g_string_free (out, TRUE);
  return NULL;
}
