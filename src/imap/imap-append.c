// SPDX-License-Identifier: EUPL-1.2
// Messages that come in with APPEND, before the command is whole.
#include "config.h"

#include "imap-append.h"

#include "imap-append-private.h"
#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"

void
wd_imap_append_free (WdImapAppend *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->messages);
  g_clear_error (&self->error);
  g_free (self);
}

void
wd_imap_append_message_clear (WdImapAppendMessage *self)
{
  wd_imap_flags_clear (&self->flags);
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
  if (!wd_imap_parse_literal (parser, &message.literal))
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

// What can be refused before the message is sent.
static gboolean
check_early (WdImapSession *session, WdImapCommand *cmd, const char *path, guint64 size_bytes)
{
  WdStore *store = session->server->store;
  g_autoptr (GError) error = NULL;
  WdQuota quota;
  WdId id;

  if (size_bytes > wd_store_get_options (store)->max_message_size_bytes)
    {
      wd_imap_command_no (cmd, "TOOBIG", "Message too large");
      return FALSE;
    }
  if (size_bytes == 0)
    {
      wd_imap_command_no (cmd, "CANNOT", "Message is empty");
      return FALSE;
    }
  if (!wd_imap_mailbox_find (session, path, &id, &error))
    {
      wd_imap_error_reply_target (session, cmd, error);
      return FALSE;
    }
  if (!wd_store_get_quota (store, &session->actor, &quota,
                           wd_imap_session_get_cancellable (session), &error))
    {
      wd_imap_error_reply (session, cmd, error);
      return FALSE;
    }
  if (quota.limit_bytes > 0 && quota.used_bytes + size_bytes > quota.limit_bytes)
    {
      wd_imap_command_no (cmd, "OVERQUOTA", "Quota exceeded");
      return FALSE;
    }
  return TRUE;
}

WdImapAppendAnswer
wd_imap_append_begin_literal (WdImapSession *session, WdImapCommand *cmd)
{
  g_autofree char *path = NULL;
  g_auto (WdImapAppendMessage) message = { 0 };

  if (is_in_name (cmd->args))
    return WD_IMAP_APPEND_NOT_MESSAGE;
  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_append_parse_message (&cmd->args, &message) || !wd_imap_parse_end (&cmd->args))
    {
      wd_imap_command_bad_args (cmd);
      return WD_IMAP_APPEND_REFUSE;
    }
  if (message.literal.is_literal8)
    {
      wd_imap_command_bad (cmd, "A binary literal is not allowed here");
      return WD_IMAP_APPEND_REFUSE;
    }
  if (!check_early (session, cmd, path, message.literal.size_bytes))
    return WD_IMAP_APPEND_REFUSE;
  session->append = g_new0 (WdImapAppend, 1);
  session->append->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_incoming_unref);
  g_ptr_array_add (session->append->messages, wd_incoming_new (session->server->store));
  wd_imap_reader_stream (&session->reader);
  return WD_IMAP_APPEND_STREAM;
}

static WdIncoming *
get_current (WdImapAppend *self)
{
  return g_ptr_array_index (self->messages, self->messages->len - 1);
}

void
wd_imap_append_write (WdImapSession *session, const char *data, gsize len)
{
  WdImapAppend *self = session->append;

  if (self->error == NULL && !wd_incoming_write (get_current (self), data, len, &self->error))
    g_return_if_fail (self->error != NULL);
}

void
wd_imap_append_end_literal (WdImapSession *session)
{
  WdImapAppend *self = session->append;

  if (self->error == NULL && !wd_incoming_finish (get_current (self), &self->error))
    g_return_if_fail (self->error != NULL);
}
