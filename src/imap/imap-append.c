// SPDX-License-Identifier: EUPL-1.2
// Messages that come in with APPEND, before the command is whole.
#include "config.h"

#include "imap-append.h"

#include <string.h>

#include "core-limits.h"
#include "imap-append-binary.h"
#include "imap-append-private.h"
#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"

static void
message_clear (gpointer data)
{
  wd_imap_append_message_clear (data);
}

static WdImapAppend *
append_new (void)
{
  WdImapAppend *self = g_new0 (WdImapAppend, 1);

  self->messages = g_array_new (FALSE, FALSE, sizeof (WdImapAppendMessage));
  g_array_set_clear_func (self->messages, message_clear);
  return self;
}

void
wd_imap_append_free (WdImapAppend *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_array_unref (self->messages);
  g_clear_error (&self->error);
  g_free (self);
}

void
wd_imap_append_message_clear (WdImapAppendMessage *self)
{
  wd_imap_flags_clear (&self->flags);
  g_clear_pointer (&self->incoming, wd_incoming_unref);
}

// The header of the literal, and UTF8 ( before it where the session asked for UTF-8. The ')' comes
// behind the octets.
static gboolean
parse_header (WdImapParser *parser, WdImapAppendMessage *message)
{
  message->is_utf8 = wd_imap_parse_skip_word (parser, "UTF8");
  if (!message->is_utf8)
    return wd_imap_parse_literal (parser, &message->literal);
  if (!parser->is_utf8)
    return wd_imap_parse_fail (parser, "Enable UTF8=ACCEPT first");
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_expect (parser, '(')
      || !wd_imap_parse_literal (parser, &message->literal))
    return FALSE;
  return message->literal.is_literal8 || wd_imap_parse_fail (parser, "Expected ~ and a literal");
}

gboolean
wd_imap_append_parse_message (WdImapParser *parser, WdImapAppendMessage *out_message)
{
  g_auto (WdImapAppendMessage) message = { 0 };

  if (!wd_imap_parse_space (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) == '('
      && (!wd_imap_flags_parse (parser, FALSE, &message.flags) || !wd_imap_parse_space (parser)))
    return FALSE;
  if (wd_imap_parse_peek (parser) == '"'
      && (!wd_imap_date_parse_time (parser, &message.internal_date_ms, &message.zone_minutes)
          || !wd_imap_parse_space (parser)))
    return FALSE;
  if (!parse_header (parser, &message))
    return FALSE;
  *out_message = message;
  message.flags.keywords = NULL;
  return TRUE;
}

// Whether the text ends in the literal of the mailbox name.
static gboolean
is_in_name (WdImapParser parser)
{
  WdImapLiteral literal;

  return wd_imap_parse_skip (&parser, ' ') && wd_imap_parse_literal (&parser, &literal)
         && wd_imap_parse_is_at_end (&parser);
}

// Where the messages are to go, and how much may go there: looked up once a command.
static gboolean
find_mailbox (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapAppend *self = session->append;
  g_autoptr (GError) error = NULL;
  WdQuota quota;

  if (!wd_imap_mailbox_find (session, self->path, &self->mailbox, &error))
    {
      wd_imap_error_reply_target (session, cmd, error);
      return FALSE;
    }
  if (!wd_store_get_quota (session->server->store, &session->actor, &quota,
                           wd_imap_session_get_cancellable (session), &error))
    {
      wd_imap_error_reply (session, cmd, error);
      return FALSE;
    }
  self->room_bytes = quota.limit_bytes == 0                 ? G_MAXUINT64
                     : quota.used_bytes < quota.limit_bytes ? quota.limit_bytes - quota.used_bytes
                                                            : 0;
  return TRUE;
}

// What can be refused before the message is sent.
static gboolean
check_early (WdImapSession *session, WdImapCommand *cmd, guint64 size_bytes)
{
  WdImapAppend *self = session->append;

  if (size_bytes > wd_store_get_options (session->server->store)->max_message_size_bytes)
    {
      wd_imap_command_no (cmd, "TOOBIG", "Message too large");
      return FALSE;
    }
  if (size_bytes == 0)
    {
      wd_imap_command_no (cmd, "CANNOT", "Message is empty");
      return FALSE;
    }
  if (self->messages->len >= WD_LIMIT_IMAP_APPEND_MESSAGES
      || (self->messages->len > 0 && self->size_bytes + size_bytes > WD_LIMIT_IMAP_APPEND_BYTES))
    {
      wd_imap_command_no (cmd, "LIMIT", "Too many messages in one command");
      return FALSE;
    }
  if (self->messages->len == 0 && !find_mailbox (session, cmd))
    return FALSE;
  if (self->size_bytes + size_bytes > self->room_bytes)
    {
      wd_imap_command_no (cmd, "OVERQUOTA", "Quota exceeded");
      return FALSE;
    }
  return TRUE;
}

