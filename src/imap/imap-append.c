// SPDX-License-Identifier: EUPL-1.2
// Messages that come in with APPEND, before the command is whole.
#include "config.h"

#include "imap-append.h"

#include <string.h>

#include "core-limits.h"
#include "imap-append-binary.h"
#include "imap-append-private.h"
#include "imap-append-url.h"
#include "imap-error.h"
#include "imap-format.h"
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
wd_imap_append_parse_message (WdImapParser *parser,
                              WdImapAppendMessage *out_message,
                              gboolean *out_is_catenate)
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
  *out_is_catenate = wd_imap_parse_skip_word (parser, "CATENATE");
  if (*out_is_catenate ? !wd_imap_parse_space (parser) || !wd_imap_parse_expect (parser, '(')
                       : !parse_header (parser, &message))
    return FALSE;
  *out_message = message;
  message.flags.keywords = NULL;
  return TRUE;
}

// Whether a literal comes next that the text ends in, as an argument.
static gboolean
is_at_literal (WdImapParser parser)
{
  WdImapLiteral literal;

  return wd_imap_parse_literal (&parser, &literal) && wd_imap_parse_is_at_end (&parser);
}

static gboolean
is_at_word (WdImapParser parser, const char *word)
{
  return wd_imap_parse_skip_word (&parser, word);
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
  // What a message that is replaced leaves free is for the store to say.
  if (self->replaced != 0)
    self->room_bytes = G_MAXUINT64;
  return TRUE;
}

static gboolean
check_room (WdImapSession *session, WdImapCommand *cmd, guint64 size_bytes)
{
  WdImapAppend *self = session->append;

  if (size_bytes > wd_store_get_options (session->server->store)->max_message_size_bytes)
    {
      wd_imap_command_no (cmd, "TOOBIG", "Message too large");
      return FALSE;
    }
  if (self->size_bytes + size_bytes > self->room_bytes)
    {
      wd_imap_command_no (cmd, "OVERQUOTA", "Quota exceeded");
      return FALSE;
    }
  return TRUE;
}

// What can be refused before the message is sent.
static gboolean
check_early (WdImapSession *session, WdImapCommand *cmd, guint64 size_bytes)
{
  WdImapAppend *self = session->append;

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
  return check_room (session, cmd, size_bytes);
}

static WdImapAppendMessage *
get_current (WdImapAppend *self)
{
  return &g_array_index (self->messages, WdImapAppendMessage, self->messages->len - 1);
}

static void
prepare (gpointer incoming)
{
  wd_incoming_prepare (incoming);
  wd_incoming_unref (incoming);
}

// While the octets of the next message come in, another worker does what there is to do with those
// of the last one.
static void
prepare_last (WdImapSession *session)
{
  WdImapAppend *self = session->append;

  if (self->messages->len > 0 && self->error == NULL)
    wd_net_service_queue (session->server->service, prepare,
                          wd_incoming_ref (get_current (self)->incoming));
}

