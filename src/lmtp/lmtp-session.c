// SPDX-License-Identifier: EUPL-1.2
// Sessions: input to commands, and the service's entry points.
#include "config.h"

#include "lmtp-session.h"

#include <stdarg.h>
#include <string.h>

#include "core-limits.h"
#include "lmtp-private.h"

// After so many rounds of input others get their turn.
#define MAX_ROUNDS 64

static const struct
{
  const char *verb;
  WdLmtpCommandFunc func;
} commands[] = {
  { "MAIL", wd_lmtp_cmd_mail_mail },          { "RCPT", wd_lmtp_cmd_mail_rcpt },
  { "DATA", wd_lmtp_cmd_data_data },          { "BDAT", wd_lmtp_cmd_data_bdat },
  { "LHLO", wd_lmtp_cmd_hello_lhlo },         { "EHLO", wd_lmtp_cmd_hello_ehlo },
  { "HELO", wd_lmtp_cmd_hello_helo },         { "RSET", wd_lmtp_cmd_other_rset },
  { "NOOP", wd_lmtp_cmd_other_noop },         { "QUIT", wd_lmtp_cmd_other_quit },
  { "VRFY", wd_lmtp_cmd_other_vrfy },         { "HELP", wd_lmtp_cmd_other_help },
  { "STARTTLS", wd_lmtp_cmd_hello_starttls }, { "XCLIENT", wd_lmtp_cmd_hello_xclient },
  { "EXPN", wd_lmtp_cmd_other_unsupported },  { "TURN", wd_lmtp_cmd_other_unsupported },
  { "ETRN", wd_lmtp_cmd_other_unsupported },  { "AUTH", wd_lmtp_cmd_other_unsupported },
};

void
wd_lmtp_session_reply (WdLmtpSession *self, const char *reply)
{
  GString *output = wd_net_conn_get_output (self->conn);

  g_string_append (output, reply);
  g_string_append_len (output, "\r\n", 2);
}

void
wd_lmtp_session_reply_format (WdLmtpSession *self, const char *format, ...)
{
  GString *output = wd_net_conn_get_output (self->conn);
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (output, format, args);
  va_end (args);
  g_string_append_len (output, "\r\n", 2);
}

void
wd_lmtp_session_reply_bad (WdLmtpSession *self, const char *reply)
{
  wd_lmtp_session_reply (self, reply);
  if (++self->n_bad < WD_LIMIT_SMTP_BAD_COMMANDS)
    return;
  wd_lmtp_session_reply_format (self, "421 4.7.0 %s too many errors", self->settings.hostname);
  wd_log_notice (wd_net_conn_get_log (self->conn), WD_MSG_CLIENT_MISBEHAVED, NULL,
                 "closed after %u bad commands in a row", self->n_bad);
  self->state = WD_LMTP_STATE_QUIT;
}

void
wd_lmtp_session_reset (WdLmtpSession *self)
{
  wd_lmtp_parse_path_clear (&self->mail.path);
  self->mail = (WdLmtpMail){ 0 };
  self->has_mail = FALSE;
  self->is_chunked = FALSE;
  g_clear_pointer (&self->recipients, g_ptr_array_unref);
  g_clear_pointer (&self->incoming, wd_incoming_unref);
  g_clear_error (&self->failure);
}

guint64
wd_lmtp_session_get_max_bytes (const WdLmtpSession *self)
{
  return wd_store_get_options (self->server->store)->max_message_size_bytes;
}

static void
run_command (WdLmtpSession *self, const char *text, gsize len)
{
  WdLmtpLine line;
  const char *reply = wd_lmtp_parse_line (text, len, &line);
  guint n_bad = self->n_bad;

  if (reply != NULL)
    {
      wd_lmtp_session_reply_bad (self, reply);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strlen (commands[i].verb) == line.verb_len
        && g_ascii_strncasecmp (commands[i].verb, line.verb, line.verb_len) == 0)
      {
        commands[i].func (self, &line);
        if (self->n_bad == n_bad)
          self->n_bad = 0;
        return;
      }
  wd_lmtp_session_reply_bad (self, "500 5.5.1 Unknown command");
}

// One line of input. FALSE when it is not whole yet.
static gboolean
take_line (WdLmtpSession *self)
{
  const char *line;
  gsize len;
  gsize consume_len;
  gboolean is_too_long;

  if (wd_net_conn_peek_line (self->conn, WD_LIMIT_SMTP_LINE_BYTES, &line, &len, &consume_len,
                             &is_too_long))
    {
      char copy[WD_LIMIT_SMTP_LINE_BYTES];

      // The line lives in the input, which a command reads on in, or throws away.
      len = MIN (len, sizeof copy);
      memcpy (copy, line, len);
      wd_net_conn_consume (self->conn, consume_len);
      run_command (self, copy, len);
      return TRUE;
    }
  if (is_too_long)
    {
      wd_lmtp_session_reply_bad (self, "500 5.5.2 Line too long");
      if (self->state == WD_LMTP_STATE_COMMAND)
        self->state = WD_LMTP_STATE_SKIP_LINE;
    }
  return is_too_long;
}

// Throws away the rest of a line that is too long. FALSE when it does not end here.
static gboolean
skip_line (WdLmtpSession *self)
{
  gsize len;
  const char *input = wd_net_conn_peek (self->conn, &len);
  const char *newline = len > 0 ? memchr (input, '\n', len) : NULL;

  wd_net_conn_consume (self->conn, newline != NULL ? (gsize) (newline - input) + 1 : len);
  if (newline == NULL)
    return FALSE;
  self->state = WD_LMTP_STATE_COMMAND;
  return TRUE;
}

