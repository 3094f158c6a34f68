// SPDX-License-Identifier: EUPL-1.2
// Normal forms of addresses and user names.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "store-address.h"
#include "store-types.h"

typedef struct
{
  const char *input;
  const char *normal; // NULL: INVALID.
} Case;

static const Case addresses[] = {
  { "user@example.com", "user@example.com" },
  { "User.Name@EXAMPLE.com", "user.name@example.com" },
  { "user+detail@example.com", "user@example.com" },
  { "user+a+b@example.com", "user@example.com" },
  { "+user@example.com", "+user@example.com" },
  { "++user@example.com", "+@example.com" },
  { "user@localhost", "user@localhost" },
  { "user@[192.0.2.1]", "user@[192.0.2.1]" },
  { "user@[IPv6:2001:DB8::1]", "user@[ipv6:2001:db8::1]" },
  { "o'neill!#$%&*/=?^_`{|}~-@example.com", "o'neill!#$%&*/=?^_`{|}~-@example.com" },
  // Quotes stay only where they are needed.
  { "\"user\"@example.com", "user@example.com" },
  { "\"us\\er\"@example.com", "user@example.com" },
  { "\"Two words+x\"@example.com", "\"two words\"@example.com" },
  { "\"a@b\"@example.com", "\"a@b\"@example.com" },
  { "\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com" },
  { "\"\\\"b\\\"\"@example.com", "\"\\\"b\\\"\"@example.com" },
  { "\"a..b\"@example.com", "\"a..b\"@example.com" },
  { "\"a.b\"@example.com", "a.b@example.com" },
  { "a.+x@example.com", "\"a.\"@example.com" },
  // Other scripts, both spellings of the domain, decomposed input.
  { "андрис@уайлддак.орг", "андрис@уайлддак.орг" },
  { "АНДРИС@УАЙЛДДАК.ОРГ", "андрис@уайлддак.орг" },
  { "андрис+тест@xn--80aalaxjd5d.xn--c1avg", "андрис@уайлддак.орг" },
  { "андрис@XN--80AALAXJD5D.XN--C1AVG", "андрис@уайлддак.орг" },
  { "jo\xcc\x88rg@b\xc3\xbc"
    "cher.example",
    "j\xc3\xb6rg@b\xc3\xbc"
    "cher.example" },
  { "J\xc3\x96RG@xn--bcher-kva.example", "j\xc3\xb6rg@b\xc3\xbc"
                                         "cher.example" },
  { "user@\xe4\xbe\x8b\xe3\x81\x88.jp", "user@\xe4\xbe\x8b\xe3\x81\x88.jp" },
  // The ideographic full stop separates labels, too (RFC 3490 3.1).
  { "user@\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82jp", "user@\xe4\xbe\x8b\xe3\x81\x88.jp" },
  // Sharp s is a letter of its own (RFC 5894 7.2), not ss.
  { "user@xn--strae-oqa.de", "user@straße.de" },
  { "user@straße.de", "user@straße.de" },
  { "", NULL },
  { "user", NULL },
  { "@example.com", NULL },
  { "user@", NULL },
  { "a@b@example.com", NULL },
  { "user@example..com", NULL },
  { "user@.example.com", NULL },
  { "user@example.com.", NULL },
  { "user@-example.com", NULL },
  { "user@example-.com", NULL },
  { "user@exam ple.com", NULL },
  { "user@exa\tmple.com", NULL },
  { "user@[]", NULL },
  { "user@[192.0.2.1", NULL },
  { "user@xn--\x80.com", NULL },
  { "user@xn--99999999999.com", NULL },
  { ".user@example.com", NULL },
  { "user.@example.com", NULL },
  { "us..er@example.com", NULL },
  { "us er@example.com", NULL },
  { "us\ner@example.com", NULL },
  { "us\xe2\x80\xa8"
    "er@example.com",
    NULL }, // U+2028.
  { "us\xe2\x80\xae"
    "er@example.com",
    NULL }, // U+202E.
  { "us(er)@example.com", NULL },
  { "<user@example.com>", NULL },
  { "\"user@example.com", NULL },
  { "\"user\\\"@example.com", NULL },
  { "\"us\"er\"@example.com", NULL },
  { "\"\"@example.com", NULL },
  { "\"@example.com", NULL },
  { "us\xff"
    "er@example.com",
    NULL },
};

static const Case usernames[] = {
  { "username", "username" },
  { "UserName", "username" },
  { "User.Name@Example.COM", "user.name@example.com" },
  { "\xd0\x90\xd0\xbd\xd0\xb4\xd1\x80\xd0\xb8\xd1\x81",
    "\xd0\xb0\xd0\xbd\xd0\xb4\xd1\x80\xd0\xb8\xd1\x81" },
  { "a", "a" },
  { "a+b", "a+b" },
  { "", NULL },
  { "two words", NULL },
  { "no\xc2\xa0"
    "break",
    NULL },
  { "tab\t", NULL },
  { "us\xff"
    "er",
    NULL },
  { "user@", NULL },
};

