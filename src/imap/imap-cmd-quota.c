// SPDX-License-Identifier: EUPL-1.2
// NAMESPACE (RFC 2342) and QUOTA (RFC 2087, 9208): one root a user, called "".
#include "config.h"

#include "core-limits.h"
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

static void
append_resource (GString *out, const char *name, guint64 used, guint64 limit)
{
  if (out->str[out->len - 1] != '(')
    g_string_append_c (out, ' ');
  g_string_append_printf (out, "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, name, used, limit);
}

static WdStep
write_quota (WdImapSession *session, WdImapCommand *cmd)
{
  WdStore *store = session->server->store;
  GCancellable *cancellable = wd_imap_session_get_cancellable (session);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) mailboxes = NULL;
  GString *out = wd_imap_session_get_output (session);
  WdQuota quota;

  if (!wd_store_get_quota (store, &session->actor, &quota, cancellable, &error))
    return wd_imap_error_reply (session, cmd, error);
  mailboxes = wd_store_list_mailboxes (store, &session->actor, cancellable, &error);
  if (mailboxes == NULL)
    return wd_imap_error_reply (session, cmd, error);
  g_string_append (out, "* QUOTA \"\" (");
  // In units of 1024 octets (RFC 9208 5.1). A resource without a limit is not listed.
  if (quota.limit_bytes > 0)
    append_resource (out, "STORAGE", (quota.used_bytes + 1023) / 1024, quota.limit_bytes / 1024);
  // As many as there are UIDs.
  append_resource (out, "MESSAGE", quota.n_messages, G_MAXUINT32);
  append_resource (out, "MAILBOX", mailboxes->len, WD_LIMIT_MAILBOXES);
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

// SP "(" [name SP number *(SP name SP number)] ")"
static gboolean
parse_limits (WdImapParser *parser)
{
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) == ')')
    return wd_imap_parse_close (parser);
  do
    {
      const char *name;
      gsize len;
      guint64 limit;

      if (!wd_imap_parse_atom (parser, &name, &len) || !wd_imap_parse_space (parser)
          || !wd_imap_parse_number64 (parser, &limit))
        return FALSE;
    }
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser);
}

// Limits are the administrator's, who sets them elsewhere.
WdStep
wd_imap_cmd_quota_set_quota (WdImapSession *session, WdImapCommand *cmd)
{
  g_autofree char *root = NULL;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_parse_astring (&cmd->args, &root)
      || !parse_limits (&cmd->args) || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  return wd_imap_command_no (cmd, "NOPERM", "Quota is set by the administrator");
}
