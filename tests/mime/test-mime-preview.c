// SPDX-License-Identifier: EUPL-1.2
// Previews of texts and of whole messages.
#include "config.h"

#include <string.h>

#include "mime-check.h"
#include "mime-preview.h"

static const struct
{
  const char *text;
  gboolean is_html;
  const char *preview;
} cases[] = {
  { "", FALSE, "" },
  { " \r\n\t\r\n", FALSE, "" },
  { "Soup or salad?\r\n", FALSE, "Soup or salad?" },
  { "\r\n  one\r\n\r\n\ttwo \xc2\xa0 three", FALSE, "one two three" },
  { "> you said\r\n> so\r\nI did not\r\n> here\r\nend", FALSE, "I did not end" },
  { "> all", FALSE, "" },
  { "a > b <c> &amp;", FALSE, "a > b <c> &amp;" },
  { "Gr\xc3\xbc\xc3\x9f"
    "e\x01\x7f!",
    FALSE,
    "Gr\xc3\xbc\xc3\x9f"
    "e !" },
  { "<p>Hello <b>you</b></p>", TRUE, "Hello you" },
  { "<html><head><title>t</title><style>p { }</style></head><body>x</body>", TRUE, "x" },
  { "<STYLE type=a>y</sTyLe >x<script>if (a < b) </script>z", TRUE, "x z" },
  { "<style>never ends", TRUE, "" },
  { "<header>shown</header>", TRUE, "shown" },
  { "a<!-- <b> -->b<!-- never", TRUE, "a b" },
  { "1 < 2 &amp;&lt;&gt;&#65;&#x42;&bogus;&#0;&#xd800;&#1114112;&", TRUE,
    "1 < 2 &<>AB&bogus;&#0;&#xd800;&#1114112;&" },
  { "open <tag", TRUE, "open" },
  { "> quotes stay", TRUE, "> quotes stay" },
};

static void
test_texts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *preview = wd_mime_preview_of_text (cases[i].text, cases[i].is_html);

      g_assert_cmpstr (preview, ==, cases[i].preview);
    }
}

// At the limit nothing is cut, above it in no character, and no space is left at the end.
static void
test_limit (void)
{
  for (guint n = WD_MIME_PREVIEW_CHARS - 1; n <= WD_MIME_PREVIEW_CHARS + 1; n++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *preview = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, "\xe2\x82\xac");
      preview = wd_mime_preview_of_text (text->str, FALSE);
      g_assert_true (g_utf8_validate (preview, -1, NULL));
      g_assert_cmpint (g_utf8_strlen (preview, -1), ==, MIN (n, WD_MIME_PREVIEW_CHARS));
    }
}

#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"
#define HTML "Content-Type: text/html\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
#define END "\r\n--b--\r\n"

static const struct
{
  const char *message;
  const char *preview;
} messages[] = {
  { "", "" },
  { "Subject: s\r\n\r\nsome text\r\n", "some text" },
  { "Content-Type: application/pdf\r\n\r\nno text\r\n", "" },
  { HTML "\r\n<b>x</b>\r\n", "x" },
  { MIXED HTML "\r\n<b>x</b>\r\n--b\r\n" PLAIN "\r\nplain" END, "plain" },
  { MIXED PLAIN "Content-Disposition: attachment\r\n\r\nfile\r\n--b\r\n" HTML "\r\n<i>y" END, "y" },
  { PLAIN "Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n", "Gr\xc3\xbc\xc3\x9f"
                                                                       "e" },
  { PLAIN "Content-Transfer-Encoding: quoted-printable\r\n\r\nsoft=\r\nly =3D\r\n", "softly =" },
};

static char *
make (const char *message, gsize len)
{
  g_autoptr (WdMimeTree) tree = mime_check_index (message, len, 0);

  return wd_mime_preview_of_message (tree, message, len);
}

static void
test_messages (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      g_autofree char *preview = make (messages[i].message, strlen (messages[i].message));

      g_assert_cmpstr (preview, ==, messages[i].preview);
    }
}

// What stands before the text may be so long, and no longer.
static void
test_far (void)
{
  for (gsize n = 256; n <= 2 * WD_MIME_PREVIEW_READ_BYTES; n *= 2)
    for (gsize shift = 0; shift < 2; shift++)
      {
        g_autoptr (GString) message = g_string_new (HTML "\r\n<style>");
        g_autofree char *preview = NULL;

        while (message->len < strlen (HTML "\r\n") + n)
          g_string_append (message, "p {}\r\n");
        g_string_append (message, "</style>");
        if (shift > 0)
          g_string_append (message, "\r\n");
        g_string_append (message, "text &amp; more\r\n");
        preview = make (message->str, message->len);
        g_assert_cmpstr (preview, ==, n < WD_MIME_PREVIEW_READ_BYTES ? "text & more" : "");
      }
}

// Characters that the pieces break at are shown whole.
static void
test_pieces (void)
{
  for (guint width = 1; width <= 60; width++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *base64 = NULL;
      g_autofree char *message = NULL;
      g_autofree char *preview = NULL;

      for (guint i = 0; i < 2 * WD_MIME_PREVIEW_CHARS; i++)
        {
          for (guint j = 1; j < width; j++)
            g_string_append_c (text, '\n');
          g_string_append (text, "\xf0\x9f\xa6\x86");
        }
      base64 = g_base64_encode ((const guchar *) text->str, text->len);
      message = g_strconcat (PLAIN "Content-Transfer-Encoding: base64\r\n\r\n", base64, NULL);
      preview = make (message, strlen (message));
      g_assert_null (strstr (preview, "\xef\xbf\xbd"));
      g_assert_cmpint (g_utf8_strlen (preview, -1), >, width > 1 ? 190 : 199);
    }
}

static void
check_one (const char *name, const char *data, gsize len)
{
  g_autofree char *preview = make (data, len);
  gsize n = strlen (preview);

  g_assert_true (g_utf8_validate (preview, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (preview, -1), <=, WD_MIME_PREVIEW_CHARS);
  g_assert_null (strstr (preview, "  "));
  g_assert_false (n > 0 && (preview[0] == ' ' || preview[n - 1] == ' '));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpint ((guchar) preview[i], >=, ' ');
}

static void
test_corpus (void)
{
  mime_check_foreach (check_one);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/preview/texts", test_texts);
  g_test_add_func ("/mime/preview/limit", test_limit);
  g_test_add_func ("/mime/preview/messages", test_messages);
  g_test_add_func ("/mime/preview/far", test_far);
  g_test_add_func ("/mime/preview/pieces", test_pieces);
  g_test_add_func ("/mime/preview/corpus", test_corpus);
  return g_test_run ();
}
