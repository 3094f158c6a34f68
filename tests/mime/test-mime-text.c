// SPDX-License-Identifier: EUPL-1.2
// Text of parts: transfer encodings and charsets.
#include "config.h"

#include <string.h>

#include "mime-date.h"
#include "mime-text.h"

static const struct
{
  WdMimeEncoding encoding;
  const char *data;
  const char *decoded;
} transfers[] = {
  { WD_MIME_ENCODING_IDENTITY, "a=3D\r\nYQ==", "a=3D\r\nYQ==" },
  { WD_MIME_ENCODING_UNKNOWN, "begin 644 x", "begin 644 x" },
  { WD_MIME_ENCODING_BASE64, "", "" },
  { WD_MIME_ENCODING_BASE64, "SGVsbG8=", "Hello" },
  { WD_MIME_ENCODING_BASE64, "SGVs\r\nbG8=\r\n", "Hello" },
  { WD_MIME_ENCODING_BASE64, "SG Vs\r\n!bG\n8=", "Hello" },
  { WD_MIME_ENCODING_BASE64, "SGVsbG8", "Hel" },
  { WD_MIME_ENCODING_BASE64, "????", "" },
  { WD_MIME_ENCODING_QP, "", "" },
  { WD_MIME_ENCODING_QP, "Gr=C3=BC=c3=9fe", "Grüße" },
  { WD_MIME_ENCODING_QP, "a=\r\nb=\nc\r\nd", "abc\r\nd" },
  { WD_MIME_ENCODING_QP, "a=ZZ", "a=ZZ" },
  { WD_MIME_ENCODING_QP, "=41", "A" },
};

static void
test_transfer (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();

      g_byte_array_append (out, (const guint8 *) ">", 1);
      wd_mime_text_decode_transfer (transfers[i].encoding, transfers[i].data,
                                    strlen (transfers[i].data), out);
      g_byte_array_append (out, (const guint8 *) "", 1);
      g_assert_cmpstr ((const char *) out->data + 1, ==, transfers[i].decoded);
      g_assert_cmpuint (out->len, ==, strlen (transfers[i].decoded) + 2);
    }
}

static const struct
{
  WdMimePart part;
  const char *body;
  const char *text;
} texts[] = {
  { { .type = "text/plain" }, "abc", "abc" },
  { { .type = "text/plain" }, "\xc3\xbc", "ü" },
  { { .type = "text/plain" }, "\xfc", "ü" },
  { { .type = "text/plain", .charset = "us-ascii" }, "\xfc", "ü" },
  { { .type = "text/plain", .charset = "UTF-8" },
    "a\xfc"
    "b",
    "a\xef\xbf\xbd"
    "b" },
  { { .type = "text/plain", .charset = "iso-8859-1" }, "\xc3\xbc", "Ã¼" },
  { { .type = "text/plain", .charset = "iso-8859-15" }, "\xa4", "€" },
  { { .type = "text/plain", .charset = "x-unknown" }, "\xfc", "ü" },
  { { .type = "text/plain", .charset = "gb2312" }, "\xd6\xd0", "中" },
  // Half a character at the end, a wrong one within.
  { { .type = "text/plain", .charset = "gb2312" }, "\xd6\xd0\xd6", "中\xef\xbf\xbd" },
  { { .type = "text/plain", .charset = "shift_jis" },
    "a\xfd"
    "b",
    "a\xef\xbf\xbd"
    "b" },
  { { .type = "text/plain", .charset = "utf-7" }, "+APw-", "ü" },
  { { .type = "text/html", .encoding = WD_MIME_ENCODING_QP, .charset = "utf-8" },
    "<p>=C3=BC</p>",
    "<p>ü</p>" },
  { { .type = "text/html", .encoding = WD_MIME_ENCODING_BASE64, .charset = "koi8-r" },
    "8NLJ18XU",
    "Привет" },
  { { .type = "text/plain", .encoding = WD_MIME_ENCODING_BASE64 }, "", "" },
  { { .type = "message/rfc822", .kind = WD_MIME_MESSAGE },
    "Subject: =?utf-8?q?=C3=BC?=\r\n x\r\nTo: a\r\n\r\nbody",
    "Subject: ü x\nTo: a\n" },
};

static void
test_dup (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text
          = wd_mime_text_dup (&texts[i].part, texts[i].body, strlen (texts[i].body));

      g_assert_cmpstr (text, ==, texts[i].text);
    }
}

static void
test_nul (void)
{
  WdMimePart part = { .type = "text/plain", .charset = "utf-8" };
  g_autofree char *text = wd_mime_text_dup (&part, "a\0b", 3);

  g_assert_cmpstr (text, ==,
                   "a\xef\xbf\xbd"
                   "b");
}

// A body full of wrong octets costs no more than another, and is read as Latin-1 in the end.
static void
test_all_wrong (void)
{
  WdMimePart part = { .type = "text/plain", .charset = "euc-jp" };
  g_autofree char *body = g_strnfill (1 << 20, '\xff');
  g_autofree char *text = wd_mime_text_dup (&part, body, 1 << 20);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (g_str_has_suffix (text, "ÿÿÿ"));
}

static void
test_searchable (void)
{
  static const struct
  {
    WdMimePart part;
    gboolean is_searchable;
  } parts[] = {
    { { .type = "text/plain" }, TRUE },
    { { .type = "text/calendar" }, TRUE },
    { { .type = "message/rfc822", .kind = WD_MIME_MESSAGE }, TRUE },
    { { .type = "image/png" }, FALSE },
    { { .type = "application/octet-stream" }, FALSE },
    { { .type = "multipart/mixed", .kind = WD_MIME_MULTIPART }, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    g_assert_cmpint (wd_mime_text_is_searchable (&parts[i].part), ==, parts[i].is_searchable);
}

static void
test_convert (void)
{
  static const struct
  {
    const char *charset;
    const char *data;
    const char *text;
  } cases[] = {
    { "UTF-8", "ü", "ü" },
    { "utf-8", "\xfc", NULL },
    { "US-ASCII", "abc", "abc" },
    { "us-ascii", "\xc3\xbc", NULL },
    { "iso-8859-1", "\xfc", "ü" },
    { "iso-8859-1", "", "" },
    { "gb2312", "\xd6", NULL },
    { "x-unknown", "a", NULL },
    { "", "a", NULL },
    { "UTF-8//TRANSLIT", "a", NULL },
    { "/etc/passwd", "a", NULL },
    { "iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text
          = wd_mime_text_convert (cases[i].charset, cases[i].data, strlen (cases[i].data));

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

// The tables and GMime are made by whoever comes first.
static gpointer
decode_all (gpointer user_data)
{
  static const char date[] = "Tue Mar  5 10:20:30 2024";

  for (guint i = 0; i < 50; i++)
    {
      gint32 day;
      gint64 ms;

      test_transfer ();
      test_dup ();
      g_assert_true (wd_mime_date_read ((WdMimeSlice){ date, strlen (date) }, &day, &ms));
      g_assert_cmpint (day, ==, 19787);
    }
  return NULL;
}

static void
test_threads (void)
{
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("decode", decode_all, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  // First, so that nothing is initialised yet.
  g_test_add_func ("/mime/text/threads", test_threads);
  g_test_add_func ("/mime/text/transfer", test_transfer);
  g_test_add_func ("/mime/text/dup", test_dup);
  g_test_add_func ("/mime/text/nul", test_nul);
  g_test_add_func ("/mime/text/all-wrong", test_all_wrong);
  g_test_add_func ("/mime/text/searchable", test_searchable);
  g_test_add_func ("/mime/text/convert", test_convert);
  return g_test_run ();
}
