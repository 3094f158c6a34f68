// SPDX-License-Identifier: EUPL-1.2
// Checking one user's mail: what is kept twice must agree.
#include "config.h"

#include "mongo-check-private.h"
#include "mongo-mailbox.h"

// Rounds in which operations that were left undone come to their end.
#define MAX_WAITS 25

// The messages of one mailbox, added up.
typedef struct
{
  WdId mailbox;
  gint64 n;
  gint64 unseen;
  gint64 deleted;
  gint64 size_bytes;
  gint64 max_uid;
} Sums;

static gboolean
note_sums (const bson_t *doc, gpointer user_data, GError **error)
{
  Sums *sums = g_new0 (Sums, 1);

  sums->mailbox = wd_mongo_bson_get_id (doc, "_id");
  sums->n = wd_mongo_bson_get_int (doc, "n", 0);
  sums->unseen = wd_mongo_bson_get_int (doc, "un", 0);
  sums->deleted = wd_mongo_bson_get_int (doc, "dl", 0);
  sums->size_bytes = wd_mongo_bson_get_int (doc, "sz", 0);
  sums->max_uid = wd_mongo_bson_get_int (doc, "u", 0);
  g_hash_table_insert (user_data, &sums->mailbox, sums);
  return TRUE;
}

// By mailbox. One round trip.
static GHashTable *
add_up (WdMongoCheck *self, GError **error)
{
  g_autoptr (GHashTable) all
      = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, NULL, g_free);
  g_autoptr (bson_t) pipeline = BCON_NEW (
      "pipeline", "[", "{", "$match", "{", "user", BCON_OID (wd_mongo_bson_oid (&self->user)), "}",
      "}", "{", "$group", "{", "_id", "$mailbox", "n", "{", "$sum", BCON_INT32 (1), "}", "un", "{",
      "$sum", "{", "$cond", "[", "$unseen", BCON_INT32 (1), BCON_INT32 (0), "]", "}", "}", "dl",
      "{", "$sum", "{", "$cond", "[", "$undeleted", BCON_INT32 (0), BCON_INT32 (1), "]", "}", "}",
      "sz", "{", "$sum", "$size", "}", "u", "{", "$max", "$uid", "}", "}", "}", "]");

  if (!wd_mongo_call_aggregate (self->call, WD_MONGO_MESSAGES, pipeline, note_sums, all, error))
    return NULL;
  return g_steal_pointer (&all);
}

static gboolean
keep_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  g_ptr_array_add (user_data, bson_copy (doc));
  return TRUE;
}

// The mailboxes. Operations under way are waited for, and those that nobody carries on ended.
static GPtrArray *
load_mailboxes (WdMongoCheck *self, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (&self->user)));

  for (guint i = 0;; i++)
    {
      g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
      guint n_pending = 0;

      if (!wd_mongo_call_find (self->call, WD_MONGO_MAILBOXES, filter, NULL, keep_doc, docs, error))
        return NULL;
      for (guint d = 0; d < docs->len; d++)
        {
          guint n_ended;

          if (!wd_mongo_pending_end_stale (wd_mongo_store_get_pending (self->store), self->call,
                                           docs->pdata[d], &n_ended, error))
            return NULL;
          n_pending += wd_mongo_pending_count (docs->pdata[d]);
        }
      if (n_pending == 0 || i == MAX_WAITS)
        return g_steal_pointer (&docs);
      wd_mongo_check_wait ();
    }
}

static const bson_t *
find_doc (GPtrArray *docs, const WdId *id)
{
  for (guint i = 0; i < docs->len; i++)
    {
      WdId other = wd_mongo_bson_get_id (docs->pdata[i], "_id");

      if (wd_core_id_is_equal (&other, id))
        return docs->pdata[i];
    }
  return NULL;
}

