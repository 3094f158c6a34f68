// SPDX-License-Identifier: EUPL-1.2
// Base subjects and the collation of texts.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-subject.h"

static const struct
{
  const char *subject;
  const char *base;
  gboolean is_reply;
} subjects[] = {
  { "", "", FALSE },
  { "hello", "hello", FALSE },
  { "  a \t b\r\n c  ", "a b c", FALSE },
  { "Re: hello", "hello", TRUE },
  { "re:hello", "hello", TRUE },
  { "RE  : hello", "hello", TRUE },
  { "Re: Re: FW: Fwd: hello", "hello", TRUE },
  { "Re[2]: hello", "hello", TRUE },
  { "Re [a] : hello", "hello", TRUE },
  { "[list] hello", "hello", FALSE },
  { "[list] Re: [other] hello", "hello", TRUE },
  { "[a] [b] Fw: hello", "hello", TRUE },
  { "[list]", "[list]", FALSE },
  { "[a][b]", "[b]", FALSE },
  { "Re: [list]", "[list]", TRUE },
  { "Re: [list] ", "[list]", TRUE },
  { "hello (fwd)", "hello", TRUE },
  { "hello (FWD) (fwd) ", "hello", TRUE },
  { "(fwd)", "", TRUE },
  { "[fwd: hello]", "hello", TRUE },
  { "[Fwd: [Fwd: Re: hello (fwd)]]", "hello", TRUE },
  { "[fwd: [list] hello] (fwd)", "hello", TRUE },
  { "[fwd: hello", "[fwd: hello", FALSE },
  { "Re:", "", TRUE },
  { "Reply: hello", "Reply: hello", FALSE },
  { "Re hello", "Re hello", FALSE },
  { "Fwdd: hello", "Fwdd: hello", FALSE },
  { "Re[[2]]: hello", "Re[[2]]: hello", FALSE },
  { "[unclosed Re: hello", "[unclosed Re: hello", FALSE },
  { "hello Re: there", "hello Re: there", FALSE },
  { "Aw: hallo", "Aw: hallo", FALSE },
  { "re: größe", "größe", TRUE },
};

static void
test_base (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (subjects); i++)
    {
      gboolean is_reply;
      g_autofree char *base = wd_imap_subject_dup_base (subjects[i].subject, &is_reply);

      g_test_message ("%s", subjects[i].subject);
      g_assert_cmpstr (base, ==, subjects[i].base);
      g_assert_cmpint (is_reply, ==, subjects[i].is_reply);
    }
}

// Much of anything takes no more than a moment.
static void
test_many (void)
{
  static const char *const pieces[] = { "Re: ", "[a] ", "[fwd: ", "[", "(fwd)", "Re[", "]" };

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *base = NULL;
      gboolean is_reply;

      while (text->len < 200 * 1000)
        g_string_append (text, pieces[i]);
      base = wd_imap_subject_dup_base (text->str, &is_reply);
      g_assert_cmpuint (strlen (base), <=, text->len);
    }
}

static const struct
{
  const char *a;
  const char *b;
  int order;
} pairs[] = {
  { "abc", "ABC", 0 },     { "a", "b", -1 }, { "a", "B", -1 },   { "ä", "Ä", 0 },
  { "a\xcc\x88", "ä", 0 }, { "a", "ä", -1 }, { "z", "ä", 1 },    { "", "a", -1 },
  { "ǆ", "Ǆ", 0 },         { "ﬁ", "fi", 1 }, { "\xff", "a", 1 },
};

static void
test_key (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *a = wd_imap_subject_dup_key (pairs[i].a);
      g_autofree char *b = wd_imap_subject_dup_key (pairs[i].b);
      int order = strcmp (a, b);

      g_assert_cmpint ((order > 0) - (order < 0), ==, pairs[i].order);
    }
}

// Octets past the limit decide nothing.
static void
test_key_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *text = g_strnfill ((gsize) (WD_LIMIT_IMAP_SORT_KEY_BYTES + extra - 1), 'x');
      g_autofree char *a = g_strconcat (text, "a", NULL);
      g_autofree char *b = g_strconcat (text, "b", NULL);
      g_autofree char *key_a = wd_imap_subject_dup_key (a);
      g_autofree char *key_b = wd_imap_subject_dup_key (b);

      g_assert_cmpint (strcmp (key_a, key_b) < 0, ==, extra <= 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/subject/base", test_base);
  g_test_add_func ("/imap/subject/many", test_many);
  g_test_add_func ("/imap/subject/key", test_key);
  g_test_add_func ("/imap/subject/key-limit", test_key_limit);
  return g_test_run ();
}
