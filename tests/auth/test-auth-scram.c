// SPDX-License-Identifier: EUPL-1.2
// SCRAM keys: the example of RFC 7677 3, the stored form, and keys of users that are not there.
#include "config.h"

#include "auth-scram.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "core-limits.h"

// RFC 7677 3.
#define CLIENT_FIRST_BARE "n=user,r=rOprNGfwEbeRWgbNEkqO"
#define NONCE "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SERVER_FIRST NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define AUTH_MESSAGE CLIENT_FIRST_BARE "," SERVER_FIRST ",c=biws," NONCE
#define CLIENT_PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SERVER_SIGNATURE "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static void
sign (const char *key_text, guint8 out[32])
{
  gsize len;
  g_autofree guchar *key = g_base64_decode (key_text, &len);

  g_assert_cmpuint (len, ==, 32);
  g_assert_cmpint (
      gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, len, AUTH_MESSAGE, strlen (AUTH_MESSAGE), out), ==,
      0);
}

static void
test_rfc7677 (void)
{
  gsize len;
  g_autofree guchar *salt = g_base64_decode ("W22ZaJ0SNY7soEsUEjb6gQ==", &len);
  g_autoptr (WdSecret) password = wd_core_secret_new ("pencil", 6);
  g_autofree char *stored = wd_auth_scram_make_with (password, 4096, salt, len);
  g_auto (WdScramKeys) keys = { 0 };
  guint8 signature[32];
  guint8 digest[32];
  g_autofree char *server_signature = NULL;
  g_autofree guchar *proof = g_base64_decode (CLIENT_PROOF, &len);
  g_autofree char *stored_key = NULL;

  g_assert_true (wd_auth_scram_parse (stored, &keys));
  g_assert_cmpuint (keys.iterations, ==, 4096);
  g_assert_cmpstr (keys.salt, ==, "W22ZaJ0SNY7soEsUEjb6gQ==");

  sign (keys.server_key, signature);
  server_signature = g_base64_encode (signature, sizeof signature);
  g_assert_cmpstr (server_signature, ==, SERVER_SIGNATURE);

  // The client's key is its proof without the signature, and hashes to the stored key.
  sign (keys.stored_key, signature);
  for (gsize i = 0; i < 32; i++)
    signature[i] ^= proof[i];
  g_assert_cmpint (gnutls_hash_fast (GNUTLS_DIG_SHA256, signature, 32, digest), ==, 0);
  stored_key = g_base64_encode (digest, sizeof digest);
  g_assert_cmpstr (stored_key, ==, keys.stored_key);
}

static void
test_make (void)
{
  g_autoptr (WdSecret) password = wd_core_secret_new ("pencil", 6);
  g_autoptr (WdSecret) forbidden = wd_core_secret_new ("pen\acil", 7);
  g_autofree char *one = wd_auth_scram_make (password);
  g_autofree char *other = wd_auth_scram_make (password);
  g_auto (WdScramKeys) keys = { 0 };

  g_assert_true (wd_auth_scram_parse (one, &keys));
  g_assert_cmpuint (keys.iterations, >=, 4096);
  g_assert_cmpstr (one, !=, other);
  g_assert_null (wd_auth_scram_make (forbidden));
}

#define K "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct
{
  const char *stored;
  gboolean is_ok;
} forms[] = {
  { "SCRAM-SHA-256$4096:AAAA$" K ":" K, TRUE },
  { "SCRAM-SHA-256$10000000:AA==$" K ":" K, TRUE },
  { "SCRAM-SHA-256$10000001:AAAA$" K ":" K, FALSE },
  { "SCRAM-SHA-256$0:AAAA$" K ":" K, FALSE },
  { "SCRAM-SHA-256$x:AAAA$" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:$" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:AAA$" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:A===$" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:AA,A$" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:AAAA$" K ":" K ":" K, FALSE },
  { "SCRAM-SHA-256$4096:AAAA$" K, FALSE },
  { "SCRAM-SHA-256$4096:AAAA$AAAA:" K, FALSE },
  { "SCRAM-SHA-256$4096:AAAA$" K ":AAAA" K, FALSE },
  { "SCRAM-SHA-1$4096:AAAA$" K ":" K, FALSE },
  { "$y$j9T$x$y", FALSE },
  { "", FALSE },
};

static void
test_forms (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_auto (WdScramKeys) keys = { 0 };

      g_test_message ("%s", forms[i].stored);
      g_assert_cmpint (wd_auth_scram_parse (forms[i].stored, &keys), ==, forms[i].is_ok);
      g_assert_cmpint (keys.salt != NULL, ==, forms[i].is_ok);
    }
}

static void
test_fake (void)
{
  g_autoptr (WdSecret) password = wd_core_secret_new ("pencil", 6);
  g_autoptr (WdSecret) secret = wd_core_secret_new ("one", 3);
  g_autoptr (WdSecret) other_secret = wd_core_secret_new ("two", 3);
  g_autofree char *stored = wd_auth_scram_make (password);
  g_auto (WdScramKeys) real = { 0 };
  g_auto (WdScramKeys) first = { 0 };
  g_auto (WdScramKeys) again = { 0 };
  g_auto (WdScramKeys) other = { 0 };
  g_auto (WdScramKeys) elsewhere = { 0 };

  g_assert_true (wd_auth_scram_parse (stored, &real));
  wd_auth_scram_fake (secret, "nobody", &first);
  wd_auth_scram_fake (secret, "nobody", &again);
  wd_auth_scram_fake (secret, "nobody2", &other);
  wd_auth_scram_fake (other_secret, "nobody", &elsewhere);

  // Looks like a real one, and stays the same.
  g_assert_cmpuint (first.iterations, ==, real.iterations);
  g_assert_cmpuint (strlen (first.salt), ==, strlen (real.salt));
  g_assert_cmpstr (first.salt, ==, again.salt);
  g_assert_cmpstr (first.salt, !=, other.salt);
  g_assert_cmpstr (first.salt, !=, elsewhere.salt);
  g_assert_cmpstr (first.stored_key, !=, again.stored_key);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/scram/rfc7677", test_rfc7677);
  g_test_add_func ("/auth/scram/make", test_make);
  g_test_add_func ("/auth/scram/forms", test_forms);
  g_test_add_func ("/auth/scram/fake", test_fake);
  return g_test_run ();
}
