// SPDX-License-Identifier: EUPL-1.2
// What indexing and base64 cost. Prints microseconds of CPU a message and MB a second of CPU.
#include "config.h"

#include <string.h>
#include <time.h>

#include "mime-base64.h"
#include "mime-indexer.h"
#include "mime-text.h"

#define CHUNK_BYTES 16384

// Of this process alone: what else the machine does leaves the figures as they are.
static gint64
get_cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
index_once (const char *data, gsize len)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
  g_autoptr (WdMimeTree) tree = NULL;

  for (gsize i = 0; i < len; i += CHUNK_BYTES)
    wd_mime_indexer_feed (indexer, data + i, MIN (CHUNK_BYTES, len - i));
  tree = wd_mime_indexer_finish (indexer);
}

static void
bench_message (const char *name, const char *data, gsize len, guint n_rounds)
{
  gint64 start = get_cpu_us ();
  double us;

  for (guint i = 0; i < n_rounds; i++)
    index_once (data, len);
  us = (double) (get_cpu_us () - start);
  g_print ("%-28s %9zu octets %10.2f us a message %8.0f MB/s\n", name, len, us / n_rounds,
           (double) len * n_rounds / us);
}

static void
append_lines (GString *out, const char *line, gsize n_bytes)
{
  gsize len = strlen (line);

  for (gsize n = 0; n < n_bytes; n += len)
    g_string_append_len (out, line, (gssize) len);
}

// As many multiparts within each other as are allowed, all of whose boundaries have one length,
// then lines that all but match.
static GString *
make_hostile (gsize boundary_len)
{
  GString *out = g_string_new (NULL);
  g_autofree char *fill = g_strnfill (boundary_len - 2, 'x');
  g_autofree char *line = g_strdup_printf ("--%s99\r\n", fill);

  for (guint i = 0; i < 62; i++)
    g_string_append_printf (out,
                            "Content-Type: multipart/mixed; boundary=%s%02u\r\n\r\n--%s%02u\r\n",
                            fill, i, fill, i);
  g_string_append (out, "\r\n");
  append_lines (out, line, 4 << 20);
  return out;
}

static void
bench_base64 (gsize n_bytes)
{
  g_autofree guint8 *octets = g_malloc (n_bytes);
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *plain = NULL;
  g_autofree guint8 *decoded = NULL;
  g_autofree char *encoded = NULL;
  WdMimeBase64Scan scan;
  WdMimeBase64Form form;
  gint64 start;
  gsize n;

  for (gsize i = 0; i < n_bytes; i++)
    octets[i] = (guint8) (i * 7 + (i >> 8));
  plain = g_base64_encode (octets, n_bytes);
  for (gsize i = 0; plain[i] != '\0'; i += strnlen (plain + i, 76))
    g_string_append_printf (body, "%.76s\r\n", plain + i);

  decoded = g_malloc (WD_MIME_BASE64_DECODED_ROOM (body->len));
  memset (decoded, 1, WD_MIME_BASE64_DECODED_ROOM (body->len));
  wd_mime_base64_begin (&scan);
  start = get_cpu_us ();
  if (!wd_mime_base64_scan (&scan, body->str, body->len, decoded, &n)
      || !wd_mime_base64_end (&scan, &form))
    g_assert_not_reached ();
  g_print ("%-28s %9zu octets %8.0f MB/s\n", "base64 decode and check", body->len,
           (double) body->len / (double) (get_cpu_us () - start));

  encoded = g_malloc (body->len);
  memset (encoded, 1, body->len);
  start = get_cpu_us ();
  wd_mime_base64_encode (&form, 0, body->len, decoded, encoded);
  g_print ("%-28s %9zu octets %8.0f MB/s\n", "base64 encode", body->len,
           (double) body->len / (double) (get_cpu_us () - start));
  g_assert_cmpint (memcmp (encoded, body->str, body->len), ==, 0);
}

int
main (void)
{
  g_autofree char *path
      = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "mime", "corpus", "typical.eml", NULL);
  g_autofree char *typical = NULL;
  g_autoptr (GString) base64 = g_string_new ("Content-Transfer-Encoding: base64\r\nContent-Type: "
                                             "multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n");
  g_autoptr (GString) lines = g_string_new ("Subject: x\r\n\r\n");
  g_autoptr (GString) parts = g_string_new ("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
  g_autoptr (GString) hostile = make_hostile (70);
  g_autoptr (GString) long_hostile = make_hostile (900);
  g_autoptr (GError) error = NULL;
  gsize len;

  if (!g_file_get_contents (path, &typical, &len, &error))
    g_error ("%s", error->message);
  append_lines (base64,
                "JVBERi0xLjQKJeLjz9MKMyAwIG9iago8PC9UeXBlIC9QYWdlCi9QYXJlbnQgMSAwIFIKL1Jlc291\r\n",
                32 << 20);
  append_lines (lines, "\n", 4 << 20);
  append_lines (parts, "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n", 90000);

  bench_message ("typical", typical, len, 20000);
  bench_message ("base64 in a multipart", base64->str, base64->len, 5);
  bench_message ("empty lines", lines->str, lines->len, 5);
  bench_message ("1,800 parts", parts->str, parts->len, 50);
  bench_message ("62 boundaries of 70", hostile->str, hostile->len, 3);
  bench_message ("62 boundaries of 900", long_hostile->str, long_hostile->len, 3);
  bench_base64 (32 << 20);
  return 0;
}
