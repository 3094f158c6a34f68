// SPDX-License-Identifier: EUPL-1.2
// Messages that come in with APPEND: written to the store's spool while they arrive.
#pragma once

#include "imap-session.h"

typedef enum
{
  WD_IMAP_APPEND_NOT_MESSAGE, // The literal is another argument.
  WD_IMAP_APPEND_STREAM,      // It is a message, and is wanted.
  WD_IMAP_APPEND_REFUSE,      // The tagged reply is set.
} WdImapAppendAnswer;

void wd_imap_append_free (WdImapAppend *self);

// A line of an APPEND ended in a literal.
WdImapAppendAnswer wd_imap_append_begin_literal (WdImapSession *session, WdImapCommand *cmd);

// Octets of the message, and its end. What fails is answered when the command is whole.
void wd_imap_append_write (WdImapSession *session, const char *data, gsize len);
void wd_imap_append_end_literal (WdImapSession *session);
