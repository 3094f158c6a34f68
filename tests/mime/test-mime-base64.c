// SPDX-License-Identifier: EUPL-1.2
// Base64 bodies kept decoded: the form, and every range of it.
#include "config.h"

#include <string.h>

#include "mime-base64.h"

static gboolean
scan (const char *data, gsize len, gsize chunk, GByteArray *out, WdMimeBase64Form *form)
{
  WdMimeBase64Scan state;

  g_byte_array_set_size (out, 0);
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

// Encodes [offset, offset + len) from a copy of exactly the octets that are asked for.
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
  g_assert_cmpmem (out, (int) len, body + offset, (int) len);
}

static const struct
{
  const char *body;
  guint line_chars; // 0: it has not the form.
  guint line_end_bytes;
  guint n_final_ends;
  guint decoded_bytes;
} bodies[] = {
  { "QQ==", 4, 2, 0, 1 },
  { "QUI=", 4, 2, 0, 2 },
  { "QUJD", 4, 2, 0, 3 },
  { "QUJD\r\n", 4, 2, 1, 3 },
  { "QUJD\n", 4, 1, 1, 3 },
  { "QUJD\n\n\n", 4, 1, 3, 3 },
  { "QUJDREVG\r\nQUJDREVG\r\nQQ==", 8, 2, 0, 13 },
  { "QUJDREVG\r\nQUJDREVG\r\nQQ==\r\n", 8, 2, 1, 13 },
  { "QUJDREVG\r\nQUJDREVG\r\n", 8, 2, 1, 12 },
  { "QUJDREVG\nQUJDREU=", 8, 1, 0, 11 },
  { "QUJDREVG\nQUJD\n\n", 8, 1, 2, 9 },
  // Empty, or nothing but line ends.
  { "", 0, 0, 0, 0 },
  { "\r\n", 0, 0, 0, 0 },
  { "\n\n", 0, 0, 0, 0 },
  // Line ends of two kinds, or half of one.
  { "QUJDREVG\r\nQUJDREVG\n", 0, 0, 0, 0 },
  { "QUJDREVG\nQUJD\r\n", 0, 0, 0, 0 },
  { "QUJD\r", 0, 0, 0, 0 },
  { "QUJD\rQUJD", 0, 0, 0, 0 },
  { "QUJD\r\r\n", 0, 0, 0, 0 },
  // Lines of several lengths.
  { "QUJD\nQUJDREVG\n", 0, 0, 0, 0 },
  { "QUJDREVG\nQUJD\nQUJDREVG\n", 0, 0, 0, 0 },
  { "QUJDREVG\n\nQUJDREVG\n", 0, 0, 0, 0 },
  { "\nQUJD\n", 0, 0, 0, 0 },
  { "QUJDQU\nJDQUJD\n", 0, 0, 0, 0 },
  // Padding: too little, too much, not at the end, with stray bits.
  { "QQ", 0, 0, 0, 0 },
  { "QQ=", 0, 0, 0, 0 },
  { "Q===", 0, 0, 0, 0 },
  { "====", 0, 0, 0, 0 },
  { "QQ==QUJD", 0, 0, 0, 0 },
  { "QQ==\nQUJD", 0, 0, 0, 0 },
  { "QQ=A", 0, 0, 0, 0 },
  { "QUI=\nQUI=", 0, 0, 0, 0 },
  { "QUJD=", 0, 0, 0, 0 },
  { "QR==", 0, 0, 0, 0 },
  { "QUJ=", 0, 0, 0, 0 },
  // Not of the alphabet.
  { "QUJ-", 0, 0, 0, 0 },
  { "QUJD QUJD", 0, 0, 0, 0 },
  { "QUJD\xc3", 0, 0, 0, 0 },
  { "QUJDREVGQUJDREVG.UJD", 0, 0, 0, 0 },
};

static void
test_forms (void)
{
  g_autoptr (GByteArray) decoded = g_byte_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    for (gsize chunk = 1; chunk < 12; chunk++)
      {
        gsize len = strlen (bodies[i].body);
        WdMimeBase64Form form;

        g_test_message ("%" G_GSIZE_FORMAT " by %" G_GSIZE_FORMAT, i, chunk);
        if (!scan (bodies[i].body, len, chunk, decoded, &form))
          {
            g_assert_cmpuint (bodies[i].line_chars, ==, 0);
            g_assert_null (wd_mime_base64_decode (bodies[i].body, len, &form));
            continue;
          }
        g_assert_cmpuint (form.line_chars, ==, bodies[i].line_chars);
        g_assert_cmpuint (form.line_end_bytes, ==, bodies[i].line_end_bytes);
        g_assert_cmpuint (form.n_final_ends, ==, bodies[i].n_final_ends);
        g_assert_cmpuint (form.decoded_bytes, ==, bodies[i].decoded_bytes);
        g_assert_cmpuint (form.encoded_bytes, ==, len);
        g_assert_cmpuint (decoded->len, ==, bodies[i].decoded_bytes);
        for (gsize from = 0; from <= len; from++)
          for (gsize to = from; to <= len; to++)
            check_range (bodies[i].body, &form, decoded, from, to - from);
      }
}

