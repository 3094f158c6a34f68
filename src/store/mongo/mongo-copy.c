// SPDX-License-Identifier: EUPL-1.2
// Copy and move. A copy is appended like any message, in batches; a move is a copy, and then an
// expunge: a crash in between leaves messages in both mailboxes, and never in none.
#include "config.h"

#include "core-clock.h"
#include "mongo-expunge.h"
#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "mongo-quota.h"

// One round trip of inserts holds at most so much.
#define BATCH_DOCS 1000
// So many are read in one: they are kept until they are in order.
#define READ_DOCS 250
#define BATCH_BYTES (8 * 1024 * 1024)

typedef struct
{
  WdStore *store;
  WdMongoCall *call;
  const WdId *owner;
  const WdId *source;
  const WdId *target;
  // Of what is to be copied, as it was found.
  WdUidSet *found;
  GHashTable *blobs; // Once it is copied: those that were not needed.
  guint n_found;
  gint64 size_bytes;
  // While it is copied.
  WdMongoDelta delta;
  WdMongoOp op;
  WdUidSet *done;
  GPtrArray *batch;
  gsize batch_bytes;
  guint n_done;
  gint64 now_ms;
  WdProgressFunc progress; // (nullable)
  gpointer user_data;
} Copy;

static gboolean
note_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Copy *self = user_data;

  wd_uidset_add (self->found, (WdUid) wd_mongo_bson_get_int (doc, "uid", 0));
  wd_mongo_prepare_count_blobs (doc, self->blobs);
  self->n_found++;
  self->size_bytes += wd_mongo_bson_get_int (doc, "size", 0);
  return TRUE;
}

static gboolean
find (Copy *self, const WdUidSet *visible, GError **error)
{
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "size",
                  BCON_INT32 (1), "magic", BCON_INT32 (1), "mimeTree.attachmentMap", BCON_INT32 (1),
                  "}", "batchSize", BCON_INT32 (5000));

  return wd_mongo_message_find (self->call, self->source, visible, NULL, options, note_doc, self,
                                error);
}

// The id of the message stays that of the first (RFC 8474: what a copy is of), the save date is
// now, the internal date stays (RFC 3501 6.4.7).
static bson_t *
make_copy (const Copy *self, const bson_t *doc)
{
  WdId id = wd_mongo_pending_get_message (&self->op, self->n_done);
  WdId first = wd_mongo_bson_get_id (doc, "_id");
  bson_t *copy = bson_new ();
  bson_t own, old_own;
  bson_iter_t iter;

  wd_mongo_bson_add_id (copy, "_id", &id);
  wd_mongo_bson_add_id (copy, "mailbox", self->target);
  BSON_APPEND_INT64 (copy, "uid", self->op.first_uid + self->n_done);
  BSON_APPEND_INT64 (copy, "modseq", self->op.modseq);
  bson_copy_to_excluding_noinit (doc, copy, "_id", "mailbox", "uid", "modseq", "wd", NULL);
  BSON_APPEND_DOCUMENT_BEGIN (copy, "wd", &own);
  BSON_APPEND_INT64 (&own, "m0", self->op.modseq);
  wd_mongo_bson_add_id (&own, "b", self->target);
  BSON_APPEND_DATE_TIME (&own, "s", self->now_ms);
  if (bson_iter_init_find (&iter, doc, "wd") && BSON_ITER_HOLDS_DOCUMENT (&iter))
    {
      const guint8 *data;
      guint32 len;

      bson_iter_document (&iter, &len, &data);
      if (bson_init_static (&old_own, data, len))
        bson_copy_to_excluding_noinit (&old_own, &own, "m0", "b", "s", "x", NULL);
    }
  if (!bson_has_field (&own, "id"))
    wd_mongo_bson_add_id (&own, "id", &first);
  bson_append_document_end (copy, &own);
  return copy;
}

static gboolean
flush (Copy *self, GError **error)
{
  gint64 n_there;

  if (self->batch->len == 0)
    return TRUE;
  if (!wd_mongo_call_insert_many (self->call, WD_MONGO_MESSAGES, self->batch, &n_there, error))
    return FALSE;
  // Somebody took this operation for dead.
  if (n_there > 0)
    return wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "the database was too slow", error);
  if (wd_mongo_store_is_beside (self->store)
      && !wd_mongo_journal_add_new (self->call, &self->op, self->batch, error))
    return FALSE;
  g_ptr_array_set_size (self->batch, 0);
  self->batch_bytes = 0;
  if (self->progress != NULL)
    self->progress (self->n_done, self->user_data);
  return TRUE;
}

// What is copied keeps its references.
static void
count_needed (Copy *self, const bson_t *doc)
{
  g_autoptr (GHashTable) needed = wd_mongo_blob_counts_new ();
  GHashTableIter iter;
  gpointer sha, value;

  wd_mongo_prepare_count_blobs (doc, needed);
  g_hash_table_iter_init (&iter, needed);
  while (g_hash_table_iter_next (&iter, &sha, &value))
    {
      const WdMongoBlobCount *count = value;

      wd_mongo_blob_counts_add (self->blobs, sha, -count->c, -count->m);
    }
}