// A mailbox to which nothing happened while its messages were added up.
static gboolean
check_counters (WdMongoCheck *self, WdMongoMailbox *mailbox, const Sums *sums, GError **error)
{
  const Sums none = { 0 };
  g_autoptr (GError) failure = NULL;

  if (sums == NULL)
    sums = &none;
  if (sums->max_uid >= mailbox->uidnext)
    wd_mongo_check_add (self, "counters", FALSE, "%s: a message has a UID that was not given",
                        mailbox->path);
  if (!mailbox->has_counters
      || (mailbox->n == sums->n && mailbox->unseen == sums->unseen
          && mailbox->deleted == sums->deleted && mailbox->size_bytes == sums->size_bytes))
    return TRUE;
  wd_mongo_check_add (self, "counters", self->repair,
                      "%s: %" G_GINT64_FORMAT " messages, %" G_GINT64_FORMAT
                      " unseen, are %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                      mailbox->path, mailbox->n, mailbox->unseen, sums->n, sums->unseen);
  mailbox->n = sums->n;
  mailbox->unseen = sums->unseen;
  mailbox->deleted = sums->deleted;
  mailbox->size_bytes = sums->size_bytes;
  return !self->repair || wd_mongo_mailbox_save_counters (self->call, mailbox, error);
}

static gboolean
check_mailboxes (
    WdMongoCheck *self, GPtrArray *before, GPtrArray *after, GHashTable *sums, GError **error)
{
  for (guint i = 0; i < before->len; i++)
    {
      g_auto (WdMongoMailbox) mailbox = { 0 };
      const bson_t *later;

      wd_mongo_mailbox_init (&mailbox, before->pdata[i]);
      later = find_doc (after, &mailbox.id);
      if (later == NULL || mailbox.n_pending > 0 || wd_mongo_pending_count (later) > 0
          || wd_mongo_bson_get_int (later, "modifyIndex", 0) != mailbox.modify_index)
        continue;
      if (!check_counters (self, &mailbox, g_hash_table_lookup (sums, &mailbox.id), error))
        return FALSE;
    }
  return TRUE;
}

// Messages of a mailbox that is gone, or of one that was going to be.
static gboolean
check_homes (
    WdMongoCheck *self, GPtrArray *before, GPtrArray *after, GHashTable *sums, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, sums);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Sums *lost = value;
      g_autoptr (bson_t) filter
          = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&lost->mailbox)), "user",
                      BCON_OID (wd_mongo_bson_oid (&self->user)));
      gint64 size_bytes;

      if (find_doc (before, &lost->mailbox) != NULL || find_doc (after, &lost->mailbox) != NULL)
        continue;
      wd_mongo_check_add (self, "orphan-message", self->repair,
                          "%" G_GINT64_FORMAT " messages without a mailbox", lost->n);
      if (self->repair
          && !wd_mongo_mailbox_delete_messages (self->call, filter, &size_bytes, error))
        return FALSE;
    }
  return TRUE;
}

