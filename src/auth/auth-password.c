// SPDX-License-Identifier: EUPL-1.2
// Password hashes.
#include "config.h"

#include "auth-password.h"

#include <crypt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <string.h>

#include "auth-password-private.h"
#include "auth.h"
#include "core-limits.h"

// As WildDuck has them: @phc/pbkdf2 with 100000 rounds, 16 octets of salt, a digest's length of
// key.
#define PBKDF2_ROUNDS 100000
#define PBKDF2_SALT_BYTES 16
#define PBKDF2_MAX_SALT_BYTES 64
#define PBKDF2_MAX_KEY_BYTES 64
// bcrypt does not look at what is beyond.
#define BCRYPT_MAX_PASSWORD_BYTES 72

// What a hash of each scheme costs today; the count is what crypt_gensalt(3) takes.
static const struct
{
  const char *name;
  const char *prefix;
  unsigned long count; // 0: the library's own choice.
} crypt_schemes[] = {
  { "yescrypt", "$y$", 0 },
  { "bcrypt", "$2b$", 11 },
  { "sha512", "$6$", 100000 },
};

static const struct
{
  const char *prefix;
  gnutls_mac_algorithm_t mac;
  gsize key_bytes;
} pbkdf2_digests[] = {
  { "$pbkdf2-sha256$", GNUTLS_MAC_SHA256, 32 },
  { "$pbkdf2-sha512$", GNUTLS_MAC_SHA512, 64 },
};

typedef struct
{
  gnutls_mac_algorithm_t mac;
  unsigned rounds;
  gsize salt_len;
  gsize key_len;
  guint8 salt[PBKDF2_MAX_SALT_BYTES];
  guint8 key[PBKDF2_MAX_KEY_BYTES];
} Pbkdf2;

static atomic_uint n_hashes;

guint
wd_auth_password_count_hashes (void)
{
  return atomic_load (&n_hashes);
}

// Base64 without padding, as PHC strings have it.
static gboolean
decode_phc (const char *text, gsize text_len, guint8 *out, gsize out_size, gsize *out_len)
{
  char padded[4 * ((PBKDF2_MAX_SALT_BYTES + 2) / 3) + 5];
  gsize len = text_len;

  if (text_len == 0 || text_len % 4 == 1 || text_len > sizeof padded - 4)
    return FALSE;
  for (gsize i = 0; i < text_len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;

  memcpy (padded, text, text_len);
  while (len % 4 != 0)
    padded[len++] = '=';
  padded[len] = '\0';
  (void) g_base64_decode_inplace (padded, out_len);
  if (*out_len > out_size)
    return FALSE;
  memcpy (out, padded, *out_len);
  return TRUE;
}

static char *
encode_phc (const guint8 *data, gsize len)
{
  char *text = g_base64_encode (data, len);
  char *end = strchr (text, '=');

  if (end != NULL)
    *end = '\0';
  return text;
}

static gboolean
read_rounds (const char *text, gsize len, unsigned *out_rounds)
{
  char number[16];
  guint64 value;

  if (len < 3 || len - 2 >= sizeof number || strncmp (text, "i=", 2) != 0)
    return FALSE;
  memcpy (number, text + 2, len - 2);
  number[len - 2] = '\0';
  if (!g_ascii_string_to_unsigned (number, 10, 1, WD_LIMIT_PBKDF2_ROUNDS, &value, NULL))
    return FALSE;
  *out_rounds = (unsigned) value;
  return TRUE;
}

// $pbkdf2-DIGEST$i=ROUNDS$SALT$KEY
static gboolean
parse_pbkdf2 (const char *hash, Pbkdf2 *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pbkdf2_digests); i++)
    {
      const char *rounds;
      const char *salt;
      const char *key;

      if (!g_str_has_prefix (hash, pbkdf2_digests[i].prefix))
        continue;
      rounds = hash + strlen (pbkdf2_digests[i].prefix);
      if ((salt = strchr (rounds, '$')) == NULL || (key = strchr (salt + 1, '$')) == NULL)
        return FALSE;
      out->mac = pbkdf2_digests[i].mac;
      return read_rounds (rounds, (gsize) (salt - rounds), &out->rounds)
             && decode_phc (salt + 1, (gsize) (key - salt - 1), out->salt, sizeof out->salt,
                            &out->salt_len)
             && decode_phc (key + 1, strlen (key + 1), out->key, sizeof out->key, &out->key_len)
             && out->key_len >= 16;
    }
  return FALSE;
}

static gboolean
derive_pbkdf2 (const Pbkdf2 *parameters, const WdSecret *password, guint8 *out_key)
{
  const gnutls_datum_t key = { (unsigned char *) wd_core_secret_get (password),
                               (unsigned) wd_core_secret_get_len (password) };
  const gnutls_datum_t salt
      = { (unsigned char *) parameters->salt, (unsigned) parameters->salt_len };

  return gnutls_pbkdf2 (parameters->mac, &key, &salt, parameters->rounds, out_key,
                        parameters->key_len)
         == GNUTLS_E_SUCCESS;
}

static char *
hash_pbkdf2 (const WdSecret *password)
{
  Pbkdf2 parameters = { GNUTLS_MAC_SHA256, PBKDF2_ROUNDS, PBKDF2_SALT_BYTES, 32 };
  g_autofree char *salt = NULL;
  g_autofree char *key = NULL;

  if (gnutls_rnd (GNUTLS_RND_RANDOM, parameters.salt, PBKDF2_SALT_BYTES) != GNUTLS_E_SUCCESS
      || !derive_pbkdf2 (&parameters, password, parameters.key))
    return NULL;

  salt = encode_phc (parameters.salt, parameters.salt_len);
  key = encode_phc (parameters.key, parameters.key_len);
  return g_strdup_printf ("$pbkdf2-sha256$i=%u$%s$%s", parameters.rounds, salt, key);
}

