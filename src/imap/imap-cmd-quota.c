// SPDX-License-Identifier: EUPL-1.2
// NAMESPACE (RFC 2342) and QUOTA (RFC 2087, 9208): one root a user, called "".
#include "config.h"

#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"

WdStep
wd_imap_cmd_quota_namespace (WdImapSession *session, WdImapCommand *cmd)
{
  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  g_string_append (wd_imap_session_get_output (session), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  return WD_DONE;
}

static WdStep
write_quota (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  GString *out = wd_imap_session_get_output (session);
  WdQuota quota;

  if (!wd_store_get_quota (session->server->store, &session->actor, &quota,
                           wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  g_string_append (out, "* QUOTA \"\" (");
  // In units of 1024 octets (RFC 9208 5.1). Nothing is listed that has no limit.
  if (quota.limit_bytes > 0)
    g_string_append_printf (out, "STORAGE %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                            (quota.used_bytes + 1023) / 1024, quota.limit_bytes / 1024);
  g_string_append (out, ")\r\n");
  return WD_DONE;
}

WdStep
wd_imap_cmd_quota_get_quota (WdImapSession *session, WdImapCommand *cmd)
{
  g_autofree char *root = NULL;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_parse_astring (&cmd->args, &root)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (*root != '\0')
    return wd_imap_command_no (cmd, "NONEXISTENT", "No such quota root");
  return write_quota (session, cmd);
}

WdStep
wd_imap_cmd_quota_get_quota_root (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  GString *out = wd_imap_session_get_output (session);
  WdId id;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (!wd_imap_mailbox_find (session, path, &id, &error))
    return wd_imap_error_reply (session, cmd, error);
  g_string_append (out, "* QUOTAROOT ");
  wd_imap_name_append (out, path, wd_imap_session_is_utf8 (session));
  g_string_append (out, " \"\"\r\n");
  return write_quota (session, cmd);
}

// Limits are the administrator's.
WdStep
wd_imap_cmd_quota_set_quota (WdImapSession *session, WdImapCommand *cmd)
{
  return wd_imap_command_no (cmd, "NOPERM", "Quota is set by the administrator");
}
