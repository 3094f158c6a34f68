// SPDX-License-Identifier: EUPL-1.2
// The database's commands, and its errors.
#include "config.h"

#include "mongo-call.h"

#include <string.h>

// Codes of the server (its error_codes.yml).
enum
{
  CODE_DUPLICATE_KEY = 11000,
  CODE_DUPLICATE_KEY_UPDATE = 11001,
  CODE_TOO_LARGE = 10334,
  CODE_WRITE_CONFLICT = 112,
};

#define DOCS_A_BATCH 1000
#define MAX_TRIES 8

static gboolean
is_duplicate (const bson_error_t *failure)
{
  return failure->domain == MONGOC_ERROR_SERVER
         && (failure->code == CODE_DUPLICATE_KEY || failure->code == CODE_DUPLICATE_KEY_UPDATE);
}

// Two that change the same documents in another order. FerretDB passes PostgreSQL's text on.
static gboolean
is_conflict (const bson_error_t *failure)
{
  return failure->domain == MONGOC_ERROR_SERVER
         && (failure->code == CODE_WRITE_CONFLICT
             || strstr (failure->message, "deadlock detected") != NULL);
}

static WdStoreError
get_code (const bson_error_t *failure)
{
  if (is_duplicate (failure))
    return WD_STORE_ERROR_EXISTS;
  if (is_conflict (failure))
    return WD_STORE_ERROR_BUSY;
  if (failure->domain == MONGOC_ERROR_BSON || failure->domain == BSON_ERROR_INVALID
      || (failure->domain == MONGOC_ERROR_SERVER && failure->code == CODE_TOO_LARGE))
    return WD_STORE_ERROR_TOO_LARGE;
  return WD_STORE_ERROR_UNAVAILABLE;
}

static gboolean
set_error (const char *collection, const bson_error_t *failure, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, (gint) get_code (failure), "%s: %s", collection,
               failure->message);
  return FALSE;
}

static gboolean
check_cancelled (WdMongoCall *call, GError **error)
{
  if (!g_cancellable_is_cancelled (call->cancellable))
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CANCELLED, "cancelled");
  return FALSE;
}

static mongoc_collection_t *
get (WdMongoCall *call, const char *collection)
{
  return mongoc_client_get_collection (call->client, wd_mongo_pool_get_database (call->pool),
                                       collection);
}

// Takes `cursor`.
static gboolean
walk (WdMongoCall *call,
      const char *collection,
      mongoc_cursor_t *cursor,
      WdMongoDocFunc func,
      gpointer user_data,
      GError **error)
{
  GError *stopped = NULL;
  const bson_t *doc;
  bson_error_t failure;
  gboolean ok = TRUE;

  while (ok && mongoc_cursor_next (cursor, &doc))
    ok = check_cancelled (call, &stopped) && func (doc, user_data, &stopped);
  if (!ok)
    ok = stopped == NULL;
  else if (mongoc_cursor_error (cursor, &failure))
    ok = set_error (collection, &failure, &stopped);
  if (stopped != NULL)
    g_propagate_error (error, stopped);
  mongoc_cursor_destroy (cursor);
  return ok;
}

gboolean
wd_mongo_call_find (WdMongoCall *call,
                    const char *collection,
                    const bson_t *filter,
                    const bson_t *options,
                    WdMongoDocFunc func,
                    gpointer user_data,
                    GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  mongoc_cursor_t *cursor = mongoc_collection_find_with_opts (handle, filter, options, NULL);
  gboolean ok = walk (call, collection, cursor, func, user_data, error);

  mongoc_collection_destroy (handle);
  return ok;
}

gboolean
wd_mongo_call_aggregate (WdMongoCall *call,
                         const char *collection,
                         const bson_t *pipeline,
                         WdMongoDocFunc func,
                         gpointer user_data,
                         GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  mongoc_cursor_t *cursor
      = mongoc_collection_aggregate (handle, MONGOC_QUERY_NONE, pipeline, NULL, NULL);
  gboolean ok = walk (call, collection, cursor, func, user_data, error);

  mongoc_collection_destroy (handle);
  return ok;
}

static gboolean
keep_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  *(bson_t **) user_data = bson_copy (doc);
  return FALSE;
}

