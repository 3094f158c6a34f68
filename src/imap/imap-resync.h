// SPDX-License-Identifier: EUPL-1.2
// The QRESYNC parameter of SELECT and EXAMINE (RFC 7162 3.2.5): what the client knew, and what
// became of it.
#pragma once

#include "imap-rows.h"
#include "imap-set.h"

// All zero is none.
typedef struct
{
  // What the client says.
  guint32 uidvalidity;
  WdModseq modseq;
  WdImapSet *known_uids; // (nullable) All.
  WdImapSet *match_seqs; // (nullable) Sequence numbers …
  WdImapSet *match_uids; // … and their UIDs, as many.

  // What is left to be told; set by begin.
  WdUidSet *vanished; // (nullable)
  WdImapRows rows;
} WdImapResync;

void wd_imap_resync_clear (WdImapResync *self);

// Reads what stands behind QRESYNC.
gboolean wd_imap_resync_parse (WdImapResync *self, WdImapParser *parser) G_GNUC_WARN_UNUSED_RESULT;

// Once the mailbox is selected. FALSE with the store's error.
gboolean wd_imap_resync_begin (WdImapResync *self, WdImapSession *session, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes VANISHED (EARLIER) and FETCH responses. WD_FAIL with the store's error.
WdStep wd_imap_resync_write (WdImapResync *self, WdImapSession *session, GError **error);
