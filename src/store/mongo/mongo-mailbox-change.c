// SPDX-License-Identifier: EUPL-1.2
// Renaming mailboxes, subscriptions, and the fields that are only kept.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "store-path.h"

// What is at or below a path. Returns (transfer full).
static bson_t *
make_tree_filter (const WdId *owner, const char *path)
{
  g_autofree char *from = g_strconcat (path, "/", NULL);
  g_autofree char *to = g_strconcat (path, "0", NULL);

  return BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)), "$or", "[", "{", "path",
                   BCON_UTF8 (path), "}", "{", "path", "{", "$gt", BCON_UTF8 (from), "$lt",
                   BCON_UTF8 (to), "}", "}", "]");
}

static gboolean
keep_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  g_ptr_array_add (user_data, bson_copy (doc));
  return TRUE;
}

static GPtrArray *
list_tree (WdMongoCall *call, const WdId *owner, const char *path, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_autoptr (bson_t) filter = make_tree_filter (owner, path);

  // The mailbox itself first: what a crash leaves below the old path can be renamed again.
  g_autoptr (bson_t) options = BCON_NEW ("sort", "{", "path", BCON_INT32 (1), "}");

  if (!wd_mongo_call_find (call, WD_MONGO_MAILBOXES, filter, options, keep_doc, docs, error))
    return NULL;
  return g_steal_pointer (&docs);
}

static gboolean
check_target (
    WdMongoCall *call, const WdId *owner, const char *old, const char *new, GError **error)
{
  g_autoptr (GPtrArray) taken = NULL;

  if (wd_store_path_is_below (new, old))
    return wd_mongo_store_fail (WD_STORE_ERROR_INVALID, "a mailbox cannot go below itself", error);
  taken = list_tree (call, owner, new, error);
  if (taken == NULL)
    return FALSE;
  return taken->len == 0
         || wd_mongo_store_fail (WD_STORE_ERROR_EXISTS, "there is a mailbox of that name", error);
}

gboolean
wd_mongo_mailbox_change_bare_name (
    WdMongoCall *call, const WdId *user, const char *path, gboolean subscribed, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (user)));
  g_autofree char *last = g_strdup_printf ("wd.subs.%d", 2 * WD_LIMIT_MAILBOXES - 1);
  g_autoptr (bson_t) update
      = BCON_NEW (subscribed ? "$addToSet" : "$pull", "{", "wd.subs", BCON_UTF8 (path), "}");
  gint64 n_matched;

  // Names without a mailbox need a bound of their own.
  if (subscribed)
    BCON_APPEND (filter, last, "{", "$exists", BCON_BOOL (FALSE), "}");
  if (!wd_mongo_call_update (call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, &n_matched, NULL,
                             error))
    return FALSE;
  return n_matched > 0 || !subscribed
         || wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many subscriptions", error);
}

static gboolean
set_path (WdMongoCall *call, const WdId *id, const char *path, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "path", BCON_UTF8 (path), "}");

  return wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

// Who was subscribed to the old name is to the new one. The old name stays in the list, for it may
// not be taken out unasked (RFC 3501 6.3.9).
static gboolean
move_path (WdMongoCall *call,
           const WdId *owner,
           const bson_t *doc,
           const char *old_root,
           const char *new_root,
           GPtrArray *entries,
           GError **error)
{
  const char *old = wd_mongo_bson_get_text (doc, "path");
  g_autofree char *new = g_strconcat (new_root, old + strlen (old_root), NULL);
  g_autofree char *normal = wd_store_path_normalize (new, error);
  WdId id = wd_mongo_bson_get_id (doc, "_id");

  if (normal == NULL || !set_path (call, &id, normal, error))
    return FALSE;
  wd_mongo_journal_make_mailbox (owner, &id, wd_mongo_bson_get_int (doc, "modifyIndex", 1),
                                 "RENAME", normal, entries);
  return !wd_mongo_bson_get_bool (doc, "subscribed")
         || wd_mongo_mailbox_change_bare_name (call, owner, old, TRUE, error);
}

