// SPDX-License-Identifier: EUPL-1.2
// What the server can do, as far as this session may use it now.
#pragma once

#include "imap-session.h"

// Appends "CAPABILITY IMAP4rev1 …", for the response and the response code.
void wd_imap_capability_append (WdImapSession *session, GString *out);
