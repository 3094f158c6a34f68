// SPDX-License-Identifier: EUPL-1.2
// Passwords of users.
#include "config.h"

#include "http-user-password.h"

#include <string.h>

#include "auth-password.h"
#include "core-secret.h"
#include "http-error.h"

WdHttpReply *
wd_http_user_password_set (const WdHttpRequest *request, WdUser *user)
{
  const char *password = wd_http_request_get_text (request, "password");
  g_autoptr (WdSecret) secret = NULL;
  g_autoptr (GError) error = NULL;

  // An empty one stands for "password": false: none, so that nobody can log in with one.
  if (password == NULL || *password == '\0')
    return NULL;
  if (wd_http_request_get_boolean (request, "hashedPassword"))
    {
      if (!wd_auth_password_is_hash (password))
        return wd_http_error_new_invalid ("password", "is not a password hash that is known here");
      user->password_hash = g_strdup (password);
      return NULL;
    }

  secret = wd_core_secret_new (password, strlen (password));
  if (!wd_auth_make_credentials (request->auth, secret, &user->password_hash, &user->scram, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
  return NULL;
}

WdHttpReply *
wd_http_user_password_check_existing (const WdHttpRequest *request, const WdUser *user)
{
  const char *password = wd_http_request_get_text (request, "existingPassword");
  g_autoptr (WdSecret) secret = NULL;

  if (password == NULL)
    return NULL;
  secret = wd_core_secret_new (password, strlen (password));
  if (user->password_hash != NULL && wd_auth_password_verify (user->password_hash, secret))
    return NULL;
  return wd_http_reply_new_error (403, "AuthFailed", "The existing password is not right");
}
