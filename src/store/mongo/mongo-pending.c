// SPDX-License-Identifier: EUPL-1.2
// The entries of operations in the mailbox's document.
#include "config.h"

#include "mongo-pending.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-expunge.h"
#include "mongo-journal.h"
#include "mongo-schema.h"

// Entries that are remembered. Those of one that is forgotten only stay longer.
#define MAX_SEEN 4096

struct _WdMongoPending
{
  // Guards the table; held for nothing else.
  GMutex mutex;
  GHashTable *seen; // Operation's id to when it was first seen, monotonic.
};

WdMongoPending *
wd_mongo_pending_new (void)
{
  WdMongoPending *self = g_new0 (WdMongoPending, 1);

  g_mutex_init (&self->mutex);
  self->seen = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, g_free, g_free);
  return self;
}

void
wd_mongo_pending_free (WdMongoPending *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->seen);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static gboolean
is_stale (WdMongoPending *self, const WdId *id)
{
  gint64 now_us = wd_core_clock_monotonic_us ();
  gint64 *first_us;
  gboolean result;

  g_mutex_lock (&self->mutex);
  first_us = g_hash_table_lookup (self->seen, id);
  if (first_us == NULL)
    {
      if (g_hash_table_size (self->seen) >= MAX_SEEN)
        g_hash_table_remove_all (self->seen);
      g_hash_table_insert (self->seen, g_memdup2 (id, sizeof *id),
                           g_memdup2 (&now_us, sizeof now_us));
      result = FALSE;
    }
  else
    result = now_us - *first_us >= WD_MONGO_PENDING_MAX_US;
  g_mutex_unlock (&self->mutex);
  return result;
}

WdId
wd_mongo_pending_get_message (const WdMongoOp *op, guint i)
{
  WdId id = op->id;

  // The last three octets of the operation's own are zero.
  id.bytes[9] = (guint8) (i >> 16);
  id.bytes[10] = (guint8) (i >> 8);
  id.bytes[11] = (guint8) i;
  return id;
}

// Random enough that no other operation ever has the same messages.
static void
make_id (WdId *out_id)
{
  guint32 a = g_random_int (), b = g_random_int ();

  wd_core_id_new (out_id);
  memcpy (out_id->bytes + 4, &a, 4);
  out_id->bytes[8] = (guint8) b;
  memset (out_id->bytes + 9, 0, 3);
}

// An expression, not text: it is evaluated on the document as it was before.
static bson_t *
make_begin (
    const WdId *id, WdMongoPendingKind kind, guint n, const WdUidSet *uids, const WdId *message)
{
  gboolean is_expunge = kind == WD_MONGO_PENDING_EXPUNGE || kind == WD_MONGO_PENDING_REPLACE;
  bson_t *pipeline = bson_new ();
  bson_t stage, set, concat, list, entries, entry, own;
  g_autoptr (GBytes) coded = uids == NULL ? NULL : wd_uidset_encode (uids);

  BSON_APPEND_DOCUMENT_BEGIN (pipeline, "0", &stage);
  BSON_APPEND_DOCUMENT_BEGIN (&stage, "$set", &set);
  BCON_APPEND (&set, "modifyIndex", "{", "$add", "[", "$modifyIndex", BCON_INT64 (1), "]", "}",
               "uidNext", "{", "$add", "[", "$uidNext", BCON_INT64 (n), "]", "}");
  BSON_APPEND_DOCUMENT_BEGIN (&set, "wd", &own);
  BCON_APPEND (&own, "own", "{", "$add", "[", "{", "$ifNull", "[", "$wd.own", BCON_INT64 (0), "]",
               "}", BCON_INT64 (1), "]", "}");
  if (is_expunge)
    BCON_APPEND (&own, "x", "{", "$add", "[", "$modifyIndex", BCON_INT64 (1), "]", "}", "px", "{",
                 "$ifNull", "[", "$wd.x", BCON_INT64 (0), "]", "}");
  BSON_APPEND_DOCUMENT_BEGIN (&own, "p", &concat);
  BSON_APPEND_ARRAY_BEGIN (&concat, "$concatArrays", &list);
  BCON_APPEND (&list, "0", "{", "$ifNull", "[", "$wd.p", "[", "]", "]", "}");
  BSON_APPEND_ARRAY_BEGIN (&list, "1", &entries);
  BSON_APPEND_DOCUMENT_BEGIN (&entries, "0", &entry);
  wd_mongo_bson_add_id (&entry, "i", id);
  BCON_APPEND (&entry, "k", BCON_INT32 ((gint32) kind), "n", BCON_INT64 (n), "u", "$uidNext", "m",
               "{", "$add", "[", "$modifyIndex", BCON_INT64 (1), "]", "}", "x", "{", "$ifNull", "[",
               "$wd.x", BCON_INT64 (0), "]", "}");
  if (message != NULL)
    wd_mongo_bson_add_id (&entry, "w", message);
  if (coded != NULL)
    wd_mongo_bson_add_binary (&entry, "s", g_bytes_get_data (coded, NULL),
                              g_bytes_get_size (coded));
  bson_append_document_end (&entries, &entry);
  bson_append_array_end (&list, &entries);
  bson_append_array_end (&concat, &list);
  bson_append_document_end (&own, &concat);
  bson_append_document_end (&set, &own);
  bson_append_document_end (&stage, &set);
  bson_append_document_end (pipeline, &stage);
  return pipeline;
}