// One step on the input that is there. FALSE when more is needed.
static gboolean
take_input (WdLmtpSession *self)
{
  switch (self->state)
    {
    case WD_LMTP_STATE_COMMAND:
      return take_line (self);
    case WD_LMTP_STATE_DATA:
      return wd_lmtp_cmd_data_take_text (self);
    case WD_LMTP_STATE_BDAT:
      return wd_lmtp_cmd_data_take_chunk (self);
    case WD_LMTP_STATE_SKIP_LINE:
      return skip_line (self);
    case WD_LMTP_STATE_QUIT:
      return FALSE;
    }
  return FALSE;
}

static WdRun
read_and_run (WdLmtpSession *self)
{
  for (guint round = 0; round < MAX_ROUNDS; round++)
    {
      while (self->state != WD_LMTP_STATE_QUIT && !wd_net_conn_is_output_full (self->conn)
             && take_input (self))
        ;
      if (self->state == WD_LMTP_STATE_QUIT)
        return WD_RUN_CLOSE;
      if (wd_net_conn_is_output_full (self->conn))
        return WD_RUN_MORE;

      switch (wd_net_conn_fill (self->conn, 0))
        {
        case WD_IO_OK:
          break;
        case WD_IO_WOULD_BLOCK:
          return WD_RUN_WAIT;
        case WD_IO_EOF:
        case WD_IO_ERROR:
          return WD_RUN_CLOSE;
        }
    }
  return WD_RUN_MORE;
}

static void
greet (WdLmtpSession *self)
{
  self->is_trusted = wd_net_conn_is_in_networks (self->conn, self->settings.xclient_from);
  wd_lmtp_session_reply_format (self, "220 %s %s Wild Duck", self->settings.hostname,
                                self->is_lmtp ? "LMTP" : "ESMTP");
}

static WdRun
run (gpointer session, WdConn *conn, WdWhy why)
{
  WdLmtpSession *self = session;

  if ((why & WD_WHY_SHUTDOWN) != 0)
    {
      wd_lmtp_session_reply_format (self, "421 4.3.2 %s stops", self->settings.hostname);
      return WD_RUN_CLOSE;
    }
  if ((why & WD_WHY_DEADLINE) != 0 && (why & WD_WHY_INPUT) == 0)
    {
      wd_lmtp_session_reply_format (self, "421 4.4.2 %s waited too long", self->settings.hostname);
      return WD_RUN_CLOSE;
    }
  wd_net_conn_set_deadline_secs (conn, self->settings.timeout_secs);
  if ((why & WD_WHY_START) != 0)
    greet (self);
  return read_and_run (self);
}

static void
read_settings (WdLmtpSession *self)
{
  const WdConfig *config = self->config;
  const char *hostname = wd_core_config_get_string (config, "lmtp", "hostname");
  const char *over_quota = wd_core_config_get_string (config, "lmtp", "over-quota");
  gint64 timeout_ms = wd_core_config_get_duration_ms (config, "lmtp", "timeout");

  self->settings = (WdLmtpSettings){
    .hostname = hostname[0] != '\0' ? hostname : self->server->hostname,
    .delimiters = wd_core_config_get_string (config, "lmtp", "recipient-delimiter"),
    .xclient_from = wd_core_config_get_list (config, "lmtp", "xclient-from"),
    .max_recipients = wd_core_config_get_integer (config, "lmtp", "max-recipients"),
    .timeout_secs = (guint) ((timeout_ms + 999) / 1000),
    .is_detail_mailbox = wd_core_config_get_boolean (config, "lmtp", "detail-mailbox"),
    .is_quota_permanent = strcmp (over_quota, "permanent") == 0,
  };
}

static gpointer
session_new (WdConn *conn, WdService *service, gpointer data)
{
  WdLmtpSession *self = g_new0 (WdLmtpSession, 1);

  self->server = data;
  self->service = service;
  self->config = wd_net_service_ref_config (service);
  self->conn = conn;
  read_settings (self);
  self->is_lmtp = strcmp (wd_net_conn_get_listener (conn), "smtp") != 0;
  return self;
}

static void
session_free (gpointer session)
{
  WdLmtpSession *self = session;

  wd_lmtp_session_reset (self);
  g_free (self->hello);
  g_free (self->client_name);
  g_free (self->client_hello);
  wd_core_config_unref (self->config);
  g_free (self);
}

static void
stop (gpointer data)
{
  WdLmtpServer *server = data;

  g_object_unref (server->store);
  g_free (server->hostname);
  g_free (server);
}

static gboolean
start (WdService *service, gpointer *out_data, GError **error)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (service);
  WdStoreOptions options;
  WdStore *store;
  WdLmtpServer *server;

  wd_store_options_init (&options, config);
  options.notifier_func = wd_net_service_set_deaf;
  options.notifier_data = service;
  store = wd_store_open (&options, error);
  if (store == NULL)
    return FALSE;

  server = g_new0 (WdLmtpServer, 1);
  server->store = store;
  server->hostname = g_strdup (g_get_host_name ());
  *out_data = server;
  return TRUE;
}

static const char *const listeners[] = { "lmtp", "lmtp-unix", "smtp", NULL };
static const char *const tls_listeners[] = { NULL };

const WdServiceSpec wd_lmtp_session_spec = {
  .name = "lmtp",
  .description = "Takes mail in: LMTP and the SMTP drop",
  .listeners = listeners,
  .tls_listeners = tls_listeners,
  .start = start,
  .stop = stop,
  .session_new = session_new,
  .run = run,
  .session_free = session_free,
};
