// SPDX-License-Identifier: EUPL-1.2
// A session and its commands. One owner at a time; all on a worker.
#pragma once

#include "lmtp-data.h"
#include "lmtp-parse.h"
#include "net-service.h"
#include "store.h"

// What all sessions of the process share.
typedef struct
{
  WdStore *store;
  char *hostname; // Of the machine, where the configuration names none.
} WdLmtpServer;

typedef struct
{
  WdId user;
  char *text;        // As RCPT gave it.
  char *detail;      // (nullable): the mailbox that it asks for.
  const char *reply; // The outcome of its delivery (a literal).
} WdLmtpRecipient;

// What the configuration says, read once a session.
typedef struct
{
  const char *hostname;
  const char *delimiters; // Each of these octets sets off a detail.
  const char *const *xclient_from;
  gint64 max_recipients;
  guint timeout_secs;
  gboolean is_detail_mailbox;
  gboolean is_quota_permanent;
} WdLmtpSettings;

typedef enum
{
  WD_LMTP_STATE_COMMAND,
  WD_LMTP_STATE_DATA,
  WD_LMTP_STATE_BDAT,
  WD_LMTP_STATE_SKIP_LINE, // The rest of a line that is too long.
  WD_LMTP_STATE_QUIT,
} WdLmtpState;

typedef struct
{
  WdLmtpServer *server;
  WdService *service;
  WdConfig *config; // Holds the strings of `settings`.
  WdLmtpSettings settings;
  WdConn *conn;
  gboolean is_lmtp;
  gboolean is_trusted; // May use XCLIENT.
  WdLmtpState state;
  guint n_bad; // Commands that were not understood, in a row.
  guint n_transactions;

  char *hello;          // NULL before the greeting of the client.
  gboolean is_extended; // It was LHLO or EHLO.
  char *client_name;    // Of XCLIENT (nullable).
  char *client_hello;   // Of XCLIENT (nullable).

  // The transaction.
  gboolean has_mail;
  WdLmtpMail mail;
  GPtrArray *recipients; // (element-type WdLmtpRecipient) (nullable)
  WdIncoming *incoming;  // From DATA or the first BDAT on.
  GError *failure;       // Why the message could not be taken; its octets are thrown away.
  WdLmtpData data;
  guint64 chunk_left; // Octets of the BDAT chunk that did not come yet.
  guint64 chunk_bytes;
  gboolean is_last_chunk;
  gboolean is_chunked; // BDAT was used.
} WdLmtpSession;

// Appends one reply line; CRLF is added.
void wd_lmtp_session_reply (WdLmtpSession *self, const char *reply);
void wd_lmtp_session_reply_format (WdLmtpSession *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
// A reply to what was not understood: counted.
void wd_lmtp_session_reply_bad (WdLmtpSession *self, const char *reply);

// Ends the transaction, whatever became of it.
void wd_lmtp_session_reset (WdLmtpSession *self);

// The largest message.
guint64 wd_lmtp_session_get_max_bytes (const WdLmtpSession *self);

typedef void (*WdLmtpCommandFunc) (WdLmtpSession *self, const WdLmtpLine *line);

// The commands, one file a family.
void wd_lmtp_cmd_hello_lhlo (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_hello_ehlo (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_hello_helo (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_hello_starttls (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_hello_xclient (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_mail_mail (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_mail_rcpt (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_data_data (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_data_bdat (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_rset (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_noop (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_vrfy (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_help (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_quit (WdLmtpSession *self, const WdLmtpLine *line);
void wd_lmtp_cmd_other_unsupported (WdLmtpSession *self, const WdLmtpLine *line);

// Take what is in the input of DATA and BDAT, and reply at the end. FALSE when more input is
// needed.
gboolean wd_lmtp_cmd_data_take_text (WdLmtpSession *self);
gboolean wd_lmtp_cmd_data_take_chunk (WdLmtpSession *self);

// Delivers the finished message to all recipients, and sets their replies.
void wd_lmtp_deliver (WdLmtpSession *self);

void wd_lmtp_deliver_recipient_free (WdLmtpRecipient *self);
