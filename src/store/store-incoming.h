// SPDX-License-Identifier: EUPL-1.2
// A message on its way in: written as it arrives, indexed meanwhile, then appended to any number of
// mailboxes. Backend-independent; a backend keeps with it what it has prepared for storing.
#pragma once

#include <gio/gio.h>

#include "mime-tree.h"

typedef struct _WdIncoming WdIncoming;
typedef struct _WdStore WdStore;

// Memory: at most WD_LIMIT_SPOOL_MEMORY_BYTES; beyond that an unlinked file of the store.
WdIncoming *wd_incoming_new (WdStore *store) G_GNUC_WARN_UNUSED_RESULT;
WdIncoming *wd_incoming_ref (WdIncoming *self);
void wd_incoming_unref (WdIncoming *self); // Any thread. Drops what was prepared and not appended.

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdIncoming, wd_incoming_unref)

// Lowers how much of it may be in memory: several messages of one command share the limit. Before
// the first write.
void wd_incoming_set_memory_bytes (WdIncoming *self, gsize max_memory_bytes);

// Takes the next octets. TOO_LARGE past [store] max-message-size (then it stays failed: what
// follows is counted and thrown away), UNAVAILABLE when the spool cannot grow. One thread at a
// time.
gboolean wd_incoming_write (WdIncoming *self, const void *data, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Ends it. From here on it is read-only, and any number of threads may append it.
gboolean wd_incoming_finish (WdIncoming *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Makes, now and on this thread, what storing it needs to have made of it: whoever appends it then
// finds it, or waits for it. Only for speed: what fails here fails again when it is appended. Once
// finished, any thread.
void wd_incoming_prepare (WdIncoming *self);

guint64 wd_incoming_get_size_bytes (const WdIncoming *self);

// Returns (transfer none): the index, once finished.
const WdMimeTree *wd_incoming_get_tree (const WdIncoming *self);

// Reads up to `len` octets from `offset`; short only at the end. Once finished, any thread.
gboolean wd_incoming_read (
    WdIncoming *self, guint64 offset, void *out_data, gsize len, gsize *out_n_read, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
