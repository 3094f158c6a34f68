// SPDX-License-Identifier: EUPL-1.2
// RSET, NOOP, VRFY, HELP, QUIT, and what is not there.
#include "config.h"

#include "lmtp-private.h"

void
wd_lmtp_cmd_other_rset (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (line->args_len > 0)
    {
      wd_lmtp_session_reply_bad (self, "501 5.5.4 RSET takes no argument");
      return;
    }
  wd_lmtp_session_reset (self);
  wd_lmtp_session_reply (self, "250 2.0.0 OK");
}

void
wd_lmtp_cmd_other_noop (WdLmtpSession *self, const WdLmtpLine *line)
{
  wd_lmtp_session_reply (self, "250 2.0.0 OK");
}

// Whether a user is there is told to RCPT only.
void
wd_lmtp_cmd_other_vrfy (WdLmtpSession *self, const WdLmtpLine *line)
{
  if (line->args_len == 0)
    wd_lmtp_session_reply_bad (self, "501 5.5.4 Syntax: VRFY address");
  else
    wd_lmtp_session_reply (self, "252 2.5.0 Try RCPT");
}

void
wd_lmtp_cmd_other_help (WdLmtpSession *self, const WdLmtpLine *line)
{
  wd_lmtp_session_reply_format (self, "214 2.0.0 %s MAIL RCPT DATA BDAT RSET NOOP VRFY QUIT",
                                self->is_lmtp ? "LHLO" : "EHLO HELO");
}

void
wd_lmtp_cmd_other_quit (WdLmtpSession *self, const WdLmtpLine *line)
{
  wd_lmtp_session_reply_format (self, "221 2.0.0 %s closing", self->settings.hostname);
  self->state = WD_LMTP_STATE_QUIT;
}

void
wd_lmtp_cmd_other_unsupported (WdLmtpSession *self, const WdLmtpLine *line)
{
  wd_lmtp_session_reply_bad (self, "502 5.5.1 Not supported");
}