static void
check (const Case *cases, gsize n, char *(*normalize) (const char *, GError **) )
{
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *normal = normalize (cases[i].input, &error);

      g_autofree char *shown = g_strescape (cases[i].input, NULL);

      g_test_message ("%s", shown);
      g_assert_cmpstr (normal, ==, cases[i].normal);
      if (normal == NULL)
        g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID);
      else
        g_assert_no_error (error);
    }
}

static void
test_address (void)
{
  check (addresses, G_N_ELEMENTS (addresses), wd_store_address_normalize);
}

static void
test_username (void)
{
  check (usernames, G_N_ELEMENTS (usernames), wd_store_username_normalize);
}

static gboolean
is_valid_sized (gsize n_local, gsize n_domain_labels, gsize n_last_label)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *normal = NULL;

  for (gsize i = 0; i < n_local; i++)
    g_string_append_c (text, 'l');
  g_string_append_c (text, '@');
  for (gsize i = 0; i < n_domain_labels; i++)
    g_string_append (text, "d.");
  for (gsize i = 0; i < n_last_label; i++)
    g_string_append_c (text, 'e');
  normal = wd_store_address_normalize (text->str, NULL);
  return normal != NULL;
}

// Each limit below, at and above it.
static void
test_limits (void)
{
  g_autofree char *name_at = g_strnfill (WD_LIMIT_USERNAME_BYTES, 'u');
  g_autofree char *name_above = g_strnfill (WD_LIMIT_USERNAME_BYTES + 1, 'u');
  g_autofree char *normal = wd_store_username_normalize (name_at, NULL);

  g_assert_cmpstr (normal, ==, name_at);
  g_assert_null (wd_store_username_normalize (name_above, NULL));
  g_assert_true (is_valid_sized (63, 1, 3));
  g_assert_true (is_valid_sized (64, 1, 3));
  g_assert_false (is_valid_sized (65, 1, 3));
  g_assert_true (is_valid_sized (1, 1, 62));
  g_assert_true (is_valid_sized (1, 1, 63));
  g_assert_false (is_valid_sized (1, 1, 64));
  g_assert_true (is_valid_sized (1, 127, 0 + 1));
  g_assert_false (is_valid_sized (1, 127, 2));
  // WD_LIMIT_ADDRESS_BYTES is their sum.
  g_assert_cmpuint (64 + 1 + 255, ==, WD_LIMIT_ADDRESS_BYTES);
  g_assert_true (is_valid_sized (64, 127, 1));
}

static void
test_detail (void)
{
  static const Case cases[] = {
    { "user+Folder@example.com", "Folder" },
    { "user+a+b@example.com", "a+b" },
    { "user+@example.com", "" },
    { "user@example.com", NULL },
    { "+user@example.com", NULL },
    { "\"user+a b\"@example.com", "a b" },
    { "user@exam+ple.com", NULL },
    { "user+detail", NULL },
    { "bad\xff+x@example.com", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *detail = wd_store_address_dup_detail (cases[i].input);

      g_assert_cmpstr (detail, ==, cases[i].normal);
    }
}

// The normal form is its own normal form.
static void
test_idempotent (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      const char *normal = addresses[i].normal;
      g_autofree char *again = NULL;

      if (normal == NULL)
        continue;
      again = wd_store_address_normalize (normal, NULL);
      g_assert_cmpstr (again, ==, normal);
    }
}

static void
test_garbage (void)
{
  static const char alphabet[] = "a@.+\"\\-[]xn \xc3\x9f\xd0\xb0";

  for (int i = 0; i < 20000; i++)
    {
      char text[16];
      int len = g_test_rand_int_range (0, sizeof text);
      g_autofree char *normal = NULL;
      g_autofree char *detail = NULL;

      for (int j = 0; j < len; j++)
        text[j] = alphabet[g_test_rand_int_range (0, sizeof alphabet - 1)];
      text[len] = '\0';
      normal = wd_store_address_normalize (text, NULL);
      detail = wd_store_address_dup_detail (text);
      g_assert_true (normal == NULL || strchr (normal, '@') != NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/address/address", test_address);
  g_test_add_func ("/store/address/username", test_username);
  g_test_add_func ("/store/address/limits", test_limits);
  g_test_add_func ("/store/address/detail", test_detail);
  g_test_add_func ("/store/address/idempotent", test_idempotent);
  g_test_add_func ("/store/address/garbage", test_garbage);
  return g_test_run ();
}