gboolean
wd_mongo_call_find_one (WdMongoCall *call,
                        const char *collection,
                        const bson_t *filter,
                        const bson_t *options,
                        bson_t **out_doc,
                        GError **error)
{
  g_autoptr (bson_t) limited = options == NULL ? bson_new () : bson_copy (options);

  BSON_APPEND_INT64 (limited, "limit", 1);
  BSON_APPEND_BOOL (limited, "singleBatch", TRUE);
  *out_doc = NULL;
  return wd_mongo_call_find (call, collection, filter, limited, keep_doc, out_doc, error);
}

gboolean
wd_mongo_call_count (
    WdMongoCall *call, const char *collection, const bson_t *filter, gint64 *out_n, GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  bson_error_t failure;

  *out_n = mongoc_collection_count_documents (handle, filter, NULL, NULL, NULL, &failure);
  mongoc_collection_destroy (handle);
  return *out_n >= 0 || set_error (collection, &failure, error);
}

gboolean
wd_mongo_call_modify (WdMongoCall *call,
                      const char *collection,
                      const bson_t *filter,
                      const bson_t *update,
                      const bson_t *fields,
                      bson_t **out_doc,
                      GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  mongoc_find_and_modify_opts_t *opts = mongoc_find_and_modify_opts_new ();
  mongoc_find_and_modify_flags_t flags
      = update == NULL ? MONGOC_FIND_AND_MODIFY_REMOVE : MONGOC_FIND_AND_MODIFY_RETURN_NEW;
  bson_error_t failure;
  bson_iter_t iter;
  bson_t reply;

  if (update != NULL)
    mongoc_find_and_modify_opts_set_update (opts, update);
  if (fields != NULL)
    mongoc_find_and_modify_opts_set_fields (opts, fields);
  mongoc_find_and_modify_opts_set_flags (opts, flags);

  gboolean ok
      = mongoc_collection_find_and_modify_with_opts (handle, filter, opts, &reply, &failure);

  *out_doc = NULL;
  if (ok && wd_mongo_bson_find (&reply, "value", &iter) && BSON_ITER_HOLDS_DOCUMENT (&iter))
    {
      const guint8 *data;
      guint32 len;

      bson_iter_document (&iter, &len, &data);
      *out_doc = bson_new_from_data (data, len);
    }
  bson_destroy (&reply);
  mongoc_find_and_modify_opts_destroy (opts);
  mongoc_collection_destroy (handle);
  return ok || set_error (collection, &failure, error);
}

gboolean
wd_mongo_call_update (WdMongoCall *call,
                      const char *collection,
                      const bson_t *filter,
                      const bson_t *update,
                      WdMongoFlags flags,
                      gint64 *out_matched,
                      gint64 *out_modified,
                      GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  g_autoptr (bson_t) opts = bson_new ();
  bson_error_t failure;
  bson_t reply;
  gboolean ok;

  if ((flags & WD_MONGO_UPSERT) != 0)
    BSON_APPEND_BOOL (opts, "upsert", TRUE);
  ok = (flags & WD_MONGO_MANY) != 0
           ? mongoc_collection_update_many (handle, filter, update, opts, &reply, &failure)
           : mongoc_collection_update_one (handle, filter, update, opts, &reply, &failure);
  if (ok && out_matched != NULL)
    *out_matched = wd_mongo_bson_get_int (&reply, "matchedCount", 0);
  if (ok && out_modified != NULL)
    *out_modified = wd_mongo_bson_get_int (&reply, "modifiedCount", 0);
  bson_destroy (&reply);
  mongoc_collection_destroy (handle);
  return ok || set_error (collection, &failure, error);
}

gboolean
wd_mongo_call_insert (WdMongoCall *call, const char *collection, const bson_t *doc, GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  bson_error_t failure;
  gboolean ok = mongoc_collection_insert_one (handle, doc, NULL, NULL, &failure);

  mongoc_collection_destroy (handle);
  return ok || set_error (collection, &failure, error);
}

// How many of the errors of a reply say that a key is taken; -1 when one says something else.
static gint64
count_duplicates (const bson_t *reply)
{
  bson_iter_t iter, child;
  gint64 n = 0;

  if (!wd_mongo_bson_find (reply, "writeErrors", &iter) || !bson_iter_recurse (&iter, &child))
    return -1;
  while (bson_iter_next (&child))
    {
      bson_iter_t inner, code;

      if (!bson_iter_recurse (&child, &inner) || !bson_iter_find_descendant (&inner, "code", &code)
          || (bson_iter_as_int64 (&code) != CODE_DUPLICATE_KEY
              && bson_iter_as_int64 (&code) != CODE_DUPLICATE_KEY_UPDATE))
        return -1;
      n++;
    }
  return n;
}

