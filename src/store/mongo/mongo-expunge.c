// SPDX-License-Identifier: EUPL-1.2
// Expunging: what goes is looked for, an operation begun that names it, the messages marked as this
// operation's, read, deleted, the journal written, the operation ended. Who finds it half done ends
// it the same way.
#include "config.h"

#include "mongo-expunge.h"

#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "mongo-quota.h"
#include "mongo-schema.h"

// Candidates in one round trip.
#define FIND_BATCH 20000
// So many UIDs are asked for by themselves, whatever else is deleted.
#define NAMED_MAX 500

typedef struct
{
  const WdId *mailbox;
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
    .created = wd_mongo_message_get_created (doc, self->mailbox),
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

// What is to go.
typedef struct
{
  const WdUidSet *visible;
  WdUidSet *uids;
  GArray *ids; // (element-type WdId)
} Candidates;

static gboolean
note_candidate (const bson_t *doc, gpointer user_data, GError **error)
{
  Candidates *self = user_data;
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  WdId id = wd_mongo_bson_get_id (doc, "_id");

  if (!wd_uidset_has (self->visible, uid))
    return TRUE;
  wd_uidset_add (self->uids, uid);
  g_array_append_val (self->ids, id);
  return TRUE;
}

// Where all that is deleted goes, it is read by its own index.
static gboolean
find_candidates (
    Candidates *self, WdMongoCall *call, const WdId *mailbox, gboolean only_deleted, GError **error)
{
  g_autoptr (bson_t) filter = make_condition (only_deleted);
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "uid", BCON_INT32 (1), "}", "batchSize",
                                         BCON_INT32 (FIND_BATCH));

  if (!only_deleted || wd_uidset_get_count (self->visible) <= NAMED_MAX)
    return wd_mongo_message_find (call, mailbox, self->visible, filter, options, note_candidate,
                                  self, error);
  wd_mongo_bson_add_id (filter, "mailbox", mailbox);
  BSON_APPEND_UTF8 (options, "hint", WD_MONGO_MESSAGES_UNDELETED);
  return wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, options, note_candidate, self, error);
}

static void
add_marks_by_ids (
    WdMongoBulk *bulk, const WdMongoOp *op, GArray *ids, const bson_t *more, const bson_t *update)
{
  guint at = 0;
  bson_t *next;

  while ((next = wd_mongo_message_next_by_ids (&op->mailbox, ids, &at, more)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_MANY);
    }
}

// From here on they are this operation's: nobody else expunges them or changes their flags. `ids`
// (nullable): theirs, where they are known.
static gboolean
mark_once (WdMongoCall *call,
           const WdMongoOp *op,
           const WdUidSet *uids,
           GArray *ids,
           gboolean only_deleted,
           GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
  g_autoptr (bson_t) more = make_condition (only_deleted);
  g_autoptr (bson_t) update
      = BCON_NEW ("$set", "{", "wd.x", BCON_OID (wd_mongo_bson_oid (&op->id)), "}");
  WdMongoPieces pieces;
  bson_t *next;

  BCON_APPEND (more, "wd.x", "{", "$exists", BCON_BOOL (FALSE), "}");
  if (ids != NULL)
    {
      add_marks_by_ids (bulk, op, ids, more, update);
      return wd_mongo_call_bulk_run (bulk, NULL, error);
    }
  wd_mongo_message_begin (&pieces, &op->mailbox, uids);
  while ((next = wd_mongo_message_next (&pieces, more)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_MANY);
    }
  return wd_mongo_call_bulk_run (bulk, NULL, error);
}

