// SPDX-License-Identifier: EUPL-1.2
// Header fields: walking, filtering, decoded text.
#include "config.h"

#include <string.h>

#include "mime-header.h"

static void
test_next (void)
{
  static const char header[] = " first\r\n"
                               "A: 1\r\n"
                               "B :2\r\n"
                               "\tmore\n"
                               "no colon\r\n"
                               "C C: 3\r\n"
                               ": 4\n"
                               "D\xc3\xbc: 5\r\n"
                               "E:\r\n"
                               " \r\n"
                               "F: 6\r\n"
                               "\r\n"
                               "G: not in the header\r\n";

  static const struct
  {
    const char *text;
    gsize name_len;
    gsize value_start;
  } fields[] = {
    { " first\r\n", 0, 0 },       { "A: 1\r\n", 1, 2 },    { "B :2\r\n\tmore\n", 1, 3 },
    { "no colon\r\n", 0, 0 },     { "C C: 3\r\n", 0, 0 },  { ": 4\n", 0, 0 },
    { "D\xc3\xbc: 5\r\n", 0, 0 }, { "E:\r\n \r\n", 1, 2 }, { "F: 6\r\n", 1, 2 },
  };

  gsize offset = 0;
  WdMimeField field;

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_assert_true (wd_mime_header_next (header, strlen (header), &offset, &field));
      g_assert_cmpmem (field.start, (int) field.len, fields[i].text, (int) strlen (fields[i].text));
      g_assert_cmpuint (field.name_len, ==, fields[i].name_len);
      g_assert_cmpuint (field.value_start, ==, fields[i].value_start);
    }
  g_assert_false (wd_mime_header_next (header, strlen (header), &offset, &field));
  offset = 0;
  g_assert_false (wd_mime_header_next ("", 0, &offset, &field));
  g_assert_false (wd_mime_header_next ("\r\n", 2, &offset, &field));
  // One line without its end, and a lone CR, which is no line end.
  g_assert_true (wd_mime_header_next ("A:", 2, &offset, &field));
  g_assert_cmpuint (field.len, ==, 2);
  offset = 0;
  g_assert_true (wd_mime_header_next ("\r", 1, &offset, &field));
  g_assert_cmpuint (field.name_len, ==, 0);
}

static const struct
{
  const char *header;
  const char *names[3];
  gboolean invert;
  const char *expected;
} filters[] = {
  { "A: 1\r\nB: 2\r\n\r\n", { "a" }, FALSE, "A: 1\r\n\r\n" },
  { "A: 1\r\nB: 2\r\n\r\n", { "a" }, TRUE, "B: 2\r\n\r\n" },
  { "A: 1\r\nB: 2\r\n\r\n", { "c" }, FALSE, "\r\n" },
  { "A: 1\r\nB: 2\r\n\r\n", { "c" }, TRUE, "A: 1\r\nB: 2\r\n\r\n" },
  { "A: 1\r\nB: 2\r\nA: 3\r\n", { "b", "A" }, FALSE, "A: 1\r\nB: 2\r\nA: 3\r\n\r\n" },
  // Continuations, and lines that are no fields, go with the field before.
  { "A: 1\r\n x\r\njunk\r\nB: 2\r\n", { "A" }, FALSE, "A: 1\r\n x\r\njunk\r\n\r\n" },
  { "A: 1\r\n x\r\njunk\r\nB: 2\r\n", { "A" }, TRUE, "B: 2\r\n\r\n" },
  { "junk\r\nB: 2\r\n", { "B" }, FALSE, "B: 2\r\n\r\n" },
  { "junk\r\nB: 2\r\n", { "B" }, TRUE, "junk\r\n\r\n" },
  // A line end is added where there is none, and no other is changed.
  { "A: 1", { "A" }, FALSE, "A: 1\r\n\r\n" },
  { "A: 1\n\n", { "A" }, FALSE, "A: 1\n\r\n" },
  { "A : 1\r\nAB: 2\r\n", { "A" }, FALSE, "A : 1\r\n\r\n" },
  { "", { "A" }, FALSE, "\r\n" },
  { "", { "A" }, TRUE, "\r\n" },
};

static void
test_filter (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      wd_mime_header_filter (filters[i].header, strlen (filters[i].header), filters[i].names,
                             filters[i].invert, out);
      g_assert_cmpstr (out->str, ==, filters[i].expected);
    }
}

