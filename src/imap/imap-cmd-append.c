// SPDX-License-Identifier: EUPL-1.2
// APPEND, once its messages are in (RFC 3501 6.3.11, RFC 3502, RFC 4315 APPENDUID).
#include "config.h"

#include "imap-append-private.h"
#include "imap-error.h"
#include "imap-flag-names.h"

static gboolean
append (WdImapSession *session, WdAppended *outs, guint32 *out_uidvalidity, GError **error)
{
  const WdImapAppend *self = session->append;
  g_autofree WdAppend *items = g_new0 (WdAppend, self->messages->len);

  for (guint i = 0; i < self->messages->len; i++)
    {
      const WdImapAppendMessage *message = &g_array_index (self->messages, WdImapAppendMessage, i);

      items[i].incoming = message->incoming;
      items[i].internal_date_ms = message->internal_date_ms;
      items[i].zone_minutes = message->zone_minutes;
      // Clients that copy from other servers send \Recent along; it is passed over.
      if (!wd_imap_flag_names_to_mask (session, &self->mailbox, &message->flags, TRUE,
                                       &items[i].flags, error))
        return FALSE;
    }
  return wd_store_append (session->server->store, &session->actor, &self->mailbox, items,
                          self->messages->len, outs, out_uidvalidity,
                          wd_imap_session_get_cancellable (session), error);
}

// UIDs of one command are consecutive.
static char *
make_code (guint32 uidvalidity, const WdAppended *appended, guint n)
{
  return n == 1 ? g_strdup_printf ("APPENDUID %u %u", uidvalidity, appended[0].uid)
                : g_strdup_printf ("APPENDUID %u %u:%u", uidvalidity, appended[0].uid,
                                   appended[n - 1].uid);
}

WdStep
wd_imap_cmd_append (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapAppend *self = session->append;
  g_autoptr (GError) error = NULL;
  g_autofree WdAppended *appended = NULL;
  g_autofree char *code = NULL;
  guint32 uidvalidity;

  // No literal at all, or that of the name alone.
  if (self == NULL || self->messages->len == 0)
    return wd_imap_command_bad (cmd, "Expected a literal");
  // The octets of the messages are not in the text, only the headers of their literals.
  if (!wd_imap_append_go_on (session, cmd) || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (self->error != NULL)
    return wd_imap_error_reply (session, cmd, self->error);
  appended = g_new0 (WdAppended, self->messages->len);
  if (!append (session, appended, &uidvalidity, &error))
    return wd_imap_error_reply_target (session, cmd, error);
  if (session->view != NULL && wd_core_id_is_equal (&session->view->mailbox, &self->mailbox))
    // Our own news: EXISTS.
    g_atomic_int_set (&session->is_dirty, TRUE);
  code = make_code (uidvalidity, appended, self->messages->len);
  return wd_imap_command_ok (cmd, code, "APPEND completed");
}
