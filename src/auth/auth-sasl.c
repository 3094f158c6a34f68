// SPDX-License-Identifier: EUPL-1.2
// SASL exchanges.
#include "config.h"

#include "auth-sasl.h"

#include <gsasl.h>
#include <string.h>

#include "auth-private.h"
#include "auth-scram.h"
#include "core-limits.h"

typedef struct
{
  const char *name;
  gboolean is_plain;   // The password itself crosses the wire.
  gboolean is_bound;   // Needs channel binding.
  gboolean asks_first; // Begins with a challenge, even if the client spoke already.
} Mechanism;

// The strongest first.
static const Mechanism mechanisms[] = {
  { "SCRAM-SHA-256-PLUS", FALSE, TRUE, FALSE },
  { "SCRAM-SHA-256", FALSE, FALSE, FALSE },
  { "PLAIN", TRUE, FALSE, FALSE },
  { "LOGIN", TRUE, FALSE, TRUE },
};

struct _WdSasl
{
  const Mechanism *mechanism;
  WdAuth *auth;
  Gsasl_session *session;
  WdLogContext *log;
  char *remote;
  char *service;
  char *binding; // Base64 (nullable).
  gboolean is_begun;
  guint n_steps;
  WdAuthAttempt attempt;
  WdScramKeys keys;
  WdUser *user;              // Set once it may come in.
  GError *error;             // What a callback failed with.
  GCancellable *cancellable; // Of the running step.
};

static gboolean
is_offered (const Mechanism *mechanism, const WdAuth *auth, const WdSaslChannel *channel)
{
  return auth->gsasl != NULL && (!mechanism->is_plain || channel->allow_plain)
         && (!mechanism->is_bound || channel->channel_binding != NULL);
}

char *
wd_auth_sasl_list_mechanisms (WdAuth *auth, const WdSaslChannel *channel)
{
  GString *list = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    if (is_offered (&mechanisms[i], auth, channel))
      g_string_append_printf (list, "%s%s", list->len > 0 ? " " : "", mechanisms[i].name);
  return g_string_free (list, FALSE);
}

// Only as oneself: empty, or another spelling of the same user.
static gboolean
is_for_other (const WdSasl *self)
{
  const char *authzid = gsasl_property_fast (self->session, GSASL_AUTHZID);
  g_autoptr (WdUser) other = NULL;

  if (authzid == NULL || authzid[0] == '\0')
    return FALSE;
  return self->attempt.user == NULL
         || !wd_store_find_user (self->auth->store, authzid, &other, self->cancellable, NULL)
         || other == NULL || !wd_core_id_is_equal (&other->id, &self->attempt.user->id);
}

static gboolean
begin_attempt (WdSasl *self)
{
  const char *login = gsasl_property_fast (self->session, GSASL_AUTHID);

  if (!wd_auth_attempt_begin (self->auth, login != NULL ? login : "", self->mechanism->name,
                              self->service, self->remote, self->log, &self->attempt,
                              self->cancellable, &self->error))
    return FALSE;
  self->attempt.is_for_other = is_for_other (self);
  return TRUE;
}

// PLAIN and LOGIN: the name and the password are there.
static int
validate_simple (WdSasl *self)
{
  // Ours until the session ends: wiped here, since the library only frees it.
  char *text = (char *) gsasl_property_fast (self->session, GSASL_PASSWORD);
  g_autoptr (WdSecret) password = NULL;

  if (text == NULL || !begin_attempt (self))
    return GSASL_AUTHENTICATION_ERROR;
  password = wd_core_secret_new (text, strlen (text));
  explicit_bzero (text, strlen (text));
  self->user = wd_auth_check_attempt (&self->attempt, password, self->cancellable, &self->error);
  return self->user != NULL ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
}

// The keys of the user, or such that nobody has, when there is no such user.
static gboolean
load_keys (WdSasl *self)
{
  const WdSecret *secret;

  if (self->keys.salt != NULL)
    return TRUE;
  if (self->error != NULL || !begin_attempt (self))
    return FALSE;
  if (wd_auth_attempt_is_allowed (&self->attempt) && self->attempt.user->scram != NULL
      && wd_auth_scram_parse (self->attempt.user->scram, &self->keys))
    return TRUE;

  secret = wd_auth_get_scram_secret (self->auth, self->cancellable, &self->error);
  if (secret == NULL)
    return FALSE;
  wd_auth_scram_fake (secret, self->attempt.account_key, &self->keys);
  return TRUE;
}

