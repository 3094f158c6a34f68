// SPDX-License-Identifier: EUPL-1.2
// The syntax of LMTP and SMTP commands (RFC 5321 4.1, 2033, 1870, 6152, 6531, 3030, and Postfix's
// XCLIENT). Knows no session: what is wrong comes back as the reply that says so.
#pragma once

#include <glib.h>

// A command line as verb and arguments. Borrowed from the line.
typedef struct
{
  const char *verb;
  gsize verb_len;
  const char *args; // Without the spaces around.
  gsize args_len;
} WdLmtpLine;

// A mailbox between < and >.
typedef struct
{
  char *text;    // As it was given, without a source route: for header lines. "" for <>.
  char *address; // The same with the local part's quotes taken off: for look-ups.
  gboolean is_utf8;
} WdLmtpPath;

void wd_lmtp_parse_path_clear (WdLmtpPath *self);

typedef enum
{
  WD_LMTP_BODY_7BIT,
  WD_LMTP_BODY_8BITMIME,
  WD_LMTP_BODY_BINARYMIME,
} WdLmtpBody;

typedef struct
{
  WdLmtpPath path;
  guint64 size_bytes; // 0: not told.
  WdLmtpBody body;
  gboolean is_smtputf8;
} WdLmtpMail;

// All values decoded; NULL where not given or [UNAVAILABLE].
typedef struct
{
  char *addr; // A valid IPv4 or IPv6 address.
  char *name;
  char *helo;
} WdLmtpXclient;

void wd_lmtp_parse_xclient_clear (WdLmtpXclient *self);

// Each of the rest returns NULL and fills its output, or returns the reply to send (a literal,
// without CRLF) and leaves the output empty. Linear in the length; allocates only what is put out.

const char *wd_lmtp_parse_line (const char *line, gsize len, WdLmtpLine *out_line)
    G_GNUC_WARN_UNUSED_RESULT;

// "FROM:<path> [parameters]". `max_size_bytes`: what SIZE= may ask for.
const char *
wd_lmtp_parse_mail (const char *args, gsize len, guint64 max_size_bytes, WdLmtpMail *out_mail)
    G_GNUC_WARN_UNUSED_RESULT;

// "TO:<path>". `is_smtputf8`: as MAIL had it.
const char *
wd_lmtp_parse_rcpt (const char *args, gsize len, gboolean is_smtputf8, WdLmtpPath *out_path)
    G_GNUC_WARN_UNUSED_RESULT;

// "SIZE [LAST]".
const char *
wd_lmtp_parse_bdat (const char *args, gsize len, guint64 *out_size_bytes, gboolean *out_is_last)
    G_GNUC_WARN_UNUSED_RESULT;

// The name in LHLO, EHLO and HELO. Returns (transfer full) in `out_name`.
const char *wd_lmtp_parse_hello (const char *args, gsize len, char **out_name)
    G_GNUC_WARN_UNUSED_RESULT;

const char *wd_lmtp_parse_xclient (const char *args, gsize len, WdLmtpXclient *out_xclient)
    G_GNUC_WARN_UNUSED_RESULT;
