// SPDX-License-Identifier: EUPL-1.2
// What went wrong inside, as response codes (RFC 5530) and fixed texts.
#pragma once

#include "imap-session.h"

// Sets the tagged reply to NO, and logs what an administrator should know. Returns WD_DONE.
WdStep wd_imap_error_reply (WdImapSession *session, WdImapCommand *cmd, const GError *error);

// The same, but a mailbox that is not there may be created (RFC 3501 TRYCREATE).
WdStep wd_imap_error_reply_target (WdImapSession *session, WdImapCommand *cmd, const GError *error);

// Logs what an administrator should know, without a reply.
void wd_imap_error_log (WdImapSession *session, const GError *error);