static gboolean
copy_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Copy *self = user_data;
  bson_t *copy;

  copy = make_copy (self, doc);
  self->n_done++;
  self->delta.n++;
  self->delta.unseen += wd_mongo_bson_get_bool (doc, "unseen");
  self->delta.deleted += !wd_mongo_bson_get_bool (doc, "undeleted");
  self->delta.size_bytes += wd_mongo_bson_get_int (doc, "size", 0);
  count_needed (self, doc);
  wd_uidset_add (self->done, (WdUid) wd_mongo_bson_get_int (doc, "uid", 0));
  self->batch_bytes += copy->len;
  g_ptr_array_add (self->batch, copy);
  return (self->batch->len < BATCH_DOCS && self->batch_bytes < BATCH_BYTES) || flush (self, error);
}

static gboolean
write_copies (Copy *self, GError **error)
{
  g_autoptr (bson_t) options = BCON_NEW ("batchSize", BCON_INT32 (READ_DOCS));
  gboolean is_ended;

  self->now_ms = wd_core_clock_now_us () / 1000;
  if (!wd_mongo_pending_begin (self->call, self->owner, self->target, WD_MONGO_PENDING_ADD,
                               self->n_found, NULL, &self->op, error)
      || !wd_mongo_message_find (self->call, self->source, self->found, NULL, options, copy_doc,
                                 self, error)
      || !flush (self, error))
    return FALSE;
  if (!wd_mongo_pending_finish (self->call, &self->op, WD_MONGO_PENDING_ADD, &self->delta,
                                &is_ended, error))
    return FALSE;
  wd_mongo_store_notify (self->store, WD_BEACON_MAILBOX, self->owner, self->target);
  return TRUE;
}

// As an append: blobs, quota, messages. What was expunged meanwhile is given back.
static gboolean
copy_found (Copy *self, gboolean move, GError **error)
{
  if (!wd_mongo_blob_refer (self->call, self->blobs, 1, error))
    return FALSE;
  if (!move && !wd_mongo_quota_take (self->store, self->call, self->owner, self->size_bytes, error))
    {
      (void) !wd_mongo_blob_refer (self->call, self->blobs, -1, NULL);
      return FALSE;
    }
  return write_copies (self, error)
         && (self->n_done == self->n_found
             || (wd_mongo_blob_refer (self->call, self->blobs, -1, error)
                 && (move
                     || wd_mongo_quota_give_back (self->call, self->owner,
                                                  self->size_bytes - self->delta.size_bytes,
                                                  error))));
}

static gboolean
load_prefixed (
    Copy *self, const char *prefix, const WdId *id, WdMongoMailbox *out_mailbox, GError **error)
{
  if (wd_mongo_mailbox_load (self->store, self->call, self->owner, id, NULL, out_mailbox, error))
    return TRUE;
  g_prefix_error (error, "%s: ", prefix);
  return FALSE;
}

static gboolean
remove_source (Copy *self, GError **error)
{
  g_auto (WdMongoMailbox) source = { 0 };
  g_autoptr (WdUidSet) gone = NULL;
  gint64 modseq, size_bytes;

  // What another has expunged was given back by them, and is here all the same.
  return load_prefixed (self, "source", self->source, &source, error)
         && wd_mongo_expunge_run (self->store, self->call, self->owner, &source, self->done, FALSE,
                                  &gone, &modseq, &size_bytes, error)
         && wd_mongo_quota_give_back (self->call, self->owner, size_bytes - self->delta.size_bytes,
                                      error);
}

gboolean
wd_mongo_copy_messages (WdStore *store,
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
                        GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoMailbox) source_row = { 0 };
  g_auto (WdMongoMailbox) target_row = { 0 };
  g_autoptr (WdUidSet) visible = wd_uidset_copy (uids);
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (WdUidSet) done = wd_uidset_new ();
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  Copy copy = {
    .store = store,
    .call = &call,
    .owner = &actor->owner,
    .source = source,
    .target = target,
    .found = found,
    .blobs = blobs,
    .done = done,
    .batch = batch,
    .progress = progress,
    .user_data = user_data,
  };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !load_prefixed (&copy, "source", source, &source_row, error)
      || !load_prefixed (&copy, "target", target, &target_row, error))
    return FALSE;
  wd_uidset_remove_range (visible, (WdUid) source_row.uidnext, G_MAXUINT32);
  if (!find (&copy, visible, error) || (copy.n_found > 0 && !copy_found (&copy, move, error))
      || (move && copy.n_done > 0 && !remove_source (&copy, error)))
    return FALSE;

  *out_source = g_steal_pointer (&done);
  *out_target = copy.n_done == 0
                    ? wd_uidset_new ()
                    : wd_uidset_new_range ((WdUid) copy.op.first_uid,
                                           (WdUid) (copy.op.first_uid + copy.n_done - 1));
  *out_uidvalidity = (guint32) target_row.uidvalidity;
  return TRUE;
}
