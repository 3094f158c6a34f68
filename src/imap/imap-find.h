// SPDX-License-Identifier: EUPL-1.2
// Looks for messages, and reads those that were found, piece by piece: between two pieces other
// sessions have their turn, and the client hears how far it is. For SEARCH, SORT and THREAD.
#pragma once

#include "imap-progress.h"

typedef struct
{
  WdSearchExpr *expr; // With the piece as the first of its children, if it is slow.
  gboolean has_modseq;
  gboolean is_slow; // Messages have to be read for it.
  gboolean reads;   // What is found is read afterwards.
  WdImapProgress progress;

  WdUidSet *all; // The session's messages, as they were when it began.
  WdUidSetIter next;
  guint32 n_all;
  guint32 n_done;  // Looked at.
  guint32 n_piece; // In the next piece.

  gboolean is_found; // All of them were looked at.
  WdUidSet *found;
  WdModseq modseq; // The highest of what was found.
  WdUidSetIter next_row;
  guint32 n_found;
  guint32 n_read;
} WdImapFind;

// `expr` is (transfer full).
void wd_imap_find_begin (WdImapFind *self,
                         WdImapSession *session,
                         WdSearchExpr *expr,
                         gboolean has_modseq,
                         gboolean reads);
void wd_imap_find_clear (WdImapFind *self);

// Looks through the next piece.
gboolean wd_imap_find_run (WdImapFind *self, WdImapSession *session, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_find_is_found (const WdImapFind *self);

// Reads the next piece of what was found, in order of UID.
gboolean wd_imap_find_read (WdImapFind *self,
                            WdImapSession *session,
                            WdFetchFields fields,
                            WdFetchFunc func,
                            gpointer user_data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_find_is_read (const WdImapFind *self);

void
wd_imap_find_tell_progress (WdImapFind *self, WdImapSession *session, const WdImapCommand *cmd);
