// SPDX-License-Identifier: EUPL-1.2
// Mailboxes. Paths are UTF-8 (NFC), their levels separated by '/'; INBOX in any case is "INBOX".
// All calls run on a worker thread; what changes is durable on return. Errors are WD_STORE_ERROR;
// each call may also return BUSY, UNAVAILABLE, CORRUPT and CANCELLED.
#pragma once

#include <gio/gio.h>

#include "store-types.h"
#include "store-uidset.h"

typedef struct _WdStore WdStore;

typedef struct
{
  WdId id; // Stays over a rename; never reused.
  char *path;
  WdSpecialUse special_use;
  gboolean subscribed;
  gboolean has_children;
  guint32 uidvalidity;
  WdUid uidnext;
  WdModseq highest_modseq;
  guint32 n_messages;
  guint32 n_unseen;
  guint32 n_recent;
  guint32 n_deleted;
  guint64 size_bytes;
  char *extra_json; // Fields that the store only keeps (HTTP API: hidden, retention). (nullable)
} WdMailboxInfo;

void wd_mailbox_info_free (WdMailboxInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMailboxInfo, wd_mailbox_info_free)

// Puts all mailboxes of an owner, (element-type WdMailboxInfo), into the order of lists, and sees
// who has children. For backends.
void wd_mailbox_info_sort (GPtrArray *infos);

// What SELECT needs.
typedef struct
{
  WdMailboxInfo *info;
  WdUidSet *uids;      // All UIDs: the session's map.
  GPtrArray *keywords; // (element-type utf8): name of bit i.
  WdUid first_recent;  // UIDs from here up to info->uidnext - 1 are \Recent for this session.
  WdUid first_unseen;  // 0 when all are seen.
} WdMailboxState;

void wd_mailbox_state_free (WdMailboxState *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMailboxState, wd_mailbox_state_free)

// All mailboxes of the owner, sorted by path with INBOX first, with their counters.
// Returns (transfer full) (element-type WdMailboxInfo).
GPtrArray *wd_store_list_mailboxes (WdStore *store,
                                    const WdActor *actor,
                                    GCancellable *cancellable,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Subscribed paths, those without a mailbox included (RFC 3501 6.3.6), sorted.
GPtrArray *wd_store_list_subscriptions (WdStore *store,
                                        const WdActor *actor,
                                        GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// By path. Returns TRUE and NULL in `out_info` when there is none. O(1) in messages. Whether it has
// children may be left open.
gboolean wd_store_find_mailbox (WdStore *store,
                                const WdActor *actor,
                                const char *path,
                                WdMailboxInfo **out_info,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// By id. NOT_FOUND.
WdMailboxInfo *wd_store_get_mailbox (WdStore *store,
                                     const WdActor *actor,
                                     const WdId *mailbox,
                                     GCancellable *cancellable,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Creates the mailbox and the missing levels above it. EXISTS, INVALID (the path), LIMIT.
gboolean wd_store_create_mailbox (WdStore *store,
                                  const WdActor *actor,
                                  const char *path,
                                  WdSpecialUse special_use,
                                  const char *extra_json,
                                  WdId *out_id,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Renames it with all inferiors. Of INBOX (RFC 3501 6.3.5): its messages move to a new mailbox, and
// INBOX stays, empty. NOT_FOUND, EXISTS, INVALID, LIMIT.
gboolean wd_store_rename_mailbox (WdStore *store,
                                  const WdActor *actor,
                                  const WdId *mailbox,
                                  const char *new_path,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Deletes it and its messages; inferiors stay (RFC 3501 6.3.4). FORBIDDEN for INBOX.
gboolean wd_store_delete_mailbox (WdStore *store,
                                  const WdActor *actor,
                                  const WdId *mailbox,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_store_set_subscribed (WdStore *store,
                                  const WdActor *actor,
                                  const char *path,
                                  gboolean subscribed,
                                  GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_store_set_mailbox_extra (WdStore *store,
                                     const WdActor *actor,
                                     const WdId *mailbox,
                                     const char *extra_json,
                                     GCancellable *cancellable,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The state that a session starts from. `claim_recent`: SELECT, not EXAMINE. O(runs) in messages.
WdMailboxState *wd_store_select_mailbox (WdStore *store,
                                         const WdActor *actor,
                                         const WdId *mailbox,
                                         gboolean claim_recent,
                                         GCancellable *cancellable,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// What happened after `since`: the journal, added up. A message added and expunged again after
// `since` is in neither set.
typedef struct
{
  WdModseq highest_modseq;
  WdUid uidnext;
  WdUidSet *added;      // UIDs that did not exist at `since`.
  WdUidSet *changed;    // UIDs that did, whose flags changed.
  WdUidSet *expunged;   // UIDs that did, and are gone.
  gboolean is_complete; // FALSE: the journal does not reach back to `since`; select anew, or, for
                        // QRESYNC, take `expunged` as "all that the client knows and that is not
                        // there".
  gboolean is_gone;     // The mailbox was deleted.
  WdUid first_recent;   // As in WdMailboxState, of the added ones; claimed when asked for.
  GPtrArray *keywords;  // (nullable): set when there are more than `n_keywords_known`.
} WdMailboxChanges;

void wd_mailbox_changes_free (WdMailboxChanges *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMailboxChanges, wd_mailbox_changes_free)

// O(changes). Cheap when nothing happened: one row is read.
WdMailboxChanges *wd_store_list_changes (WdStore *store,
                                         const WdActor *actor,
                                         const WdId *mailbox,
                                         WdModseq since,
                                         gboolean claim_recent,
                                         guint n_keywords_known,
                                         GCancellable *cancellable,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The bits of these keywords in the owner's mailboxes; those not known are made when `create`, else
// left out. LIMIT past WD_LIMIT_KEYWORDS, INVALID for what is no flag-keyword.
gboolean wd_store_intern_keywords (WdStore *store,
                                   const WdActor *actor,
                                   const WdId *mailbox,
                                   const char *const *names,
                                   gboolean create,
                                   WdFlags *out_mask,
                                   GCancellable *cancellable,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  guint64 used_bytes;
  guint64 limit_bytes; // 0: none.
  guint64 n_messages;
} WdQuota;

gboolean wd_store_get_quota (WdStore *store,
                             const WdActor *actor,
                             WdQuota *out_quota,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
