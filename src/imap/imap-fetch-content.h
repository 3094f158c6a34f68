// SPDX-License-Identifier: EUPL-1.2
// The sections of one message going out: BODY[…], RFC822…; a slice at a time, so that a message of
// any size takes bounded memory.
#pragma once

#include "imap-fetch-binary.h"
#include "imap-section.h"
#include "imap-session.h"

// All zero is none.
typedef struct
{
  WdContent *content;        // (nullable) Open while there is something to write.
  const GPtrArray *sections; // Of the plan.
  guint section;             // Index of the one that is going out.
  gboolean is_first;         // Nothing stands before it in the parentheses.
  gboolean is_inside;        // Of its literal: `offset` … `end` is still to be written.
  guint64 offset;
  guint64 end;
  WdImapFetchBinary binary; // Of one that is decoded on its way out.
} WdImapFetchContent;

void wd_imap_fetch_content_clear (WdImapFetchContent *self);

// `content` is (transfer full) (nullable).
void wd_imap_fetch_content_begin (WdImapFetchContent *self,
                                  const GPtrArray *sections,
                                  WdContent *content,
                                  gboolean is_first);

gboolean wd_imap_fetch_content_is_open (const WdImapFetchContent *self);

// Writes sections until all are out (WD_DONE) or the output is full (WD_MORE). A section that
// cannot be read is NIL and its error is kept in *inout_error, unless there is one; one that breaks
// off in its middle is WD_FAIL.
WdStep wd_imap_fetch_content_write (WdImapFetchContent *self,
                                    WdImapSession *session,
                                    GError **inout_error);
