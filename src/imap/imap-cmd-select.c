// SPDX-License-Identifier: EUPL-1.2
// SELECT, EXAMINE, CLOSE and UNSELECT.
#include "config.h"

#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"
#include "imap-resync.h"
#include "imap-sync.h"

typedef struct
{
  gboolean has_condstore;
  gboolean has_resync;
  WdImapResync resync;
} Select;

static void
select_free (gpointer data)
{
  Select *self = data;

  wd_imap_resync_clear (&self->resync);
  g_free (self);
}

static gboolean
parse_parameter (WdImapSession *session, WdImapParser *parser, Select *select)
{
  if (wd_imap_parse_skip_word (parser, "CONDSTORE"))
    {
      select->has_condstore = TRUE;
      return TRUE;
    }
  if (!wd_imap_parse_skip_word (parser, "QRESYNC"))
    return wd_imap_parse_fail (parser, "Unknown parameter");
  // RFC 7162 3.2.5.
  if (!wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_QRESYNC))
    return wd_imap_parse_fail (parser, "Enable QRESYNC first");
  if (select->has_resync)
    return wd_imap_parse_fail (parser, "QRESYNC twice");
  select->has_resync = TRUE;
  return wd_imap_resync_parse (&select->resync, parser);
}

// (CONDSTORE) and (QRESYNC (…)) behind the name (RFC 7162 3.1.8, RFC 4466).
static gboolean
parse_parameters (WdImapSession *session, WdImapParser *parser, Select *select)
{
  if (!wd_imap_parse_skip (parser, ' '))
    return wd_imap_parse_end (parser);
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    if (!parse_parameter (session, parser, select))
      return FALSE;
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser) && wd_imap_parse_end (parser);
}

static void
write_response (WdImapSession *session, const WdMailboxState *state, const char *other_name)
{
  GString *out = wd_imap_session_get_output (session);
  const WdImapView *view = session->view;
  gboolean is_rev2 = wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2);
  char id[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (&state->info->id, id);
  wd_imap_sync_append_flags (session);
  g_string_append_printf (out, "* %u EXISTS\r\n", view->told_exists);
  // RFC 9051 6.3.2.
  if (is_rev2)
    wd_imap_mailbox_write_name (session, state->info, other_name);
  else
    g_string_append_printf (out, "* %u RECENT\r\n", view->told_recent);
  if (state->first_unseen != 0 && !is_rev2)
    {
      WdSeq first = wd_uidset_get_seq (view->uids, state->first_unseen);

      if (first.n != 0)
        g_string_append_printf (out, "* OK [UNSEEN %u] First unseen\r\n", first.n);
    }
  g_string_append_printf (out, "* OK [UIDVALIDITY %u] UIDs valid\r\n", view->uidvalidity);
  g_string_append_printf (out, "* OK [UIDNEXT %u] Predicted next UID\r\n", view->uidnext);
  g_string_append_printf (out, "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Highest\r\n",
                          view->modseq);
  g_string_append_printf (out, "* OK [MAILBOXID (%s)] Ok\r\n", id);
}

// What was selected before is closed without expunging, even when this fails (RFC 3501 6.3.1).
static void
close_selected (WdImapSession *session)
{
  if (session->view == NULL)
    return;
  wd_imap_session_take_view (session, NULL);
  g_string_append (wd_imap_session_get_output (session),
                   "* OK [CLOSED] Previous mailbox is closed\r\n");
}

// Selects, and writes what every SELECT does. WD_MORE: the rest follows.
static WdStep
begin (WdImapSession *session, WdImapCommand *cmd, Select *select, gboolean is_read_only)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *other_name = NULL;
  g_autoptr (WdMailboxState) state = NULL;
  WdImapParser name;
  gboolean is_rev2 = wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2);
  WdId id;

  if (!wd_imap_parse_space (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  name = cmd->args;
  if (!wd_imap_name_parse (&cmd->args, &path, NULL)
      || !parse_parameters (session, &cmd->args, select))
    return wd_imap_command_bad_args (cmd);
  close_selected (session);
  if (select->has_condstore)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  if (!wd_imap_mailbox_find (session, path, &id, &error))
    return wd_imap_error_reply (session, cmd, error);
  state = wd_store_select_mailbox (session->server->store, &session->actor, &id,
                                   !is_read_only && !is_rev2,
                                   wd_imap_session_get_cancellable (session), &error);
  if (state == NULL)
    return wd_imap_error_reply (session, cmd, error);
  wd_imap_session_take_view (session, wd_imap_view_new (state, is_read_only));
  if (is_rev2)
    wd_imap_view_ignore_recent (session->view);
  other_name = wd_imap_name_dup_other (name, path);
  write_response (session, state, other_name);
  if (!select->has_resync || wd_imap_resync_begin (&select->resync, session, &error))
    return WD_MORE;
  wd_imap_session_take_view (session, NULL);
  return wd_imap_error_reply (session, cmd, error);
}

static WdStep
select_mailbox (WdImapSession *session, WdImapCommand *cmd, gboolean is_read_only)
{
  g_autoptr (GError) error = NULL;
  Select *select = cmd->state;

  if (select == NULL)
    {
      cmd->state = select = g_new0 (Select, 1);
      cmd->state_free = select_free;
      if (begin (session, cmd, select, is_read_only) == WD_DONE)
        return WD_DONE;
    }
  switch (wd_imap_resync_write (&select->resync, session, &error))
    {
    case WD_MORE:
      return WD_MORE;
    case WD_FAIL:
      wd_imap_session_take_view (session, NULL);
      return wd_imap_error_reply (session, cmd, error);
    case WD_DONE:
      break;
    }
  return wd_imap_command_ok (cmd, is_read_only ? "READ-ONLY" : "READ-WRITE",
                             is_read_only ? "EXAMINE completed" : "SELECT completed");
}

WdStep
wd_imap_cmd_select_select (WdImapSession *session, WdImapCommand *cmd)
{
  return select_mailbox (session, cmd, FALSE);
}

WdStep
wd_imap_cmd_select_examine (WdImapSession *session, WdImapCommand *cmd)
{
  return select_mailbox (session, cmd, TRUE);
}

WdStep
wd_imap_cmd_select_unselect (WdImapSession *session, WdImapCommand *cmd)
{
  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  wd_imap_session_take_view (session, NULL);
  return WD_DONE;
}

// Expunges without telling (RFC 3501 6.4.2).
WdStep
wd_imap_cmd_select_close (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUidSet) expunged = NULL;
  WdModseq modseq;

  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (!session->view->is_read_only
      && !wd_store_expunge (session->server->store, &session->actor, &session->view->mailbox, NULL,
                            FALSE, &expunged, &modseq, wd_imap_session_get_cancellable (session),
                            &error))
    return wd_imap_error_reply (session, cmd, error);
  wd_imap_session_take_view (session, NULL);
  return WD_DONE;
}
