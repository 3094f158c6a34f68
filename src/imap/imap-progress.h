// SPDX-License-Identifier: EUPL-1.2
// INPROGRESS (RFC 9585): a command that takes long says now and then how far it is.
#pragma once

#include "imap-session.h"

typedef struct
{
  gint64 told_us; // When it began, or was told of last.
} WdImapProgress;

void wd_imap_progress_begin (WdImapProgress *self);

// Writes that `n_done` of `n_all` are done, if the client has not heard of it for long.
void wd_imap_progress_tell (WdImapProgress *self,
                            WdImapSession *session,
                            const WdImapCommand *cmd,
                            guint64 n_done,
                            guint64 n_all);
