// SPDX-License-Identifier: EUPL-1.2
// Who the client is, and what the channel is: LHLO, EHLO, HELO, STARTTLS, XCLIENT.
#include "config.h"

#include "lmtp-private.h"

// Takes the name. FALSE after a reply that refuses it.
static gboolean
take_name (WdLmtpSession *self, const WdLmtpLine *line, gboolean is_extended)
{
  char *name = NULL;
  const char *reply = wd_lmtp_parse_hello (line->args, line->args_len, &name);

  if (reply != NULL)
    {
      wd_lmtp_session_reply_bad (self, reply);
      return FALSE;
    }
  // RFC 5321 4.1.4: it ends a transaction, as RSET does.
  wd_lmtp_session_reset (self);
  g_free (self->hello);
  self->hello = self->client_hello != NULL ? g_strdup (self->client_hello) : g_strdup (name);
  self->is_extended = is_extended;
  g_free (name);
  return TRUE;
}

static void
list_extensions (WdLmtpSession *self)
{
  wd_lmtp_session_reply_format (self, "250-%s", self->settings.hostname);
  wd_lmtp_session_reply (self, "250-PIPELINING");
  wd_lmtp_session_reply_format (self, "250-SIZE %" G_GUINT64_FORMAT,
                                wd_lmtp_session_get_max_bytes (self));
  if (wd_net_conn_can_start_tls (self->conn) && !wd_net_conn_is_tls (self->conn))
    wd_lmtp_session_reply (self, "250-STARTTLS");
  if (self->is_trusted)
    wd_lmtp_session_reply (self, "250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT");
  wd_lmtp_session_reply (self, "250-8BITMIME\r\n"
                               "250-BINARYMIME\r\n"
                               "250-CHUNKING\r\n"
                               "250-ENHANCEDSTATUSCODES\r\n"
                               "250 SMTPUTF8");
}

void
wd_lmtp_cmd_hello_lhlo (WdLmtpSession *self, const WdLmtpLine *line)
{
  // RFC 2033 4.1: LHLO in LMTP, and nothing else; nor LHLO elsewhere.
  if (!self->is_lmtp)
    wd_lmtp_session_reply_bad (self, "500 5.5.1 This is SMTP: say EHLO");
  else if (take_name (self, line, TRUE))
    list_extensions (self);
}

void
wd_lmtp_cmd_hello_ehlo (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (self->is_lmtp)
    wd_lmtp_session_reply_bad (self, "500 5.5.1 This is LMTP: say LHLO");
  else if (take_name (self, line, TRUE))
    list_extensions (self);
}

void
wd_lmtp_cmd_hello_helo (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (self->is_lmtp)
    wd_lmtp_session_reply_bad (self, "500 5.5.1 This is LMTP: say LHLO");
  else if (take_name (self, line, FALSE))
    wd_lmtp_session_reply_format (self, "250 %s", self->settings.hostname);
}

void
wd_lmtp_cmd_hello_starttls (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (line->args_len > 0)
    wd_lmtp_session_reply_bad (self, "501 5.5.4 STARTTLS takes no argument");
  else if (wd_net_conn_is_tls (self->conn))
    wd_lmtp_session_reply_bad (self, "503 5.5.1 TLS is on already");
  else if (!wd_net_conn_can_start_tls (self->conn))
    wd_lmtp_session_reply (self, "454 4.7.0 TLS not available");
  else
    {
      // RFC 3207 4.2: what was said before counts no more; nor what was sent too early.
      wd_lmtp_session_reply (self, "220 2.0.0 Go ahead");
      wd_lmtp_session_reset (self);
      g_clear_pointer (&self->hello, g_free);
      if (!wd_net_conn_start_tls (self->conn))
        self->state = WD_LMTP_STATE_QUIT;
    }
}

void
wd_lmtp_cmd_hello_xclient (WdLmtpSession *self, const WdLmtpLine *line)
{
  WdLmtpXclient xclient;
  const char *reply;

  if (!self->is_trusted)
    {
      wd_lmtp_session_reply_bad (self, "550 5.7.0 Not from you");
      return;
    }
  if (self->has_mail)
    {
      wd_lmtp_session_reply_bad (self, "503 5.5.1 Not within a transaction");
      return;
    }
  reply = wd_lmtp_parse_xclient (line->args, line->args_len, &xclient);
  if (reply != NULL)
    {
      wd_lmtp_session_reply_bad (self, reply);
      return;
    }

  if (xclient.addr != NULL)
    wd_net_conn_set_remote (self->conn, xclient.addr);
  g_free (self->client_name);
  self->client_name = g_steal_pointer (&xclient.name);
  g_free (self->client_hello);
  self->client_hello = g_steal_pointer (&xclient.helo);
  wd_lmtp_parse_xclient_clear (&xclient);
  // The session begins anew, with a greeting.
  g_clear_pointer (&self->hello, g_free);
  wd_lmtp_session_reply_format (self, "220 %s", self->settings.hostname);
}
