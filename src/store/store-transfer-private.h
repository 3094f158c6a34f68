// SPDX-License-Identifier: EUPL-1.2
// The parts of moving a user.
#pragma once

#include "store-transfer.h"

typedef struct
{
  WdStore *from;
  WdStore *to;
  WdActor actor;
  const WdTransferFuncs *funcs;
  WdTransferReport report;
  guint64 n_done; // Of the progress.
  guint64 n_total;
  guint n_keywords;                             // How many of the source's are in the table.
  WdFlags keywords[64 - WD_FLAG_KEYWORD_SHIFT]; // What each is in the target.
  GCancellable *cancellable;
} WdTransfer;

void wd_transfer_step (WdTransfer *self, guint64 n);

// One message with its content.
typedef struct
{
  WdMessageRow row; // Without its borrowed texts.
} WdTransferRow;

// Reads the first of `uids`, as many as are good for a batch, and takes them out of it. Returns
// (transfer full) (element-type WdTransferRow).
GPtrArray *wd_transfer_batch_read (WdTransfer *self,
                                   WdStore *store,
                                   const WdId *mailbox,
                                   WdUidSet *uids,
                                   WdFetchFields fields,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Learns the keywords that the mailbox has by now.
gboolean wd_transfer_batch_learn (WdTransfer *self, const WdId *mailbox, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The flags as the target has them. FALSE when there is one that is not known.
gboolean wd_transfer_batch_map (const WdTransfer *self, WdFlags flags, WdFlags *out_flags)
    G_GNUC_WARN_UNUSED_RESULT;

// Mailboxes, subscriptions, annotations and messages. `mailboxes`: of the source.
gboolean wd_transfer_mail_copy (WdTransfer *self, GPtrArray *mailboxes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_transfer_verify_all (WdTransfer *self, GPtrArray *mailboxes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_transfer_verify_note (WdTransfer *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