static gboolean
begin (WdMongoCall *call,
       const WdId *owner,
       const WdId *mailbox,
       WdMongoPendingKind kind,
       guint n,
       const WdUidSet *uids,
       const WdId *message,
       WdMongoOp *out_op,
       GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (mailbox)), "user",
                                        BCON_OID (wd_mongo_bson_oid (owner)), "uidNext", "{",
                                        "$lte", BCON_INT64 ((gint64) G_MAXUINT32 - n), "}");
  g_autoptr (bson_t) fields = BCON_NEW ("uidNext", BCON_INT32 (1), "modifyIndex", BCON_INT32 (1),
                                        "uidValidity", BCON_INT32 (1), "wd.px", BCON_INT32 (1));
  g_autoptr (bson_t) update = NULL;
  g_autoptr (bson_t) doc = NULL;
  WdId id;

  make_id (&id);
  update = make_begin (&id, kind, n, uids, message);
  if (!wd_mongo_call_modify (call, WD_MONGO_MAILBOXES, filter, update, fields, &doc, error))
    return FALSE;
  if (doc == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such mailbox");
      return FALSE;
    }
  *out_op = (WdMongoOp){
    .id = id,
    .owner = *owner,
    .mailbox = *mailbox,
    .modseq = wd_mongo_bson_get_int (doc, "modifyIndex", 0),
    .first_uid = wd_mongo_bson_get_int (doc, "uidNext", 1) - n,
    .n = n,
    .previous_expunge = wd_mongo_bson_get_int (doc, "wd.px", 0),
    .uidvalidity = wd_mongo_bson_get_int (doc, "uidValidity", 1),
  };
  return TRUE;
}

gboolean
wd_mongo_pending_begin (WdMongoCall *call,
                        const WdId *owner,
                        const WdId *mailbox,
                        WdMongoPendingKind kind,
                        guint n,
                        const WdUidSet *uids,
                        WdMongoOp *out_op,
                        GError **error)
{
  return begin (call, owner, mailbox, kind, n, uids, NULL, out_op, error);
}

gboolean
wd_mongo_pending_begin_replace (WdMongoCall *call,
                                const WdId *owner,
                                const WdId *mailbox,
                                const WdUidSet *uids,
                                const WdId *message,
                                WdMongoOp *out_op,
                                GError **error)
{
  return begin (call, owner, mailbox, WD_MONGO_PENDING_REPLACE, 0, uids, message, out_op, error);
}

