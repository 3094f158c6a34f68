// SPDX-License-Identifier: EUPL-1.2
// What a backend needs of a message on its way in. All of this of a finished one; any thread.
#pragma once

#include "store-incoming.h"

// The whole message when it is in memory. Returns (transfer none) (nullable): NULL when it is in a
// file.
const guint8 *wd_incoming_peek_memory (const WdIncoming *self, gsize *out_len);

// The spool file, read-only for its user (pread, mmap), or -1 when the message is in memory.
int wd_incoming_get_fd (const WdIncoming *self);

// The whole message: in memory, or the spool file mapped. Returns (transfer none): kept until the
// message is freed. UNAVAILABLE. One thread at a time: within a WdIncomingPrepareFunc.
const guint8 *wd_incoming_map (WdIncoming *self, gsize *out_len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Makes the backend's prepared form. Returns (transfer full): NULL with an error.
typedef gpointer (*WdIncomingPrepareFunc) (WdIncoming *self, gpointer user_data, GError **error);

// Returns (transfer none): what `func` made, now or for an earlier caller, kept until the message
// is freed. While one thread makes it, others that need it wait; a failure is not kept.
gpointer wd_incoming_get_prepared (WdIncoming *self,
                                   WdIncomingPrepareFunc func,
                                   gpointer user_data,
                                   GDestroyNotify destroy,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