// Annotations that were set while their mailbox went.
static gboolean
check_annotations (WdMongoCheck *self, GPtrArray *before, GPtrArray *after, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (&self->user)));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "mailbox", BCON_INT32 (1), "}");

  if (!wd_mongo_call_find (self->call, WD_MONGO_ANNOTATIONS, filter, options, keep_doc, docs,
                           error))
    return FALSE;
  for (guint i = 0; i < docs->len; i++)
    {
      WdId mailbox = wd_mongo_bson_get_id (docs->pdata[i], "mailbox");
      g_autoptr (bson_t) by_id = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&mailbox)));

      // Those of the account have none.
      if (wd_core_id_is_none (&mailbox) || find_doc (before, &mailbox) != NULL
          || find_doc (after, &mailbox) != NULL)
        continue;
      wd_mongo_check_add (self, "orphan-annotation", self->repair, "annotations without a mailbox");
      if (self->repair
          && !wd_mongo_call_delete (self->call, WD_MONGO_ANNOTATIONS, by_id, WD_MONGO_ONE, NULL,
                                    error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
measure (WdMongoCheck *self, gint64 *out_used, gint64 *out_sum, GError **error)
{
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "storageUsed", BCON_INT32 (1), "}");
  g_autoptr (bson_t) user = wd_mongo_user_load (self->call, &self->user, options, error);
  g_autoptr (GHashTable) sums = NULL;
  GHashTableIter iter;
  gpointer value;

  if (user == NULL || (sums = add_up (self, error)) == NULL)
    return FALSE;
  *out_used = wd_mongo_bson_get_int (user, "storageUsed", 0);
  *out_sum = 0;
  g_hash_table_iter_init (&iter, sums);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    *out_sum += ((const Sums *) value)->size_bytes;
  return TRUE;
}

static gboolean
set_used (WdMongoCheck *self, gint64 before, gint64 after, gint64 *out_n, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&self->user)),
                                        "storageUsed", BCON_INT64 (before));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "storageUsed", BCON_INT64 (after), "}");

  *out_n = 0;
  return !self->repair
         || wd_mongo_call_update (self->call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, out_n,
                                  NULL, error);
}

// What is the same difference twice is no operation under way.
static gboolean
check_quota (WdMongoCheck *self, GError **error)
{
  gint64 used, sum, used_again, sum_again, n;

  if (!measure (self, &used, &sum, error))
    return FALSE;
  if (used == sum)
    return TRUE;
  wd_mongo_check_wait ();
  if (!measure (self, &used_again, &sum_again, error))
    return FALSE;
  if (used != used_again || sum != sum_again)
    return TRUE;
  if (!set_used (self, used, sum, &n, error))
    return FALSE;
  wd_mongo_check_add (self, "quota", n > 0,
                      "%" G_GINT64_FORMAT " octets are counted, and %" G_GINT64_FORMAT " are there",
                      used, sum);
  return TRUE;
}

static gboolean
find_address (WdMongoCheck *self, const char *view, gboolean *out_is_there, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("addrview", BCON_UTF8 (view));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (self->call, WD_MONGO_ADDRESSES, filter, options, &doc, error))
    return FALSE;
  *out_is_there = doc != NULL;
  return TRUE;
}

// The main address of a user who was made by halves leads to nobody.
static gboolean
check_address (WdMongoCheck *self, GError **error)
{
  g_autoptr (bson_t) user = wd_mongo_user_load (self->call, &self->user, NULL, error);
  const char *text = user == NULL ? NULL : wd_mongo_bson_get_text (user, "address");
  const WdAddress address = { .address = (char *) text, .main = TRUE };
  g_autofree char *view = text == NULL ? NULL : wd_mongo_user_dup_address_view (text, NULL);
  gboolean is_there;
  WdId id;

  if (user == NULL)
    return FALSE;
  if (view == NULL)
    return TRUE;
  if (!find_address (self, view, &is_there, error))
    return FALSE;
  if (is_there)
    return TRUE;
  wd_mongo_check_wait ();
  if (!find_address (self, view, &is_there, error))
    return FALSE;
  if (is_there)
    return TRUE;
  wd_mongo_check_add (self, "address", self->repair, "the main address leads to nobody");
  return !self->repair || wd_mongo_address_insert (self->call, &self->user, &address, &id, error);
}

gboolean
wd_mongo_check_user (WdMongoCheck *self, GError **error)
{
  g_autoptr (GPtrArray) before = load_mailboxes (self, error);
  g_autoptr (GPtrArray) after = NULL;
  g_autoptr (GHashTable) sums = NULL;

  return before != NULL && (sums = add_up (self, error)) != NULL
         && (after = load_mailboxes (self, error)) != NULL
         && check_homes (self, before, after, sums, error)
         && check_annotations (self, before, after, error)
         && check_mailboxes (self, before, after, sums, error) && check_quota (self, error)
         && check_address (self, error) && wd_mongo_check_view (self, error);
}
