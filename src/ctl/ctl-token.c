// SPDX-License-Identifier: EUPL-1.2
// wildduckctl token: the access token of the HTTP API, of which the store keeps only a hash.
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ctl-command.h"

#define TOKEN_HASH_SETTING "http.access-token-hash"
#define TOKEN_OCTETS 20

static WdCtlStatus
show_token (WdCtl *ctl, char **arguments, GError **error)
{
  g_autofree char *hash = NULL;

  if (!wd_ctl_context_open_store (ctl, error)
      || !wd_store_get_setting (ctl->store, TOKEN_HASH_SETTING, &hash, NULL, error))
    return WD_CTL_FAILED;
  if (hash == NULL)
    g_print ("No access token has been made: run \"wildduckctl token new\".\n");
  else
    g_print ("There is an access token, whose SHA-256 is %s.\n"
             "The store has no more of it than that; \"wildduckctl token new\" makes another.\n",
             hash);
  return WD_CTL_OK;
}

static gboolean
make_token (char out_hex[2 * TOKEN_OCTETS + 1], GError **error)
{
  guint8 octets[TOKEN_OCTETS];

  if (getrandom (octets, sizeof octets, 0) != sizeof octets)
    {
      g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "cannot get random octets: %s",
                   g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < TOKEN_OCTETS; i++)
    g_snprintf (out_hex + (gsize) 2 * i, 3, "%02x", octets[i]);
  explicit_bzero (octets, sizeof octets);
  return TRUE;
}

static WdCtlStatus
new_token (WdCtl *ctl, char **arguments, GError **error)
{
  char token[2 * TOKEN_OCTETS + 1];
  g_autofree char *hash = NULL;

  if (!wd_ctl_context_open_store (ctl, error) || !make_token (token, error))
    return WD_CTL_FAILED;
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
  if (wd_store_set_setting (ctl->store, TOKEN_HASH_SETTING, hash, NULL, error))
    g_print ("%s\n", token);
  explicit_bzero (token, sizeof token);
  return WD_CTL_OK;
}

const WdCtlCommand wd_ctl_token_commands[] = {
  { "token show", "", 0, 0, NULL, "Tell whether there is an HTTP access token.", show_token },
  { "token new", "", 0, 0, NULL,
    "Make a new HTTP access token and print it, once; the one before stops counting.", new_token },
  { 0 },
};
