// SPDX-License-Identifier: EUPL-1.2
// Puts commands together from octets as they come: lines and their literals (RFC 3501 2.2, 4.3,
// RFC 7888). Knows no connection and no session; how the input is cut makes no difference.
#pragma once

#include "imap-parse.h"

typedef enum
{
  WD_IMAP_READER_NEED_INPUT,
  WD_IMAP_READER_COMMAND, // `text` is one whole command; go on with wd_imap_reader_reset.
  WD_IMAP_READER_LITERAL, // A line ended in `literal`: answer with keep, stream or refuse.
  WD_IMAP_READER_DATA,    // Octets of a streamed literal.
  WD_IMAP_READER_DATA_END,
  WD_IMAP_READER_TOO_LONG, // `text` is the beginning of a line past the limit, the rest of which
                           // is thrown away; go on with wd_imap_reader_reset.
  WD_IMAP_READER_HOPELESS, // More was thrown away than WD_LIMIT_IMAP_SWALLOW_BYTES.
} WdImapReaderEvent;

typedef enum
{
  WD_IMAP_READER_IN_LINE,
  WD_IMAP_READER_IN_LITERAL,
  WD_IMAP_READER_IN_STREAM,
  WD_IMAP_READER_IN_REFUSED_LINE,
  WD_IMAP_READER_IN_REFUSED_LITERAL,
} WdImapReaderMode;

// All zero is a reader at the beginning of a command.
typedef struct
{
  GString *text;         // (nullable) Lines with their line ends, literals with their octets; of a
                         // streamed literal the header alone.
  WdImapLiteral literal; // The last one.
  WdImapReaderMode mode;
  gboolean is_trusted; // The client is logged in, and may send more.
  gsize line_start;    // Of the line that is being read, in `text`.
  guint64 left;        // Of the literal that is being read.
  guint64 n_swallowed; // Octets of refused commands, one after the other.
} WdImapReader;

void wd_imap_reader_clear (WdImapReader *self);

// Takes octets up to the next event. *out_used says how many; for DATA they are the data.
WdImapReaderEvent
wd_imap_reader_feed (WdImapReader *self, const char *data, gsize len, gsize *out_used);

// Whether the last literal, kept, stays within what a command may have.
gboolean wd_imap_reader_may_keep (const WdImapReader *self);

// The octets of the literal become part of `text`.
void wd_imap_reader_keep (WdImapReader *self);
// They come as DATA.
void wd_imap_reader_stream (WdImapReader *self);
// The command is given up. What a client sends without waiting (the octets of a non-synchronising
// literal and the rest of the command) is thrown away as it comes. FALSE: that would be more than
// WD_LIMIT_IMAP_SWALLOW_BYTES.
gboolean wd_imap_reader_refuse (WdImapReader *self) G_GNUC_WARN_UNUSED_RESULT;

// Ready for the next command. The memory stays until wd_imap_reader_trim.
void wd_imap_reader_reset (WdImapReader *self);
// Frees what an idle reader does not need.
void wd_imap_reader_trim (WdImapReader *self);

// TRUE between two commands.
gboolean wd_imap_reader_is_idle (const WdImapReader *self);
