// SPDX-License-Identifier: EUPL-1.2
// Moving users between stores: everything of a user is made in another store as it is here, with
// all ids, UIDs, modseqs, flags and dates. Knows no backend.
#pragma once

#include "store.h"

typedef struct
{
  guint n_mailboxes;
  guint64 n_messages;
  guint64 n_added;    // Messages that were copied by this run.
  guint64 n_changed;  // Messages whose flags were.
  guint64 n_removed;  // Messages that are not in the source any more.
  guint64 size_bytes; // Of those copied by this run.
  guint64 n_verified; // Messages whose octets, flags and dates were compared.
  guint64 n_differences;
} WdTransferReport;

typedef struct
{
  // Both are optional (nullable).
  WdStoreProgressFunc progress; // In messages.
  // One difference that the verification has found.
  void (*difference) (const char *detail, gpointer user_data);
  gpointer user_data;
} WdTransferFuncs;

// Copies what is new or has changed in `from`, and then compares all of it. The user is disabled in
// `to` until that is done without a difference, and then as in `from`; who wants no mail to be lost
// disables the user in `from` before. What is interrupted goes on where it stopped when it is
// called again. NOT_FOUND in `from`; EXISTS when `to` has another user of the name, or the same one
// who did not get there by this; CONFLICT when the user's mail was changed in `to` since the last
// time, so that it would be lost. TRUE with n_differences not 0 when the verification found any.
// No lock is held; minutes.
gboolean wd_transfer_user (WdStore *from,
                           WdStore *to,
                           const WdId *user,
                           const WdTransferFuncs *funcs,
                           WdTransferReport *out_report,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
