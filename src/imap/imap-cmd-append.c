// SPDX-License-Identifier: EUPL-1.2
// APPEND, once its message is in (RFC 3501 6.3.11, RFC 4315 APPENDUID).
#include "config.h"

#include "imap-append-private.h"
#include "imap-error.h"
#include "imap-flag-names.h"
#include "imap-mailbox.h"
#include "imap-name.h"

static gboolean
append (WdImapSession *session,
        const WdId *mailbox,
        const WdImapAppendMessage *message,
        WdAppended *out_appended,
        guint32 *out_uidvalidity,
        GError **error)
{
  WdStore *store = session->server->store;
  GCancellable *cancellable = wd_imap_session_get_cancellable (session);
  WdAppend item = {
    .incoming = g_ptr_array_index (session->append->messages, 0),
    .internal_date_ms = message->internal_date_ms,
    .zone_minutes = message->zone_minutes,
  };

  // Clients that copy from other servers send \Recent along; it is passed over.
  if (!wd_imap_flag_names_to_mask (session, mailbox, &message->flags, TRUE, &item.flags, error))
    return FALSE;
  return wd_store_append (store, &session->actor, mailbox, &item, 1, out_appended, out_uidvalidity,
                          cancellable, error);
}

WdStep
wd_imap_cmd_append (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *code = NULL;
  g_auto (WdImapAppendMessage) message = { 0 };
  WdAppended appended;
  guint32 uidvalidity;
  WdId mailbox;

  // The octets of the message are not in the text, only the header of its literal.
  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_append_parse_message (&cmd->args, &message) || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  g_return_val_if_fail (session->append != NULL, WD_FAIL);
  if (session->append->error != NULL)
    return wd_imap_error_reply (session, cmd, session->append->error);
  if (!wd_imap_mailbox_find (session, path, &mailbox, &error)
      || !append (session, &mailbox, &message, &appended, &uidvalidity, &error))
    return wd_imap_error_reply_target (session, cmd, error);
  if (session->view != NULL && wd_core_id_is_equal (&session->view->mailbox, &mailbox))
    // Our own news: EXISTS.
    g_atomic_int_set (&session->is_dirty, TRUE);
  code = g_strdup_printf ("APPENDUID %u %u", uidvalidity, appended.uid);
  return wd_imap_command_ok (cmd, code, "APPEND completed");
}
