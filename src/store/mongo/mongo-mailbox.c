// SPDX-License-Identifier: EUPL-1.2
// Reading mailboxes.
#include "config.h"

#include "mongo-mailbox.h"

#include <string.h>

#include "mongo-message.h"

#define MAX_TRIES 5
// Behind the time at which an entry may be ended.
#define LATER_US (100 * 1000)

void
wd_mongo_mailbox_clear (WdMongoMailbox *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->doc, bson_destroy);
}

void
wd_mongo_mailbox_init (WdMongoMailbox *self, const bson_t *doc)
{
  gint64 base = wd_mongo_bson_get_int (doc, "wd.base", -1);

  *self = (WdMongoMailbox){
    .id = wd_mongo_bson_get_id (doc, "_id"),
    .path = wd_mongo_bson_dup_text (doc, "path"),
    .uidvalidity = wd_mongo_bson_get_int (doc, "uidValidity", 1),
    .n = wd_mongo_bson_get_int (doc, "wd.n", 0),
    .unseen = wd_mongo_bson_get_int (doc, "wd.un", 0),
    .deleted = wd_mongo_bson_get_int (doc, "wd.dl", 0),
    .size_bytes = wd_mongo_bson_get_int (doc, "wd.sz", 0),
    .last_expunge = wd_mongo_bson_get_int (doc, "wd.x", 0),
    .modify_index = wd_mongo_bson_get_int (doc, "modifyIndex", 0),
    .n_own = wd_mongo_bson_get_int (doc, "wd.own", 0),
    .n_pending = wd_mongo_pending_count (doc),
    .doc = bson_copy (doc),
  };
  wd_mongo_pending_get_horizon (doc, &self->uidnext, &self->modseq);
  // WildDuck knows no \Recent.
  self->first_recent = wd_mongo_bson_get_int (doc, "wd.fr", self->uidnext);
  // Whoever else writes counts up modifyIndex, too, and nothing of ours.
  self->has_counters = base >= 0 && self->modify_index - self->n_own == base;
}

gboolean
wd_mongo_mailbox_raise (WdMongoCall *call,
                        const WdId *owner,
                        const bson_t *doc,
                        gboolean *out_is_raised,
                        GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)), "modifyIndex",
                                        "{", "$lt", BCON_INT64 (1), "}");
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "modifyIndex", BCON_INT64 (1), "}");

  *out_is_raised = wd_mongo_bson_get_int (doc, "modifyIndex", 1) < 1;
  return !*out_is_raised
         || wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_MANY, NULL,
                                  NULL, error);
}

gboolean
wd_mongo_mailbox_load (WdStore *store,
                       WdMongoCall *call,
                       const WdId *owner,
                       const WdId *id,
                       const char *path,
                       WdMongoMailbox *out_mailbox,
                       GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)));
  WdMongoPending *pending = wd_mongo_store_get_pending (store);

  if (id != NULL)
    wd_mongo_bson_add_id (filter, "_id", id);
  else
    BSON_APPEND_UTF8 (filter, "path", path);
  for (guint i = 0;; i++)
    {
      g_autoptr (bson_t) doc = NULL;
      gboolean is_raised;
      guint n_ended = 0;

      if (!wd_mongo_call_find_one (call, WD_MONGO_MAILBOXES, filter, NULL, &doc, error))
        return FALSE;
      if (doc == NULL)
        return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such mailbox", error);
      if (!wd_mongo_mailbox_raise (call, owner, doc, &is_raised, error)
          || !wd_mongo_pending_end_stale (pending, call, doc, &n_ended, error))
        return FALSE;
      // What they held back may be shown now.
      if (n_ended > 0)
        {
          WdId ended = wd_mongo_bson_get_id (doc, "_id");

          wd_mongo_store_notify (store, WD_BEACON_MAILBOX, owner, &ended);
        }
      if ((n_ended == 0 && !is_raised) || i == MAX_TRIES)
        {
          wd_mongo_mailbox_init (out_mailbox, doc);
          if (out_mailbox->n_pending > 0)
            wd_mongo_later_add (wd_mongo_store_get_later (store), owner, &out_mailbox->id,
                                WD_MONGO_PENDING_MAX_US + LATER_US);
          return TRUE;
        }
    }
}

static gboolean
read_counters (const bson_t *doc, gpointer user_data, GError **error)
{
  WdMongoMailbox *self = user_data;

  self->n = wd_mongo_bson_get_int (doc, "n", 0);
  self->unseen = wd_mongo_bson_get_int (doc, "un", 0);
  self->deleted = wd_mongo_bson_get_int (doc, "dl", 0);
  self->size_bytes = wd_mongo_bson_get_int (doc, "sz", 0);
  return TRUE;
}

static gboolean
count_anew (WdMongoCall *call, WdMongoMailbox *self, GError **error)
{
  g_autoptr (bson_t) pipeline = BCON_NEW (
      "pipeline", "[", "{", "$match", "{", "mailbox", BCON_OID (wd_mongo_bson_oid (&self->id)),
      "uid", "{", "$gte", BCON_INT64 (1), "$lt", BCON_INT64 (self->uidnext), "}", "}", "}", "{",
      "$group", "{", "_id", BCON_NULL, "n", "{", "$sum", BCON_INT32 (1), "}", "un", "{", "$sum",
      "{", "$cond", "[", "$unseen", BCON_INT32 (1), BCON_INT32 (0), "]", "}", "}", "dl", "{",
      "$sum", "{", "$cond", "[", "$undeleted", BCON_INT32 (0), BCON_INT32 (1), "]", "}", "}", "sz",
      "{", "$sum", "$size", "}", "}", "}", "]");

  self->n = self->unseen = self->deleted = self->size_bytes = 0;
  return wd_mongo_call_aggregate (call, WD_MONGO_MESSAGES, pipeline, read_counters, self, error);
}

