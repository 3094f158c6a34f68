// SPDX-License-Identifier: EUPL-1.2
// ENVELOPE and BODYSTRUCTURE in ASCII.
#include "config.h"

#include "imap-downgrade.h"

#include <string.h>

#include "core-limits.h"
#include "downgrade-check.h"
#include "mime-check.h"
#include "mime-header.h"
#include "mime-word.h"

#define NOBODY "NIL \"invalid\" \"internationalized-address.invalid\""

typedef struct
{
  const char *from;
  const char *to; // NULL: it stays.
} DowngradeCase;

static const DowngradeCase envelopes[] = {
  { "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", NULL },
  { "(\"x\" \"a {2}\" NIL NIL NIL NIL NIL NIL NIL NIL)", NULL },
  // Subject; encoded words in it are not encoded twice.
  { "(NIL {7}\r\nGrüße NIL NIL NIL NIL NIL NIL NIL NIL)",
    "(NIL \"=?utf-8?B?R3LDvMOfZQ==?=\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  { "(NIL {24}\r\n=?iso-8859-1?Q?=FC?=, ü NIL NIL NIL NIL NIL NIL NIL NIL)",
    "(NIL \"=?utf-8?B?w7wsIMO8?=\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  // Latin-1, which nothing names.
  { "(NIL {2}\r\n\xfc! NIL NIL NIL NIL NIL NIL NIL NIL)", NULL },
  // Date, In-Reply-To and Message-ID have no other form.
  { "({2}\r\nü NIL NIL NIL NIL NIL NIL NIL {6}\r\n<ü@b> {6}\r\n<ü@b>)",
    "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
  // Names, hosts and local parts.
  { "(NIL NIL (({2}\r\nü NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL NIL)",
    "(NIL NIL ((\"=?utf-8?B?w7w=?=\" NIL \"a\" \"b\")) NIL NIL NIL NIL NIL NIL NIL)" },
  { "(NIL NIL NIL ((\"x\" NIL \"a\" {12}\r\nexämple.org)) NIL NIL NIL NIL NIL NIL)",
    "(NIL NIL NIL ((\"x\" NIL \"a\" \"xn--exmple-cua.org\")) NIL NIL NIL NIL NIL NIL)" },
  { "(NIL NIL NIL NIL ((NIL NIL {2}\r\nü \"b\")) NIL NIL NIL NIL NIL)",
    "(NIL NIL NIL NIL ((\"=?utf-8?B?w7xAYg==?=\" " NOBODY ")) NIL NIL NIL NIL NIL)" },
  { "(NIL NIL NIL NIL NIL ((\"x \\\"y\\\"\" NIL {2}\r\nü {2}\r\nä)) NIL NIL NIL NIL)",
    "(NIL NIL NIL NIL NIL ((\"=?utf-8?B?eCAieSIgPMO8QMOkPg==?=\" " NOBODY ")) NIL NIL NIL NIL)" },
  // A host that IDNA does not know.
  { "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" {4}\r\nü-\xcd\xb8)) NIL NIL NIL NIL)", NULL },
  // No host, a route, and a group beside an address that stays.
  { "(NIL NIL NIL NIL NIL NIL ((NIL NIL {2}\r\nü \"\")) NIL NIL NIL)",
    "(NIL NIL NIL NIL NIL NIL ((\"=?utf-8?B?w7w=?=\" " NOBODY ")) NIL NIL NIL)" },
  { "(NIL NIL NIL NIL NIL NIL NIL ((NIL {3}\r\n@ü \"a\" \"b\")) NIL NIL)",
    "(NIL NIL NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL NIL)" },
  { "(NIL NIL NIL NIL NIL NIL NIL ((NIL NIL {2}\r\nü NIL)(\"x\" NIL \"a\" \"b\")(NIL NIL NIL NIL))"
    " NIL NIL)",
    "(NIL NIL NIL NIL NIL NIL NIL ((NIL NIL \"=?utf-8?B?w7w=?=\" NIL)(\"x\" NIL \"a\" \"b\")"
    "(NIL NIL NIL NIL)) NIL NIL)" },
  // No envelope.
  { "", NULL },
  { "(", NULL },
  { "({2}\r\nü", NULL },
  { "({3}\r\nü", NULL },
  { "({99999999999999999999999}\r\nü", NULL },
  { "({2\r\nü", NULL },
  { "(\"ü", NULL },
  { "(NIL {2}\r\nü NIL NIL NIL NIL NIL NIL NIL)", NULL },
  { "(NIL {2}\r\nü NIL NIL NIL NIL NIL NIL NIL NIL) ", NULL },
  { "(NIL {2}\r\nü (NIL) NIL NIL NIL NIL NIL NIL NIL)", NULL },
};

