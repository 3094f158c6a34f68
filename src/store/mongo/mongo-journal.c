// SPDX-License-Identifier: EUPL-1.2
// Writing the journal.
#include "config.h"

#include "mongo-journal.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-message.h"
#include "mongo-schema.h"

// Of the operation and the UID alone, so that writing it twice writes it once.
static WdId
make_id (const WdMongoOp *op, WdUid uid)
{
  WdId id = op->id;

  id.bytes[8] = (guint8) (uid >> 24);
  id.bytes[9] = (guint8) (uid >> 16);
  id.bytes[10] = (guint8) (uid >> 8);
  id.bytes[11] = (guint8) uid;
  return id;
}

static bson_t *
make_entry (const WdMongoOp *op, const WdMongoGone *gone, gint64 now_ms)
{
  WdId id = make_id (op, gone->uid);
  bson_t *doc = bson_new ();

  wd_mongo_bson_add_id (doc, "_id", &id);
  wd_mongo_bson_add_id (doc, "user", &op->owner);
  wd_mongo_bson_add_id (doc, "mailbox", &op->mailbox);
  BSON_APPEND_UTF8 (doc, "command", "EXPUNGE");
  BSON_APPEND_INT64 (doc, "uid", gone->uid);
  if (!wd_core_id_is_none (&gone->message))
    wd_mongo_bson_add_id (doc, "message", &gone->message);
  BSON_APPEND_BOOL (doc, "unseen", gone->unseen);
  BSON_APPEND_INT64 (doc, "modseq", op->modseq);
  BSON_APPEND_DATE_TIME (doc, "created", now_ms);
  BCON_APPEND (doc, "wd", "{", "c", BCON_INT64 (gone->created), "x",
               BCON_INT64 (op->previous_expunge), "}");
  return doc;
}

gboolean
wd_mongo_journal_add (
    WdMongoCall *call, const WdMongoOp *op, const WdMongoGone *gone, guint n_gone, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  gint64 now_ms = wd_core_clock_now_us () / 1000;
  gint64 n_there;

  for (guint i = 0; i < n_gone; i++)
    g_ptr_array_add (docs, make_entry (op, &gone[i], now_ms));
  return docs->len == 0
         || wd_mongo_call_insert_many (call, WD_MONGO_JOURNAL, docs, &n_there, error);
}

// The fields of any entry.
static bson_t *
start_entry (const WdMongoOp *op, const char *command, WdUid uid)
{
  WdId id = make_id (op, uid);
  bson_t *doc = bson_new ();

  wd_mongo_bson_add_id (doc, "_id", &id);
  wd_mongo_bson_add_id (doc, "user", &op->owner);
  wd_mongo_bson_add_id (doc, "mailbox", &op->mailbox);
  BSON_APPEND_UTF8 (doc, "command", command);
  BSON_APPEND_INT64 (doc, "uid", uid);
  BSON_APPEND_INT64 (doc, "modseq", op->modseq);
  BSON_APPEND_DATE_TIME (doc, "created", wd_core_clock_now_us () / 1000);
  return doc;
}

gboolean
wd_mongo_journal_write (WdMongoCall *call, GPtrArray *entries, GError **error)
{
  gint64 n_there;

  return entries->len == 0
         || wd_mongo_call_insert_many (call, WD_MONGO_JOURNAL, entries, &n_there, error);
}

gboolean
wd_mongo_journal_add_new (WdMongoCall *call, const WdMongoOp *op, GPtrArray *docs, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);

  for (guint i = 0; i < docs->len; i++)
    {
      const bson_t *doc = docs->pdata[i];
      bson_t *entry = start_entry (op, "EXISTS", (WdUid) wd_mongo_bson_get_int (doc, "uid", 0));
      WdId message = wd_mongo_bson_get_id (doc, "_id");
      WdId thread = wd_mongo_bson_get_id (doc, "thread");

      wd_mongo_bson_add_id (entry, "message", &message);
      wd_mongo_bson_add_id (entry, "thread", &thread);
      BSON_APPEND_BOOL (entry, "unseen", wd_mongo_bson_get_bool (doc, "unseen"));
      BSON_APPEND_DATE_TIME (entry, "idate", wd_mongo_bson_get_date (doc, "idate"));
      g_ptr_array_add (entries, entry);
    }
  return wd_mongo_journal_write (call, entries, error);
}

void
wd_mongo_journal_make_changed (const WdMongoOp *op,
                               const WdUidSet *uids,
                               const bson_t *flags,
                               gboolean unseen_changed,
                               GPtrArray *entries)
{
  WdUidSetIter iter;
  WdUid uid;

  for (wd_uidset_iter_init (&iter, uids); wd_uidset_iter_next (&iter, &uid);)
    {
      bson_t *entry = start_entry (op, "FETCH", uid);
      bson_iter_t found;

      if (bson_iter_init_find (&found, flags, "flags"))
        bson_append_iter (entry, "flags", -1, &found);
      BSON_APPEND_BOOL (entry, "unseenChange", unseen_changed);
      g_ptr_array_add (entries, entry);
    }
}

static gboolean
note_there (const bson_t *doc, gpointer user_data, GError **error)
{
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);

  wd_uidset_remove_range (user_data, uid, uid);
  return TRUE;
}

gboolean
wd_mongo_journal_add_missing (WdMongoCall *call,
                              const WdMongoOp *op,
                              const WdUidSet *uids,
                              GError **error)
{
  g_autoptr (WdUidSet) missing = wd_uidset_copy (uids);
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}");
  g_autoptr (GArray) gone = g_array_new (FALSE, TRUE, sizeof (WdMongoGone));
  WdUidSetIter iter;
  WdUid uid;

  if (!wd_mongo_message_find (call, &op->mailbox, uids, NULL, options, note_there, missing, error))
    return FALSE;
  for (wd_uidset_iter_init (&iter, missing); wd_uidset_iter_next (&iter, &uid);)
    {
      WdMongoGone one = { .uid = uid };

      g_array_append_val (gone, one);
    }
  return wd_mongo_journal_add (call, op, (const WdMongoGone *) (gpointer) gone->data, gone->len,
                               error);
}
