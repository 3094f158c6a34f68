// SPDX-License-Identifier: EUPL-1.2
// Password hashes: each scheme round, hashes made elsewhere, and what is no hash.
#include "config.h"

#include "auth-password.h"

#include <string.h>

#include "auth-password-private.h"
#include "auth.h"
#include "core-limits.h"

static WdSecret *
make_secret (const char *text)
{
  return wd_core_secret_new (text, strlen (text));
}

static const struct
{
  const char *scheme;
  const char *prefix;
} schemes[] = {
  { "yescrypt", "$y$j9T$" },
  { "bcrypt", "$2b$11$" },
  { "sha512", "$6$rounds=100000$" },
  { "pbkdf2-sha256", "$pbkdf2-sha256$i=100000$" },
};

static void
test_schemes (void)
{
  g_autoptr (WdSecret) right = make_secret ("secretpass");
  g_autoptr (WdSecret) wrong = make_secret ("secretpasS");

  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (GError) error = NULL;
      guint n_before = wd_auth_password_count_hashes ();
      g_autofree char *hash = wd_auth_password_hash (schemes[i].scheme, right, &error);
      g_autofree char *dummy = wd_auth_password_dup_dummy (schemes[i].scheme);

      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (hash, schemes[i].prefix));
      g_assert_true (wd_auth_password_is_hash (hash));
      g_assert_true (wd_auth_password_verify (hash, right));
      g_assert_false (wd_auth_password_verify (hash, wrong));
      g_assert_false (wd_auth_password_verify (dummy, right));
      g_assert_true (g_str_has_prefix (dummy, schemes[i].prefix));
      g_assert_cmpuint (wd_auth_password_count_hashes () - n_before, ==, 4);
      for (gsize j = 0; j < G_N_ELEMENTS (schemes); j++)
        g_assert_cmpint (wd_auth_password_needs_rehash (hash, schemes[j].scheme), ==, i != j);
    }
}

// Salts differ, so that equal passwords do not show.
static void
test_salt (void)
{
  g_autoptr (WdSecret) password = make_secret ("x");
  g_autofree char *one = wd_auth_password_hash ("pbkdf2-sha256", password, NULL);
  g_autofree char *other = wd_auth_password_hash ("pbkdf2-sha256", password, NULL);

  g_assert_cmpstr (one, !=, other);
}

// Made by Python's hashlib and by crypt(3) with fixed salts.
static const struct
{
  const char *hash;
  const char *password;
} foreign[] = {
  { "$pbkdf2-sha256$i=100000$AAECAwQFBgcICQoLDA0ODw$1qt7ZXOSDauku9rv7g9UQCZ0UUUrNiyHbAHMIMDq0wE",
    "secretpass" },
  { "$pbkdf2-sha512$i=10000$MDEyMzQ1Njc4OWFiY2RlZg$mHN6JIRtUAiIMvyYBpUNr47hGffqkZbcSqe0BQmf4+5JrUgx"
    "5hfJQwrBl7mebDO9xFNEG5iexltJPBcaSEFYSw",
    "Пароль" },
  { "$pbkdf2-sha256$i=1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs", "password" },
  { "$2b$05$abcdefghijklmnopqrstuukKUbFk1Z4SJ.AKilR7aOpM5ZP6auir2", "secretpass" },
  { "$2a$04$abcdefghijklmnopqrstuuPiU8aKDue.ubY.TH5Felzvjos/OK3VW", "secretpass" },
  { "$6$saltsalt$eGFeoyqzgu.iA6.gTIJLDg9kl5hCIAmjmMuoConuHPTWE5ZgLvcyg/"
    "8rfrwtcNiScdlAqKXfUdOAnQT6Um.AV0",
    "secretpass" },
  { "$6$rounds=1000$saltsalt$Nlwzl75sZWEjUWZrngT2ZJBr.GmJ6T0n//J4IEm7EO13NHN1f9bpYldowFH/"
    "TVNobxC1C7r6vQ2UiH4QvCP/F1",
    "secretpass" },
  { "$5$rounds=1000$saltsalt$iBw4WkSQxbvHbg.DrcqsIUWetMq9Ov.I7.xVDoN95t8", "secretpass" },
  { "$1$saltsalt$7DwGF604FLHMzlPQKL50l.", "secretpass" },
};

static void
test_foreign (void)
{
  g_autoptr (WdSecret) wrong = make_secret ("secretpass2");

  for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autoptr (WdSecret) password = make_secret (foreign[i].password);

      g_assert_true (wd_auth_password_is_hash (foreign[i].hash));
      g_assert_true (wd_auth_password_verify (foreign[i].hash, password));
      g_assert_false (wd_auth_password_verify (foreign[i].hash, wrong));
      g_assert_true (wd_auth_password_needs_rehash (foreign[i].hash, "yescrypt"));
    }
  // Of the scheme, but cheaper than today.
  g_assert_true (wd_auth_password_needs_rehash (foreign[2].hash, "pbkdf2-sha256"));
  g_assert_true (wd_auth_password_needs_rehash (foreign[3].hash, "bcrypt"));
  g_assert_true (wd_auth_password_needs_rehash (foreign[5].hash, "sha512"));
  g_assert_true (wd_auth_password_needs_rehash (foreign[6].hash, "sha512"));
}

