// SPDX-License-Identifier: EUPL-1.2
// From octets of the connection to a command that may run, or an answer to what is none.
#pragma once

#include "imap-session.h"

typedef enum
{
  WD_IMAP_INPUT_COMMAND, // session->cmd is set, or something else happened that was dealt with.
  WD_IMAP_INPUT_WAIT,    // There is no more input for now.
  WD_IMAP_INPUT_END,     // The client is gone, or is being sent away.
} WdImapInput;

// Reads until something happens.
WdImapInput wd_imap_input_next (WdImapSession *session);
