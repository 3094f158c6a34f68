// SPDX-License-Identifier: EUPL-1.2
// STARTTLS, LOGIN, AUTHENTICATE and UNAUTHENTICATE (RFC 8437).
#include "config.h"

#include "imap-cmd-login.h"

#include "core-limits.h"
#include "imap-capability.h"

void
wd_imap_cmd_login_get_channel (WdImapSession *session, WdImapLoginChannel *out_channel)
{
  gboolean is_bound = wd_net_conn_get_channel_binding (session->conn, out_channel->binding);

  out_channel->sasl = (WdSaslChannel){
    .allow_plain = wd_imap_session_may_login (session),
    .channel_binding = is_bound ? out_channel->binding : NULL,
    .remote = wd_net_conn_get_remote (session->conn),
    .service = "imap",
  };
}

WdStep
wd_imap_cmd_login_starttls (WdImapSession *session, WdImapCommand *cmd)
{
  GString *out = wd_imap_session_get_output (session);

  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (wd_net_conn_is_tls (session->conn))
    return wd_imap_command_bad (cmd, "TLS is on already");
  if (!wd_net_conn_can_start_tls (session->conn))
    return wd_imap_command_bad (cmd, "TLS is not available");
  // The reply goes out in the clear, and what came in the clear is forgotten (RFC 3501 6.2.1): this
  // command is over here.
  g_string_append_printf (out, "%s OK Begin TLS negotiation now\r\n", cmd->tag);
  if (!wd_net_conn_start_tls (session->conn))
    {
      session->is_closing = TRUE;
      return WD_FAIL;
    }
  cmd->is_answered = TRUE;
  return WD_DONE;
}

static WdStep
fail (WdImapSession *session, WdImapCommand *cmd, const GError *error)
{
  const char *code = "AUTHENTICATIONFAILED";
  const char *text = "Invalid user name or password";

  if (++session->n_logins >= WD_LIMIT_IMAP_FAILED_LOGINS)
    wd_imap_session_bye (session, "Too many failed logins");
  switch ((WdAuthError) error->code)
    {
    case WD_AUTH_ERROR_FAILED:
      break;
    case WD_AUTH_ERROR_RATE_LIMITED:
      code = "UNAVAILABLE";
      text = "Too many failed logins, try again later";
      break;
    case WD_AUTH_ERROR_UNAVAILABLE:
      code = "UNAVAILABLE";
      text = "Login is not available, try again later";
      break;
    case WD_AUTH_ERROR_INVALID:
      return wd_imap_command_bad (cmd, "Invalid authentication exchange");
    case WD_AUTH_ERROR_FORBIDDEN:
      code = "AUTHORIZATIONFAILED";
      text = "Not allowed to act for this user";
      break;
    }
  return wd_imap_command_no (cmd, code, text);
}

static WdStep
succeed (WdImapSession *session, WdImapCommand *cmd, const WdUser *user)
{
  g_autoptr (GString) code = g_string_new (NULL);

  wd_imap_session_authenticate (session, user);
  wd_imap_capability_append (session, code);
  return wd_imap_command_ok (cmd, code->str, "Logged in");
}

