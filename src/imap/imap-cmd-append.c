// SPDX-License-Identifier: EUPL-1.2
// APPEND and REPLACE, once their messages are in (RFC 3501 6.3.11, RFC 3502, RFC 4315 APPENDUID).
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
  if (self->replaced != 0)
    return wd_store_replace (session->server->store, &session->actor, &session->view->mailbox,
                             self->replaced, &self->mailbox, items, outs, out_uidvalidity,
                             wd_imap_session_get_cancellable (session), error);
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

// All is read. FALSE: the tagged reply is set.
static gboolean
read_rest (WdImapSession *session, WdImapCommand *cmd)
{
  WdImapAppendAnswer answer;

  if (!wd_imap_append_read_on (session, cmd, &answer))
    return FALSE;
  if (answer != WD_IMAP_APPEND_REFUSE)
    {
      // A literal that the reader has not seen as one.
      wd_imap_command_bad (cmd, "Invalid literal");
      return FALSE;
    }
  if (session->append->error == NULL)
    return TRUE;
  wd_imap_error_reply (session, cmd, session->append->error);
  return FALSE;
}

// Our own news: EXISTS, and EXPUNGE.
static void
note_change (WdImapSession *session, const WdId *mailbox)
{
  if (session->view != NULL && wd_core_id_is_equal (&session->view->mailbox, mailbox))
    g_atomic_int_set (&session->is_dirty, TRUE);
}

WdStep
wd_imap_cmd_append (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree WdAppended *appended = NULL;
  g_autofree char *code = NULL;
  guint32 uidvalidity;
  guint n;

  if (!read_rest (session, cmd))
    return WD_DONE;
  n = session->append->messages->len;
  appended = g_new0 (WdAppended, n);
  if (!append (session, appended, &uidvalidity, &error))
    return wd_imap_error_reply_target (session, cmd, error);
  note_change (session, &session->append->mailbox);
  code = make_code (uidvalidity, appended, n);
  return wd_imap_command_ok (cmd, code, "APPEND completed");
}

// REPLACE (RFC 8508): the new message is there before the old one goes.
WdStep
wd_imap_cmd_replace (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *code = NULL;
  WdAppended appended;
  guint32 uidvalidity;

  if (session->view->is_read_only)
    return wd_imap_command_no (cmd, "READ-ONLY", "Mailbox is read-only");
  if (!read_rest (session, cmd))
    return WD_DONE;
  if (!append (session, &appended, &uidvalidity, &error))
    {
      if (g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_EXPUNGED))
        g_atomic_int_set (&session->is_dirty, TRUE);
      return wd_imap_error_reply_target (session, cmd, error);
    }
  g_atomic_int_set (&session->is_dirty, TRUE);
  code = make_code (uidvalidity, &appended, 1);
  // Untagged, and before EXPUNGE (RFC 8508 3.1).
  g_string_append_printf (wd_imap_session_get_output (session),
                          "* OK [%s] Replacement is there\r\n", code);
  return WD_DONE;
}