static int
give_scram_property (WdSasl *self, Gsasl_property property)
{
  char iterations[16];
  const char *value = NULL;

  if (!load_keys (self))
    return GSASL_AUTHENTICATION_ERROR;
  g_snprintf (iterations, sizeof iterations, "%u", self->keys.iterations);
  if (property == GSASL_SCRAM_ITER)
    value = iterations;
  else if (property == GSASL_SCRAM_SALT)
    value = self->keys.salt;
  else if (property == GSASL_SCRAM_STOREDKEY)
    value = self->keys.stored_key;
  else
    value = self->keys.server_key;
  return gsasl_property_set (self->session, property, value);
}

static int
answer_callback (Gsasl *context, Gsasl_session *session, Gsasl_property property)
{
  WdSasl *self = gsasl_session_hook_get (session);

  (void) context;
  if (property == GSASL_VALIDATE_SIMPLE)
    return validate_simple (self);
  if (property == GSASL_SCRAM_ITER || property == GSASL_SCRAM_SALT
      || property == GSASL_SCRAM_STOREDKEY || property == GSASL_SCRAM_SERVERKEY)
    return give_scram_property (self, property);
  if (property == GSASL_CB_TLS_EXPORTER && self->binding != NULL)
    return gsasl_property_set (session, property, self->binding);
  return GSASL_NO_CALLBACK;
}

Gsasl *
wd_auth_sasl_new_context (void)
{
  Gsasl *context;

  if (gsasl_init (&context) != GSASL_OK)
    return NULL;
  gsasl_callback_set (context, answer_callback);
  return context;
}

WdSasl *
wd_auth_sasl_new (WdAuth *auth,
                  const char *mechanism,
                  const WdSaslChannel *channel,
                  WdLogContext *log,
                  GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mechanisms); i++)
    {
      g_autoptr (WdSasl) self = NULL;

      if (g_ascii_strcasecmp (mechanisms[i].name, mechanism) != 0
          || !is_offered (&mechanisms[i], auth, channel))
        continue;

      self = g_new0 (WdSasl, 1);
      self->mechanism = &mechanisms[i];
      self->auth = auth;
      self->log = log;
      self->remote = g_strdup (channel->remote);
      self->service = g_strdup (channel->service);
      if (channel->channel_binding != NULL)
        self->binding = g_base64_encode (channel->channel_binding, 32);
      if (gsasl_server_start (auth->gsasl, mechanisms[i].name, &self->session) != GSASL_OK)
        break;
      gsasl_session_hook_set (self->session, self);
      return g_steal_pointer (&self);
    }

  g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "no such mechanism");
  return NULL;
}

void
wd_auth_sasl_free (WdSasl *self)
{
  if (self == NULL)
    return;

  if (self->session != NULL)
    gsasl_finish (self->session);
  wd_auth_attempt_clear (&self->attempt);
  wd_auth_scram_keys_clear (&self->keys);
  wd_user_free (self->user);
  g_clear_error (&self->error);
  g_free (self->binding);
  g_free (self->remote);
  g_free (self->service);
  g_free (self);
}

static gboolean
is_base64 (const char *text, gsize len)
{
  gsize n_pads = 0;

  if (len % 4 != 0)
    return FALSE;
  while (n_pads < 2 && n_pads < len && text[len - n_pads - 1] == '=')
    n_pads++;
  for (gsize i = 0; i < len - n_pads; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return TRUE;
}

// Decodes one message into a secret, since it may hold a password.
static WdSecret *
decode (const char *input, GError **error)
{
  gsize input_len = strlen (input);
  gsize len = 0;
  guchar *data;
  WdSecret *message;

  if (strcmp (input, "*") == 0)
    {
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "cancelled");
      return NULL;
    }
  if (input_len > WD_LIMIT_SASL_LINE_BYTES || !is_base64 (input, input_len))
    {
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "not base64, or too long");
      return NULL;
    }
  if (input_len == 0)
    return wd_core_secret_new ("", 0);

  data = g_base64_decode (input, &len);
  message = wd_core_secret_new (data, len);
  explicit_bzero (data, len);
  g_free (data);
  return message;
}

