// SPDX-License-Identifier: EUPL-1.2
// CREATE, DELETE, RENAME, SUBSCRIBE and UNSUBSCRIBE.
#include "config.h"

#include <string.h>

#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"

// The reply to a name that no mailbox can have.
static WdStep
refuse_name (WdImapCommand *cmd)
{
  return wd_imap_command_no (cmd, "CANNOT", "Not a valid mailbox name");
}

// (USE (\Attribute …)) behind the name (RFC 6154 3). *out_is_known: it is one that we can give.
static gboolean
parse_use (WdImapParser *parser, WdSpecialUse *out_use, gboolean *out_is_known)
{
  guint n = 0;

  *out_use = WD_SPECIAL_USE_NONE;
  *out_is_known = TRUE;
  if (!wd_imap_parse_skip (parser, ' '))
    return wd_imap_parse_end (parser);
  if (!wd_imap_parse_open (parser))
    return FALSE;
  if (!wd_imap_parse_skip_word (parser, "USE"))
    return wd_imap_parse_fail (parser, "Unknown parameter");
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  while (wd_imap_parse_peek (parser) != ')')
    {
      g_autofree char *name = NULL;
      const char *atom;
      gsize len;

      if (n > 0 && !wd_imap_parse_space (parser))
        return FALSE;
      if (!wd_imap_parse_expect (parser, '\\') || !wd_imap_parse_atom (parser, &atom, &len))
        return FALSE;
      name = g_strdup_printf ("\\%.*s", (int) MIN (len, 100), atom);
      // One use a mailbox.
      if (n++ > 0 || !wd_store_special_use_from_string (name, out_use))
        *out_is_known = FALSE;
    }
  return wd_imap_parse_close (parser) && wd_imap_parse_close (parser) && wd_imap_parse_end (parser);
}

// RFC 9051 6.3.4, 6.3.6: how it is called now, for what it was called before. The command has
// succeeded, whatever becomes of this.
static void
tell_name (WdImapSession *session, const char *path, const char *old_name)
{
  g_autoptr (WdMailboxInfo) info = NULL;
  WdId id;

  if (old_name == NULL || !wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2)
      || !wd_imap_mailbox_find (session, path, &id, NULL))
    return;
  // By its id: with whether it has children.
  info = wd_store_get_mailbox (session->server->store, &session->actor, &id,
                               wd_imap_session_get_cancellable (session), NULL);
  if (info != NULL)
    wd_imap_mailbox_write_name (session, info, old_name);
}

WdStep
wd_imap_cmd_mailbox_create (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *other_name = NULL;
  g_autofree char *code = NULL;
  WdImapParser name;
  char hex[WD_CORE_ID_HEX_LEN + 1];
  WdSpecialUse use;
  gboolean is_known;
  WdId id;

  if (!wd_imap_parse_space (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  name = cmd->args;
  if (!wd_imap_name_parse (&cmd->args, &path, NULL) || !parse_use (&cmd->args, &use, &is_known))
    return wd_imap_command_bad_args (cmd);
  if (path == NULL)
    return refuse_name (cmd);
  if (!is_known)
    return wd_imap_command_no (cmd, "USEATTR", "Such a use is not supported");
  if (!wd_store_create_mailbox (session->server->store, &session->actor, path, use, NULL, &id,
                                wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  other_name = wd_imap_name_dup_other (name, path);
  tell_name (session, path, other_name);
  wd_core_id_to_hex (&id, hex);
  code = g_strdup_printf ("MAILBOXID (%s)", hex);
  return wd_imap_command_ok (cmd, code, "CREATE completed");
}

// What is there only as a level above others.
static WdStep
reply_not_found (WdImapSession *session,
                 WdImapCommand *cmd,
                 const char *path,
                 const GError *not_found)
{
  g_autoptr (GError) error = NULL;
  gboolean has_inferiors;

  if (path == NULL || !g_error_matches (not_found, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    return wd_imap_error_reply (session, cmd, not_found);
  if (!wd_imap_mailbox_has_inferiors (session, path, &has_inferiors, &error))
    return wd_imap_error_reply (session, cmd, error);
  if (has_inferiors)
    // RFC 3501 6.3.4: DELETE of a \Noselect name that has inferiors is an error.
    return wd_imap_command_no (
        cmd, wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2) ? "HASCHILDREN" : "CANNOT",
        "Only the mailboxes below it exist");
  return wd_imap_error_reply (session, cmd, not_found);
}

WdStep
wd_imap_cmd_mailbox_delete (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  WdId id;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (!wd_imap_mailbox_find (session, path, &id, &error))
    return reply_not_found (session, cmd, path, error);
  if (!wd_store_delete_mailbox (session->server->store, &session->actor, &id,
                                wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  if (session->view != NULL && wd_core_id_is_equal (&session->view->mailbox, &id))
    {
      wd_imap_session_take_view (session, NULL);
      g_string_append (wd_imap_session_get_output (session),
                       "* OK [CLOSED] Selected mailbox was deleted\r\n");
    }
  return WD_DONE;
}

WdStep
wd_imap_cmd_mailbox_rename (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *new_path = NULL;
  WdId id;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &new_path, NULL)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (new_path == NULL)
    return refuse_name (cmd);
  if (!wd_imap_mailbox_find (session, path, &id, &error))
    return reply_not_found (session, cmd, path, error);
  if (!wd_store_rename_mailbox (session->server->store, &session->actor, &id, new_path,
                                wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  // INBOX stays, and so does its name.
  if (strcmp (path, "INBOX") != 0)
    tell_name (session, new_path, path);
  // If it is selected, it is empty now.
  g_atomic_int_set (&session->is_dirty, TRUE);
  return WD_DONE;
}

static WdStep
set_subscribed (WdImapSession *session, WdImapCommand *cmd, gboolean subscribed)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (path == NULL)
    return refuse_name (cmd);
  // A name without a mailbox can be subscribed to (RFC 3501 6.3.6).
  if (!wd_store_set_subscribed (session->server->store, &session->actor, path, subscribed,
                                wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  return WD_DONE;
}

WdStep
wd_imap_cmd_mailbox_subscribe (WdImapSession *session, WdImapCommand *cmd)
{
  return set_subscribed (session, cmd, TRUE);
}

WdStep
wd_imap_cmd_mailbox_unsubscribe (WdImapSession *session, WdImapCommand *cmd)
{
  return set_subscribed (session, cmd, FALSE);
}