static bson_t *
make_finish (const WdId *id, const WdMongoDelta *delta)
{
  bson_t *update
      = BCON_NEW ("$pull", "{", "wd.p", "{", "i", BCON_OID (wd_mongo_bson_oid (id)), "}", "}");

  if (delta->is_unknown)
    BCON_APPEND (update, "$set", "{", "wd.base", BCON_INT64 (-1), "}");
  else if (delta->n != 0 || delta->unseen != 0 || delta->deleted != 0 || delta->size_bytes != 0)
    BCON_APPEND (update, "$inc", "{", "wd.n", BCON_INT64 (delta->n), "wd.un",
                 BCON_INT64 (delta->unseen), "wd.dl", BCON_INT64 (delta->deleted), "wd.sz",
                 BCON_INT64 (delta->size_bytes), "}");
  return update;
}

static gboolean
take_out (WdMongoCall *call,
          const WdId *mailbox,
          const WdId *id,
          const WdMongoDelta *delta,
          gboolean *out_is_ended,
          GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (mailbox)), "wd.p.i",
                                        BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) update = make_finish (id, delta);
  gint64 n_matched;

  if (!wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  *out_is_ended = n_matched == 0;
  return TRUE;
}

gboolean
wd_mongo_pending_finish (WdMongoCall *call,
                         const WdMongoOp *op,
                         WdMongoPendingKind kind,
                         const WdMongoDelta *delta,
                         gboolean *out_is_ended,
                         GError **error)
{
  return take_out (call, &op->mailbox, &op->id, delta, out_is_ended, error);
}

// One entry as it stands in the document.
typedef struct
{
  WdId id;
  gint64 kind;
  gint64 n;
  gint64 first_uid;
  gint64 modseq;
  gint64 previous_expunge;
  WdId message; // Of what takes the place of those that go.
  const guint8 *uids;
  gsize uids_len;
} Entry;

static gboolean
entries_init (const bson_t *mailbox, bson_iter_t *out_iter)
{
  bson_iter_t iter;

  return wd_mongo_bson_find (mailbox, "wd.p", &iter) && BSON_ITER_HOLDS_ARRAY (&iter)
         && bson_iter_recurse (&iter, out_iter);
}

static gboolean
entries_next (bson_iter_t *iter, Entry *out_entry)
{
  const guint8 *data;
  guint32 len;
  bson_t doc;

  while (bson_iter_next (iter))
    if (BSON_ITER_HOLDS_DOCUMENT (iter))
      {
        bson_iter_document (iter, &len, &data);
        if (!bson_init_static (&doc, data, len))
          continue;
        *out_entry = (Entry){
          .id = wd_mongo_bson_get_id (&doc, "i"),
          .kind = wd_mongo_bson_get_int (&doc, "k", 0),
          .n = wd_mongo_bson_get_int (&doc, "n", 0),
          .first_uid = wd_mongo_bson_get_int (&doc, "u", 1),
          .modseq = wd_mongo_bson_get_int (&doc, "m", 1),
          .previous_expunge = wd_mongo_bson_get_int (&doc, "x", 0),
          .message = wd_mongo_bson_get_id (&doc, "w"),
        };
        out_entry->uids = wd_mongo_bson_get_binary (&doc, "s", &out_entry->uids_len);
        return TRUE;
      }
  return FALSE;
}

void
wd_mongo_pending_get_horizon (const bson_t *mailbox, gint64 *out_uidnext, gint64 *out_modseq)
{
  gint64 uidnext = wd_mongo_bson_get_int (mailbox, "uidNext", 1);
  gint64 modseq = wd_mongo_bson_get_int (mailbox, "modifyIndex", 1);
  bson_iter_t iter;
  Entry entry;

  if (entries_init (mailbox, &iter))
    while (entries_next (&iter, &entry))
      {
        uidnext = MIN (uidnext, entry.first_uid);
        modseq = MIN (modseq, entry.modseq - 1);
      }
  *out_uidnext = uidnext;
  // RFC 7162 3.1: above zero, where WildDuck begins with it.
  *out_modseq = MAX (modseq, 1);
}