static gboolean
rename_tree (WdStore *store,
             WdMongoCall *call,
             const WdId *owner,
             const char *old,
             const char *new,
             GError **error)
{
  g_autoptr (GPtrArray) docs = list_tree (call, owner, old, error);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);

  if (docs == NULL || !wd_mongo_mailbox_create_parents (store, call, owner, new, error))
    return FALSE;
  for (guint i = 0; i < docs->len; i++)
    {
      g_autofree char *target
          = g_strconcat (new, wd_mongo_bson_get_text (docs->pdata[i], "path") + strlen (old), NULL);
      g_autofree char *normal = wd_store_path_normalize (target, error);

      // All are looked at before the first is moved.
      if (normal == NULL)
        return FALSE;
    }
  for (guint i = 0; i < docs->len; i++)
    if (!move_path (call, owner, docs->pdata[i], old, new, entries, error))
      return FALSE;
  return !wd_mongo_store_is_beside (store) || wd_mongo_journal_write (call, entries, error);
}

// RFC 3501 6.3.5: the messages go to a new mailbox; INBOX and what is below it stay.
static gboolean
rename_inbox (WdStore *store,
              const WdActor *actor,
              const WdId *inbox,
              const char *new,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (WdUidSet) source = NULL;
  g_autoptr (WdUidSet) target = NULL;
  guint32 uidvalidity;
  WdId id;

  return wd_mongo_mailbox_create_one (store, actor, new, WD_SPECIAL_USE_NONE, NULL, &id,
                                      cancellable, error)
         && wd_mongo_copy_messages (store, actor, inbox, all, &id, TRUE, NULL, NULL, &source,
                                    &target, &uidvalidity, cancellable, error);
}

gboolean
wd_mongo_mailbox_change_path (WdStore *store,
                              const WdActor *actor,
                              const WdId *id,
                              const char *new_path,
                              GCancellable *cancellable,
                              GError **error)
{
  g_autofree char *normal = wd_store_path_normalize (new_path, error);
  g_auto (WdMongoMailbox) mailbox = { 0 };
  {
    g_auto (WdMongoCall) call = { 0 };

    if (normal == NULL || !wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
        || !wd_mongo_mailbox_load (store, &call, &actor->owner, id, NULL, &mailbox, error))
      return FALSE;
    if (strcmp (mailbox.path, "INBOX") != 0
        && (!check_target (&call, &actor->owner, mailbox.path, normal, error)
            || !rename_tree (store, &call, &actor->owner, mailbox.path, normal, error)))
      return FALSE;
  }
  if (strcmp (mailbox.path, "INBOX") == 0)
    return rename_inbox (store, actor, id, normal, cancellable, error);
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, &actor->owner, NULL);
  return TRUE;
}

gboolean
wd_mongo_mailbox_change_subscribed (WdStore *store,
                                    const WdActor *actor,
                                    const char *path,
                                    gboolean subscribed,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, error);

  if (normal == NULL || !wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return FALSE;

  g_autoptr (bson_t) filter
      = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (&actor->owner)), "path", BCON_UTF8 (normal));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "subscribed", BCON_BOOL (subscribed), "}");
  gint64 n_matched;

  if (!wd_mongo_call_update (&call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  if ((n_matched == 0 || !subscribed)
      && !wd_mongo_mailbox_change_bare_name (&call, &actor->owner, normal, subscribed, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, &actor->owner, NULL);
  return TRUE;
}

gboolean
wd_mongo_mailbox_change_extra (WdStore *store,
                               const WdActor *actor,
                               const WdId *id,
                               const char *extra_json,
                               GCancellable *cancellable,
                               GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)), "user",
                                        BCON_OID (wd_mongo_bson_oid (&actor->owner)));
  g_autoptr (bson_t) update = bson_new ();
  gint64 n_matched;
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  wd_mongo_bson_add_text (&set, "wd.extra", extra_json);
  bson_append_document_end (update, &set);
  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_call_update (&call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, &n_matched,
                                NULL, error))
    return FALSE;
  if (n_matched == 0)
    return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such mailbox", error);
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, &actor->owner, NULL);
  return TRUE;
}