gboolean
wd_mongo_mailbox_save_counters (WdMongoCall *call, const WdMongoMailbox *self, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&self->id)),
                                        "modifyIndex", BCON_INT64 (self->modify_index), "wd.p.0",
                                        "{", "$exists", BCON_BOOL (FALSE), "}");
  g_autoptr (bson_t) update
      = BCON_NEW ("$set", "{", "wd.n", BCON_INT64 (self->n), "wd.un", BCON_INT64 (self->unseen),
                  "wd.dl", BCON_INT64 (self->deleted), "wd.sz", BCON_INT64 (self->size_bytes),
                  "wd.base", BCON_INT64 (self->modify_index - self->n_own), "}");

  return wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

gboolean
wd_mongo_mailbox_count (WdMongoCall *call, WdMongoMailbox *self, GError **error)
{
  if (self->has_counters)
    return TRUE;
  if (!count_anew (call, self, error))
    return FALSE;
  self->has_counters = TRUE;
  // With something in the making, some of it may have been counted.
  return self->n_pending > 0 || wd_mongo_mailbox_save_counters (call, self, error);
}

static gboolean
count_recent (WdMongoCall *call, const WdMongoMailbox *self, gint64 *out_n, GError **error)
{
  g_autoptr (bson_t) filter = NULL;

  *out_n = MAX (self->uidnext - self->first_recent, 0);
  // A mailbox without a gap needs no counting.
  if (*out_n == 0 || self->n == self->uidnext - 1)
    return TRUE;
  filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&self->id)), "uid", "{", "$gte",
                     BCON_INT64 (self->first_recent), "$lt", BCON_INT64 (self->uidnext), "}");
  return wd_mongo_call_count (call, WD_MONGO_MESSAGES, filter, out_n, error);
}

static WdSpecialUse
get_special_use (const WdMongoMailbox *self)
{
  const char *text = wd_mongo_bson_get_text (self->doc, "specialUse");
  WdSpecialUse use = WD_SPECIAL_USE_NONE;

  if (g_strcmp0 (self->path, "INBOX") == 0)
    return WD_SPECIAL_USE_INBOX;
  return text != NULL && wd_store_special_use_from_string (text, &use) ? use : WD_SPECIAL_USE_NONE;
}

gboolean
wd_mongo_mailbox_get_info (WdMongoCall *call,
                           WdMongoMailbox *self,
                           WdMailboxInfo **out_info,
                           GError **error)
{
  gint64 n_recent;

  if (!wd_mongo_mailbox_count (call, self, error) || !count_recent (call, self, &n_recent, error))
    return FALSE;

  WdMailboxInfo *info = g_new0 (WdMailboxInfo, 1);

  info->id = self->id;
  info->path = g_strdup (self->path == NULL ? "" : self->path);
  info->special_use = get_special_use (self);
  info->subscribed = wd_mongo_bson_get_bool (self->doc, "subscribed");
  info->uidvalidity = (guint32) self->uidvalidity;
  info->uidnext = (WdUid) self->uidnext;
  info->highest_modseq = (WdModseq) self->modseq;
  info->n_messages = (guint32) self->n;
  info->n_unseen = (guint32) self->unseen;
  info->n_recent = (guint32) n_recent;
  info->n_deleted = (guint32) self->deleted;
  info->size_bytes = (guint64) self->size_bytes;
  info->extra_json = wd_mongo_bson_dup_text (self->doc, "wd.extra");
  *out_info = info;
  return TRUE;
}

gboolean
wd_mongo_mailbox_claim_recent (WdMongoCall *call,
                               const WdMongoMailbox *self,
                               gboolean *out_is_mine,
                               GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&self->id)), "wd.fr",
                                        BCON_INT64 (self->first_recent));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "wd.fr", BCON_INT64 (self->uidnext), "}");
  gint64 n_matched;

  *out_is_mine = TRUE;
  if (self->first_recent >= self->uidnext)
    return TRUE;
  if (!wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  *out_is_mine = n_matched > 0;
  return TRUE;
}

static gboolean
note_uid (const bson_t *doc, gpointer user_data, GError **error)
{
  wd_uidset_add (user_data, (WdUid) wd_mongo_bson_get_int (doc, "uid", 0));
  return TRUE;
}

WdUidSet *
wd_mongo_mailbox_list_uids (WdMongoCall *call, WdMongoMailbox *self, GError **error)
{
  g_autoptr (WdUidSet) uids = NULL;
  g_autoptr (WdUidSet) all = NULL;
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid",
                                         BCON_INT32 (1), "}", "batchSize", BCON_INT32 (20000));

  if (!wd_mongo_mailbox_count (call, self, error))
    return NULL;
  if (self->n == 0 || self->uidnext <= 1)
    return wd_uidset_new ();
  all = wd_uidset_new_range (1, (WdUid) (self->uidnext - 1));
  // Without a gap, the counters say it all.
  if (self->n == self->uidnext - 1 && self->n_pending == 0)
    return g_steal_pointer (&all);
  uids = wd_uidset_new ();
  if (!wd_mongo_message_find (call, &self->id, all, NULL, options, note_uid, uids, error))
    return NULL;
  return g_steal_pointer (&uids);
}
