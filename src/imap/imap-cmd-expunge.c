// SPDX-License-Identifier: EUPL-1.2
// EXPUNGE and UID EXPUNGE (RFC 4315).
#include "config.h"

#include "imap-error.h"
#include "imap-set.h"

WdStep
wd_imap_cmd_expunge_expunge (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdImapSet) set = NULL;
  g_autoptr (WdUidSet) uids = NULL;
  g_autoptr (WdUidSet) expunged = NULL;
  WdImapView *view = session->view;
  gboolean is_valid;
  WdModseq modseq;

  if (cmd->is_uid && (!wd_imap_parse_space (&cmd->args) || !wd_imap_set_parse (&cmd->args, &set)))
    return wd_imap_command_bad_args (cmd);
  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (view->is_read_only)
    return wd_imap_command_no (cmd, "READ-ONLY", "Mailbox is read-only");
  if (set != NULL)
    uids = wd_imap_view_resolve (view, set, TRUE, &is_valid);
  if (!wd_store_expunge (session->server->store, &session->actor, &view->mailbox, uids, FALSE,
                         &expunged, &modseq, wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  // RFC 7162 3.2.7.
  cmd->tells_modseq = !wd_uidset_is_empty (expunged);
  // The EXPUNGE responses come with the updates at the end.
  if (wd_imap_view_take_own_change (view, expunged, modseq))
    wd_imap_view_add_expunged (view, expunged);
  else
    g_atomic_int_set (&session->is_dirty, TRUE);
  return WD_DONE;
}
