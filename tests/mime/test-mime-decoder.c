// SPDX-License-Identifier: EUPL-1.2
// Transfer encodings undone a piece at a time: any cut gives what all at once does.
#include "config.h"

#include <string.h>

#include "mime-decoder.h"
#include "mime-text.h"

static const struct
{
  WdMimeEncoding encoding;
  const char *data;
} bodies[] = {
  { WD_MIME_ENCODING_IDENTITY, "a=3D\r\nYQ==" },
  { WD_MIME_ENCODING_UNKNOWN, "begin 644 x" },
  { WD_MIME_ENCODING_BASE64, "" },
  { WD_MIME_ENCODING_BASE64, "SGVsbG8=" },
  { WD_MIME_ENCODING_BASE64, "AAECAwQFBgcICQoLDA0ODw==\r\n" },
  { WD_MIME_ENCODING_BASE64, "SG Vs\r\n!bG\n8=" },
  { WD_MIME_ENCODING_BASE64, "SGVsbG8" },
  { WD_MIME_ENCODING_BASE64, "????" },
  { WD_MIME_ENCODING_QP, "" },
  { WD_MIME_ENCODING_QP, "Gr=C3=BC=c3=9fe=00" },
  { WD_MIME_ENCODING_QP, "a=\r\nb=\nc\r\nd" },
  { WD_MIME_ENCODING_QP, "a=ZZ" },
  { WD_MIME_ENCODING_QP, "a=" },
  { WD_MIME_ENCODING_QP, "a=4" },
};

static void
test_cuts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      gsize len = strlen (bodies[i].data);
      g_autoptr (GByteArray) whole = g_byte_array_new ();

      wd_mime_text_decode_transfer (bodies[i].encoding, bodies[i].data, len, whole);
      for (gsize step = 1; step <= len + 1; step++)
        {
          g_autoptr (WdMimeDecoder) decoder = wd_mime_decoder_new (bodies[i].encoding);
          g_autoptr (GString) out = g_string_new (">");

          for (gsize at = 0; at < len; at += step)
            wd_mime_decoder_feed (decoder, bodies[i].data + at, MIN (step, len - at), out);
          wd_mime_decoder_finish (decoder, out);
          g_assert_cmpmem (out->str + 1, (int) out->len - 1, whole->data, (int) whole->len);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/decoder/cuts", test_cuts);
  return g_test_run ();
}
