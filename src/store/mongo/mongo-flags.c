// SPDX-License-Identifier: EUPL-1.2
// Changing flags: what is there is read, an operation begun, and all that had the same flags is
// changed at once, if it still has them.
#include "config.h"

#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"

// Rounds for messages that others change meanwhile.
#define MAX_TRIES 10

// Messages that have the same flags, down to the order in which they stand.
typedef struct
{
  bson_t *flags; // The array.
  WdFlags before;
  WdFlags after;
  WdUidSet *uids;
  GArray *ids; // (element-type WdId)
} Group;

typedef struct
{
  WdMongoKeywordList *keywords;
  const WdFlagChange *change;
  GHashTable *groups; // Of the array's octets (GBytes) to Group.
  WdUidSet *conflicts;
  gint64 own_modseq;  // Of the messages that were changed in earlier rounds.
  gboolean is_beside; // WildDuck is told.
} Change;

static void
group_free (gpointer data)
{
  Group *group = data;

  bson_destroy (group->flags);
  wd_uidset_free (group->uids);
  g_array_unref (group->ids);
  g_free (group);
}

static WdFlags
apply (const WdFlagChange *change, WdFlags flags)
{
  switch (change->op)
    {
    case WD_FLAG_OP_REPLACE:
      return change->flags;
    case WD_FLAG_OP_ADD:
      return flags | change->flags;
    case WD_FLAG_OP_REMOVE:
      return flags & ~change->flags;
    }
  return flags;
}

static GBytes *
dup_flags (const bson_t *doc)
{
  bson_iter_t iter;
  const guint8 *data;
  guint32 len;

  if (!bson_iter_init_find (&iter, doc, "flags") || !BSON_ITER_HOLDS_ARRAY (&iter))
    return g_bytes_new (NULL, 0);
  bson_iter_array (&iter, &len, &data);
  return g_bytes_new (data, len);
}

static gboolean
sort_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Change *self = user_data;
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  gint64 modseq = wd_mongo_bson_get_int (doc, "modseq", 0);
  WdId id = wd_mongo_bson_get_id (doc, "_id");
  g_autoptr (GBytes) key = NULL;
  Group *group;

  if (self->own_modseq != 0 && modseq == self->own_modseq)
    return TRUE;
  if (self->change->has_unchanged_since && (WdModseq) modseq > self->change->unchanged_since)
    {
      wd_uidset_add (self->conflicts, uid);
      return TRUE;
    }
  key = dup_flags (doc);
  group = g_hash_table_lookup (self->groups, key);
  if (group == NULL)
    {
      WdFlags before;
      gsize len;
      const guint8 *data = g_bytes_get_data (key, &len);

      if (!wd_mongo_keyword_read_flags (self->keywords, doc, &before, error))
        return FALSE;
      group = g_new0 (Group, 1);
      group->flags = len == 0 ? bson_new () : bson_new_from_data (data, len);
      group->before = before;
      group->after = apply (self->change, before);
      group->uids = wd_uidset_new ();
      group->ids = g_array_new (FALSE, FALSE, sizeof (WdId));
      g_hash_table_insert (self->groups, g_steal_pointer (&key), group);
    }
  wd_uidset_add (group->uids, uid);
  g_array_append_val (group->ids, id);
  return TRUE;
}

// Not those that are just being expunged.
static bson_t *
make_unmarked (void)
{
  return BCON_NEW ("wd.x", "{", "$exists", BCON_BOOL (FALSE), "}");
}

static gboolean
load_groups (
    Change *self, WdMongoCall *call, const WdId *mailbox, const WdUidSet *uids, GError **error)
{
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "uid", BCON_INT32 (1), "flags", BCON_INT32 (1), "modseq",
                  BCON_INT32 (1), "}", "batchSize", BCON_INT32 (5000));

  g_autoptr (bson_t) more = make_unmarked ();

  g_hash_table_remove_all (self->groups);
  return wd_mongo_message_find (call, mailbox, uids, more, options, sort_doc, self, error);
}

