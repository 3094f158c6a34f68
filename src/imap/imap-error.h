// SPDX-License-Identifier: EUPL-1.2
// What went wrong inside, as response codes (RFC 5530) and fixed texts.
#pragma once

#include "imap-session.h"

// Outcomes that no store call has.
typedef enum
{
  WD_IMAP_ERROR_UNKNOWN_CTE, // A transfer encoding that cannot be undone, or done (RFC 3516 4.3).
} WdImapError;

#define WD_IMAP_ERROR (wd_imap_error_quark ())
GQuark wd_imap_error_quark (void);

// Sets the tagged reply to NO, and logs what an administrator should know. Returns WD_DONE.
WdStep wd_imap_error_reply (WdImapSession *session, WdImapCommand *cmd, const GError *error);

// The same, but a mailbox that is not there may be created (RFC 3501 TRYCREATE).
WdStep wd_imap_error_reply_target (WdImapSession *session, WdImapCommand *cmd, const GError *error);

// Logs what an administrator should know, without a reply.
void wd_imap_error_log (WdImapSession *session, const GError *error);
