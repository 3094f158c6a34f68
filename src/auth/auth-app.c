// SPDX-License-Identifier: EUPL-1.2
// What an application password looks like.
#include "config.h"

#include "auth-app.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define N_LETTERS 16
#define SHA1_BYTES 20
#define N_SELECTORS 32

WdSecret *
wd_auth_app_normalize (const WdSecret *password)
{
  const char *text = wd_core_secret_get (password);
  gsize len = wd_core_secret_get_len (password), n = 0;
  char letters[N_LETTERS];
  WdSecret *normal = NULL;
  gboolean ok = TRUE;

  for (gsize i = 0; ok && i < len; i++)
    if (!g_ascii_isspace (text[i]))
      {
        ok = g_ascii_isalpha (text[i]) && n < N_LETTERS;
        if (ok)
          letters[n++] = g_ascii_tolower (text[i]);
      }
  if (ok && n == N_LETTERS)
    normal = wd_core_secret_new (letters, n);
  explicit_bzero (letters, sizeof letters);
  return normal;
}

// The sum of the octets of the SHA-1, as far as it tells passwords apart without telling them.
static gboolean
make_selector (const WdSecret *password, char out_selector[4])
{
  guint8 digest[SHA1_BYTES];
  guint sum = 0;

  if (gnutls_hash_fast (GNUTLS_DIG_SHA1, wd_core_secret_get (password),
                        wd_core_secret_get_len (password), digest)
      != GNUTLS_E_SUCCESS)
    return FALSE;
  for (gsize i = 0; i < sizeof digest; i++)
    sum += digest[i];
  explicit_bzero (digest, sizeof digest);
  g_snprintf (out_selector, 4, "%x", sum % N_SELECTORS);
  return TRUE;
}

void
wd_auth_app_filter (GPtrArray *passwords, const WdSecret *password)
{
  char selector[4];
  gboolean has_selector = make_selector (password, selector);

  for (guint i = passwords->len; i > 0; i--)
    {
      const WdAppPassword *one = passwords->pdata[i - 1];

      if (one->hash == NULL
          || (has_selector && one->selector != NULL && one->selector[0] != '\0'
              && strcmp (one->selector, selector) != 0))
        g_ptr_array_remove_index (passwords, i - 1);
    }
}

const char *
wd_auth_app_get_scope (const char *service)
{
  return strcmp (service, "pop") == 0 ? "pop3" : service;
}

gboolean
wd_auth_app_is_for (const WdAppPassword *self, const char *service)
{
  const char *const *scopes = (const char *const *) self->scopes;

  return scopes != NULL
         && (g_strv_contains (scopes, "*")
             || g_strv_contains (scopes, wd_auth_app_get_scope (service)));
}