static WdImapAppendMessage *
get_current (WdImapAppend *self)
{
  return &g_array_index (self->messages, WdImapAppendMessage, self->messages->len - 1);
}

// Takes the message (transfer full), whose octets come next. All of a command share the memory that
// one message may have.
static void
begin_message (WdImapSession *session, WdImapAppendMessage *message)
{
  WdImapAppend *self = session->append;
  guint64 size_bytes = message->literal.size_bytes;

  message->incoming = wd_incoming_new (session->server->store);
  wd_incoming_set_memory_bytes (message->incoming,
                                WD_LIMIT_SPOOL_MEMORY_BYTES - self->memory_bytes);
  if (size_bytes <= WD_LIMIT_SPOOL_MEMORY_BYTES - self->memory_bytes)
    self->memory_bytes += (gsize) size_bytes;
  self->size_bytes += size_bytes;
  g_array_append_val (self->messages, *message);
  *message = (WdImapAppendMessage){ 0 };
}

WdImapAppendAnswer
wd_imap_append_begin_literal (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapParser *args = &cmd->args;
  g_auto (WdImapAppendMessage) message = { 0 };

  if (session->append == NULL)
    {
      if (is_in_name (*args))
        return WD_IMAP_APPEND_NOT_MESSAGE;
      session->append = append_new ();
    }
  if (!wd_imap_append_go_on (session, cmd) || !wd_imap_append_parse_message (args, &message)
      || !wd_imap_parse_end (args))
    {
      wd_imap_command_bad_args (cmd);
      return WD_IMAP_APPEND_REFUSE;
    }
  // One that failed already is not worth the others.
  if (session->append->error != NULL)
    {
      wd_imap_error_reply (session, cmd, session->append->error);
      return WD_IMAP_APPEND_REFUSE;
    }
  if (!check_early (session, cmd, message.literal.size_bytes))
    return WD_IMAP_APPEND_REFUSE;
  begin_message (session, &message);
  session->append->parsed = args->pos;
  wd_imap_reader_stream (&session->reader);
  return WD_IMAP_APPEND_STREAM;
}

gboolean
wd_imap_append_go_on (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapAppend *self = session->append;

  if (self->parsed == 0)
    return wd_imap_parse_space (&cmd->args) && wd_imap_name_parse (&cmd->args, &self->path, NULL);
  cmd->args.pos = self->parsed;
  if (self->messages->len > 0 && get_current (self)->is_utf8)
    return wd_imap_parse_expect (&cmd->args, ')');
  return TRUE;
}

void
wd_imap_append_write (WdImapSession *session, const char *data, gsize len)
{
  WdImapAppend *self = session->append;
  WdImapAppendMessage *message = get_current (self);

  message->has_nul |= message->literal.is_literal8 && memchr (data, '\0', len) != NULL;
  if (self->error == NULL && !wd_incoming_write (message->incoming, data, len, &self->error))
    g_return_if_fail (self->error != NULL);
}

// A message with NUL becomes one without. FALSE with self->error.
static gboolean
finish_message (WdImapSession *session, WdImapAppendMessage *message)
{
  WdImapAppend *self = session->append;
  WdIncoming *encoded;

  if (!wd_incoming_finish (message->incoming, &self->error))
    return FALSE;
  if (!message->has_nul)
    return TRUE;
  // Nothing of this one needs to stay in memory.
  encoded
      = wd_imap_append_binary_encode (session->server->store, message->incoming, 0, &self->error);
  if (encoded == NULL)
    return FALSE;
  wd_incoming_unref (message->incoming);
  message->incoming = encoded;
  return TRUE;
}

void
wd_imap_append_end_literal (WdImapSession *session)
{
  WdImapAppend *self = session->append;

  if (self->error == NULL && !finish_message (session, get_current (self)))
    g_return_if_fail (self->error != NULL);
}
