// SPDX-License-Identifier: EUPL-1.2
// Messages of one mailbox. All calls run on a worker thread. Errors are WD_STORE_ERROR; each call
// may also return NOT_FOUND (the mailbox), BUSY, UNAVAILABLE, CORRUPT and CANCELLED. UIDs that are
// not there are passed over without an error. Append, copy, move and expunge are durable on return;
// flags as docs/durability.md says.
#pragma once

#include <gio/gio.h>

#include "store-content.h"
#include "store-incoming.h"
#include "store-types.h"
#include "store-uidset.h"

typedef struct _WdStore WdStore;

typedef struct
{
  WdIncoming *incoming; // Finished.
  const char *prefix;   // Header lines of this copy alone, each ended by CRLF (nullable).
  WdFlags flags;
  gint64 internal_date_ms; // 0: now.
  gint16 zone_minutes;     // Of the internal date, as the client gave it; for INTERNALDATE.
} WdAppend;

typedef struct
{
  WdId id; // Of the message.
  WdUid uid;
} WdAppended;

// Appends all or none, in order, in one commit: UIDs are consecutive and there is one quota check.
// OVER_QUOTA, TOO_LARGE. `outs` has room for `n_items`.
gboolean wd_store_append (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdAppend *items,
                          guint n_items,
                          WdAppended *outs,
                          guint32 *out_uidvalidity,
                          GCancellable *cancellable,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Appends `item` to the mailbox with this path, or to INBOX where there is none, or no `path`
// (nullable). NOT_FOUND when the user is gone; OVER_QUOTA, TOO_LARGE.
gboolean wd_store_deliver (WdStore *store,
                           const WdActor *actor,
                           const char *path,
                           const WdAppend *item,
                           WdId *out_mailbox,
                           WdAppended *out_appended,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Appends `item` to `target`, and expunges `uid` of `source`: both or neither. EXPUNGED when there
// is no such message; OVER_QUOTA looks at what is left when the old one is gone.
gboolean wd_store_replace (WdStore *store,
                           const WdActor *actor,
                           const WdId *source,
                           WdUid uid,
                           const WdId *target,
                           const WdAppend *item,
                           WdAppended *out_appended,
                           guint32 *out_uidvalidity,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

// One message as wd_store_fetch shows it. Borrowed: valid until the callback returns.
typedef struct
{
  WdUid uid;
  WdFlags flags;
  WdModseq modseq;
  guint64 size_bytes;
  gint64 internal_date_ms;
  gint16 zone_minutes;
  gint64 save_date_ms;
  WdId id;
  const char *envelope; // IMAP text, not NUL-terminated; set for WD_FETCH_INDEX.
  gsize envelope_len;
  const char *body; // BODY.
  gsize body_len;
  const char *body_structure;
  gsize body_structure_len;
  const char *preview; // Set for WD_FETCH_PREVIEW (nullable): NULL when none can be made now.
  WdContent *content;  // Set for WD_FETCH_CONTENT; take it by setting it to NULL here.
} WdMessageRow;

typedef enum
{
  WD_FETCH_FLAGS = 0,        // All of the row that is not named below.
  WD_FETCH_INDEX = 1 << 0,   // Envelope, body, body structure.
  WD_FETCH_CONTENT = 1 << 1, // The octets.
  // By itself: UID, flags and modseq suffice, the rest may be left 0.
  WD_FETCH_ONLY_FLAGS = 1 << 2,
  WD_FETCH_PREVIEW = 1 << 3, // The beginning of its text, in one line (RFC 8970).
} WdFetchFields;

// Returns FALSE to stop: the store call still succeeds.
typedef gboolean (*WdFetchFunc) (WdMessageRow *row, gpointer user_data);

// Reads these messages in order of UID. `changed_since`: only those with a greater modseq (0: all).
// No lock is held while `func` runs, and `func` must not call the store. To go on after a stop,
// call again with the rest.
gboolean wd_store_fetch (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         const WdUidSet *uids,
                         WdFetchFields fields,
                         WdModseq changed_since,
                         WdFetchFunc func,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define WD_STORE_FLAGS_TOLD_MAX 16

// What messages have become, where that is told along with the change: of a few, and where it costs
// nothing.
typedef struct
{
  gboolean is_known; // FALSE: see wd_store_fetch.
  guint n_messages;

  struct
  {
    WdUid uid;
    WdFlags flags;
    WdModseq modseq;
  } messages[WD_STORE_FLAGS_TOLD_MAX];
} WdFlagsNow;

typedef struct
{
  WdFlagOp op;
  WdFlags flags;
  gboolean has_unchanged_since;
  WdModseq unchanged_since; // Messages with a greater modseq are left alone (RFC 7162 3.1.3).
  WdFlagsNow *now; // (nullable) Filled with those that were not left alone, in order of UID, as
                   // they are after the change. Undefined on failure.
} WdFlagChange;

// Changes flags in one transaction: all changed messages get one new modseq. `out_changed`
// (optional): those whose flags are now different; `out_conflicts` (optional): those left alone for
// `unchanged_since`; `out_modseq` (optional): the new modseq, or the mailbox's when nothing
// changed.
gboolean wd_store_store_flags (WdStore *store,
                               const WdActor *actor,
                               const WdId *mailbox,
                               const WdUidSet *uids,
                               const WdFlagChange *change,
                               WdUidSet **out_changed,
                               WdUidSet **out_conflicts,
                               WdModseq *out_modseq,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Called now and then, and at the end, with how many are done. Must not call the store.
typedef void (*WdProgressFunc) (guint32 n_done, gpointer user_data);

// Copies or moves, all or none, in one commit. `progress` is optional. The i-th of `out_source`
// became the i-th of `out_target` (ascending, consecutive). A move takes them out of the source in
// the same commit. NOT_FOUND names which mailbox by its prefix "source" or "target"; OVER_QUOTA for
// a copy.
gboolean wd_store_copy (WdStore *store,
                        const WdActor *actor,
                        const WdId *source,
                        const WdUidSet *uids,
                        const WdId *target,
                        gboolean move,
                        WdProgressFunc progress,
                        gpointer user_data,
                        WdUidSet **out_source,
                        WdUidSet **out_target,
                        guint32 *out_uidvalidity,
                        GCancellable *cancellable,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Expunges those of `uids` (NULL: of all) that have \Deleted, or, with `force`, all of `uids`.
gboolean wd_store_expunge (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdUidSet *uids,
                           gboolean force,
                           WdUidSet **out_expunged,
                           WdModseq *out_modseq,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
