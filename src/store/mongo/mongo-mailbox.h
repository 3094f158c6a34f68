// SPDX-License-Identifier: EUPL-1.2
// A mailbox's document, as far as it may be shown by now.
#pragma once

#include "mongo-store-private.h"

typedef struct
{
  WdId id;
  char *path;
  gint64 uidvalidity;
  gint64 uidnext; // Of what may be shown.
  gint64 modseq;  // Of what may be shown.
  gint64 first_recent;
  gint64 n;
  gint64 unseen;
  gint64 deleted;
  gint64 size_bytes;
  gint64 last_expunge; // Modseq.
  gint64 modify_index; // As it is in the document.
  gint64 n_own;        // Of its increments, those of this program.
  guint n_pending;
  gboolean has_counters; // n, unseen, deleted and size_bytes are right.
  bson_t *doc;
} WdMongoMailbox;

void wd_mongo_mailbox_clear (WdMongoMailbox *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdMongoMailbox, wd_mongo_mailbox_clear)

// Reads `doc`, which is copied.
void wd_mongo_mailbox_init (WdMongoMailbox *self, const bson_t *doc);

// Mailboxes of WildDuck's begin with a modseq of 0. Shown as the 1 that clients need (RFC
// 7162 3.1), it would hide the first change, so it becomes one before it is shown. `out_is_raised`:
// it has, and `doc` is an old one.
gboolean wd_mongo_mailbox_raise (WdMongoCall *call,
                                 const WdId *owner,
                                 const bson_t *doc,
                                 gboolean *out_is_raised,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Reads the mailbox with this id or, with `id` NULL, this path. Ends what others have left undone.
// NOT_FOUND. One round trip when nothing was left undone.
gboolean wd_mongo_mailbox_load (WdStore *store,
                                WdMongoCall *call,
                                const WdId *owner,
                                const WdId *id,
                                const char *path,
                                WdMongoMailbox *out_mailbox,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Counts anew where the counters are not to be trusted: another program changed the mailbox, or an
// operation was left undone. No round trip where they are.
gboolean wd_mongo_mailbox_count (WdMongoCall *call, WdMongoMailbox *self, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Saves the counters, if nothing has happened since the document was read.
gboolean wd_mongo_mailbox_save_counters (WdMongoCall *call,
                                         const WdMongoMailbox *self,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// As the store shows it, without has_children.
gboolean wd_mongo_mailbox_get_info (WdMongoCall *call,
                                    WdMongoMailbox *self,
                                    WdMailboxInfo **out_info,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Takes what is \Recent: TRUE in `out_is_mine` when nobody was faster.
gboolean wd_mongo_mailbox_claim_recent (WdMongoCall *call,
                                        const WdMongoMailbox *self,
                                        gboolean *out_is_mine,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The UIDs that may be shown. Returns (transfer full).
WdUidSet *wd_mongo_mailbox_list_uids (WdMongoCall *call, WdMongoMailbox *self, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
