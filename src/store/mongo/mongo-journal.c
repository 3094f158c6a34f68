// SPDX-License-Identifier: EUPL-1.2
// Writing the journal.
#include "config.h"

#include "mongo-journal.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-message.h"
#include "mongo-schema.h"
#include "mongo-store-private.h"

// Ids in the order in which entries are made, also by several processes: WildDuck's stream of
// events goes on behind the last one that it has seen. Behind the seconds, 15 us, and what nobody
// else has.
typedef struct
{
  WdId id;
  guint64 low;
  gint64 now_ms;
} Ids;

static void
ids_init (Ids *self)
{
  gint64 now_us = wd_core_clock_now_us ();
  guint32 secs = GUINT32_TO_BE ((guint32) (now_us / G_USEC_PER_SEC));
  guint64 fraction = (guint64) (now_us % G_USEC_PER_SEC) * 65536 / G_USEC_PER_SEC;

  memcpy (self->id.bytes, &secs, sizeof secs);
  self->low = fraction << 48 | (guint64) (g_random_int () & 0x7fff) << 32 | g_random_int ();
  self->now_ms = now_us / 1000;
}

static const WdId *
ids_next (Ids *self)
{
  guint64 low = GUINT64_TO_BE (self->low);

  self->low++;
  memcpy (self->id.bytes + 4, &low, sizeof low);
  return &self->id;
}

// The fields of any entry.
static bson_t *
start_entry (Ids *ids, const WdId *owner, const WdId *mailbox, const char *command, gint64 modseq)
{
  bson_t *doc = bson_new ();

  wd_mongo_bson_add_id (doc, "_id", ids_next (ids));
  wd_mongo_bson_add_id (doc, "user", owner);
  wd_mongo_bson_add_id (doc, "mailbox", mailbox);
  BSON_APPEND_UTF8 (doc, "command", command);
  BSON_APPEND_INT64 (doc, "modseq", modseq);
  BSON_APPEND_DATE_TIME (doc, "created", ids->now_ms);
  return doc;
}

static bson_t *
start_message (Ids *ids, const WdMongoOp *op, const char *command, WdUid uid)
{
  bson_t *doc = start_entry (ids, &op->owner, &op->mailbox, command, op->modseq);

  BSON_APPEND_INT64 (doc, "uid", uid);
  return doc;
}

static bson_t *
make_gone (Ids *ids, const WdMongoOp *op, const WdMongoGone *gone)
{
  bson_t *doc = start_message (ids, op, "EXPUNGE", gone->uid);

  if (!wd_core_id_is_none (&gone->message))
    wd_mongo_bson_add_id (doc, "message", &gone->message);
  BSON_APPEND_BOOL (doc, "unseen", gone->unseen);
  BCON_APPEND (doc, "wd", "{", "c", BCON_INT64 (gone->created), "x",
               BCON_INT64 (op->previous_expunge), "}");
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
wd_mongo_journal_add (
    WdMongoCall *call, const WdMongoOp *op, const WdMongoGone *gone, guint n_gone, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  Ids ids;

  ids_init (&ids);
  for (guint i = 0; i < n_gone; i++)
    g_ptr_array_add (docs, make_gone (&ids, op, &gone[i]));
  return wd_mongo_journal_write (call, docs, error);
}

gboolean
wd_mongo_journal_add_new (WdMongoCall *call, const WdMongoOp *op, GPtrArray *docs, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  Ids ids;

  ids_init (&ids);
  for (guint i = 0; i < docs->len; i++)
    {
      const bson_t *doc = docs->pdata[i];
      WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
      bson_t *entry = start_message (&ids, op, "EXISTS", uid);
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
wd_mongo_journal_make_mailbox (const WdId *owner,
                               const WdId *mailbox,
                               gint64 modify_index,
                               const char *command,
                               const char *path,
                               GPtrArray *entries)
{
  bson_t *entry;
  Ids ids;

  ids_init (&ids);
  entry = start_entry (&ids, owner, mailbox, command, modify_index);
  if (path != NULL)
    BSON_APPEND_UTF8 (entry, "path", path);
  g_ptr_array_add (entries, entry);
}

gboolean
wd_mongo_journal_add_mailbox (WdStore *store,
                              WdMongoCall *call,
                              const WdId *owner,
                              const WdId *mailbox,
                              gint64 modify_index,
                              const char *command,
                              const char *path,
                              GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);

  if (!wd_mongo_store_is_beside (store))
    return TRUE;
  wd_mongo_journal_make_mailbox (owner, mailbox, modify_index, command, path, entries);
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
  Ids ids;

  ids_init (&ids);
  for (wd_uidset_iter_init (&iter, uids); wd_uidset_iter_next (&iter, &uid);)
    {
      bson_t *entry = start_message (&ids, op, "FETCH", uid);
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

// Those that have an entry already.
static gboolean
find_written (WdMongoCall *call, const WdMongoOp *op, WdUidSet *missing, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&op->mailbox)),
                                        "modseq", BCON_INT64 (op->modseq), "command", "EXPUNGE");
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}");

  return wd_mongo_call_find (call, WD_MONGO_JOURNAL, filter, options, note_there, missing, error);
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

  if (!wd_mongo_message_find (call, &op->mailbox, uids, NULL, options, note_there, missing, error)
      || !find_written (call, op, missing, error))
    return FALSE;
  for (wd_uidset_iter_init (&iter, missing); wd_uidset_iter_next (&iter, &uid);)
    {
      WdMongoGone one = { .uid = uid };

      g_array_append_val (gone, one);
    }
  return wd_mongo_journal_add (call, op, (const WdMongoGone *) (gpointer) gone->data, gone->len,
                               error);
}