static void
test_nul (void)
{
  g_autoptr (GByteArray) decoded = g_byte_array_new ();
  WdMimeBase64Form form;

  g_assert_false (scan ("QUJ\0", 4, 4, decoded, &form));
  g_assert_false (scan ("QUJD\0", 5, 5, decoded, &form));
}

// Each octet in each place of a line that is long enough to be decoded in large steps.
static void
test_alphabet (void)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  g_autoptr (GByteArray) decoded = g_byte_array_new ();
  WdMimeBase64Form form;
  char body[96];

  for (gsize at = 0; at < sizeof body; at++)
    for (guint c = 0; c < 256; c++)
      {
        gboolean is_good = c != 0 && strchr (alphabet, (int) c) != NULL;

        memset (body, 'x', sizeof body);
        body[at] = (char) c;
        g_assert_cmpint (scan (body, sizeof body, sizeof body, decoded, &form), ==, is_good);
        if (is_good)
          check_range (body, &form, decoded, 0, sizeof body);
      }
}

// Every length and line length, against GLib's encoder.
static void
test_glib (void)
{
  static const guint line_lengths[] = { 4, 60, 64, 72, 76, 400 };
  g_autoptr (GByteArray) decoded = g_byte_array_new ();
  guint8 octets[700];

  for (gsize i = 0; i < sizeof octets; i++)
    octets[i] = (guint8) g_random_int ();
  for (gsize n = 1; n < sizeof octets; n += n < 130 ? 1 : 37)
    for (gsize l = 0; l < G_N_ELEMENTS (line_lengths); l++)
      {
        g_autofree char *plain = g_base64_encode (octets, n);
        g_autoptr (GString) body = g_string_new (NULL);
        const char *line_end = n % 2 == 0 ? "\r\n" : "\n";
        gsize plain_len = strlen (plain);
        WdMimeBase64Form form;

        for (gsize i = 0; i < plain_len; i += line_lengths[l])
          g_string_append_printf (body, "%s%.*s", i == 0 ? "" : line_end, (int) line_lengths[l],
                                  plain + i);
        g_assert_true (scan (body->str, body->len, 1 + n % 7 * 19, decoded, &form));
        g_assert_cmpmem (decoded->data, decoded->len, octets, (int) n);
        check_range (body->str, &form, decoded, 0, body->len);
        for (guint i = 0; i < 20; i++)
          {
            gsize from = (gsize) g_random_int_range (0, (gint32) body->len);
            gsize to = (gsize) g_random_int_range ((gint32) from, (gint32) body->len + 1);

            check_range (body->str, &form, decoded, from, to - from);
          }
      }
}

// A whole body of several pieces, and the same with one octet that an encoder would not write.
static void
test_decode (void)
{
  enum
  {
    N_LINES = 3000,
    LINE_BYTES = 78,
  };

  g_autofree char *body = g_malloc (N_LINES * LINE_BYTES);
  g_autofree guint8 *decoded = NULL;
  WdMimeBase64Form form = { 0 };

  for (gsize i = 0; i < N_LINES * LINE_BYTES; i++)
    body[i] = i % LINE_BYTES == 76 ? '\r' : i % LINE_BYTES == 77 ? '\n' : 'B';
  decoded = wd_mime_base64_decode (body, N_LINES * LINE_BYTES, &form);
  g_assert_nonnull (decoded);
  g_assert_cmpuint (form.decoded_bytes, ==, N_LINES * 57);
  g_assert_cmpuint (form.encoded_bytes, ==, N_LINES * LINE_BYTES);
  for (gsize i = 0; i < N_LINES * 57; i += 3)
    g_assert_cmpmem (decoded + i, 3, "\x04\x10\x41", 3);

  body[2 * LINE_BYTES + 76] = ' ';
  g_assert_null (wd_mime_base64_decode (body, N_LINES * LINE_BYTES, &form));
  g_assert_null (wd_mime_base64_decode (body, 0, &form));
}

static void
test_valid (void)
{
  WdMimeBase64Form form = { 8, 1, 2, 8 + 2 + 4 + 2, 7 };
  WdMimeBase64Form bad;

  g_assert_true (wd_mime_base64_is_valid (&form));
  bad = form;
  bad.line_chars = 0;
  g_assert_false (wd_mime_base64_is_valid (&bad));
  bad = form;
  bad.line_chars = 6;
  g_assert_false (wd_mime_base64_is_valid (&bad));
  bad = form;
  bad.line_end_bytes = 3;
  g_assert_false (wd_mime_base64_is_valid (&bad));
  bad = form;
  bad.encoded_bytes++;
  g_assert_false (wd_mime_base64_is_valid (&bad));
  bad = form;
  bad.decoded_bytes = G_MAXUINT64;
  g_assert_false (wd_mime_base64_is_valid (&bad));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/base64/forms", test_forms);
  g_test_add_func ("/mime/base64/nul", test_nul);
  g_test_add_func ("/mime/base64/alphabet", test_alphabet);
  g_test_add_func ("/mime/base64/glib", test_glib);
  g_test_add_func ("/mime/base64/decode", test_decode);
  g_test_add_func ("/mime/base64/valid", test_valid);
  return g_test_run ();
}