// Takes the message (transfer full), whose octets come next. All of a command share the memory that
// one message may have.
static void
begin_message (WdImapSession *session, WdImapAppendMessage *message)
{
  WdImapAppend *self = session->append;
  guint64 size_bytes = message->literal.size_bytes;

  prepare_last (session);
  message->incoming = wd_incoming_new (session->server->store);
  wd_incoming_set_memory_bytes (message->incoming,
                                WD_LIMIT_SPOOL_MEMORY_BYTES - self->memory_bytes);
  if (size_bytes <= WD_LIMIT_SPOOL_MEMORY_BYTES - self->memory_bytes)
    self->memory_bytes += (gsize) size_bytes;
  self->size_bytes += size_bytes;
  g_array_append_val (self->messages, *message);
  *message = (WdImapAppendMessage){ 0 };
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

// The octets of the literal are wanted.
static gboolean
stream (WdImapSession *session, WdImapCommand *cmd, WdImapAppendAnswer *out_answer)
{
  if (!wd_imap_parse_end (&cmd->args))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  session->append->parsed = cmd->args.pos;
  session->append->is_in_utf8 = get_current (session->append)->is_utf8;
  wd_imap_reader_stream (&session->reader);
  *out_answer = WD_IMAP_APPEND_STREAM;
  return TRUE;
}

static gboolean
bad_args (WdImapCommand *cmd)
{
  wd_imap_command_bad_args (cmd);
  return FALSE;
}

static gboolean
add_url (WdImapSession *session, WdImapCommand *cmd, const char *url)
{
  WdImapAppend *self = session->append;
  g_autoptr (GError) error = NULL;
  guint64 size_bytes = 0;
  gboolean is_bad;

  if (wd_imap_append_url_write (session, url, get_current (self)->incoming,
                                self->room_bytes - MIN (self->room_bytes, self->size_bytes),
                                &size_bytes, &is_bad, &error))
    {
      self->size_bytes += size_bytes;
      return TRUE;
    }
  if (is_bad)
    {
      g_autoptr (GString) code = g_string_new ("BADURL ");

      wd_imap_format_string (code, url);
      // One that would need a literal cannot be in a response code.
      wd_imap_command_no (cmd, strchr (code->str, '\n') == NULL ? code->str : "BADURL \"\"",
                          "No such message or part");
    }
  else
    wd_imap_error_reply (session, cmd, error);
  return FALSE;
}

// One part of CATENATE, or its end. *out_answer is left alone when the text goes on.
static gboolean
read_part (WdImapSession *session, WdImapCommand *cmd, WdImapAppendAnswer *out_answer)
{
  WdImapAppend *self = session->append;
  WdImapAppendMessage *message = get_current (self);
  WdImapParser *args = &cmd->args;
  gboolean is_text;

  if (self->n_parts > 0 && wd_imap_parse_skip (args, ')'))
    {
      self->is_open = FALSE;
      if (self->error == NULL && !finish_message (session, message))
        g_return_val_if_fail (self->error != NULL, FALSE);
      return TRUE;
    }
  if (self->n_parts >= WD_LIMIT_IMAP_CATENATE_PARTS)
    {
      wd_imap_command_no (cmd, "LIMIT", "Too many parts");
      return FALSE;
    }
  if (self->n_parts > 0 && !wd_imap_parse_space (args))
    return bad_args (cmd);
  is_text = wd_imap_parse_skip_word (args, "TEXT");
  if (is_text || is_at_word (*args, "UTF8"))
    {
      message->is_utf8 = FALSE;
      if (is_text ? !wd_imap_parse_space (args) || !wd_imap_parse_literal (args, &message->literal)
                  : !parse_header (args, message))
        return bad_args (cmd);
      if (!check_room (session, cmd, message->literal.size_bytes))
        return FALSE;
      self->n_parts++;
      self->size_bytes += message->literal.size_bytes;
      return stream (session, cmd, out_answer);
    }
  if (wd_imap_parse_skip_word (args, "URL"))
    {
      g_autofree char *url = NULL;

      if (!wd_imap_parse_space (args))
        return bad_args (cmd);
      if (is_at_literal (*args))
        {
          *out_answer = WD_IMAP_APPEND_NOT_MESSAGE;
          return TRUE;
        }
      if (!wd_imap_parse_astring (args, &url))
        return bad_args (cmd);
      self->n_parts++;
      return add_url (session, cmd, url);
    }
  wd_imap_parse_fail (args, "Expected TEXT or URL");
  return bad_args (cmd);
}

// One message up to its literal, or to its CATENATE.
static gboolean
read_message (WdImapSession *session, WdImapCommand *cmd, WdImapAppendAnswer *out_answer)
{
  WdImapAppend *self = session->append;
  g_auto (WdImapAppendMessage) message = { 0 };
  gboolean is_catenate;

  if (self->replaced != 0 && self->messages->len > 0)
    {
      wd_imap_command_bad (cmd, "Too many arguments");
      return FALSE;
    }
  if (!wd_imap_append_parse_message (&cmd->args, &message, &is_catenate))
    return bad_args (cmd);
  // One that failed already is not worth the others.
  if (self->error != NULL)
    {
      wd_imap_error_reply (session, cmd, self->error);
      return FALSE;
    }
  if (!check_early (session, cmd, is_catenate ? 1 : message.literal.size_bytes))
    return FALSE;
  begin_message (session, &message);
  self->is_open = is_catenate;
  self->n_parts = 0;
  return is_catenate || stream (session, cmd, out_answer);
}

// [SP number] SP mailbox. *out_is_literal: the name is a literal that is not there yet.
static gboolean
read_head (WdImapSession *session, WdImapCommand *cmd, gboolean *out_is_literal)
{
  WdImapParser *args = &cmd->args;
  WdUid replaced = 0;
  g_autofree char *path = NULL;

  if (cmd->spec->handler == wd_imap_cmd_replace)
    {
      guint32 number;

      if (!wd_imap_parse_space (args) || !wd_imap_parse_nz_number (args, &number))
        return bad_args (cmd);
      replaced = cmd->is_uid ? (wd_uidset_has (session->view->uids, number) ? number : 0)
                             : wd_uidset_get_uid (session->view->uids, (WdSeq){ number });
      if (replaced == 0)
        {
          // RFC 8508 3.3.
          if (cmd->is_uid)
            wd_imap_command_no (cmd, NULL, "No such message");
          else
            wd_imap_command_bad (cmd, "No such message");
          return FALSE;
        }
    }
  if (!wd_imap_parse_space (args))
    return bad_args (cmd);
  *out_is_literal = is_at_literal (*args);
  if (*out_is_literal)
    return TRUE;
  if (!wd_imap_name_parse (args, &path, NULL))
    return bad_args (cmd);
  session->append = append_new ();
  session->append->path = g_steal_pointer (&path);
  session->append->replaced = replaced;
  session->append->parsed = args->pos;
  return TRUE;
}

gboolean
wd_imap_append_read_on (WdImapSession *session, WdImapCommand *cmd, WdImapAppendAnswer *out_answer)
{
  WdImapAppend *self;
  gboolean is_literal = FALSE;

  *out_answer = WD_IMAP_APPEND_REFUSE;
  if (session->append == NULL && !read_head (session, cmd, &is_literal))
    return FALSE;
  if (is_literal)
    {
      *out_answer = WD_IMAP_APPEND_NOT_MESSAGE;
      return TRUE;
    }
  self = session->append;
  cmd->args.pos = self->parsed;
  if (self->is_in_utf8)
    {
      if (!wd_imap_parse_expect (&cmd->args, ')'))
        return bad_args (cmd);
      self->is_in_utf8 = FALSE;
      self->parsed = cmd->args.pos;
    }
  while (*out_answer == WD_IMAP_APPEND_REFUSE)
    {
      if (!self->is_open && self->messages->len > 0 && wd_imap_parse_is_at_end (&cmd->args))
        return TRUE;
      if (!(self->is_open ? read_part (session, cmd, out_answer)
                          : read_message (session, cmd, out_answer)))
        return FALSE;
      if (*out_answer != WD_IMAP_APPEND_NOT_MESSAGE)
        self->parsed = cmd->args.pos;
    }
  return TRUE;
}

WdImapAppendAnswer
wd_imap_append_begin_literal (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapAppendAnswer answer;

  if (!wd_imap_append_read_on (session, cmd, &answer))
    return WD_IMAP_APPEND_REFUSE;
  if (answer == WD_IMAP_APPEND_REFUSE)
    wd_imap_command_bad (cmd, "Too many arguments");
  return answer;
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

void
wd_imap_append_end_literal (WdImapSession *session)
{
  WdImapAppend *self = session->append;

  // One that CATENATE makes goes on.
  if (!self->is_open && self->error == NULL && !finish_message (session, get_current (self)))
    g_return_if_fail (self->error != NULL);
}
