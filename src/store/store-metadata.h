// SPDX-License-Identifier: EUPL-1.2
// Annotations of a mailbox, or of the account: named values that clients keep (RFC 5464). Calls run
// on a worker thread; what changes is durable on return. Errors are WD_STORE_ERROR; each call may
// also return BUSY, UNAVAILABLE, CORRUPT and CANCELLED.
#pragma once

#include <gio/gio.h>

#include "store-types.h"

typedef struct _WdStore WdStore;

typedef struct
{
  char *name;    // As the protocol has normalised it.
  GBytes *value; // Any octets; NULL only when it is set: removes the annotation.
} WdMetadata;

void wd_metadata_free (WdMetadata *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMetadata, wd_metadata_free)

// FALSE for a backend that keeps none: the two below fail with INVALID.
gboolean wd_store_has_metadata (WdStore *store);

// All annotations, sorted by name. `mailbox` (nullable): NULL for those of the account. NOT_FOUND.
// Returns (transfer full) (element-type WdMetadata).
GPtrArray *wd_store_list_metadata (WdStore *store,
                                   const WdActor *actor,
                                   const WdId *mailbox,
                                   GCancellable *cancellable,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Sets or removes annotations, all or none. They go with their mailbox, and stay over a rename.
// TOO_LARGE past WD_LIMIT_METADATA_VALUE_BYTES, LIMIT when there would be more than
// WD_LIMIT_METADATA_ENTRIES, NOT_FOUND.
gboolean wd_store_set_metadata (WdStore *store,
                                const WdActor *actor,
                                const WdId *mailbox,
                                const WdMetadata *entries,
                                guint n_entries,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
