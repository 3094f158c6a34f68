// SPDX-License-Identifier: EUPL-1.2
// COPY and MOVE (RFC 6851), with COPYUID (RFC 4315).
#include "config.h"

#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"
#include "imap-progress.h"
#include "imap-set.h"

static char *
make_code (guint32 uidvalidity, const WdUidSet *source, const WdUidSet *target)
{
  GString *code = g_string_new (NULL);

  g_string_append_printf (code, "COPYUID %u ", uidvalidity);
  wd_uidset_to_string (source, code);
  g_string_append_c (code, ' ');
  wd_uidset_to_string (target, code);
  return g_string_free (code, FALSE);
}

typedef struct
{
  WdImapSession *session;
  const WdImapCommand *cmd;
  guint32 n_all;
  WdImapProgress progress;
} Telling;

// All of it is one call of the store, in whose middle the client hears how far it is.
static void
tell_progress (guint32 n_done, gpointer user_data)
{
  Telling *self = user_data;

  wd_imap_progress_tell (&self->progress, self->session, self->cmd, n_done, self->n_all);
  if (wd_imap_session_get_output (self->session)->len > 0)
    (void) wd_net_conn_flush (self->session->conn);
}

static WdStep
run (WdImapSession *session,
     WdImapCommand *cmd,
     const WdUidSet *uids,
     const WdId *target,
     gboolean move)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUidSet) from = NULL;
  g_autoptr (WdUidSet) to = NULL;
  g_autofree char *code = NULL;
  Telling telling = { session, cmd, wd_uidset_get_count (uids), { 0 } };
  guint32 uidvalidity;

  wd_imap_progress_begin (&telling.progress);
  if (!wd_store_copy (session->server->store, &session->actor, &session->view->mailbox, uids,
                      target, move, tell_progress, &telling, &from, &to, &uidvalidity,
                      wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply_target (session, cmd, error);
  if (move || wd_core_id_is_equal (target, &session->view->mailbox))
    // Our own news: EXPUNGE, or EXISTS.
    g_atomic_int_set (&session->is_dirty, TRUE);
  // RFC 4315 3: no COPYUID when nothing was copied.
  if (wd_uidset_is_empty (from))
    return cmd->is_uid ? WD_DONE
                       : wd_imap_command_no (cmd, "EXPUNGEISSUED", "The messages no longer exist");
  code = make_code (uidvalidity, from, to);
  if (!move)
    return wd_imap_command_ok (cmd, code, "COPY completed");
  cmd->tells_modseq = TRUE;
  // Before the EXPUNGE responses (RFC 6851 4.3).
  g_string_append_printf (wd_imap_session_get_output (session), "* OK [%s] Moved\r\n", code);
  return WD_DONE;
}

static WdStep
copy_or_move (WdImapSession *session, WdImapCommand *cmd, gboolean move)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdImapSet) set = NULL;
  g_autoptr (WdUidSet) uids = NULL;
  g_autofree char *path = NULL;
  gboolean is_valid;
  WdId target;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_set_parse (&cmd->args, &set)
      || !wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  uids = wd_imap_view_resolve (session->view, set, cmd->is_uid, &is_valid);
  if (!is_valid)
    return wd_imap_command_bad (cmd, "No such message");
  if (move && session->view->is_read_only)
    return wd_imap_command_no (cmd, "READ-ONLY", "Mailbox is read-only");
  if (!wd_imap_mailbox_find (session, path, &target, &error))
    return wd_imap_error_reply_target (session, cmd, error);
  // "$" may be nothing (RFC 5182 2.1).
  if (wd_uidset_is_empty (uids))
    return WD_DONE;
  return run (session, cmd, uids, &target, move);
}

WdStep
wd_imap_cmd_copy_copy (WdImapSession *session, WdImapCommand *cmd)
{
  return copy_or_move (session, cmd, FALSE);
}

WdStep
wd_imap_cmd_copy_move (WdImapSession *session, WdImapCommand *cmd)
{
  return copy_or_move (session, cmd, TRUE);
}
