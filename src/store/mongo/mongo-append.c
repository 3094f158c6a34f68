// SPDX-License-Identifier: EUPL-1.2
// Putting messages into a mailbox: four round trips, and one for each large part that is there
// already. docs/durability.md says what a crash between any two leaves.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-expunge.h"
#include "mongo-import.h"
#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-prepare.h"
#include "mongo-quota.h"
#include "mongo-thread.h"

#define MAX_TRIES 3

// The message that goes when the one that is appended has come.
typedef struct
{
  const WdId *mailbox;
  WdUid uid;
  WdMongoOp op;
  gint64 size_bytes;
  gint64 taken_bytes; // Of the quota.
} Replaced;

// What is being appended.
typedef struct
{
  WdStore *store;
  WdMongoCall *call;
  const WdId *owner;
  const WdId *mailbox;
  const WdAppend *items;
  const WdImport *imports; // (nullable): the numbers that the items already have.
  guint n_items;
  WdMongoPrepared **prepared;
  const WdId *threads; // One each; NULL: each message is its own.
  Replaced *replaced;  // (nullable)
  GHashTable *blobs;   // Taken so far.
  gint64 size_bytes;   // Of all.
  WdMongoDelta delta;
} Append;

static gint64
get_size (const WdAppend *item)
{
  return (gint64) wd_incoming_get_size_bytes (item->incoming)
         + (item->prefix == NULL ? 0 : (gint64) strlen (item->prefix));
}

static WdId
get_key (const Append *self, guint i, const WdMongoOp *op)
{
  return self->imports != NULL ? wd_mongo_import_get_message (self->mailbox, self->imports[i].uid)
                               : wd_mongo_pending_get_message (op, i);
}

static gint64
get_modseq (const Append *self, guint i, const WdMongoOp *op)
{
  return self->imports != NULL ? (gint64) self->imports[i].modseq : op->modseq;
}

// The fields of our own.
static void
add_own (bson_t *doc, const Append *self, guint i, const WdMongoOp *op, gint64 now_ms)
{
  const WdAppend *item = &self->items[i];
  WdId id = self->imports != NULL ? self->imports[i].id : wd_mongo_pending_get_message (op, i);
  gint32 sent_day;
  gint64 sent_ms;
  bson_t own;

  BSON_APPEND_DOCUMENT_BEGIN (doc, "wd", &own);
  wd_mongo_bson_add_id (&own, "id", &id);
  BSON_APPEND_INT64 (&own, "m0", get_modseq (self, i, op));
  wd_mongo_bson_add_id (&own, "b", self->mailbox);
  BSON_APPEND_INT32 (&own, "z", item->zone_minutes);
  BSON_APPEND_DATE_TIME (&own, "s", self->imports != NULL ? self->imports[i].save_date_ms : now_ms);
  if (wd_mime_tree_get_sent (wd_incoming_get_tree (item->incoming), &sent_day, &sent_ms))
    BSON_APPEND_INT32 (&own, "sd", sent_day);
  else
    BSON_APPEND_NULL (&own, "sd");
  if (item->prefix != NULL)
    wd_mongo_bson_add_binary (&own, "prefix", item->prefix, strlen (item->prefix));
  wd_mongo_prepare_add (self->prepared[i], &own);
  bson_append_document_end (doc, &own);
}

static void
add_meta (bson_t *doc, const WdAppend *item, gint64 now_ms)
{
  bson_t meta;

  BSON_APPEND_DOCUMENT_BEGIN (doc, "meta", &meta);
  BSON_APPEND_UTF8 (&meta, "source", item->prefix != NULL ? "MX" : "IMAP");
  BSON_APPEND_DATE_TIME (&meta, "time", now_ms);
  bson_append_document_end (doc, &meta);
}