static const char *const not_hashes[] = {
  "",
  "secretpass",
  "abJnggxhB/yWI", // DES: not told from a password.
  "*0",
  "$",
  "$zz$x",
  "$pbkdf2-sha256$",
  "$pbkdf2-sha1$i=1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=0$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=-1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=10000001$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=99999999999999999999$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=1$$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=1$c2FsdA",
  "$pbkdf2-sha256$i=1$c2FsdA$",
  "$pbkdf2-sha256$i=1$c2FsdA$Eg+2",
  "$pbkdf2-sha256$i=1$c2Fsd$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=1$c2Fs=A$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs",
  "$pbkdf2-sha256$i=1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs$",
  "$pbkdf2-sha256$i=1$c2FsdA$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs=",
};

static void
test_not_hashes (void)
{
  g_autoptr (WdSecret) password = make_secret ("password");

  for (gsize i = 0; i < G_N_ELEMENTS (not_hashes); i++)
    {
      g_test_message ("%s", not_hashes[i]);
      g_assert_false (wd_auth_password_is_hash (not_hashes[i]));
      g_assert_false (wd_auth_password_verify (not_hashes[i], password));
    }
}

// A salt and key at their limits, and one octet beyond.
static void
test_pbkdf2_limits (void)
{
  guint8 octets[65] = { 0 };

  for (gsize len = 63; len <= 65; len++)
    {
      g_autofree char *text = g_base64_encode (octets, len);
      g_autofree char *salted = NULL;
      g_autofree char *keyed = NULL;

      text[strcspn (text, "=")] = '\0';
      salted = g_strdup_printf ("$pbkdf2-sha256$i=1$%s$AAAAAAAAAAAAAAAAAAAAAA", text);
      keyed = g_strdup_printf ("$pbkdf2-sha256$i=1$AAAA$%s", text);
      g_assert_cmpint (wd_auth_password_is_hash (salted), ==, len <= 64);
      g_assert_cmpint (wd_auth_password_is_hash (keyed), ==, len <= 64);
    }
}

static void
test_pbkdf2_rounds (void)
{
  for (int beyond = -1; beyond <= 1; beyond++)
    {
      g_autofree char *hash = g_strdup_printf ("$pbkdf2-sha256$i=%d$c2FsdHNhbHRzYWx0c2E$"
                                               "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                               WD_LIMIT_PBKDF2_ROUNDS + beyond);

      g_assert_cmpint (wd_auth_password_is_hash (hash), ==, beyond <= 0);
    }
}

static void
test_password_limits (void)
{
  static const struct
  {
    const char *scheme;
    gsize len;
    gboolean is_ok;
  } cases[] = {
    { "pbkdf2-sha256", 0, FALSE },
    { "pbkdf2-sha256", 1, TRUE },
    { "sha512", WD_LIMIT_PASSWORD_BYTES - 1, TRUE },
    { "sha512", WD_LIMIT_PASSWORD_BYTES, TRUE },
    { "sha512", WD_LIMIT_PASSWORD_BYTES + 1, FALSE },
    { "bcrypt", 72, TRUE },
    { "bcrypt", 73, FALSE },
    { "rot13", 8, FALSE },
  };

  char text[WD_LIMIT_PASSWORD_BYTES + 1];

  memset (text, 'x', sizeof text);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSecret) password = wd_core_secret_new (text, cases[i].len);
      g_autofree char *hash = wd_auth_password_hash (cases[i].scheme, password, &error);

      g_assert_cmpint (hash != NULL, ==, cases[i].is_ok);
      if (!cases[i].is_ok)
        g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
      else
        g_assert_true (wd_auth_password_verify (hash, password));
    }
}

// crypt(3) would look at what is before the NUL only.
static void
test_nul (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSecret) password = wd_core_secret_new ("secretpass\0x", 12);

  g_assert_null (wd_auth_password_hash ("sha512", password, &error));
  g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
  g_assert_false (wd_auth_password_verify (foreign[6].hash, password));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/password/schemes", test_schemes);
  g_test_add_func ("/auth/password/salt", test_salt);
  g_test_add_func ("/auth/password/foreign", test_foreign);
  g_test_add_func ("/auth/password/not-hashes", test_not_hashes);
  g_test_add_func ("/auth/password/pbkdf2-limits", test_pbkdf2_limits);
  g_test_add_func ("/auth/password/pbkdf2-rounds", test_pbkdf2_rounds);
  g_test_add_func ("/auth/password/password-limits", test_password_limits);
  g_test_add_func ("/auth/password/nul", test_nul);
  return g_test_run ();
}