// crypt_r with its 32 KiB of scratch, wiped. NULL where it refuses the setting.
static char *
run_crypt (const char *password, const char *setting)
{
  struct crypt_data *scratch = g_new0 (struct crypt_data, 1);
  const char *made = crypt_r (password, setting, scratch);
  char *hash = made != NULL && made[0] == '$' ? g_strdup (made) : NULL;

  explicit_bzero (scratch, sizeof *scratch);
  g_free (scratch);
  return hash;
}

static gboolean
make_setting (const char *scheme, char out_setting[CRYPT_GENSALT_OUTPUT_SIZE])
{
  for (gsize i = 0; i < G_N_ELEMENTS (crypt_schemes); i++)
    if (strcmp (crypt_schemes[i].name, scheme) == 0)
      return crypt_gensalt_rn (crypt_schemes[i].prefix, crypt_schemes[i].count, NULL, 0,
                               out_setting, CRYPT_GENSALT_OUTPUT_SIZE)
             != NULL;
  return FALSE;
}

// crypt(3) takes a C string: what is behind a NUL would not count.
static gboolean
is_hashable (const char *scheme, const WdSecret *password)
{
  gsize len = wd_core_secret_get_len (password);

  return len > 0 && len <= WD_LIMIT_PASSWORD_BYTES
         && (strcmp (scheme, "bcrypt") != 0 || len <= BCRYPT_MAX_PASSWORD_BYTES)
         && memchr (wd_core_secret_get (password), '\0', len) == NULL;
}

char *
wd_auth_password_hash (const char *scheme, const WdSecret *password, GError **error)
{
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  char *hash = NULL;

  if (!is_hashable (scheme, password))
    {
      g_set_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID,
                   "the password is empty, too long for %s, or has a NUL", scheme);
      return NULL;
    }

  atomic_fetch_add (&n_hashes, 1);
  if (strcmp (scheme, "pbkdf2-sha256") == 0)
    hash = hash_pbkdf2 (password);
  else if (make_setting (scheme, setting))
    hash = run_crypt (wd_core_secret_get (password), setting);
  if (hash == NULL)
    g_set_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "cannot hash by %s", scheme);
  return hash;
}

static gboolean
verify_pbkdf2 (const char *hash, const WdSecret *password)
{
  Pbkdf2 parameters;
  guint8 key[PBKDF2_MAX_KEY_BYTES];
  gboolean is_same;

  if (!parse_pbkdf2 (hash, &parameters))
    return FALSE;

  is_same = derive_pbkdf2 (&parameters, password, key)
            && wd_core_secret_is_equal_data (key, parameters.key_len, parameters.key,
                                             parameters.key_len);
  explicit_bzero (key, sizeof key);
  return is_same;
}

static gboolean
verify_crypt (const char *hash, const WdSecret *password)
{
  const char *text = wd_core_secret_get (password);
  g_autofree char *made = run_crypt (text, hash);
  gboolean is_same
      = made != NULL && wd_core_secret_is_equal_data (made, strlen (made), hash, strlen (hash));

  return is_same && memchr (text, '\0', wd_core_secret_get_len (password)) == NULL;
}

gboolean
wd_auth_password_verify (const char *hash, const WdSecret *password)
{
  atomic_fetch_add (&n_hashes, 1);
  return g_str_has_prefix (hash, "$pbkdf2-") ? verify_pbkdf2 (hash, password)
                                             : verify_crypt (hash, password);
}

gboolean
wd_auth_password_is_hash (const char *hash)
{
  Pbkdf2 parameters;
  int verdict;

  if (g_str_has_prefix (hash, "$pbkdf2-"))
    return parse_pbkdf2 (hash, &parameters);
  // The old ones without a dollar are not told apart from a password in the clear.
  if (hash[0] != '$')
    return FALSE;
  verdict = crypt_checksalt (hash);
  return verdict == CRYPT_SALT_OK || verdict == CRYPT_SALT_METHOD_LEGACY;
}

// Length of what stands before the salt: scheme and cost, which end with the third dollar; sha512
// without a written cost has none there.
static gsize
get_cost_len (const char *hash)
{
  const char *at = hash;

  for (int n = 0; n < 3 && at != NULL; n++)
    at = strchr (at + (n > 0), '$');
  return at == NULL ? strlen (hash) : (gsize) (at - hash);
}

gboolean
wd_auth_password_needs_rehash (const char *hash, const char *scheme)
{
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  Pbkdf2 parameters;
  gsize cost_len;

  if (strcmp (scheme, "pbkdf2-sha256") == 0)
    return !parse_pbkdf2 (hash, &parameters) || parameters.mac != GNUTLS_MAC_SHA256
           || parameters.rounds != PBKDF2_ROUNDS;

  if (!make_setting (scheme, setting))
    return FALSE;
  cost_len = get_cost_len (setting);
  return get_cost_len (hash) != cost_len || strncmp (hash, setting, cost_len) != 0;
}

char *
wd_auth_password_dup_dummy (const char *scheme)
{
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];

  // A setting without a hash behind it: costs as much to verify, and nothing is equal to it.
  if (make_setting (scheme, setting))
    return g_strdup (setting);
  return g_strdup_printf ("$pbkdf2-sha256$i=%u$%s$%s", PBKDF2_ROUNDS, "AAAAAAAAAAAAAAAAAAAAAA",
                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}
