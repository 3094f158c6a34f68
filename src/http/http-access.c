// SPDX-License-Identifier: EUPL-1.2
// The access token.
#include "config.h"

#include "http-access.h"

#include <string.h>
#include <sys/random.h>

#include "core-secret.h"
#include "http-field.h"

#define TOKEN_OCTETS 20

static char *
dup_hash (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

static gboolean
make_token_hash (char **out_hash, GError **error)
{
  guint8 octets[TOKEN_OCTETS];
  char token[2 * TOKEN_OCTETS + 1];

  if (getrandom (octets, sizeof octets, 0) != sizeof octets)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no random octets for a token");
      return FALSE;
    }
  for (gsize i = 0; i < sizeof octets; i++)
    {
      token[2 * i] = "0123456789abcdef"[octets[i] >> 4];
      token[2 * i + 1] = "0123456789abcdef"[octets[i] & 0xf];
    }
  token[2 * TOKEN_OCTETS] = '\0';
  *out_hash = dup_hash (token);
  explicit_bzero (token, sizeof token);
  explicit_bzero (octets, sizeof octets);
  return TRUE;
}

gboolean
wd_http_access_prepare (WdStore *store, const WdConfig *config, WdLogContext *log, GError **error)
{
  g_autofree char *hash = NULL;

  if (!wd_core_config_get_boolean (config, "http", "require-token"))
    return TRUE;
  if (!wd_store_get_setting (store, WD_HTTP_ACCESS_SETTING, &hash, NULL, error))
    return FALSE;
  if (hash != NULL)
    return TRUE;

  if (!make_token_hash (&hash, error)
      || !wd_store_set_setting (store, WD_HTTP_ACCESS_SETTING, hash, NULL, error))
    return FALSE;
  wd_log_notice (log, WD_MSG_TOKEN_MADE, NULL,
                 "the HTTP API needs an access token now: run `wildduckctl token new` to see one");
  return TRUE;
}

gboolean
wd_http_access_check (WdStore *store,
                      const WdConfig *config,
                      const char *token,
                      gboolean *out_granted,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autofree char *expected = NULL;
  g_autofree char *given = NULL;

  if (!wd_core_config_get_boolean (config, "http", "require-token"))
    {
      *out_granted = TRUE;
      return TRUE;
    }
  if (!wd_store_get_setting (store, WD_HTTP_ACCESS_SETTING, &expected, cancellable, error))
    return FALSE;

  given = dup_hash (token == NULL ? "" : token);
  *out_granted
      = token != NULL && expected != NULL
        && wd_core_secret_is_equal_data (given, strlen (given), expected, strlen (expected));
  return TRUE;
}

// The first accessToken of the query; that it is there once is checked with the other fields.
static char *
dup_from_query (const char *query)
{
  static const char name[] = "accessToken=";

  for (const char *pair = query; pair != NULL; pair = strchr (pair, '&'))
    {
      pair += *pair == '&';
      if (g_str_has_prefix (pair, name))
        return wd_http_field_unescape (pair + strlen (name), strcspn (pair + strlen (name), "&"),
                                       TRUE);
    }
  return NULL;
}

char *
wd_http_access_dup_token (const char *query, const char *x_access_token, const char *authorization)
{
  static const char scheme[] = "Bearer ";
  char *token = dup_from_query (query);

  if (token != NULL)
    return token;
  if (x_access_token != NULL)
    return g_strdup (x_access_token);
  if (authorization != NULL && g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) == 0)
    return g_strstrip (g_strdup (authorization + strlen (scheme)));
  return NULL;
}
