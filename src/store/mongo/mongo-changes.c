// SPDX-License-Identifier: EUPL-1.2
// What has happened to a mailbox: the messages that are there tell it by their modseqs, and the
// journal tells of those that are gone.
#include "config.h"

#include "mongo-mailbox.h"
#include "mongo-message.h"

#define MAX_TRIES 20
// Who is further behind does better to select anew.
#define MAX_BEHIND 11000

typedef struct
{
  const WdMongoMailbox *mailbox;
  WdMongoKeywordList *keywords;
  WdMailboxChanges *changes;
  WdModseq since;
  // Of the expunges in the journal, which name the one before each.
  gint64 last_expunge;
  gboolean is_broken; // One is missing.
  gboolean has_foreign;
} Reading;

static gboolean
note_message (const bson_t *doc, gpointer user_data, GError **error)
{
  Reading *self = user_data;
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  gint64 created = wd_mongo_message_get_created (doc, &self->mailbox->id);
  WdFlags flags;

  if ((WdModseq) created > self->since)
    wd_uidset_add (self->changes->added, uid);
  else
    wd_uidset_add (self->changes->changed, uid);
  // So that the keywords of all that is told of are known.
  return wd_mongo_keyword_read_flags (self->keywords, doc, &flags, error);
}

static gboolean
note_entry (const bson_t *doc, gpointer user_data, GError **error)
{
  Reading *self = user_data;
  const char *command = wd_mongo_bson_get_text (doc, "command");
  gint64 modseq = wd_mongo_bson_get_int (doc, "modseq", 0);
  gint64 created = wd_mongo_bson_get_int (doc, "wd.c", 0);
  gint64 previous = wd_mongo_bson_get_int (doc, "wd.x", -1);
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);

  if (uid == 0)
    return TRUE;
  if (g_strcmp0 (command, "EXISTS") == 0)
    {
      // WildDuck's; its messages do not tell by themselves when they came.
      if (wd_uidset_has (self->changes->changed, uid))
        {
          wd_uidset_remove_range (self->changes->changed, uid, uid);
          wd_uidset_add (self->changes->added, uid);
        }
      return TRUE;
    }
  if (previous >= 0 && modseq != self->last_expunge)
    {
      gint64 known = self->last_expunge != 0 ? self->last_expunge : (gint64) self->since;

      if (self->last_expunge == 0 ? previous > known : previous != known)
        self->is_broken = TRUE;
      self->last_expunge = modseq;
    }
  wd_uidset_remove_range (self->changes->changed, uid, uid);
  wd_uidset_remove_range (self->changes->added, uid, uid);
  if ((WdModseq) created <= self->since)
    wd_uidset_add (self->changes->expunged, uid);
  return TRUE;
}

static gboolean
read_messages (WdMongoCall *call, Reading *self, GError **error)
{
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "flags",
                  BCON_INT32 (1), "wd.m0", BCON_INT32 (1), "wd.b", BCON_INT32 (1), "}", "batchSize",
                  BCON_INT32 (5000), "sort", "{", "uid", BCON_INT32 (1), "}");
  g_autoptr (bson_t) filter
      = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&self->mailbox->id)), "modseq", "{",
                  "$gt", BCON_INT64 ((gint64) self->since), "}", "uid", "{", "$gte", BCON_INT64 (1),
                  "$lt", BCON_INT64 (self->mailbox->uidnext), "}");

  return wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, options, note_message, self, error);
}

static gboolean
read_journal (WdMongoCall *call, Reading *self, GError **error)
{
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "modseq",
                  BCON_INT32 (1), "command", BCON_INT32 (1), "wd", BCON_INT32 (1), "}", "batchSize",
                  BCON_INT32 (5000), "sort", "{", "modseq", BCON_INT32 (1), "}");
  g_autoptr (bson_t) filter = BCON_NEW (
      "mailbox", BCON_OID (wd_mongo_bson_oid (&self->mailbox->id)), "modseq", "{", "$gt",
      BCON_INT64 ((gint64) self->since), "$lte", BCON_INT64 (self->mailbox->modseq), "}", "command",
      "{", "$in", "[", "EXPUNGE", "EXISTS", "]", "}");

  return wd_mongo_call_find (call, WD_MONGO_JOURNAL, filter, options, note_entry, self, error);
}

