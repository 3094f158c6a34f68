// SPDX-License-Identifier: EUPL-1.2
// Expunging: what goes is read, an operation begun that names it, the messages deleted, the
// journal written, the operation ended. Who finds it half done ends it the same way.
#include "config.h"

#include "mongo-expunge.h"

#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "mongo-quota.h"

typedef struct
{
  WdUidSet *uids;
  GArray *gone; // (element-type WdMongoGone)
  GHashTable *blobs;
  WdMongoDelta delta;
} Removal;

static gboolean
note_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Removal *self = user_data;
  WdMongoGone gone = {
    .uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0),
    .message = wd_mongo_bson_get_id (doc, "_id"),
    .created = wd_mongo_bson_get_int (doc, "wd.m0", 0),
    .unseen = wd_mongo_bson_get_bool (doc, "unseen"),
  };

  wd_uidset_add (self->uids, gone.uid);
  g_array_append_val (self->gone, gone);
  wd_mongo_prepare_count_blobs (doc, self->blobs);
  self->delta.n--;
  self->delta.unseen -= gone.unseen;
  self->delta.deleted -= !wd_mongo_bson_get_bool (doc, "undeleted");
  self->delta.size_bytes -= wd_mongo_bson_get_int (doc, "size", 0);
  return TRUE;
}

static bson_t *
make_condition (gboolean only_deleted)
{
  return only_deleted ? BCON_NEW ("undeleted", BCON_BOOL (FALSE)) : bson_new ();
}

static gboolean
delete_docs (WdMongoCall *call,
             const WdId *mailbox,
             const WdUidSet *uids,
             gboolean only_deleted,
             gint64 *out_n,
             GError **error)
{
  g_autoptr (bson_t) more = make_condition (only_deleted);
  WdMongoPieces pieces;
  bson_t *next;

  *out_n = 0;
  wd_mongo_message_begin (&pieces, mailbox, uids);
  while ((next = wd_mongo_message_next (&pieces, more)) != NULL)
    {
      g_autoptr (bson_t) filter = next;
      gint64 n;

      if (!wd_mongo_call_delete (call, WD_MONGO_MESSAGES, filter, WD_MONGO_MANY, &n, error))
        return FALSE;
      *out_n += n;
    }
  return TRUE;
}

static gboolean
note_left (const bson_t *doc, gpointer user_data, GError **error)
{
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);

  wd_uidset_remove_range (user_data, uid, uid);
  return TRUE;
}

// Another was at the same messages: some are left, and of the others it is not known who has
// deleted them. The counters are made anew, and blobs and quota left to the checker.
static gboolean
forget_sums (Removal *self, WdMongoCall *call, const WdId *mailbox, GError **error)
{
  g_autoptr (WdUidSet) all = wd_uidset_copy (self->uids);
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}");
  guint kept = 0;

  self->delta = (WdMongoDelta){ .is_unknown = TRUE };
  g_hash_table_remove_all (self->blobs);
  if (!wd_mongo_message_find (call, mailbox, all, NULL, options, note_left, self->uids, error))
    return FALSE;
  for (guint i = 0; i < self->gone->len; i++)
    {
      WdMongoGone gone = g_array_index (self->gone, WdMongoGone, i);

      if (wd_uidset_has (self->uids, gone.uid))
        g_array_index (self->gone, WdMongoGone, kept++) = gone;
    }
  g_array_set_size (self->gone, kept);
  return TRUE;
}

static gboolean
run (Removal *self,
     WdMongoCall *call,
     const WdId *owner,
     const WdId *mailbox,
     gboolean only_deleted,
     gboolean is_moved,
     gint64 *out_modseq,
     GError **error)
{
  gint64 size_bytes = -self->delta.size_bytes, n_expected = self->gone->len, n;
  gboolean is_ended;
  WdMongoOp op;

  if (!wd_mongo_pending_begin (call, owner, mailbox, WD_MONGO_PENDING_EXPUNGE, 0, self->uids, &op,
                               error)
      || !delete_docs (call, mailbox, self->uids, only_deleted, &n, error))
    return FALSE;
  if (n != n_expected)
    {
      if (!forget_sums (self, call, mailbox, error))
        return FALSE;
      size_bytes = 0;
    }
  *out_modseq = op.modseq;
  return wd_mongo_journal_add (call, &op, (const WdMongoGone *) (gpointer) self->gone->data,
                               self->gone->len, error)
         && wd_mongo_pending_finish (call, &op, WD_MONGO_PENDING_EXPUNGE, &self->delta, &is_ended,
                                     error)
         && (is_moved || wd_mongo_quota_give_back (call, owner, size_bytes, error))
         && wd_mongo_blob_refer (call, self->blobs, -1, error);
}

gboolean
wd_mongo_expunge_run (WdStore *store,
                      WdMongoCall *call,
                      const WdId *owner,
                      WdMongoMailbox *mailbox,
                      const WdUidSet *uids,
                      gboolean only_deleted,
                      gboolean is_moved,
                      WdUidSet **out_uids,
                      gint64 *out_modseq,
                      GError **error)
{
  g_autoptr (bson_t) more = make_condition (only_deleted);
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "uid", BCON_INT32 (1), "size", BCON_INT32 (1), "unseen",
                  BCON_INT32 (1), "undeleted", BCON_INT32 (1), "wd.m0", BCON_INT32 (1), "wd.f",
                  BCON_INT32 (1), "}", "batchSize", BCON_INT32 (5000));
  g_autoptr (WdUidSet) visible
      = uids != NULL ? wd_uidset_copy (uids) : wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (WdMongoGone));
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  Removal removal = { .uids = found, .gone = gone, .blobs = blobs };

  wd_uidset_remove_range (visible, (WdUid) mailbox->uidnext, G_MAXUINT32);
  *out_modseq = mailbox->modseq;
  if (!wd_mongo_message_find (call, &mailbox->id, visible, more, options, note_doc, &removal, error)
      || (gone->len > 0
          && !run (&removal, call, owner, &mailbox->id, only_deleted, is_moved, out_modseq, error)))
    return FALSE;
  if (gone->len > 0)
    wd_mongo_store_notify (store, WD_BEACON_MAILBOX, owner, &mailbox->id);
  *out_uids = g_steal_pointer (&found);
  return TRUE;
}

gboolean
wd_mongo_expunge_messages (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdUidSet *uids,
                           gboolean force,
                           WdUidSet **out_expunged,
                           WdModseq *out_modseq,
                           GCancellable *cancellable,
                           GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoMailbox) row = { 0 };
  g_autoptr (WdUidSet) expunged = NULL;
  gint64 modseq;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error)
      || !wd_mongo_expunge_run (store, &call, &actor->owner, &row, uids, !(force && uids != NULL),
                                FALSE, &expunged, &modseq, error))
    return FALSE;
  if (out_expunged != NULL)
    *out_expunged = g_steal_pointer (&expunged);
  if (out_modseq != NULL)
    *out_modseq = (WdModseq) modseq;
  return TRUE;
}