// Leaves the groups that change.
static guint32
drop_unchanged (Change *self)
{
  GHashTableIter iter;
  gpointer value;
  guint32 n = 0;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Group *group = value;

      if (group->before == group->after)
        g_hash_table_iter_remove (&iter);
      else
        n += wd_uidset_get_count (group->uids);
    }
  return n;
}

// What a client may have been shown with a later modseq is left for a later round: a modseq never
// goes down.
static bson_t *
make_as_read (const WdMongoOp *op, const Group *group)
{
  bson_t *more = make_unmarked ();

  BSON_APPEND_ARRAY (more, "flags", group->flags);
  BCON_APPEND (more, "modseq", "{", "$lt", BCON_INT64 (op->modseq), "}");
  return more;
}

static gboolean
add_group (Change *self, WdMongoBulk *bulk, const WdMongoOp *op, const Group *group, GError **error)
{
  g_autoptr (bson_t) update = bson_new ();
  g_autoptr (bson_t) more = make_as_read (op, group);
  guint at = 0;
  bson_t *next;
  bson_t set;
  gboolean ok;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  BSON_APPEND_INT64 (&set, "modseq", op->modseq);
  ok = wd_mongo_keyword_add_flags (self->keywords, &set, group->after, error);
  bson_append_document_end (update, &set);
  if (!ok)
    return FALSE;
  while ((next = wd_mongo_message_next_by_ids (&op->mailbox, group->ids, &at, more)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_MANY);
    }
  return TRUE;
}

static gboolean
tell_groups (Change *self, WdMongoCall *call, const WdMongoOp *op, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->groups);
  while (self->is_beside && g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Group *group = value;
      g_autoptr (bson_t) flags = bson_new ();

      if (!wd_mongo_keyword_add_flags (self->keywords, flags, group->after, error))
        return FALSE;
      wd_mongo_journal_make_changed (op, group->uids, flags,
                                     ((group->before ^ group->after) & WD_FLAG_SEEN) != 0, entries);
    }
  return wd_mongo_journal_write (call, entries, error);
}

// `out_n` counts those that were as they had been read.
static gboolean
update_groups (Change *self, WdMongoCall *call, const WdMongoOp *op, gint64 *out_n, GError **error)
{
  g_autoptr (WdMongoBulk) bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!add_group (self, bulk, op, value, error))
      return FALSE;
  return wd_mongo_call_bulk_run (bulk, out_n, error) && tell_groups (self, call, op, error);
}

static void
add_up (Change *self, WdUidSet *changed, WdMongoDelta *delta)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->groups);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Group *group = value;
      gint64 n = wd_uidset_get_count (group->uids);
      WdFlags set = group->after & ~group->before, unset = group->before & ~group->after;

      delta->unseen += n * (((unset & WD_FLAG_SEEN) != 0) - ((set & WD_FLAG_SEEN) != 0));
      delta->deleted += n * (((set & WD_FLAG_DELETED) != 0) - ((unset & WD_FLAG_DELETED) != 0));
      wd_uidset_add_set (changed, group->uids);
    }
}

// What was changed in earlier rounds gets this one's modseq, so that all that a call changes has
// one.
static gboolean
update_own (Change *self, WdMongoCall *call, const WdMongoOp *op, GError **error)
{
  g_autoptr (bson_t) filter = NULL;
  g_autoptr (bson_t) update = NULL;

  if (self->own_modseq == 0)
    return TRUE;
  filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&op->mailbox)), "modseq",
                     BCON_INT64 (self->own_modseq));
  update = BCON_NEW ("$set", "{", "modseq", BCON_INT64 (op->modseq), "}");
  return wd_mongo_call_update (call, WD_MONGO_MESSAGES, filter, update, WD_MONGO_MANY, NULL, NULL,
                               error);
}

