// SPDX-License-Identifier: EUPL-1.2
// What imap-append.c and imap-cmd-append.c share.
#pragma once

#include "imap-append.h"
#include "imap-date.h"
#include "imap-flags.h"

struct _WdImapAppend
{
  GPtrArray *messages; // (element-type WdIncoming)
  GError *error;       // The first that failed.
};

// What stands before the octets of one message.
typedef struct
{
  WdImapFlags flags;
  gint64 internal_date_ms; // 0: none given.
  gint16 zone_minutes;
  WdImapLiteral literal;
} WdImapAppendMessage;

void wd_imap_append_message_clear (WdImapAppendMessage *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapAppendMessage, wd_imap_append_message_clear)

// Reads SP [flag-list SP] [date-time SP] and the header of the literal.
gboolean wd_imap_append_parse_message (WdImapParser *parser, WdImapAppendMessage *out_message)
    G_GNUC_WARN_UNUSED_RESULT;