static gboolean
insert_batch (WdMongoCall *call,
              const char *collection,
              gpointer *docs,
              gsize n,
              gint64 *inout_n_there,
              GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  g_autoptr (bson_t) opts = BCON_NEW ("ordered", BCON_BOOL (FALSE));
  bson_error_t failure;
  bson_t reply;
  gboolean ok
      = mongoc_collection_insert_many (handle, (const bson_t **) docs, n, opts, &reply, &failure);

  if (!ok && inout_n_there != NULL)
    {
      gint64 n_there = count_duplicates (&reply);

      ok = n_there > 0;
      *inout_n_there += MAX (n_there, 0);
    }
  bson_destroy (&reply);
  mongoc_collection_destroy (handle);
  return ok || set_error (collection, &failure, error);
}

gboolean
wd_mongo_call_insert_many (
    WdMongoCall *call, const char *collection, GPtrArray *docs, gint64 *out_n_there, GError **error)
{
  if (out_n_there != NULL)
    *out_n_there = 0;
  for (guint i = 0; i < docs->len; i += DOCS_A_BATCH)
    if (!insert_batch (call, collection, docs->pdata + i, MIN (DOCS_A_BATCH, docs->len - i),
                       out_n_there, error))
      return FALSE;
  return TRUE;
}

gboolean
wd_mongo_call_delete (WdMongoCall *call,
                      const char *collection,
                      const bson_t *filter,
                      WdMongoFlags flags,
                      gint64 *out_n,
                      GError **error)
{
  mongoc_collection_t *handle = get (call, collection);
  bson_error_t failure;
  bson_t reply;
  gboolean ok = (flags & WD_MONGO_MANY) != 0
                    ? mongoc_collection_delete_many (handle, filter, NULL, &reply, &failure)
                    : mongoc_collection_delete_one (handle, filter, NULL, &reply, &failure);

  if (ok && out_n != NULL)
    *out_n = wd_mongo_bson_get_int (&reply, "deletedCount", 0);
  bson_destroy (&reply);
  mongoc_collection_destroy (handle);
  return ok || set_error (collection, &failure, error);
}

gboolean
wd_mongo_call_command (WdMongoCall *call, const bson_t *command, bson_t **out_reply, GError **error)
{
  bson_error_t failure;
  bson_t reply;
  gboolean ok = mongoc_client_command_simple (call->client, wd_mongo_pool_get_database (call->pool),
                                              command, NULL, &reply, &failure);

  if (ok && out_reply != NULL)
    *out_reply = bson_copy (&reply);
  bson_destroy (&reply);
  return ok || set_error ("command", &failure, error);
}

struct _WdMongoBulk
{
  char *name;
  mongoc_collection_t *collection;
  mongoc_bulk_operation_t *operation;
  guint n;
  gboolean is_bad;
  bson_error_t failure;
};

WdMongoBulk *
wd_mongo_call_bulk_new (WdMongoCall *call, const char *collection)
{
  WdMongoBulk *self = g_new0 (WdMongoBulk, 1);
  g_autoptr (bson_t) opts = BCON_NEW ("ordered", BCON_BOOL (FALSE));

  self->name = g_strdup (collection);
  self->collection = get (call, collection);
  self->operation = mongoc_collection_create_bulk_operation_with_opts (self->collection, opts);
  return self;
}

void
wd_mongo_call_bulk_free (WdMongoBulk *self)
{
  if (self == NULL)
    return;
  mongoc_bulk_operation_destroy (self->operation);
  mongoc_collection_destroy (self->collection);
  g_free (self->name);
  g_free (self);
}

void
wd_mongo_call_bulk_update (WdMongoBulk *self,
                           const bson_t *filter,
                           const bson_t *update,
                           WdMongoFlags flags)
{
  g_autoptr (bson_t) opts = bson_new ();
  gboolean ok;

  if ((flags & WD_MONGO_UPSERT) != 0)
    BSON_APPEND_BOOL (opts, "upsert", TRUE);
  ok = (flags & WD_MONGO_MANY) != 0
           ? mongoc_bulk_operation_update_many_with_opts (self->operation, filter, update, opts,
                                                          &self->failure)
           : mongoc_bulk_operation_update_one_with_opts (self->operation, filter, update, opts,
                                                         &self->failure);
  self->is_bad = self->is_bad || !ok;
  self->n++;
}