static const struct
{
  const char *value;
  const char *text;
} texts[] = {
  { "", "" },
  { " plain \r\n", "plain" },
  { " a\r\n b\r\n\tc\r\n", "a b\tc" },
  { "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße" },
  { "=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße" },
  { "=?iso-8859-1?q?Gr=FC=DFe_aus?= =?iso-8859-1?q?_Wien?= now", "Grüße aus Wien now" },
  { "a =?us-ascii?q?b?= c", "a b c" },
  { "=?us-ascii?q?a?=\r\n =?us-ascii?q?b?=", "ab" },
  { "=?us-ascii?q?a?=b=?us-ascii?q?c?=", "abc" },
  { "(=?us-ascii?q?a?=)", "(a)" },
  { "=?utf-8*de?q?a?=", "a" },
  // A character cut between two words; words of two encodings.
  { "=?utf-8?Q?M=C3?= =?utf-8?Q?=BCnchen?=", "München" },
  { "=?utf-8?Q?M=C3?= =?utf-8?B?vA==?=", "Mü" },
  { "=?utf-8?Q?M=C3?= x", "M\xef\xbf\xbd x" },
  { "=?koi8-r?B?8NLJ18XU?=", "Привет" },
  { "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本" },
  { "=?shift_jis?B?k/qWew==?=", "日本" },
  { "=?gb2312?B?1tDOxA==?=", "中文" },
  { "=?windows-1252?Q?=80?=", "€" },
  // An unknown charset is UTF-8, else Latin-1.
  { "=?x-none?Q?=C3=BC?=", "ü" },
  { "=?x-none?Q?=FC?=", "ü" },
  { "=?../../etc/x?Q?a?=", "a" },
  { "=?utf-16//IGNORE?Q?a?=", "a" },
  // Spaces within, no padding, wrong digits.
  { "=?us-ascii?Q?a b?=", "a b" },
  { "=?us-ascii?B?QQ?=", "" },
  { "=?us-ascii?B?QUJD!RA==?=", "ABCD" },
  { "=?us-ascii?Q?a=ZZ=4?=", "a=ZZ=4" },
  // No encoded words.
  { "=?us-ascii?x?a?=", "=?us-ascii?x?a?=" },
  { "=?us-ascii?q?a", "=?us-ascii?q?a" },
  { "=?us-ascii?q?a?", "=?us-ascii?q?a?" },
  { "=?us-ascii?q", "=?us-ascii?q" },
  { "=??q?a?=", "=??q?a?=" },
  { "=?", "=?" },
  { "=", "=" },
  { "a=b==?c", "a=b==?c" },
  { "=?us-ascii?q?a?= =?", "a =?" },
  // Raw 8-bit text; a word that holds line ends or NUL.
  { "Gr\xc3\xbc\xc3\x9f", "Grüß" },
  { "Gr\xfc\xdf", "Grüß" },
  { "=?us-ascii?q?a=0D=0Ab=00c?=", "a  b c" },
};

static void
test_text (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = wd_mime_header_dup_text (texts[i].value, strlen (texts[i].value));

      g_assert_cmpstr (text, ==, texts[i].text);
    }
}

static void
test_nul (void)
{
  g_autofree char *text = wd_mime_header_dup_text ("a\0b", 3);

  g_assert_cmpstr (text, ==, "ab");
}

static void
test_values (void)
{
  static const char header[]
      = "To: a\r\nSubject: x\r\nTO: =?us-ascii?q?b=0Ac?=,\r\n d\r\nTo:\r\n\r\n";
  g_autofree char *to = wd_mime_header_dup_values (header, strlen (header), "to");
  g_autofree char *subject = wd_mime_header_dup_values (header, strlen (header), "Subject");

  g_assert_cmpstr (to, ==, "a\nb c, d\n");
  g_assert_cmpstr (subject, ==, "x");
  g_assert_null (wd_mime_header_dup_values (header, strlen (header), "cc"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/header/next", test_next);
  g_test_add_func ("/mime/header/filter", test_filter);
  g_test_add_func ("/mime/header/text", test_text);
  g_test_add_func ("/mime/header/nul", test_nul);
  g_test_add_func ("/mime/header/values", test_values);
  return g_test_run ();
}
