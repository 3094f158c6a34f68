// SPDX-License-Identifier: EUPL-1.2
// Previews of texts; those of whole messages are in the script.
#include "config.h"

#include "imap-preview.h"

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
      g_autofree char *preview = wd_imap_preview_of_text (cases[i].text, cases[i].is_html);

      g_assert_cmpstr (preview, ==, cases[i].preview);
    }
}

// At the limit nothing is cut, above it in no character, and no space is left at the end.
static void
test_limit (void)
{
  for (guint n = WD_IMAP_PREVIEW_CHARS - 1; n <= WD_IMAP_PREVIEW_CHARS + 1; n++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *preview = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, "\xe2\x82\xac");
      preview = wd_imap_preview_of_text (text->str, FALSE);
      g_assert_true (g_utf8_validate (preview, -1, NULL));
      g_assert_cmpint (g_utf8_strlen (preview, -1), ==, MIN (n, WD_IMAP_PREVIEW_CHARS));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/preview/texts", test_texts);
  g_test_add_func ("/imap/preview/limit", test_limit);
  return g_test_run ();
}
