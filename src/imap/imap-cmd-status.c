// SPDX-License-Identifier: EUPL-1.2
// STATUS.
#include "config.h"

#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-name.h"
#include "imap-status.h"

WdStep
wd_imap_cmd_status (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autoptr (WdMailboxInfo) info = NULL;
  guint items;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_name_parse (&cmd->args, &path, NULL)
      || !wd_imap_parse_space (&cmd->args) || !wd_imap_status_parse (session, &cmd->args, &items)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  info = wd_imap_mailbox_get (session, path, &error);
  if (info == NULL || !wd_imap_status_write (session, info, items, &error))
    return wd_imap_error_reply (session, cmd, error);
  return WD_DONE;
}