static bson_t *
make_doc (
    const Append *self, guint i, const WdMongoOp *op, WdMongoKeywordList *keywords, GError **error)
{
  const WdAppend *item = &self->items[i];
  WdId id = get_key (self, i, op);
  gint64 now_ms = wd_core_clock_now_us () / 1000;
  gint32 sent_day;
  gint64 sent_ms = now_ms;
  g_autoptr (bson_t) doc = bson_new ();

  wd_mongo_bson_add_id (doc, "_id", &id);
  wd_mongo_bson_add_id (doc, "root", &id);
  wd_mongo_bson_add_id (doc, "user", self->owner);
  wd_mongo_bson_add_id (doc, "mailbox", self->mailbox);
  BSON_APPEND_INT64 (doc, "uid", self->imports != NULL ? self->imports[i].uid : op->first_uid + i);
  BSON_APPEND_INT64 (doc, "modseq", get_modseq (self, i, op));
  BSON_APPEND_DATE_TIME (doc, "idate",
                         item->internal_date_ms != 0 ? item->internal_date_ms : now_ms);
  if (!wd_mime_tree_get_sent (wd_incoming_get_tree (item->incoming), &sent_day, &sent_ms))
    sent_ms = now_ms;
  BSON_APPEND_DATE_TIME (doc, "hdate", sent_ms);
  BSON_APPEND_INT64 (doc, "size", get_size (item));
  BSON_APPEND_UTF8 (doc, "v", "1.0");
  BSON_APPEND_BOOL (doc, "exp", FALSE);
  BSON_APPEND_INT64 (doc, "rdate", now_ms);
  BSON_APPEND_BOOL (doc, "userDeleted", FALSE);
  BSON_APPEND_BOOL (doc, "copied", FALSE);
  BSON_APPEND_BOOL (doc, "searchable", TRUE);
  BSON_APPEND_INT32 (doc, "magic", 1);
  wd_mongo_bson_add_id (doc, "thread", self->threads != NULL ? &self->threads[i] : &id);
  add_meta (doc, item, now_ms);
  wd_mongo_prepare_add_view (self->prepared[i], item->prefix, doc);
  if (!wd_mongo_keyword_add_flags (keywords, doc, item->flags, error))
    return NULL;
  add_own (doc, self, i, op, now_ms);
  return g_steal_pointer (&doc);
}

static GPtrArray *
make_docs (const Append *self, const WdMongoOp *op, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_auto (WdMongoKeywordList) keywords = { 0 };

  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (self->store), self->call, self->owner,
                          &keywords);
  for (guint i = 0; i < self->n_items; i++)
    {
      bson_t *doc = make_doc (self, i, op, &keywords, error);

      if (doc == NULL)
        return NULL;
      g_ptr_array_add (docs, doc);
    }
  return g_steal_pointer (&docs);
}

// Takes out what a failure has left; what cannot be, the checker finds.
static void
remove_docs (const Append *self, const WdMongoOp *op)
{
  for (guint i = 0; i < self->n_items; i++)
    {
      WdId id = wd_mongo_pending_get_message (op, i);
      g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&id)));

      (void) !wd_mongo_call_delete (self->call, WD_MONGO_MESSAGES, filter, WD_MONGO_ONE, NULL,
                                    NULL);
    }
}

// The entry is gone: either somebody found the messages there and let them be seen, or the mailbox
// is gone with it.
static gboolean
check_mailbox (const Append *self, const WdMongoOp *op, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (self->mailbox)));
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (self->call, WD_MONGO_MAILBOXES, filter, NULL, &doc, error))
    return FALSE;
  if (doc != NULL)
    return TRUE;
  remove_docs (self, op);
  return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such mailbox", error);
}

static void
undo_replaced (const Append *self)
{
  Replaced *replaced = self->replaced;

  if (replaced == NULL)
    return;
  wd_mongo_expunge_undo_replaced (self->call, &replaced->op, replaced->uid);
  (void) !wd_mongo_quota_give_back (self->call, self->owner, replaced->taken_bytes, NULL);
  replaced->taken_bytes = 0;
}

// The old one is marked, and how much more the new one takes is taken from the quota, before it is
// written: whether it is there then decides.
static gboolean
begin_replaced (const Append *self, const WdMongoOp *op, GError **error)
{
  Replaced *replaced = self->replaced;
  const WdId message = wd_mongo_pending_get_message (op, 0);
  const WdMongoDelta none = { 0 };
  gboolean is_ended;

  if (replaced == NULL)
    return TRUE;
  if (wd_mongo_expunge_begin_replaced (self->call, self->owner, replaced->mailbox, replaced->uid,
                                       &message, &replaced->op, &replaced->size_bytes, error))
    {
      gint64 more_bytes = self->size_bytes - replaced->size_bytes;

      if (more_bytes <= 0
          || wd_mongo_quota_take (self->store, self->call, self->owner, more_bytes, error))
        {
          replaced->taken_bytes = MAX (more_bytes, 0);
          return TRUE;
        }
      undo_replaced (self);
    }
  (void) !wd_mongo_pending_finish (self->call, op, WD_MONGO_PENDING_ADD, &none, &is_ended, NULL);
  return FALSE;
}

static gboolean
finish_replaced (const Append *self, GError **error)
{
  Replaced *replaced = self->replaced;

  if (replaced == NULL)
    return TRUE;
  if (!wd_mongo_expunge_finish_replaced (self->call, &replaced->op, replaced->uid, error))
    return FALSE;
  // Should this fail, the checker finds the difference.
  if (replaced->size_bytes > self->size_bytes)
    (void) !wd_mongo_quota_give_back (self->call, self->owner,
                                      replaced->size_bytes - self->size_bytes, NULL);
  return TRUE;
}