// WildDuck writes an entry for each modseq that it takes: one at or before the next shows that the
// journal reaches back so far.
static gboolean
check_reach (WdMongoCall *call, Reading *self, GError **error)
{
  g_autoptr (bson_t) filter
      = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&self->mailbox->id)), "modseq", "{",
                  "$lte", BCON_INT64 ((gint64) self->since + 1), "}");
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_JOURNAL, filter, options, &doc, error))
    return FALSE;
  if (doc == NULL)
    self->is_broken = TRUE;
  return TRUE;
}

static gboolean
read_all (WdMongoCall *call, Reading *self, GError **error)
{
  gboolean has_expunge = self->mailbox->last_expunge > (gint64) self->since;

  // Beside the one with which a mailbox of ours begins.
  self->has_foreign = self->mailbox->modify_index - self->mailbox->n_own > 1;
  if (!read_messages (call, self, error)
      || ((has_expunge || self->has_foreign) && !read_journal (call, self, error))
      || (self->has_foreign && !check_reach (call, self, error)))
    return FALSE;
  // The newest that may be told of must have been among them.
  if (has_expunge && self->mailbox->last_expunge <= self->mailbox->modseq
      && self->last_expunge != self->mailbox->last_expunge)
    self->is_broken = TRUE;
  if (self->is_broken)
    {
      self->changes->is_complete = FALSE;
      wd_uidset_clear (self->changes->added);
      wd_uidset_clear (self->changes->changed);
      wd_uidset_clear (self->changes->expunged);
    }
  return TRUE;
}

static WdMailboxChanges *
changes_new (void)
{
  WdMailboxChanges *changes = g_new0 (WdMailboxChanges, 1);

  changes->added = wd_uidset_new ();
  changes->changed = wd_uidset_new ();
  changes->expunged = wd_uidset_new ();
  return changes;
}

// Of a mailbox that is not there any more there is nothing else to say.
static gboolean
load (WdStore *store,
      WdMongoCall *call,
      const WdActor *actor,
      const WdId *id,
      WdMongoMailbox *out_mailbox,
      gboolean *out_is_gone,
      GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (bson_t) user = NULL;

  *out_is_gone = FALSE;
  if (wd_mongo_mailbox_load (store, call, &actor->owner, id, NULL, out_mailbox, &failure))
    return TRUE;
  if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  *out_is_gone = TRUE;
  user = wd_mongo_user_load (call, &actor->owner, NULL, error);
  return user != NULL;
}

static WdMailboxChanges *
list_once (WdStore *store,
           WdMongoCall *call,
           const WdActor *actor,
           const WdId *id,
           WdModseq since,
           gboolean claim_recent,
           guint n_known,
           gboolean *out_is_mine,
           GError **error)
{
  g_autoptr (WdMailboxChanges) changes = changes_new ();
  g_auto (WdMongoMailbox) mailbox = { 0 };
  g_auto (WdMongoKeywordList) keywords = { 0 };
  Reading reading = { &mailbox, &keywords, changes, since };

  *out_is_mine = TRUE;
  if (!load (store, call, actor, id, &mailbox, &changes->is_gone, error))
    return NULL;
  if (changes->is_gone)
    return g_steal_pointer (&changes);

  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), call, &actor->owner, &keywords);
  changes->highest_modseq = (WdModseq) mailbox.modseq;
  changes->uidnext = (WdUid) mailbox.uidnext;
  changes->first_recent = (WdUid) MIN (mailbox.first_recent, mailbox.uidnext);
  changes->is_complete = since > 0 && since <= (WdModseq) mailbox.modify_index
                         && since + MAX_BEHIND >= changes->highest_modseq;
  if (changes->is_complete && since < changes->highest_modseq && !read_all (call, &reading, error))
    return NULL;
  if (keywords.names->len > n_known)
    changes->keywords = g_ptr_array_ref (keywords.names);
  if (claim_recent && !wd_mongo_mailbox_claim_recent (call, &mailbox, out_is_mine, error))
    return NULL;
  return g_steal_pointer (&changes);
}

WdMailboxChanges *
wd_mongo_changes_list (WdStore *store,
                       const WdActor *actor,
                       const WdId *mailbox,
                       WdModseq since,
                       gboolean claim_recent,
                       guint n_keywords_known,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return NULL;
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      gboolean is_mine;
      WdMailboxChanges *changes = list_once (store, &call, actor, mailbox, since, claim_recent,
                                             n_keywords_known, &is_mine, error);

      if (changes == NULL || is_mine)
        return changes;
      // Somebody else was faster.
      wd_mailbox_changes_free (changes);
    }
  wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "others select it all the time", error);
  return NULL;
}
