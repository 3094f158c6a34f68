// SPDX-License-Identifier: EUPL-1.2
// From octets of the connection to a command that may run, or an answer to what is none.
#include "config.h"

#include "imap-input.h"

#include "core-clock.h"
#include "core-limits.h"
#include "imap-append.h"

static const char *
explain_state (const WdImapSession *self, const WdImapCommandSpec *spec)
{
  if (self->state == WD_IMAP_STATE_NOT_AUTHENTICATED)
    return "Log in first";
  return (spec->states & WD_IMAP_STATE_SELECTED) != 0 ? "Select a mailbox first"
                                                      : "Already logged in";
}

// The command at the front of the reader's text. Returns (transfer full) (nullable): BAD is written
// when there is none that may be run now.
static WdImapCommand *
make_command (WdImapSession *self)
{
  WdImapParser parser;
  g_autofree char *tag = NULL;
  g_autoptr (WdImapCommand) cmd = NULL;

  wd_imap_parse_init (&parser, self->reader.text->str, self->reader.text->len);
  parser.is_utf8 = wd_imap_session_is_utf8 (self);
  cmd = wd_imap_command_new (&parser, &tag);
  if (cmd == NULL)
    {
      wd_imap_session_answer_bad (self, tag, parser.error);
      return NULL;
    }
  if ((cmd->spec->states & self->state) == 0)
    {
      wd_imap_session_answer_bad (self, tag, explain_state (self, cmd->spec));
      return NULL;
    }
  return g_steal_pointer (&cmd);
}

// Gives up a command at its literal. A client that sends more than is worth reading is sent away.
static void
refuse_literal (WdImapSession *self)
{
  g_clear_pointer (&self->append, wd_imap_append_free);
  if (!wd_imap_reader_refuse (&self->reader))
    wd_imap_session_bye (self, "Too much data");
}

// A line ended in a literal: what is to become of it depends on the command so far.
static void
judge_literal (WdImapSession *self)
{
  g_autoptr (WdImapCommand) cmd = make_command (self);
  gboolean is_sync = self->reader.literal.is_sync;
  WdImapAppendAnswer answer = WD_IMAP_APPEND_NOT_MESSAGE;

  if (cmd == NULL)
    {
      refuse_literal (self);
      return;
    }
  if ((cmd->spec->flags & WD_IMAP_COMMAND_STREAMS) != 0)
    answer = wd_imap_append_begin_literal (self, cmd);
  if (answer == WD_IMAP_APPEND_NOT_MESSAGE)
    {
      if (self->reader.literal.is_literal8 && (cmd->spec->flags & WD_IMAP_COMMAND_BINARY) == 0)
        wd_imap_command_bad (cmd, "A binary literal is not allowed here");
      else if (!wd_imap_reader_may_keep (&self->reader))
        wd_imap_command_bad (cmd, "Literal too large");
      else
        {
          wd_imap_reader_keep (&self->reader);
          answer = WD_IMAP_APPEND_STREAM;
        }
    }
  if (answer == WD_IMAP_APPEND_STREAM)
    {
      if (is_sync)
        g_string_append (wd_imap_session_get_output (self), "+ OK\r\n");
      return;
    }
  wd_imap_session_answer (self, cmd);
  refuse_literal (self);
}

static void
begin_command (WdImapSession *self)
{
  self->cmd = make_command (self);
  if (self->cmd == NULL)
    {
      g_clear_pointer (&self->append, wd_imap_append_free);
      wd_imap_reader_reset (&self->reader);
    }
}

static void
end_too_long (WdImapSession *self)
{
  WdImapParser parser;
  g_autofree char *tag = NULL;

  wd_imap_parse_init (&parser, self->reader.text->str, self->reader.text->len);
  g_autoptr (WdImapCommand) cmd = wd_imap_command_new (&parser, &tag);
  wd_imap_session_answer_bad (self, tag, "Command line too long");
  g_clear_pointer (&self->append, wd_imap_append_free);
  wd_imap_reader_reset (&self->reader);
}

// Takes what is in the input buffer up to the next event. TRUE: something happened.
static gboolean
feed (WdImapSession *self)
{
  gsize len;
  gsize used;
  const char *data = wd_net_conn_peek (self->conn, &len);
  WdImapReaderEvent event = wd_imap_reader_feed (&self->reader, data, len, &used);

  switch (event)
    {
    case WD_IMAP_READER_NEED_INPUT:
      break;
    case WD_IMAP_READER_COMMAND:
      begin_command (self);
      break;
    case WD_IMAP_READER_LITERAL:
      judge_literal (self);
      break;
    case WD_IMAP_READER_DATA:
      wd_imap_append_write (self, data, used);
      self->active_us = wd_core_clock_monotonic_us ();
      break;
    case WD_IMAP_READER_DATA_END:
      wd_imap_append_end_literal (self);
      break;
    case WD_IMAP_READER_TOO_LONG:
      end_too_long (self);
      break;
    case WD_IMAP_READER_HOPELESS:
      wd_imap_session_bye (self, "Too much data");
      break;
    }
  wd_net_conn_consume (self->conn, used);
  return event != WD_IMAP_READER_NEED_INPUT;
}

static WdStep
feed_line (WdImapSession *self, gboolean *out_is_line)
{
  const char *line;
  gsize len;
  gsize consume_len;
  gboolean is_too_long;
  WdStep step;

  *out_is_line = wd_net_conn_peek_line (self->conn, WD_LIMIT_SASL_LINE_BYTES, &line, &len,
                                        &consume_len, &is_too_long);
  if (is_too_long)
    {
      wd_imap_session_bye (self, "Line too long");
      *out_is_line = TRUE;
      return WD_DONE;
    }
  if (!*out_is_line)
    return WD_MORE;
  step = self->take_line (self, self->cmd, line, len);
  wd_net_conn_consume (self->conn, consume_len);
  return step;
}

WdImapInput
wd_imap_input_next (WdImapSession *self)
{
  for (;;)
    {
      gboolean is_event;
      WdIo io;

      if (self->take_line == NULL)
        is_event = feed (self);
      else if (feed_line (self, &is_event) == WD_FAIL)
        return WD_IMAP_INPUT_END;
      if (is_event)
        return self->is_closing ? WD_IMAP_INPUT_END : WD_IMAP_INPUT_COMMAND;
      io = wd_net_conn_fill (self->conn, 0);
      if (io == WD_IO_WOULD_BLOCK)
        return WD_IMAP_INPUT_WAIT;
      if (io != WD_IO_OK)
        return WD_IMAP_INPUT_END;
    }
}