// One try. `out_is_fenced`: another took this operation for dead before it wrote its messages, and
// none of them can be seen.
static gboolean
run_once (Append *self, WdMongoOp *out_op, gboolean *out_is_fenced, GError **error)
{
  g_autoptr (GPtrArray) docs = NULL;
  gboolean is_ended;
  gint64 n_there = 0;

  *out_is_fenced = FALSE;
  if (!wd_mongo_pending_begin (self->call, self->owner, self->mailbox, WD_MONGO_PENDING_ADD,
                               self->n_items, NULL, out_op, error)
      || !begin_replaced (self, out_op, error) || (docs = make_docs (self, out_op, error)) == NULL
      || !wd_mongo_call_insert_many (self->call, WD_MONGO_MESSAGES, docs, &n_there, error))
    return FALSE;
  if (n_there > 0)
    {
      undo_replaced (self);
      *out_is_fenced = n_there == self->n_items;
      return *out_is_fenced
             || wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "the database was too slow", error);
    }
  if (wd_mongo_store_is_beside (self->store)
      && !wd_mongo_journal_add_new (self->call, out_op, docs, error))
    return FALSE;
  // The old one first: in the same mailbox both are seen at once.
  if (!finish_replaced (self, error))
    return FALSE;
  return wd_mongo_pending_finish (self->call, out_op, WD_MONGO_PENDING_ADD, &self->delta, &is_ended,
                                  error)
         && (!is_ended || check_mailbox (self, out_op, error));
}

static gboolean
run (Append *self, WdMongoOp *out_op, GError **error)
{
  gboolean is_fenced = TRUE;

  for (guint i = 0; is_fenced && i < MAX_TRIES; i++)
    if (!run_once (self, out_op, &is_fenced, error))
      return FALSE;
  return !is_fenced
         || wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "the database was too slow", error);
}

// The compressing and hashing, before anything is written.
static gboolean
prepare (Append *self, GError **error)
{
  self->delta.n = self->n_items;
  for (guint i = 0; i < self->n_items; i++)
    {
      const WdAppend *item = &self->items[i];

      self->prepared[i] = wd_mongo_prepare_message (item->incoming,
                                                    wd_mongo_store_is_shared (self->store), error);
      if (self->prepared[i] == NULL)
        return FALSE;
      self->size_bytes += get_size (item);
      self->delta.unseen += (item->flags & WD_FLAG_SEEN) == 0;
      self->delta.deleted += (item->flags & WD_FLAG_DELETED) != 0;
    }
  self->delta.size_bytes = self->size_bytes;
  return TRUE;
}

static gboolean
put_blobs (const Append *self, GError **error)
{
  for (guint i = 0; i < self->n_items; i++)
    if (!wd_mongo_prepare_put_blobs (self->prepared[i], self->call, self->blobs, error))
      return FALSE;
  return TRUE;
}

// For WildDuck alone, and so only beside it: a thread that no message is in does no harm.
static gboolean
find_threads (Append *self, WdId *threads, GError **error)
{
  for (guint i = 0; i < self->n_items; i++)
    if (!wd_mongo_thread_find (self->call, self->owner,
                               wd_mongo_prepare_get_mime (self->prepared[i]), &threads[i], error))
      return FALSE;
  self->threads = threads;
  return TRUE;
}

// Blobs, quota, messages, in this order: what a crash leaves is counted too high and never too low.
static gboolean
write_all (Append *self, WdMongoOp *out_op, GError **error)
{
  gboolean has_quota = FALSE;

  if (put_blobs (self, error)
      && (has_quota
          = self->replaced != NULL
            || wd_mongo_quota_take (self->store, self->call, self->owner, self->size_bytes, error))
      && run (self, out_op, error))
    return TRUE;
  // Best effort, for the checker finds what is left. Where it is not known whether the messages
  // were written, what they need stays.
  if (error != NULL && *error != NULL
      && !g_error_matches (*error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE)
      && !g_error_matches (*error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY))
    {
      (void) !wd_mongo_blob_refer (self->call, self->blobs, -1, NULL);
      if (has_quota && self->replaced == NULL)
        (void) !wd_mongo_quota_give_back (self->call, self->owner, self->size_bytes, NULL);
    }
  return FALSE;
}

