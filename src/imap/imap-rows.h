// SPDX-License-Identifier: EUPL-1.2
// Writes FETCH responses for many messages straight from the store's rows, a bufferful at a time.
#pragma once

#include "imap-fetch-plan.h"
#include "imap-session.h"
#include "imap-set.h"

typedef struct _WdImapRows WdImapRows;

struct _WdImapRows
{
  WdImapSession *session;
  WdImapFetchPlan *plan;
  WdUidSet *uids; // Still to do.
  WdModseq changed_since;
  WdImapRowWriter writer;
  WdFlags known_flags; // All system flags, and the keywords that the view knows.
  guint32 n_rows;      // Written so far.

  // What a row needs besides (both nullable). `begin_row` may change the row before it is written.
  // `end_row` writes more items before the parenthesis is closed, and returns FALSE if it took over
  // the row, to go on with it later.
  void (*begin_row) (WdImapRows *self, WdMessageRow *row);
  gboolean (*end_row) (WdImapRows *self, WdMessageRow *row);
  gpointer user_data;

  // Of one run.
  WdImapSeqCursor at;
  WdUid last;
  gboolean is_stopped;
};

// `plan` and `uids` are (transfer full).
void
wd_imap_rows_init (WdImapRows *self, WdImapSession *session, WdImapFetchPlan *plan, WdUidSet *uids);
void wd_imap_rows_clear (WdImapRows *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapRows, wd_imap_rows_clear)

// Writes until all are done or the output is full. `at` and `last` start anew in each run. FALSE
// with the store's error.
gboolean wd_imap_rows_run (WdImapRows *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// As a run that wrote all of `uids`, from what a change has told of them.
void wd_imap_rows_take (WdImapRows *self, const WdFlagsNow *now);

gboolean wd_imap_rows_is_done (const WdImapRows *self);
