// SPDX-License-Identifier: EUPL-1.2
// SCRAM keys.
#include "config.h"

#include "auth-scram.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gsasl.h>
#include <string.h>

#include "core-limits.h"

#define PREFIX "SCRAM-SHA-256$"
#define SALT_BYTES 16
// Above the 4096 that RFC 7677 asks for, since the keys lie beside a slower hash of the same
// password, and below the 65536 that some client libraries refuse to go beyond.
#define ITERATIONS 50000

void
wd_auth_scram_keys_clear (WdScramKeys *self)
{
  g_clear_pointer (&self->salt, g_free);
  g_clear_pointer (&self->stored_key, g_free);
  g_clear_pointer (&self->server_key, g_free);
}

char *
wd_auth_scram_make_with (const WdSecret *password, guint iterations, const void *salt, gsize len)
{
  struct
  {
    char salted[WD_AUTH_SCRAM_KEY_BYTES];
    char client[WD_AUTH_SCRAM_KEY_BYTES];
    char server[WD_AUTH_SCRAM_KEY_BYTES];
    char stored[WD_AUTH_SCRAM_KEY_BYTES];
  } keys;

  g_autofree char *salt_text = g_base64_encode (salt, len);
  g_autofree char *stored_text = NULL;
  g_autofree char *server_text = NULL;
  int status = gsasl_scram_secrets_from_password (GSASL_HASH_SHA256, wd_core_secret_get (password),
                                                  iterations, salt, len, keys.salted, keys.client,
                                                  keys.server, keys.stored);

  if (status == GSASL_OK)
    {
      stored_text = g_base64_encode ((const guchar *) keys.stored, sizeof keys.stored);
      server_text = g_base64_encode ((const guchar *) keys.server, sizeof keys.server);
    }
  explicit_bzero (&keys, sizeof keys);
  if (status != GSASL_OK)
    return NULL;
  return g_strdup_printf (PREFIX "%u:%s$%s:%s", iterations, salt_text, stored_text, server_text);
}

char *
wd_auth_scram_make (const WdSecret *password)
{
  guint8 salt[SALT_BYTES];

  if (gnutls_rnd (GNUTLS_RND_RANDOM, salt, sizeof salt) != GNUTLS_E_SUCCESS)
    return NULL;
  return wd_auth_scram_make_with (password, ITERATIONS, salt, sizeof salt);
}

// TRUE for the base64 of `min` to `max` octets.
static gboolean
is_base64 (const char *text, gsize min, gsize max)
{
  gsize text_len = strlen (text);
  gsize n_pads
      = text_len > 2 ? (gsize) ((text[text_len - 1] == '=') + (text[text_len - 2] == '=')) : 0;
  gsize len = 0;
  g_autofree guchar *data = NULL;

  if (text_len == 0 || text_len % 4 != 0 || text_len > 4 * ((max + 2) / 3))
    return FALSE;
  for (gsize i = 0; i < text_len - n_pads; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  data = g_base64_decode (text, &len);
  return len >= min && len <= max;
}

gboolean
wd_auth_scram_parse (const char *stored, WdScramKeys *out_keys)
{
  g_auto (GStrv) parts = NULL;
  guint64 iterations;

  if (!g_str_has_prefix (stored, PREFIX) || strlen (stored) > 512)
    return FALSE;
  parts = g_strsplit_set (stored + strlen (PREFIX), "$:", 5);
  if (g_strv_length (parts) != 4
      || !g_ascii_string_to_unsigned (parts[0], 10, 1, WD_LIMIT_PBKDF2_ROUNDS, &iterations, NULL)
      || !is_base64 (parts[1], 1, 64)
      || !is_base64 (parts[2], WD_AUTH_SCRAM_KEY_BYTES, WD_AUTH_SCRAM_KEY_BYTES)
      || !is_base64 (parts[3], WD_AUTH_SCRAM_KEY_BYTES, WD_AUTH_SCRAM_KEY_BYTES))
    return FALSE;

  *out_keys = (WdScramKeys){ (guint) iterations, g_strdup (parts[1]), g_strdup (parts[2]),
                             g_strdup (parts[3]) };
  return TRUE;
}

void
wd_auth_scram_fake (const WdSecret *secret, const char *login, WdScramKeys *out_keys)
{
  guint8 mac[WD_AUTH_SCRAM_KEY_BYTES] = { 0 };
  guint8 keys[2][WD_AUTH_SCRAM_KEY_BYTES];

  // Both fail only where GnuTLS itself could not start; then the salt gives away nothing either.
  (void) gnutls_hmac_fast (GNUTLS_MAC_SHA256, wd_core_secret_get (secret),
                           wd_core_secret_get_len (secret), login, strlen (login), mac);
  if (gnutls_rnd (GNUTLS_RND_KEY, keys, sizeof keys) != GNUTLS_E_SUCCESS)
    memcpy (keys, mac, sizeof mac);

  *out_keys = (WdScramKeys){ ITERATIONS, g_base64_encode (mac, SALT_BYTES),
                             g_base64_encode (keys[0], sizeof keys[0]),
                             g_base64_encode (keys[1], sizeof keys[1]) };
}
