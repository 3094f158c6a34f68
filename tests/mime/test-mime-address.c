// SPDX-License-Identifier: EUPL-1.2
// Address lists, and that GMime reads the same in them.
#include "config.h"

#include <gmime/gmime.h>
#include <string.h>

#include "mime-address.h"
#include "mime-check.h"
#include "mime-header.h"

static char *
read_list (const char *value, gsize len)
{
  WdMimeAddressReader reader;
  GString *out = g_string_new (NULL);

  wd_mime_address_init (&reader);
  (void) wd_mime_address_append_list (&reader, (WdMimeSlice){ value, len }, 1000, out);
  wd_mime_address_clear (&reader);
  return g_string_free (out, FALSE);
}

static const struct
{
  const char *value;
  const char *list;
} lists[] = {
  { "", "" },
  { " , ,\r\n ,", "" },
  { "a@b", "(NIL NIL \"a\" \"b\")" },
  { "<a@b>", "(NIL NIL \"a\" \"b\")" },
  { "A B <a@b>", "(\"A B\" NIL \"a\" \"b\")" },
  { "A\r\n  B\t<a@b>", "(\"A B\" NIL \"a\" \"b\")" },
  { "\"A, B\" <a@b>, c@d", "(\"A, B\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
  { "\"a \\\"b\\\" \\\\c\" <a@b>", "(\"a \\\"b\\\" \\\\c\" NIL \"a\" \"b\")" },
  { "J. R. \"Bob\" Dobbs <a@b>", "(\"J. R. Bob Dobbs\" NIL \"a\" \"b\")" },
  { "J.R. Dobbs <a@b>", "(\"J.R. Dobbs\" NIL \"a\" \"b\")" },
  { "a@b (A B)", "(\"A B\" NIL \"a\" \"b\")" },
  { "a@b (A (nested) \\) B)", "(\"A (nested) ) B\" NIL \"a\" \"b\")" },
  { "A (c) <a@b> (d)", "(\"A\" NIL \"a\" \"b\")" },
  { "<a@b> (c)", "(\"c\" NIL \"a\" \"b\")" },
  { "\"\" <a@b>", "(NIL NIL \"a\" \"b\")" },
  { "=?utf-8?q?=C3=BC?= =?utf-8?q?x?= <a@b>",
    "(\"=?utf-8?q?=C3=BC?= =?utf-8?q?x?=\" NIL \"a\" \"b\")" },
  { "\xc3\xbc <\xc3\xbc@\xc3\xbc.example>",
    "({2}\r\n\xc3\xbc NIL {2}\r\n\xc3\xbc {10}\r\n\xc3\xbc.example)" },
  { "a . b @ c . d", "(NIL NIL \"a.b\" \"c.d\")" },
  { "\"a b\"@c", "(NIL NIL \"a b\" \"c\")" },
  { "\"a\".b@c", "(NIL NIL \"a.b\" \"c\")" },
  { "a@[192.0.2.1]", "(NIL NIL \"a\" \"[192.0.2.1]\")" },
  { "<@x,@y:a@b>", "(NIL \"@x,@y\" \"a\" \"b\")" },
  { "a@b (c) . (d) e", "(\"d\" NIL \"a\" \"b.e\")" },
  { "G: a@b, C <c@d>;",
    "(NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\")(NIL NIL NIL "
    "NIL)" },
  { "A G:;", "(NIL NIL \"A G\" NIL)(NIL NIL NIL NIL)" },
  { "\"A: G\" : a@b ; , c@d",
    "(NIL NIL \"A: G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)(NIL NIL "
    "\"c\" \"d\")" },
  { "G: a@b", "(NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)" },
  // What is not an address by the RFC.
  { "a", "(NIL NIL \"a\" \"\")" },
  { "A B", "(NIL NIL \"A B\" \"\")" },
  { "A <a>", "(\"A\" NIL \"a\" \"\")" },
  { "@b", "(NIL NIL \"\" \"b\")" },
  { "<>", "" },
  { "A <>", "(\"A\" NIL \"\" \"\")" },
  { "a@b; c@d", "(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
  { "a@b <a@b>", "(\"a@b\" NIL \"a\" \"b\")" },
  { "a@b c", "(NIL NIL \"a\" \"b\")" },
  { "A B a@b", "(\"A B\" NIL \"a\" \"b\")" },
  { "[A] B <a@b>", "(\"[A] B\" NIL \"a\" \"b\")" },
  { "A <a@b", "(\"A\" NIL \"a\" \"b\")" },
  { "A <a@b, c@d", "(\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
  { "a@[1, b@c", "(NIL NIL \"a\" \"[1\")(NIL NIL \"b\" \"c\")" },
  { "(a", "" },
  { "\"a", "(NIL NIL \"a\" \"\")" },
  { "\"A <a@b>, c@d", "(\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")" },
  { "a@b (c", "(\"c\" NIL \"a\" \"b\")" },
};

static void
test_lists (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *copy = g_memdup2 (lists[i].value, MAX (strlen (lists[i].value), 1));
      g_autofree char *list = read_list (copy, strlen (lists[i].value));

      g_test_message ("%s", lists[i].value);
      g_assert_cmpstr (list, ==, lists[i].list);
    }
}

static void
test_maximum (void)
{
  static const char value[] = "G: a@b, c@d;, e@f";
  static const guint n_shown[] = { 0, 1, 2, 3, 4, 4 };
  WdMimeAddressReader reader;

  wd_mime_address_init (&reader);
  for (guint max = 0; max < G_N_ELEMENTS (n_shown); max++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      guint n
          = wd_mime_address_append_list (&reader, (WdMimeSlice){ value, strlen (value) }, max, out);

      g_assert_cmpuint (n, ==, n_shown[max]);
      // A group that was begun is ended.
      if (max > 0)
        g_assert_nonnull (strstr (out->str, "(NIL NIL NIL NIL)"));
    }
  wd_mime_address_clear (&reader);
}

// "name|local@host" of each address of our list, names decoded, groups left out.
static void
flatten_ours (const char *list, GString *out)
{
  const char *p = list;
  const char *end = list + strlen (list);

  while (p < end)
    {
      GString *values[4];
      g_autofree char *name = NULL;
      char kinds[4];

      p++;
      for (guint i = 0; i < 4; i++)
        {
          values[i] = g_string_new (NULL);
          kinds[i] = mime_check_read (&p, end, values[i]);
          p++;
        }
      name = wd_mime_header_dup_text (values[0]->str, values[0]->len);
      if (kinds[3] != 'N')
        g_string_append_printf (out, "%s|%s%s%s\n", name, values[2]->str,
                                values[3]->len > 0 ? "@" : "", values[3]->str);
      for (guint i = 0; i < 4; i++)
        g_string_free (values[i], TRUE);
    }
}

static void
flatten_gmime (InternetAddressList *list, GString *out)
{
  for (int i = 0; list != NULL && i < internet_address_list_length (list); i++)
    {
      InternetAddress *address = internet_address_list_get_address (list, i);

      if (INTERNET_ADDRESS_IS_GROUP (address))
        {
          flatten_gmime (internet_address_group_get_members (INTERNET_ADDRESS_GROUP (address)),
                         out);
          continue;
        }
      g_string_append_printf (
          out, "%s|%s\n", address->name == NULL ? "" : address->name,
          internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (address)));
    }
}

static void
compare (const char *value)
{
  g_autofree char *list = read_list (value, strlen (value));
  g_autoptr (GObject) theirs = (GObject *) internet_address_list_parse (NULL, value);
  g_autoptr (GString) flat_ours = g_string_new (NULL);
  g_autoptr (GString) flat_theirs = g_string_new (NULL);

  flatten_ours (list, flat_ours);
  flatten_gmime ((InternetAddressList *) theirs, flat_theirs);
  g_test_message ("%s", value);
  g_assert_cmpstr (flat_ours->str, ==, flat_theirs->str);
}

static const char *const locals[] = { "a", "john.q.public", "a+b", "x_y-z", "o'neil", "1" };
static const char *const domains[] = { "example.com", "b", "bücher.example", "[192.0.2.1]" };
static const char *const names[] = {
  "John",
  "John Doe",
  "\"Doe, John\"",
  "\"J \\\"X\\\" D\"",
  "John Q. Public",
  "=?utf-8?q?J=C3=BCrgen?=",
  "=?utf-8?q?J=C3=BCrgen?= =?iso-8859-1?q?M=FCller?=",
  "=?utf-8?q?J=C3=BCrgen?= Doe",
  "Jürgen Müller",
  "\"Jürgen\"",
};

static void
test_gmime (void)
{
  g_autoptr (GString) all = g_string_new (NULL);

  g_mime_init ();
  for (gsize l = 0; l < G_N_ELEMENTS (locals); l++)
    for (gsize d = 0; d < G_N_ELEMENTS (domains); d++)
      {
        g_autofree char *address = g_strdup_printf ("%s@%s", locals[l], domains[d]);
        g_autofree char *angle = g_strdup_printf ("<%s>", address);

        compare (address);
        compare (angle);
        for (gsize n = 0; n < G_N_ELEMENTS (names); n++)
          {
            g_autofree char *named = g_strdup_printf ("%s %s", names[n], angle);

            compare (named);
            g_string_append_printf (all, "%s%s", all->len > 0 ? ",\r\n " : "", named);
          }
      }
  compare (all->str);
  compare ("a@b (John Doe)");
  compare ("G: a@b, John <c@d>;, e@f");
  compare ("G:;");
  compare ("\"quoted\" word <a@b>");

  compare ("a@b,,c@d");
  compare ("\"unterminated <c@example.com>, d@e");
}

// Where GMime reads something else, and why ours is kept. NULL: no address at all.
static const struct
{
  const char *value;
  const char *theirs;
} differences[] = {
  // ENVELOPE has the local part without its quotes (RFC 3501 7.4.2); GMime keeps them.
  { "\"a b\"@c", "|\"a b\"@c\n" },
  // ENVELOPE shows what was sent; GMime decodes domains.
  // GMime gives up on words that no phrase can have, and drops the address.
  { "[SPAM] A <a@b>", "" },
  { "A B a@b", "" },
  { "@b", "" },
  // RFC 5322 4.4 has no semicolons between addresses, but mail has.
  { "a@b; c@d", "|a@b\n" },
  // Words behind an address are no address.
  { "a@b c", "|a@b\n|c\n" },
  { "a@xn--bcher-kva.example", "|a@bücher.example\n" },
};

static void
test_differences (void)
{
  g_mime_init ();
  for (gsize i = 0; i < G_N_ELEMENTS (differences); i++)
    {
      g_autofree char *list = read_list (differences[i].value, strlen (differences[i].value));
      g_autoptr (GObject) theirs
          = (GObject *) internet_address_list_parse (NULL, differences[i].value);
      g_autoptr (GString) flat_ours = g_string_new (NULL);
      g_autoptr (GString) flat_theirs = g_string_new (NULL);

      flatten_ours (list, flat_ours);
      flatten_gmime ((InternetAddressList *) theirs, flat_theirs);
      g_assert_cmpstr (flat_theirs->str, ==, differences[i].theirs);
      g_assert_cmpstr (flat_ours->str, !=, flat_theirs->str);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/address/lists", test_lists);
  g_test_add_func ("/mime/address/maximum", test_maximum);
  g_test_add_func ("/mime/address/gmime", test_gmime);
  g_test_add_func ("/mime/address/differences", test_differences);
  return g_test_run ();
}