#define TEXT_HEAD "(\"text\" \"plain\" "
#define TEXT_TAIL " NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL)"

static const DowngradeCase structures[] = {
  { TEXT_HEAD "NIL" TEXT_TAIL, NULL },
  { TEXT_HEAD "(\"name\" {6}\r\nü.txt)" TEXT_TAIL,
    TEXT_HEAD "(\"name*\" \"utf-8''%C3%BC.txt\")" TEXT_TAIL },
  // What was in that form, or in pieces.
  { TEXT_HEAD "(\"name*\" {14}\r\nutf-8''%C3 \"ü)" TEXT_TAIL,
    TEXT_HEAD "(\"name*\" \"utf-8''%C3 %22%C3%BC\")" TEXT_TAIL },
  { TEXT_HEAD "(\"name*0\" {2}\r\nü \"name*1\" {4}\r\n1*ö \"name*2\" \"b\")" TEXT_TAIL, TEXT_HEAD
    "(\"name*0*\" \"utf-8''%C3%BC\" \"name*1*\" \"1%2A%C3%B6\" \"name*2\" \"b\")" TEXT_TAIL },
  // A name that is not ASCII.
  { TEXT_HEAD "({2}\r\nü \"x\")" TEXT_TAIL, TEXT_HEAD "NIL" TEXT_TAIL },
  { TEXT_HEAD "({2}\r\nü \"x\" \"a\" \"b\" {1}\r\n\xfc {2}\r\nü)" TEXT_TAIL,
    TEXT_HEAD "(\"a\" \"b\")" TEXT_TAIL },
  // Types, id, description, encoding, md5, disposition, languages and location.
  { "({2}\r\nü {2}\r\nü NIL {2}\r\nü {2}\r\nü {2}\r\nü 3 {2}\r\nü ({2}\r\nü (\"filename\" "
    "{2}\r\nü))"
    " (\"de\" {2}\r\nü) {2}\r\nü)",
    "(\"\" \"\" NIL NIL \"=?utf-8?B?w7w=?=\" \"\" 3 NIL (\"\" (\"filename*\" \"utf-8''%C3%BC\"))"
    " (\"de\" \"\") NIL)" },
  { "(" TEXT_HEAD "NIL" TEXT_TAIL TEXT_HEAD "(\"name\" {2}\r\nü)" TEXT_TAIL
    " \"mixed\" (\"boundary\" {2}\r\nü) (\"inline\" NIL) NIL NIL)",
    "(" TEXT_HEAD "NIL" TEXT_TAIL TEXT_HEAD "(\"name*\" \"utf-8''%C3%BC\")" TEXT_TAIL
    " \"mixed\" (\"boundary*\" \"utf-8''%C3%BC\") (\"inline\" NIL) NIL NIL)" },
  // BODY, and a message.
  { "((\"text\" \"plain\" NIL NIL {2}\r\nü \"7bit\" 3 1) \"mixed\")",
    "((\"text\" \"plain\" NIL NIL \"=?utf-8?B?w7w=?=\" \"7bit\" 3 1) \"mixed\")" },
  { "(\"message\" \"rfc822\" NIL NIL NIL \"8bit\" 9 (NIL {2}\r\nü NIL NIL NIL NIL NIL NIL NIL "
    "NIL) " TEXT_HEAD "(\"name\" {2}\r\nü)" TEXT_TAIL " 4 NIL NIL NIL NIL)",
    "(\"message\" \"rfc822\" NIL NIL NIL \"8bit\" 9 (NIL \"=?utf-8?B?w7w=?=\" NIL NIL NIL NIL NIL"
    " NIL NIL NIL) " TEXT_HEAD "(\"name*\" \"utf-8''%C3%BC\")" TEXT_TAIL " 4 NIL NIL NIL NIL)" },
  // No structure.
  { "", NULL },
  { "({2}\r\nü)", NULL },
  { TEXT_HEAD "(\"name\" {2}\r\nü" TEXT_TAIL, NULL },
  { TEXT_HEAD "(\"name\" {2}\r\nü)" TEXT_TAIL ")", NULL },
  { TEXT_HEAD "(\"name\" {2}\r\nü) NIL NIL \"7bit\" 3 (NIL NIL))", NULL },
};