// What has changed already is not counted again when others get into the way.
static gboolean
update_all (Change *self, WdMongoCall *call, const WdMongoOp *op, gint64 *out_n, GError **error)
{
  for (guint i = 1;
       !update_own (self, call, op, error) || !update_groups (self, call, op, out_n, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

// One operation for the `n` messages of the groups. `out_is_done`: all of them were as they had
// been read, and nobody has taken the operation for dead and shown what came behind it.
static gboolean
run_round (Change *self,
           WdMongoCall *call,
           const WdActor *actor,
           const WdId *mailbox,
           guint32 n,
           WdUidSet *changed,
           gboolean *out_is_done,
           GError **error)
{
  WdMongoDelta delta = { .is_unknown = self->own_modseq != 0 };
  gboolean is_ended;
  gint64 n_done = 0;
  WdMongoOp op;

  if (!wd_mongo_pending_begin (call, &actor->owner, mailbox, WD_MONGO_PENDING_CHANGE, 0, NULL, &op,
                               error))
    return FALSE;
  add_up (self, changed, &delta);
  if (!update_all (self, call, &op, &n_done, error))
    {
      // The entry goes all the same, if it can: what was done is done. Nobody waits for a database
      // that is away once more.
      delta.is_unknown = TRUE;
      if (error != NULL && !g_error_matches (*error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE))
        (void) !wd_mongo_pending_finish (call, &op, WD_MONGO_PENDING_CHANGE, &delta, &is_ended,
                                         NULL);
      return FALSE;
    }
  if (n_done != n)
    delta.is_unknown = TRUE;
  self->own_modseq = op.modseq;
  if (!wd_mongo_pending_finish (call, &op, WD_MONGO_PENDING_CHANGE, &delta, &is_ended, error))
    return FALSE;
  *out_is_done = n_done == n && !is_ended;
  return TRUE;
}

// Until all that was found has changed. Others that change the same messages at the same time make
// it take more rounds, and leave the counters unknown.
static gboolean
run (Change *self,
     WdMongoCall *call,
     const WdActor *actor,
     const WdId *mailbox,
     guint32 n,
     WdUidSet *changed,
     GError **error)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      gboolean is_done;

      if (!run_round (self, call, actor, mailbox, n, changed, &is_done, error))
        return FALSE;
      if (is_done)
        return TRUE;
      // Some are gone, or have other flags by now. Those that have changed are not changed again.
      if (!load_groups (self, call, mailbox, changed, error))
        return FALSE;
      wd_uidset_remove_set (changed, self->conflicts);
      n = drop_unchanged (self);
    }
  return wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "others change the same messages", error);
}

gboolean
wd_mongo_flags_change (WdStore *store,
                       const WdActor *actor,
                       const WdId *mailbox,
                       const WdUidSet *uids,
                       const WdFlagChange *flag_change,
                       WdUidSet **out_changed,
                       WdUidSet **out_conflicts,
                       WdModseq *out_modseq,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoKeywordList) keywords = { 0 };
  g_auto (WdMongoMailbox) row = { 0 };
  g_autoptr (GHashTable) groups = g_hash_table_new_full (
      g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, group_free);
  g_autoptr (WdUidSet) visible = wd_uidset_copy (uids);
  g_autoptr (WdUidSet) changed = wd_uidset_new ();
  g_autoptr (WdUidSet) conflicts = wd_uidset_new ();
  Change change = { &keywords, flag_change, groups, conflicts };
  WdModseq modseq;
  guint32 n;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error))
    return FALSE;
  wd_uidset_remove_range (visible, (WdUid) row.uidnext, G_MAXUINT32);
  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), &call, &actor->owner, &keywords);
  if (!load_groups (&change, &call, mailbox, visible, error))
    return FALSE;
  modseq = (WdModseq) row.modseq;
  change.is_beside = wd_mongo_store_is_beside (store);
  n = drop_unchanged (&change);
  if (n > 0)
    {
      gboolean ok = run (&change, &call, actor, mailbox, n, changed, error);

      // Even when nothing changed: what others did was held back meanwhile.
      wd_mongo_store_notify (store, WD_BEACON_MAILBOX, &actor->owner, mailbox);
      if (!ok)
        return FALSE;
      modseq = (WdModseq) change.own_modseq;
    }
  if (out_changed != NULL)
    *out_changed = g_steal_pointer (&changed);
  if (out_conflicts != NULL)
    *out_conflicts = g_steal_pointer (&conflicts);
  if (out_modseq != NULL)
    *out_modseq = modseq;
  return TRUE;
}
