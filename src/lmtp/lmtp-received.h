// SPDX-License-Identifier: EUPL-1.2
// The header lines that final delivery puts in front of a message (RFC 5321 4.4, RFC 3848).
#pragma once

#include <glib.h>

typedef struct
{
  const char *hello;  // What the client called itself.
  const char *name;   // Its name as a trusted peer looked it up (nullable).
  const char *remote; // Its address, or "unix".
  const char *host;   // This machine.
  const char *tls;    // Version and cipher (nullable).
  const char *id;     // Of the transaction.
  const char *sender; // Of MAIL, "" for the null path.
  gboolean is_lmtp;
  gboolean is_extended; // Not HELO.
  gboolean is_smtputf8;
  gint64 now_us;
} WdLmtpTrace;

// The part that all recipients share: everything but Delivered-To and "for". Returns (transfer
// full).
typedef struct
{
  char *return_path;
  char *received; // Up to the "for" clause.
  char *date;
} WdLmtpTraceText;

void wd_lmtp_received_init (WdLmtpTraceText *self, const WdLmtpTrace *trace);
void wd_lmtp_received_clear (WdLmtpTraceText *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdLmtpTraceText, wd_lmtp_received_clear)

// Return-Path, Delivered-To and Received of one recipient's copy. Returns (transfer full).
char *wd_lmtp_received_make (const WdLmtpTraceText *self, const char *recipient)
    G_GNUC_WARN_UNUSED_RESULT;