static void
check (const DowngradeCase *about, void (*downgrade) (const char *list, gsize len, GString *out))
{
  gsize len = strlen (about->from);
  // Without a NUL behind it: what reads too far is seen by AddressSanitizer.
  g_autofree char *list = g_memdup2 (about->from, len);
  g_autoptr (GString) out = g_string_new ("* ");

  downgrade (list, len, out);
  g_assert_cmpstr (out->str + 2, ==, about->to != NULL ? about->to : about->from);
  if (about->to != NULL && g_str_is_ascii (about->to))
    g_assert_true (wd_imap_downgrade_is_needed (list, len));
}

static void
test_envelope (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (envelopes); i++)
    check (&envelopes[i], wd_imap_downgrade_envelope);
}

static void
test_structure (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (structures); i++)
    check (&structures[i], wd_imap_downgrade_structure);
}

static void
test_needed (void)
{
  g_assert_false (wd_imap_downgrade_is_needed (NULL, 0));
  g_assert_false (wd_imap_downgrade_is_needed ("(\"{1}\")", 7));
  g_assert_true (wd_imap_downgrade_is_needed ("({2}\r\nü)", 9));
}

// No word is longer than 75 octets, none cuts a character, and together they say what was said.
static void
test_words (void)
{
  for (guint n = 0; n < 200; n++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GString) words = g_string_new (NULL);
      g_autofree char *back = NULL;
      g_auto (GStrv) list = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append (text, i % 7 == 0 ? "a" : i % 3 == 0 ? "€" : "ü");
      wd_mime_word_append_encoded (text->str, text->len, words);
      back = wd_mime_header_dup_text (words->str, words->len);
      g_assert_cmpstr (back, ==, text->str);
      list = g_strsplit (words->str, " ", -1);
      for (guint i = 0; list[i] != NULL; i++)
        {
          g_autofree char *one = wd_mime_header_dup_text (list[i], strlen (list[i]));

          g_assert_cmpuint (strlen (list[i]), <=, 75);
          g_assert_true (strstr (text->str, one) != NULL);
        }
    }
}

// Whatever is delivered; and the same with an ü in place of some letters.
static void
check_foreign (const char *name, const char *data, gsize len)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) len);
  g_autoptr (GString) text = g_string_sized_new (len);

  downgrade_check_message (data, len);
  for (gsize i = 0; i < len; i++)
    if (g_ascii_isalpha (data[i]) && g_rand_int_range (rand, 0, 30) == 0)
      g_string_append (text, "ü");
    else
      g_string_append_c (text, data[i]);
  downgrade_check_message (text->str, text->len);
}

static void
test_corpus (void)
{
  mime_check_foreach (check_foreign);
}

// As deep as the indexer goes.
static void
test_deep (void)
{
  for (guint depth = WD_LIMIT_MIME_DEPTH - 2; depth <= WD_LIMIT_MIME_DEPTH + 2; depth++)
    {
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint i = 0; i < depth; i++)
        g_string_append_printf (text, "Subject: ü\r\nContent-Type: message/rfc822\r\n\r\n");
      downgrade_check_message (text->str, text->len);
      g_string_truncate (text, 0);
      for (guint i = 0; i < depth; i++)
        g_string_append_printf (
            text, "Content-Type: multipart/mixed; boundary=b%u; x=ü\r\n\r\n--b%u\r\n", i, i);
      downgrade_check_message (text->str, text->len);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/downgrade/envelope", test_envelope);
  g_test_add_func ("/imap/downgrade/structure", test_structure);
  g_test_add_func ("/imap/downgrade/needed", test_needed);
  g_test_add_func ("/imap/downgrade/words", test_words);
  g_test_add_func ("/imap/downgrade/corpus", test_corpus);
  g_test_add_func ("/imap/downgrade/deep", test_deep);
  return g_test_run ();
}
