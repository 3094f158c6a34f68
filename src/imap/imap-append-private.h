// SPDX-License-Identifier: EUPL-1.2
// What imap-append.c and imap-cmd-append.c share.
#pragma once

#include "imap-append.h"
#include "imap-date.h"
#include "imap-flags.h"

// One message: what stands before its octets, and these.
typedef struct
{
  WdImapFlags flags;
  gint64 internal_date_ms; // 0: none given.
  gint16 zone_minutes;
  WdImapLiteral literal;
  gboolean is_utf8; // It stands in UTF8 (…) (RFC 6855 4).
  gboolean has_nul;
  WdIncoming *incoming; // (nullable)
} WdImapAppendMessage;

void wd_imap_append_message_clear (WdImapAppendMessage *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapAppendMessage, wd_imap_append_message_clear)

// Messages of one command (RFC 3502). What was read of it stays read: with each literal the parser
// goes on at `parsed`.
struct _WdImapAppend
{
  char *path; // (nullable) Of the mailbox.
  WdId mailbox;
  guint64 room_bytes;  // Within the quota; G_MAXUINT64: no end of it.
  GArray *messages;    // (element-type WdImapAppendMessage)
  gboolean is_open;    // The last message is made by CATENATE, and is not at its end.
  guint n_parts;       // It has so many.
  gboolean is_in_utf8; // The octets were in UTF8 (…), whose end comes next.
  WdUid replaced;      // REPLACE: the message that goes; 0: none.
  gsize parsed;        // Of the command's text.
  guint64 size_bytes;  // Of all messages.
  gsize memory_bytes;  // Of those messages that are held in memory.
  GError *error;       // The first that failed.
};

// Reads SP [flag-list SP] [date-time SP] and the header of the literal, or CATENATE SP "(", when
// *out_is_catenate.
gboolean wd_imap_append_parse_message (WdImapParser *parser,
                                       WdImapAppendMessage *out_message,
                                       gboolean *out_is_catenate) G_GNUC_WARN_UNUSED_RESULT;

// Reads on, up to a literal or the end. FALSE: the tagged reply is set. *out_answer is what becomes
// of the literal; REFUSE: there is none, the command is whole.
gboolean wd_imap_append_read_on (WdImapSession *session,
                                 WdImapCommand *cmd,
                                 WdImapAppendAnswer *out_answer) G_GNUC_WARN_UNUSED_RESULT;