WdStep
wd_imap_cmd_login_login (WdImapSession *session, WdImapCommand *cmd)
{
  g_autofree char *login = NULL;
  char *text = NULL;
  g_autoptr (WdSecret) password = NULL;
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok;

  ok = wd_imap_parse_space (&cmd->args) && wd_imap_parse_astring (&cmd->args, &login)
       && wd_imap_parse_space (&cmd->args) && wd_imap_parse_astring (&cmd->args, &text);
  if (text != NULL)
    {
      password = wd_core_secret_new (text, strlen (text));
      explicit_bzero (text, strlen (text));
      g_free (text);
    }
  wd_imap_session_forget_text (session);
  if (!ok || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (!wd_imap_session_may_login (session))
    return wd_imap_command_no (cmd, "PRIVACYREQUIRED", "Use TLS to log in");
  user = wd_auth_check_password (
      session->server->auth, login, password, "imap", wd_net_conn_get_remote (session->conn),
      wd_net_conn_get_log (session->conn), wd_imap_session_get_cancellable (session), &error);
  return user != NULL ? succeed (session, cmd, user) : fail (session, cmd, error);
}

static void
send_challenge (WdImapSession *session, const char *challenge)
{
  g_string_append_printf (wd_imap_session_get_output (session), "+ %s\r\n",
                          challenge != NULL ? challenge : "");
}

typedef struct
{
  WdSasl *sasl;
  WdImapLoginChannel channel;
  WdUser *user; // (nullable) Is in, once the client has answered the last challenge.
} Exchange;

static void
exchange_free (gpointer data)
{
  Exchange *self = data;

  wd_auth_sasl_free (self->sasl);
  wd_user_free (self->user);
  g_free (self);
}

// One step; `input` is base64, NULL: nothing yet. Returns WD_MORE when the client has to answer.
static WdStep
step_exchange (WdImapSession *session, WdImapCommand *cmd, const char *input)
{
  Exchange *exchange = cmd->state;
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;

  switch (wd_auth_sasl_step (exchange->sasl, input, &output,
                             wd_imap_session_get_cancellable (session), &error))
    {
    case WD_SASL_CONTINUE:
      send_challenge (session, output);
      return WD_MORE;
    case WD_SASL_FAILED:
      return fail (session, cmd, error);
    case WD_SASL_DONE:
      break;
    }
  exchange->user = wd_auth_sasl_take_user (exchange->sasl);
  // IMAP has no room for data with success (RFC 3501 6.2.2): the client answers it with nothing.
  if (output != NULL && *output != '\0')
    {
      send_challenge (session, output);
      return WD_MORE;
    }
  return succeed (session, cmd, exchange->user);
}

static WdStep
take_answer (WdImapSession *session, WdImapCommand *cmd, const char *line, gsize len)
{
  Exchange *exchange = cmd->state;
  g_autofree char *input = g_strndup (line, len);
  WdStep step;

  if (exchange->user != NULL)
    step = len == 0 ? succeed (session, cmd, exchange->user)
                    : wd_imap_command_bad (cmd, "Authentication was given up");
  else
    step = step_exchange (session, cmd, input);
  explicit_bzero (input, len);
  if (step == WD_DONE)
    wd_imap_session_end_lines (session);
  return WD_DONE;
}

WdStep
wd_imap_cmd_login_authenticate (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *input = NULL;
  const char *mechanism;
  gsize len;
  Exchange *exchange;
  WdStep step;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_parse_atom (&cmd->args, &mechanism, &len))
    return wd_imap_command_bad_args (cmd);
  name = g_strndup (mechanism, len);
  // The initial response (RFC 4959); "=" is an empty one.
  if (wd_imap_parse_skip (&cmd->args, ' '))
    {
      input = g_strndup (cmd->args.data + cmd->args.pos, cmd->args.len - cmd->args.pos);
      wd_imap_session_forget_text (session);
    }
  else if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);

  exchange = g_new0 (Exchange, 1);
  cmd->state = exchange;
  cmd->state_free = exchange_free;
  wd_imap_cmd_login_get_channel (session, &exchange->channel);
  exchange->sasl = wd_auth_sasl_new (session->server->auth, name, &exchange->channel.sasl,
                                     wd_net_conn_get_log (session->conn), &error);
  if (exchange->sasl == NULL)
    return wd_imap_command_no (cmd, "CANNOT", "Mechanism is not available");
  step = step_exchange (session, cmd, input);
  if (input != NULL)
    explicit_bzero (input, strlen (input));
  if (step == WD_MORE)
    session->take_line = take_answer;
  return WD_DONE;
}

// Nothing is expunged. TLS and compression stay.
WdStep
wd_imap_cmd_login_unauthenticate (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GString) code = NULL;

  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  wd_imap_session_unauthenticate (session);
  code = g_string_new (NULL);
  wd_imap_capability_append (session, code);
  return wd_imap_command_ok (cmd, code->str, "Logged out");
}
