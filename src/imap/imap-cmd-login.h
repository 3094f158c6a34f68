// SPDX-License-Identifier: EUPL-1.2
// What logging in needs to know of the connection.
#pragma once

#include "auth-sasl.h"
#include "imap-session.h"

typedef struct
{
  WdSaslChannel sasl;
  guint8 binding[32];
} WdImapLoginChannel;

// Fills `out_channel`, which then points into itself.
void wd_imap_cmd_login_get_channel (WdImapSession *session, WdImapLoginChannel *out_channel);