// RFC 5802 6: a client that could bind, and believes that the server cannot, while it offered to,
// has been lied to by somebody between them.
static gboolean
is_downgraded (const WdSasl *self, const WdSecret *message)
{
  return !self->mechanism->is_plain && !self->is_begun && self->binding != NULL
         && g_str_has_prefix (wd_core_secret_get (message), "y,");
}

static int
step_library (WdSasl *self, const WdSecret *message, char **out_output, gsize *out_len)
{
  const char *data = message != NULL ? wd_core_secret_get (message) : NULL;
  gsize len = message != NULL ? wd_core_secret_get_len (message) : 0;
  int status;

  // A name that came with the command already (RFC 4959) answers the question that is not sent.
  if (self->mechanism->asks_first && !self->is_begun && message != NULL)
    {
      status = gsasl_step (self->session, NULL, 0, out_output, out_len);
      if (status != GSASL_NEEDS_MORE)
        return status;
      gsasl_free (*out_output);
      *out_output = NULL;
    }
  return gsasl_step (self->session, data, len, out_output, out_len);
}

// The exchange takes the client's time: what was changed meanwhile counts.
static gboolean
finish_scram (WdSasl *self, GError **error)
{
  g_autofree char *scram = g_strdup (self->attempt.user != NULL ? self->attempt.user->scram : NULL);
  GError *store_error = NULL;
  WdUser *now;

  if (self->attempt.user == NULL)
    {
      wd_auth_attempt_fail (&self->attempt, "unknown-user", error);
      return FALSE;
    }
  now = wd_store_get_user (self->auth->store, &self->attempt.user->id, self->cancellable,
                           &store_error);
  if (now == NULL && !g_error_matches (store_error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      wd_auth_take_store_error (store_error, error);
      return FALSE;
    }
  g_clear_error (&store_error);
  wd_user_free (self->attempt.user);
  self->attempt.user = now;
  if (!wd_auth_attempt_check_limits (&self->attempt, error))
    return FALSE;
  if (!wd_auth_attempt_is_allowed (&self->attempt) || g_strcmp0 (now->scram, scram) != 0)
    {
      wd_auth_attempt_fail (&self->attempt, "changed", error);
      return FALSE;
    }
  self->user = wd_auth_attempt_succeed (&self->attempt, error);
  return self->user != NULL;
}

static WdSaslStep
fail (WdSasl *self, int status, GError **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  else if (status == GSASL_AUTHENTICATION_ERROR && self->attempt.account_key != NULL)
    // A wrong proof: no callback saw it.
    wd_auth_attempt_fail (&self->attempt, self->attempt.user != NULL ? "password" : "unknown-user",
                          error);
  else
    g_set_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "%s", gsasl_strerror (status));
  return WD_SASL_FAILED;
}

WdSaslStep
wd_auth_sasl_step (
    WdSasl *self, const char *input, char **out_reply, GCancellable *cancellable, GError **error)
{
  g_autoptr (WdSecret) message = NULL;
  char *output = NULL;
  gsize len = 0;
  int status;
  WdSaslStep step;

  *out_reply = NULL;
  if (++self->n_steps > WD_LIMIT_SASL_STEPS)
    {
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "too many messages");
      return WD_SASL_FAILED;
    }
  if (input != NULL && !self->is_begun && strcmp (input, "=") == 0)
    input = "";
  if (input != NULL && (message = decode (input, error)) == NULL)
    return WD_SASL_FAILED;
  if (message != NULL && is_downgraded (self, message))
    {
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID, "downgraded");
      return WD_SASL_FAILED;
    }

  self->cancellable = cancellable;
  status = step_library (self, message, &output, &len);
  self->is_begun = self->is_begun || message != NULL || self->mechanism->asks_first;
  // The library goes on with salts of its own where a callback fails.
  if (status == GSASL_NEEDS_MORE && self->error == NULL)
    step = WD_SASL_CONTINUE;
  else if (status != GSASL_OK || self->error != NULL)
    step = fail (self, status, error);
  else
    step = self->user != NULL || finish_scram (self, error) ? WD_SASL_DONE : WD_SASL_FAILED;

  if (step == WD_SASL_CONTINUE || (step == WD_SASL_DONE && len > 0))
    *out_reply = g_base64_encode ((const guchar *) output, len);
  gsasl_free (output);
  return step;
}

WdUser *
wd_auth_sasl_take_user (WdSasl *self)
{
  return g_steal_pointer (&self->user);
}
