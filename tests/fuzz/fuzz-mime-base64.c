// SPDX-License-Identifier: EUPL-1.2
// Base64: a body that has the canonical form comes back whole and in pieces; the form does not
// depend on chunks; and GLib decodes the same.
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "mime-base64.h"

static gboolean
scan (const char *data, gsize len, gsize chunk, GByteArray *out, WdMimeBase64Form *form)
{
  WdMimeBase64Scan state;

  wd_mime_base64_begin (&state);
  for (gsize i = 0; i < len; i += chunk)
    {
      gsize n = MIN (chunk, len - i);
      g_autofree guint8 *room = g_malloc (WD_MIME_BASE64_DECODED_ROOM (n));
      gsize n_out;

      if (!wd_mime_base64_scan (&state, data + i, n, room, &n_out))
        return FALSE;
      g_byte_array_append (out, room, (guint) n_out);
    }
  return wd_mime_base64_end (&state, form);
}

static void
check_range (const char *body,
             const WdMimeBase64Form *form,
             const GByteArray *decoded,
             guint64 offset,
             gsize len)
{
  g_autofree guint8 *source = NULL;
  g_autofree char *out = g_malloc (len);
  guint64 start;
  gsize n;

  wd_mime_base64_get_source (form, offset, len, &start, &n);
  g_assert_cmpuint (start + n, <=, decoded->len);
  source = g_memdup2 (decoded->data + start, n);
  wd_mime_base64_encode (form, offset, len, source, out);
  g_assert_true (len == 0 || memcmp (out, body + offset, len) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *body = (const char *) data;
  g_autoptr (GByteArray) decoded = g_byte_array_new ();
  g_autoptr (GByteArray) again = g_byte_array_new ();
  WdMimeBase64Form form = { 0 }, form_again = { 0 };
  gboolean has_form = scan (body, size, size == 0 ? 1 : size, decoded, &form);
  gsize chunk = size == 0 ? 1 : 1 + data[size - 1] % 13;

  g_assert_cmpint (has_form, ==, scan (body, size, chunk, again, &form_again));
  if (!has_form)
    return 0;
  g_assert_cmpmem (decoded->data, (int) decoded->len, again->data, (int) again->len);
  g_assert_cmpuint (form.encoded_bytes, ==, size);
  g_assert_cmpuint (form.decoded_bytes, ==, decoded->len);
  g_assert_cmpuint (form.line_chars, ==, form_again.line_chars);
  g_assert_cmpuint (form.n_final_ends, ==, form_again.n_final_ends);
  check_range (body, &form, decoded, 0, size);
  for (gsize from = 0; from < size; from += chunk)
    check_range (body, &form, decoded, from, MIN (2 * chunk, size - from));
  return 0;
}
