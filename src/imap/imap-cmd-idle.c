// SPDX-License-Identifier: EUPL-1.2
// IDLE (RFC 2177): the session is parked without a thread until a beacon wakes it.
#include "config.h"

#include "imap-session.h"

static WdStep
take_done (WdImapSession *session, WdImapCommand *cmd, const char *line, gsize len)
{
  g_atomic_int_set (&session->is_idling, FALSE);
  if (len != 4 || g_ascii_strncasecmp (line, "DONE", 4) != 0)
    wd_imap_command_bad (cmd, "Expected DONE");
  else
    wd_imap_command_ok (cmd, NULL, "IDLE completed");
  wd_imap_session_end_lines (session);
  return WD_DONE;
}

WdStep
wd_imap_cmd_idle (WdImapSession *session, WdImapCommand *cmd)
{
  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  g_string_append (wd_imap_session_get_output (session), "+ idling\r\n");
  session->take_line = take_done;
  // In this order: from here on a beacon wakes the session, and what came before is looked up now.
  g_atomic_int_set (&session->is_idling, TRUE);
  g_atomic_int_set (&session->is_dirty, TRUE);
  return WD_DONE;
}