static gboolean
append_all (WdStore *store,
            const WdActor *actor,
            const WdId *mailbox,
            const WdAppend *items,
            guint n_items,
            Replaced *replaced,
            WdAppended *outs,
            guint32 *out_uidvalidity,
            GCancellable *cancellable,
            GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree WdMongoPrepared **prepared = g_new0 (WdMongoPrepared *, MAX (n_items, 1));
  g_autofree WdId *threads = g_new0 (WdId, MAX (n_items, 1));
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  g_autoptr (GError) failure = NULL;
  Append append = {
    .store = store,
    .call = &call,
    .owner = &actor->owner,
    .mailbox = mailbox,
    .items = items,
    .n_items = n_items,
    .prepared = prepared,
    .replaced = replaced,
    .blobs = blobs,
  };
  WdMongoOp op;

  if (!prepare (&append, error)
      || !wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return FALSE;
  if (wd_mongo_store_is_beside (store) && !find_threads (&append, threads, error))
    return FALSE;
  if (!write_all (&append, &op, &failure))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  for (guint i = 0; i < n_items; i++)
    outs[i] = (WdAppended){
      .id = wd_mongo_pending_get_message (&op, i),
      .uid = (WdUid) (op.first_uid + i),
    };
  *out_uidvalidity = (guint32) op.uidvalidity;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOX, &actor->owner, mailbox);
  return TRUE;
}

gboolean
wd_mongo_append_messages (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdAppend *items,
                          guint n_items,
                          WdAppended *outs,
                          guint32 *out_uidvalidity,
                          GCancellable *cancellable,
                          GError **error)
{
  return append_all (store, actor, mailbox, items, n_items, NULL, outs, out_uidvalidity,
                     cancellable, error);
}

gboolean
wd_mongo_append_replacement (WdStore *store,
                             const WdActor *actor,
                             const WdId *source,
                             WdUid uid,
                             const WdId *target,
                             const WdAppend *item,
                             WdAppended *out_appended,
                             guint32 *out_uidvalidity,
                             GCancellable *cancellable,
                             GError **error)
{
  Replaced replaced = { .mailbox = source, .uid = uid };

  if (!append_all (store, actor, target, item, 1, &replaced, out_appended, out_uidvalidity,
                   cancellable, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOX, &actor->owner, source);
  return TRUE;
}

// Blobs, quota, messages, in this order, and then the mailbox's next UID, from which on they are
// seen. What a crash leaves is found by its UID when it is tried again.
static gboolean
insert_imports (Append *self, GError **error)
{
  const WdMongoOp none = { 0 };
  g_autoptr (GPtrArray) docs = NULL;
  gint64 n_there;

  return prepare (self, error) && put_blobs (self, error)
         && wd_mongo_quota_give_back (self->call, self->owner, -self->size_bytes, error)
         && (docs = make_docs (self, &none, error)) != NULL
         && wd_mongo_call_insert_many (self->call, WD_MONGO_MESSAGES, docs, &n_there, error);
}

// Those that are not there yet.
static guint
choose (const WdImport *items,
        guint n_items,
        const WdUidSet *found,
        WdImport *imports,
        WdAppend *appends)
{
  guint n = 0;

  for (guint i = 0; i < n_items; i++)
    {
      if (items[i].incoming == NULL || wd_uidset_has (found, items[i].uid))
        continue;
      imports[n] = items[i];
      appends[n++] = (WdAppend){
        .incoming = items[i].incoming,
        .flags = items[i].flags,
        .internal_date_ms = items[i].internal_date_ms,
        .zone_minutes = items[i].zone_minutes,
      };
    }
  return n;
}

static gboolean
import_all (Append *self, const WdImport *items, guint n_items, GError **error)
{
  g_auto (WdMongoMailbox) row = { 0 };
  g_autoptr (WdUidSet) found = NULL;
  g_autofree WdImport *imports = g_new0 (WdImport, n_items);
  g_autofree WdAppend *appends = g_new0 (WdAppend, n_items);
  g_autofree WdMongoPrepared **prepared = g_new0 (WdMongoPrepared *, n_items);
  WdUid last = items[n_items - 1].uid;
  WdModseq modseq = 0;

  for (guint i = 0; i < n_items; i++)
    modseq = MAX (modseq, items[i].modseq);
  if (!wd_mongo_mailbox_load (self->store, self->call, self->owner, self->mailbox, NULL, &row,
                              error)
      || (found = wd_mongo_import_find (self->call, self->mailbox, items, n_items, error)) == NULL)
    return FALSE;
  self->items = appends;
  self->imports = imports;
  self->prepared = prepared;
  self->n_items = choose (items, n_items, found, imports, appends);
  return (self->n_items == 0 || insert_imports (self, error))
         && wd_mongo_import_flags (self->store, self->call, self->owner, self->mailbox, items,
                                   n_items, error)
         && wd_mongo_import_save (self->call, &row, (gint64) last + 1, (gint64) modseq, error);
}

gboolean
wd_mongo_append_imported (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdImport *items,
                          guint n_items,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  Append append = {
    .store = store,
    .call = &call,
    .owner = &actor->owner,
    .mailbox = mailbox,
    .blobs = blobs,
  };

  return wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
         && (n_items == 0 || import_all (&append, items, n_items, error));
}