// What is marked already stays so.
static gboolean
mark (WdMongoCall *call,
      const WdMongoOp *op,
      const WdUidSet *uids,
      GArray *ids,
      gboolean only_deleted,
      GError **error)
{
  for (guint i = 1; !mark_once (call, op, uids, ids, only_deleted, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

static bson_t *
make_marked (const WdMongoOp *op)
{
  return BCON_NEW ("wd.x", BCON_OID (wd_mongo_bson_oid (&op->id)));
}

static gboolean
read_marked (Removal *self,
             WdMongoCall *call,
             const WdMongoOp *op,
             const WdUidSet *uids,
             GArray *ids,
             GError **error)
{
  g_autoptr (bson_t) marked = make_marked (op);
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "uid", BCON_INT32 (1), "size", BCON_INT32 (1), "unseen",
                  BCON_INT32 (1), "undeleted", BCON_INT32 (1), "wd.m0", BCON_INT32 (1), "wd.b",
                  BCON_INT32 (1), "magic", BCON_INT32 (1), "mimeTree.attachmentMap", BCON_INT32 (1),
                  "}", "batchSize", BCON_INT32 (WD_MONGO_MESSAGE_IDS_MAX));
  guint at = 0;
  bson_t *next;

  if (ids == NULL)
    return wd_mongo_message_find (call, &op->mailbox, uids, marked, options, note_doc, self, error);
  while ((next = wd_mongo_message_next_by_ids (&op->mailbox, ids, &at, marked)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      if (!wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, options, note_doc, self, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
delete_once (WdMongoCall *call, const WdMongoOp *op, const WdUidSet *uids, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
  g_autoptr (bson_t) marked = make_marked (op);
  WdMongoPieces pieces;
  bson_t *next;

  wd_mongo_message_begin (&pieces, &op->mailbox, uids);
  while ((next = wd_mongo_message_next (&pieces, marked)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_delete (bulk, filter);
    }
  return wd_mongo_call_bulk_run (bulk, NULL, error);
}

gboolean
wd_mongo_expunge_delete (WdMongoCall *call,
                         const WdMongoOp *op,
                         const WdUidSet *uids,
                         GError **error)
{
  for (guint i = 1; !delete_once (call, op, uids, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

static gboolean
delete_gone_once (const Removal *self, WdMongoCall *call, const WdMongoOp *op, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
  g_autoptr (bson_t) marked = make_marked (op);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (WdId));
  guint at = 0;
  bson_t *next;

  for (guint i = 0; i < self->gone->len; i++)
    g_array_append_val (ids, g_array_index (self->gone, WdMongoGone, i).message);
  while ((next = wd_mongo_message_next_by_ids (&op->mailbox, ids, &at, marked)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_delete (bulk, filter);
    }
  return wd_mongo_call_bulk_run (bulk, NULL, error);
}

static gboolean
delete_gone (const Removal *self, WdMongoCall *call, const WdMongoOp *op, GError **error)
{
  for (guint i = 1; !delete_gone_once (self, call, op, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

static gint
compare_gone (gconstpointer a, gconstpointer b)
{
  WdUid one = ((const WdMongoGone *) a)->uid, two = ((const WdMongoGone *) b)->uid;

  return (one > two) - (one < two);
}

// What is marked goes, and the journal tells of it in the order of UIDs.
static gboolean
remove_marked (Removal *self,
               WdMongoCall *call,
               const WdMongoOp *op,
               const WdUidSet *uids,
               GArray *ids,
               GError **error)
{
  gboolean is_ended;

  if (!read_marked (self, call, op, uids, ids, error))
    return FALSE;
  g_array_sort (self->gone, compare_gone);
  return delete_gone (self, call, op, error)
         && wd_mongo_journal_add (call, op, (const WdMongoGone *) (gpointer) self->gone->data,
                                  self->gone->len, error)
         && wd_mongo_pending_finish (call, op, WD_MONGO_PENDING_EXPUNGE, &self->delta, &is_ended,
                                     error)
         && wd_mongo_blob_refer (call, self->blobs, -1, error);
}

static gboolean
run (Removal *self,
     WdMongoCall *call,
     const WdId *owner,
     const WdId *mailbox,
     const Candidates *candidates,
     gboolean only_deleted,
     gint64 *out_modseq,
     GError **error)
{
  WdMongoOp op;

  if (!wd_mongo_pending_begin (call, owner, mailbox, WD_MONGO_PENDING_EXPUNGE, 0, candidates->uids,
                               &op, error)
      || !mark (call, &op, candidates->uids, candidates->ids, only_deleted, error))
    return FALSE;
  *out_modseq = op.modseq;
  return remove_marked (self, call, &op, candidates->uids, candidates->ids, error);
}

gboolean
wd_mongo_expunge_run (WdStore *store,
                      WdMongoCall *call,
                      const WdId *owner,
                      WdMongoMailbox *mailbox,
                      const WdUidSet *uids,
                      gboolean only_deleted,
                      WdUidSet **out_uids,
                      gint64 *out_modseq,
                      gint64 *out_size_bytes,
                      GError **error)
{
  g_autoptr (WdUidSet) visible
      = uids != NULL ? wd_uidset_copy (uids) : wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (WdUidSet) uids_to_go = wd_uidset_new ();
  g_autoptr (GArray) ids_to_go = g_array_new (FALSE, FALSE, sizeof (WdId));
  Candidates candidates = { visible, uids_to_go, ids_to_go };
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (WdMongoGone));
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  Removal removal = { .mailbox = &mailbox->id, .uids = found, .gone = gone, .blobs = blobs };

  wd_uidset_remove_range (visible, (WdUid) mailbox->uidnext, G_MAXUINT32);
  *out_modseq = mailbox->modseq;
  if (!find_candidates (&candidates, call, &mailbox->id, only_deleted, error)
      || (!wd_uidset_is_empty (uids_to_go)
          && !run (&removal, call, owner, &mailbox->id, &candidates, only_deleted, out_modseq,
                   error)))
    return FALSE;
  // Even when others have expunged them: what they did was held back meanwhile.
  if (!wd_uidset_is_empty (uids_to_go))
    wd_mongo_store_notify (store, WD_BEACON_MAILBOX, owner, &mailbox->id);
  *out_size_bytes = -removal.delta.size_bytes;
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
  gint64 modseq, size_bytes;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error)
      || !wd_mongo_expunge_run (store, &call, &actor->owner, &row, uids, !(force && uids != NULL),
                                &expunged, &modseq, &size_bytes, error)
      || !wd_mongo_quota_give_back (&call, &actor->owner, size_bytes, error))
    return FALSE;
  if (out_expunged != NULL)
    *out_expunged = g_steal_pointer (&expunged);
  if (out_modseq != NULL)
    *out_modseq = (WdModseq) modseq;
  return TRUE;
}

gboolean
wd_mongo_expunge_release (WdMongoCall *call,
                          const WdMongoOp *op,
                          const WdUidSet *uids,
                          GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
  g_autoptr (bson_t) marked = make_marked (op);
  g_autoptr (bson_t) update = BCON_NEW ("$unset", "{", "wd.x", BCON_UTF8 (""), "}");
  WdMongoPieces pieces;
  bson_t *next;

  wd_mongo_message_begin (&pieces, &op->mailbox, uids);
  while ((next = wd_mongo_message_next (&pieces, marked)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_MANY);
    }
  return wd_mongo_call_bulk_run (bulk, NULL, error);
}

void
wd_mongo_expunge_undo_replaced (WdMongoCall *call, const WdMongoOp *op, WdUid uid)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  const WdMongoDelta none = { 0 };
  gboolean is_ended;

  (void) (!wd_mongo_expunge_release (call, op, uids, NULL)
          || !wd_mongo_pending_finish (call, op, WD_MONGO_PENDING_REPLACE, &none, &is_ended, NULL));
}

// What is marked, which is one or none.
static gboolean
find_marked (
    WdMongoCall *call, const WdMongoOp *op, const WdUidSet *uids, bson_t **out_doc, GError **error)
{
  g_autoptr (bson_t) marked = make_marked (op);
  g_autoptr (bson_t) filter = NULL;
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "size", BCON_INT32 (1), "}");
  WdMongoPieces pieces;

  wd_mongo_message_begin (&pieces, &op->mailbox, uids);
  filter = wd_mongo_message_next (&pieces, marked);
  return wd_mongo_call_find_one (call, WD_MONGO_MESSAGES, filter, options, out_doc, error);
}

gboolean
wd_mongo_expunge_begin_replaced (WdMongoCall *call,
                                 const WdId *owner,
                                 const WdId *mailbox,
                                 WdUid uid,
                                 const WdId *message,
                                 WdMongoOp *out_op,
                                 gint64 *out_size_bytes,
                                 GError **error)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_pending_begin_replace (call, owner, mailbox, uids, message, out_op, error)
      || !mark (call, out_op, uids, NULL, FALSE, error)
      || !find_marked (call, out_op, uids, &doc, error))
    return FALSE;
  if (doc == NULL)
    {
      wd_mongo_expunge_undo_replaced (call, out_op, uid);
      return wd_mongo_store_fail (WD_STORE_ERROR_EXPUNGED, "the message is gone", error);
    }
  *out_size_bytes = wd_mongo_bson_get_int (doc, "size", 0);
  return TRUE;
}

gboolean
wd_mongo_expunge_finish_replaced (WdMongoCall *call, const WdMongoOp *op, WdUid uid, GError **error)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (WdMongoGone));
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  Removal removal = { .mailbox = &op->mailbox, .uids = found, .gone = gone, .blobs = blobs };

  return remove_marked (&removal, call, op, uids, NULL, error);
}
