// SPDX-License-Identifier: EUPL-1.2
// The message: DATA and BDAT, and the replies behind it.
#include "config.h"

#include "lmtp-private.h"

#include <string.h>

#include "lmtp-status.h"

static void
write_octets (const char *data, gsize len, gpointer user_data)
{
  WdLmtpSession *self = user_data;

  // After a failure the rest is read and thrown away, so that the reply comes where it belongs.
  if (self->failure == NULL && self->incoming != NULL)
    (void) !wd_incoming_write (self->incoming, data, len, &self->failure);
}

static gboolean
has_recipients (const WdLmtpSession *self)
{
  return self->recipients != NULL && self->recipients->len > 0;
}

static gboolean
is_temporary (const char *reply)
{
  return reply[0] == '4';
}

// RFC 2033 4.2: a reply for each recipient.
static void
reply_to_each (WdLmtpSession *self)
{
  for (guint i = 0; i < self->recipients->len; i++)
    {
      const WdLmtpRecipient *recipient = g_ptr_array_index (self->recipients, i);

      wd_lmtp_session_reply (self, recipient->reply);
    }
}

// The drop has one reply for all: that of a success, where there was one, since the client would
// send the message to those again that have it. Else the one that makes it try again, if any does.
static void
reply_to_all (WdLmtpSession *self)
{
  const char *best = NULL;

  for (guint i = 0; i < self->recipients->len; i++)
    {
      const WdLmtpRecipient *recipient = g_ptr_array_index (self->recipients, i);

      if (best == NULL || recipient->reply[0] == '2'
          || (best[0] == '5' && is_temporary (recipient->reply)))
        best = recipient->reply;
      if (best[0] == '2')
        break;
    }
  wd_lmtp_session_reply (self, best);
}

static void
set_all_replies (WdLmtpSession *self, const char *reply)
{
  for (guint i = 0; i < self->recipients->len; i++)
    ((WdLmtpRecipient *) g_ptr_array_index (self->recipients, i))->reply = reply;
}

static void
refuse_message (WdLmtpSession *self)
{
  WdLogContext *log = wd_net_conn_get_log (self->conn);

  if (g_error_matches (self->failure, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE))
    wd_log_notice (log, WD_MSG_LIMIT_REACHED, NULL, "not taken: %s", self->failure->message);
  else
    wd_log_warning (log, WD_MSG_STORE_UNAVAILABLE, NULL, "not taken: %s", self->failure->message);
  set_all_replies (self, wd_lmtp_status_from_error (self->failure, FALSE));
}

// The last octet is here.
static void
finish_message (WdLmtpSession *self)
{
  if (self->failure == NULL)
    (void) !wd_incoming_finish (self->incoming, &self->failure);
  if (self->failure == NULL)
    wd_lmtp_deliver (self);
  else
    refuse_message (self);

  if (self->is_lmtp)
    reply_to_each (self);
  else
    reply_to_all (self);
  wd_lmtp_session_reset (self);
  self->state = WD_LMTP_STATE_COMMAND;
}

void
wd_lmtp_cmd_data_data (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (line->args_len > 0)
    wd_lmtp_session_reply_bad (self, "501 5.5.4 DATA takes no argument");
  else if (!has_recipients (self))
    wd_lmtp_session_reply_bad (self, self->has_mail ? "503 5.5.1 No valid recipients"
                                                    : "503 5.5.1 Say MAIL first");
  else if (self->is_chunked || self->mail.body == WD_LMTP_BODY_BINARYMIME)
    wd_lmtp_session_reply_bad (self, "503 5.5.1 Only BDAT can go on here");
  else
    {
      self->incoming = wd_incoming_new (self->server->store);
      self->data = (WdLmtpData){ 0 };
      self->state = WD_LMTP_STATE_DATA;
      wd_lmtp_session_reply (self, "354 End with CRLF.CRLF");
    }
}

gboolean
wd_lmtp_cmd_data_take_text (WdLmtpSession *self)
{
  gsize len;
  const char *input = wd_net_conn_peek (self->conn, &len);
  gboolean is_end;
  gsize taken = wd_lmtp_data_feed (&self->data, input, len, write_octets, self, &is_end);

  wd_net_conn_consume (self->conn, taken);
  if (is_end)
    finish_message (self);
  return is_end;
}

void
wd_lmtp_cmd_data_bdat (WdLmtpSession *self, const WdLmtpLine *line)
{
  const char *reply
      = wd_lmtp_parse_bdat (line->args, line->args_len, &self->chunk_left, &self->is_last_chunk);

  if (reply != NULL)
    {
      // How many octets of the message follow is not known: they must not be read as commands.
      wd_lmtp_session_reply_bad (self, reply);
      self->state = WD_LMTP_STATE_QUIT;
      return;
    }
  self->chunk_bytes = self->chunk_left;
  self->is_chunked = TRUE;
  self->state = WD_LMTP_STATE_BDAT;
  if (has_recipients (self) && self->incoming == NULL)
    self->incoming = wd_incoming_new (self->server->store);
}

// A chunk is there. RFC 3030 3: the last one is answered as DATA is.
static void
finish_chunk (WdLmtpSession *self)
{
  self->state = WD_LMTP_STATE_COMMAND;
  if (!has_recipients (self))
    {
      self->is_chunked = FALSE;
      wd_lmtp_session_reply_bad (self, self->has_mail ? "503 5.5.1 No valid recipients"
                                                      : "503 5.5.1 Say MAIL first");
    }
  else if (self->is_last_chunk)
    finish_message (self);
  else if (self->failure != NULL)
    wd_lmtp_session_reply (self, wd_lmtp_status_from_error (self->failure, FALSE));
  else
    wd_lmtp_session_reply_format (self, "250 2.0.0 %" G_GUINT64_FORMAT " octets received",
                                  self->chunk_bytes);
}

gboolean
wd_lmtp_cmd_data_take_chunk (WdLmtpSession *self)
{
  gsize len;
  const char *input = wd_net_conn_peek (self->conn, &len);
  gsize taken = (gsize) MIN ((guint64) len, self->chunk_left);

  if (taken > 0)
    {
      write_octets (input, taken, self);
      wd_net_conn_consume (self->conn, taken);
      self->chunk_left -= taken;
    }
  if (self->chunk_left > 0)
    return FALSE;
  finish_chunk (self);
  return TRUE;
}