guint
wd_mongo_pending_count (const bson_t *mailbox)
{
  bson_iter_t iter;
  Entry entry;
  guint n = 0;

  if (entries_init (mailbox, &iter))
    while (entries_next (&iter, &entry))
      n++;
  return n;
}

// The ids of messages that were not written are taken by documents that belong to no mailbox: who
// would still write one finds that it is there.
static gboolean
fence_messages (WdMongoCall *call, const Entry *entry, GError **error)
{
  WdMongoOp op = { .id = entry->id };
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  gint64 n_there;

  for (guint i = 0; i < entry->n; i++)
    {
      WdId id = wd_mongo_pending_get_message (&op, i);

      g_ptr_array_add (docs, BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&id)), "wd", "{", "void",
                                       BCON_BOOL (TRUE), "}"));
    }
  return docs->len == 0
         || wd_mongo_call_insert_many (call, WD_MONGO_MESSAGES, docs, &n_there, error);
}

// Decides whether the message that takes the place of others has come: it has, or never will.
static gboolean
decide (WdMongoCall *call, const WdId *message, gboolean *out_is_there, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (message)), "wd.void",
                                        "{", "$exists", BCON_BOOL (FALSE), "}");
  g_autoptr (bson_t) doc = NULL;
  gint64 n_there;

  g_ptr_array_add (docs, BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (message)), "wd", "{", "void",
                                   BCON_BOOL (TRUE), "}"));
  if (!wd_mongo_call_insert_many (call, WD_MONGO_MESSAGES, docs, &n_there, error)
      || !wd_mongo_call_find_one (call, WD_MONGO_MESSAGES, filter, NULL, &doc, error))
    return FALSE;
  *out_is_there = doc != NULL;
  return TRUE;
}

static gboolean
end_entry (
    WdMongoCall *call, const WdId *owner, const WdId *mailbox, const Entry *entry, GError **error)
{
  const WdMongoDelta delta = { .is_unknown = TRUE };
  gboolean is_there = TRUE;
  gboolean is_ended;

  if (entry->kind == WD_MONGO_PENDING_ADD && !fence_messages (call, entry, error))
    return FALSE;
  if (entry->kind == WD_MONGO_PENDING_REPLACE && !decide (call, &entry->message, &is_there, error))
    return FALSE;
  if (entry->kind == WD_MONGO_PENDING_EXPUNGE || entry->kind == WD_MONGO_PENDING_REPLACE)
    {
      WdMongoOp op = {
        .id = entry->id,
        .owner = *owner,
        .mailbox = *mailbox,
        .modseq = entry->modseq,
        .previous_expunge = entry->previous_expunge,
      };
      g_autoptr (WdUidSet) uids = wd_uidset_decode (entry->uids, entry->uids_len);

      if (uids != NULL && !is_there)
        {
          if (!wd_mongo_expunge_release (call, &op, uids, error))
            return FALSE;
        }
      else if (uids != NULL
               && (!wd_mongo_expunge_delete (call, &op, uids, error)
                   || !wd_mongo_journal_add_missing (call, &op, uids, error)))
        return FALSE;
    }
  return take_out (call, mailbox, &entry->id, &delta, &is_ended, error);
}

gboolean
wd_mongo_pending_end_stale (WdMongoPending *self,
                            WdMongoCall *call,
                            const bson_t *mailbox,
                            guint *out_n_ended,
                            GError **error)
{
  WdId id = wd_mongo_bson_get_id (mailbox, "_id");
  WdId owner = wd_mongo_bson_get_id (mailbox, "user");
  bson_iter_t iter;
  Entry entry;

  *out_n_ended = 0;
  if (!entries_init (mailbox, &iter))
    return TRUE;
  while (entries_next (&iter, &entry))
    if (is_stale (self, &entry.id))
      {
        if (!end_entry (call, &owner, &id, &entry, error))
          return FALSE;
        (*out_n_ended)++;
      }
  return TRUE;
}