void
wd_mongo_call_bulk_delete (WdMongoBulk *self, const bson_t *filter)
{
  gboolean ok
      = mongoc_bulk_operation_remove_many_with_opts (self->operation, filter, NULL, &self->failure);

  self->is_bad = self->is_bad || !ok;
  self->n++;
}

gboolean
wd_mongo_call_bulk_run (WdMongoBulk *self, gint64 *out_matched, GError **error)
{
  bson_t reply;
  gboolean ok;

  if (out_matched != NULL)
    *out_matched = 0;
  if (self->is_bad)
    return set_error (self->name, &self->failure, error);
  if (self->n == 0)
    return TRUE;
  ok = mongoc_bulk_operation_execute (self->operation, &reply, &self->failure) != 0;
  if (ok && out_matched != NULL)
    *out_matched = wd_mongo_bson_get_int (&reply, "nMatched", 0);
  bson_destroy (&reply);
  return ok || set_error (self->name, &self->failure, error);
}

static gboolean
is_clash (const bson_iter_t *entry)
{
  bson_error_t failure = { .domain = MONGOC_ERROR_SERVER };
  bson_iter_t inner;

  if (bson_iter_recurse (entry, &inner) && bson_iter_find (&inner, "code"))
    failure.code = (guint32) bson_iter_as_int64 (&inner);
  if (bson_iter_recurse (entry, &inner) && bson_iter_find (&inner, "errmsg")
      && BSON_ITER_HOLDS_UTF8 (&inner))
    g_strlcpy (failure.message, bson_iter_utf8 (&inner, NULL), sizeof failure.message);
  return is_duplicate (&failure) || is_conflict (&failure);
}

// For each element of an array of the reply, which names a change by its index. FALSE when one of
// the errors is no clash.
static gboolean
note_each (const bson_t *reply, const char *array, WdMongoDid did, WdMongoDid *out_did, guint n)
{
  bson_iter_t iter, child, inner;

  if (!bson_iter_init_find (&iter, reply, array) || !bson_iter_recurse (&iter, &child))
    return TRUE;
  while (bson_iter_next (&child))
    {
      gint64 i = bson_iter_recurse (&child, &inner) && bson_iter_find (&inner, "index")
                     ? bson_iter_as_int64 (&inner)
                     : -1;

      if (i < 0 || i >= n || (did == WD_MONGO_DID_CLASH && !is_clash (&child)))
        return FALSE;
      out_did[i] = did;
    }
  return TRUE;
}

// Errors beside those of single changes: of the network, of replication.
static gboolean
has_errors_of_changes (const bson_t *reply, const bson_error_t *failure)
{
  bson_iter_t iter, child;

  return failure->domain == MONGOC_ERROR_SERVER && bson_iter_init_find (&iter, reply, "writeErrors")
         && bson_iter_recurse (&iter, &child) && bson_iter_next (&child);
}

gboolean
wd_mongo_call_bulk_run_each (WdMongoBulk *self, WdMongoDid *out_did, guint n, GError **error)
{
  bson_t reply;
  gboolean ok;

  if (self->is_bad)
    return set_error (self->name, &self->failure, error);
  for (guint i = 0; i < n; i++)
    out_did[i] = WD_MONGO_DID_MATCH;
  if (self->n == 0)
    return TRUE;
  ok = mongoc_bulk_operation_execute (self->operation, &reply, &self->failure) != 0
       || has_errors_of_changes (&reply, &self->failure);
  ok = note_each (&reply, "upserted", WD_MONGO_DID_INSERT, out_did, n)
       && note_each (&reply, "writeErrors", WD_MONGO_DID_CLASH, out_did, n) && ok;
  bson_destroy (&reply);
  return ok || set_error (self->name, &self->failure, error);
}

gboolean
wd_mongo_call_may_repeat (GError **error, guint n_tries)
{
  if (error == NULL || n_tries >= MAX_TRIES
      || !g_error_matches (*error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}
