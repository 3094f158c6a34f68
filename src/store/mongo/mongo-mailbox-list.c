// SPDX-License-Identifier: EUPL-1.2
// Listing and finding mailboxes.
#include "config.h"

#include "mongo-mailbox.h"
#include "store-path.h"

static gboolean
keep_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  g_ptr_array_add (user_data, bson_copy (doc));
  return TRUE;
}

static GPtrArray *
load_all (WdMongoCall *call, const WdId *owner, const bson_t *options, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)));

  if (!wd_mongo_call_find (call, WD_MONGO_MAILBOXES, filter, options, keep_doc, docs, error))
    return NULL;
  // Everybody has an INBOX.
  if (docs->len == 0)
    {
      wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
      return NULL;
    }
  return g_steal_pointer (&docs);
}

// Reads them again if one has to be raised.
static GPtrArray *
load_raised (WdMongoCall *call, const WdId *owner, GError **error)
{
  g_autoptr (GPtrArray) docs = load_all (call, owner, NULL, error);
  gboolean is_raised = FALSE;

  for (guint i = 0; docs != NULL && i < docs->len && !is_raised; i++)
    if (!wd_mongo_mailbox_raise (call, owner, docs->pdata[i], &is_raised, error))
      return NULL;
  return is_raised ? load_all (call, owner, NULL, error) : g_steal_pointer (&docs);
}

GPtrArray *
wd_mongo_mailbox_list_all (WdStore *store,
                           const WdActor *actor,
                           GCancellable *cancellable,
                           GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GPtrArray) docs = NULL;
  g_autoptr (GPtrArray) infos
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_mailbox_info_free);

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || (docs = load_raised (&call, &actor->owner, error)) == NULL)
    return NULL;
  for (guint i = 0; i < docs->len; i++)
    {
      g_auto (WdMongoMailbox) mailbox = { 0 };
      WdMailboxInfo *info;

      wd_mongo_mailbox_init (&mailbox, docs->pdata[i]);
      if (!wd_mongo_mailbox_get_info (&call, &mailbox, &info, error))
        return NULL;
      g_ptr_array_add (infos, info);
    }
  wd_mailbox_info_sort (infos);
  return g_steal_pointer (&infos);
}

// Those of mailboxes stand in their documents, those of bare names in the user's.
GPtrArray *
wd_mongo_mailbox_list_subscriptions (WdStore *store,
                                     const WdActor *actor,
                                     GCancellable *cancellable,
                                     GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (bson_t) of_user = BCON_NEW ("projection", "{", "wd.subs", BCON_INT32 (1), "}");
  g_autoptr (bson_t) of_mailbox
      = BCON_NEW ("projection", "{", "path", BCON_INT32 (1), "subscribed", BCON_INT32 (1), "}");
  g_autoptr (GPtrArray) docs = NULL;
  g_autoptr (bson_t) user = NULL;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || (user = wd_mongo_user_load (&call, &actor->owner, of_user, error)) == NULL
      || (docs = load_all (&call, &actor->owner, of_mailbox, error)) == NULL)
    return NULL;

  g_auto (GStrv) bare = wd_mongo_bson_dup_texts (user, "wd.subs");

  for (guint i = 0; i < docs->len; i++)
    {
      char *path = wd_mongo_bson_dup_text (docs->pdata[i], "path");

      if (path != NULL && wd_mongo_bson_get_bool (docs->pdata[i], "subscribed"))
        {
          g_ptr_array_add (paths, path);
          g_hash_table_add (seen, path);
        }
      else
        g_free (path);
    }
  for (guint i = 0; bare[i] != NULL; i++)
    if (!g_hash_table_contains (seen, bare[i]))
      g_ptr_array_add (paths, g_strdup (bare[i]));
  wd_store_path_sort (paths);
  return g_steal_pointer (&paths);
}

gboolean
wd_mongo_mailbox_list_has_children (
    WdMongoCall *call, const WdId *owner, const char *path, gboolean *out_has, GError **error)
{
  g_autofree char *from = g_strconcat (path, "/", NULL);
  g_autofree char *to = g_strconcat (path, "0", NULL); // The octet after '/'.
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)), "path", "{",
                                        "$gt", BCON_UTF8 (from), "$lt", BCON_UTF8 (to), "}");
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_MAILBOXES, filter, options, &doc, error))
    return FALSE;
  *out_has = doc != NULL;
  return TRUE;
}

// By its id with whether it has children; by its path without.
static WdMailboxInfo *
load_info (WdStore *store,
           WdMongoCall *call,
           const WdId *owner,
           const WdId *id,
           const char *path,
           GError **error)
{
  g_auto (WdMongoMailbox) mailbox = { 0 };
  g_autoptr (WdMailboxInfo) info = NULL;

  if (!wd_mongo_mailbox_load (store, call, owner, id, path, &mailbox, error)
      || !wd_mongo_mailbox_get_info (call, &mailbox, &info, error)
      || (path == NULL
          && !wd_mongo_mailbox_list_has_children (call, owner, info->path, &info->has_children,
                                                  error)))
    return NULL;
  return g_steal_pointer (&info);
}

gboolean
wd_mongo_mailbox_list_find (WdStore *store,
                            const WdActor *actor,
                            const char *path,
                            WdMailboxInfo **out_info,
                            GCancellable *cancellable,
                            GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, NULL);
  g_autoptr (GError) failure = NULL;
  g_autoptr (bson_t) user = NULL;

  *out_info = NULL;
  // What is no path names no mailbox.
  if (normal == NULL)
    return TRUE;
  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return FALSE;
  *out_info = load_info (store, &call, &actor->owner, NULL, normal, &failure);
  if (*out_info != NULL)
    return TRUE;
  if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  user = wd_mongo_user_load (&call, &actor->owner, NULL, error);
  return user != NULL;
}

WdMailboxInfo *
wd_mongo_mailbox_list_get (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           GCancellable *cancellable,
                           GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return NULL;
  return load_info (store, &call, &actor->owner, mailbox, NULL, error);
}
