// SPDX-License-Identifier: EUPL-1.2
// The database's commands, one a function: the only file that asks the library, and that turns its
// errors into the store's. Duplicate keys are EXISTS. Each is one round trip, but for the find and
// the aggregate, which take one for each batch, and the bulk, which takes one for each kind of
// operation in a row.
#pragma once

#include "mongo-pool.h"

// Runs one for each document. Returns FALSE to stop: the call fails if `error` is set by then.
typedef gboolean (*WdMongoDocFunc) (const bson_t *doc, gpointer user_data, GError **error);

// TRUE with NULL in `out_doc` (transfer full) when there is none.
gboolean wd_mongo_call_find_one (WdMongoCall *call,
                                 const char *collection,
                                 const bson_t *filter,
                                 const bson_t *options,
                                 bson_t **out_doc,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_call_find (WdMongoCall *call,
                             const char *collection,
                             const bson_t *filter,
                             const bson_t *options,
                             WdMongoDocFunc func,
                             gpointer user_data,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_call_aggregate (WdMongoCall *call,
                                  const char *collection,
                                  const bson_t *pipeline,
                                  WdMongoDocFunc func,
                                  gpointer user_data,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_call_count (WdMongoCall *call,
                              const char *collection,
                              const bson_t *filter,
                              gint64 *out_n,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Changes one document and gives it as it is then; with `update` NULL, removes it. TRUE with NULL
// in `out_doc` (transfer full) when none matches.
gboolean wd_mongo_call_modify (WdMongoCall *call,
                               const char *collection,
                               const bson_t *filter,
                               const bson_t *update,
                               const bson_t *fields,
                               bson_t **out_doc,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_MONGO_ONE = 0,
  WD_MONGO_MANY = 1 << 0,
  WD_MONGO_UPSERT = 1 << 1,
} WdMongoFlags;

// `out_matched`, `out_modified`: (nullable).
gboolean wd_mongo_call_update (WdMongoCall *call,
                               const char *collection,
                               const bson_t *filter,
                               const bson_t *update,
                               WdMongoFlags flags,
                               gint64 *out_matched,
                               gint64 *out_modified,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
wd_mongo_call_insert (WdMongoCall *call, const char *collection, const bson_t *doc, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Inserts all that can be. `out_n_there` (nullable): how many were there already, by their keys;
// with it, those are no error.
gboolean wd_mongo_call_insert_many (WdMongoCall *call,
                                    const char *collection,
                                    GPtrArray *docs,
                                    gint64 *out_n_there,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_call_delete (WdMongoCall *call,
                               const char *collection,
                               const bson_t *filter,
                               WdMongoFlags flags,
                               gint64 *out_n,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Any command of the database.
gboolean
wd_mongo_call_command (WdMongoCall *call, const bson_t *command, bson_t **out_reply, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Many changes in one go, in any order.
typedef struct _WdMongoBulk WdMongoBulk;

WdMongoBulk *wd_mongo_call_bulk_new (WdMongoCall *call, const char *collection)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_call_bulk_free (WdMongoBulk *self);
void wd_mongo_call_bulk_update (WdMongoBulk *self,
                                const bson_t *filter,
                                const bson_t *update,
                                WdMongoFlags flags);
void wd_mongo_call_bulk_delete (WdMongoBulk *self, const bson_t *filter);
gboolean wd_mongo_call_bulk_run (WdMongoBulk *self, gint64 *out_matched, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_MONGO_DID_MATCH, // Or nothing: the document was there, or there is none to change.
  WD_MONGO_DID_INSERT,
  WD_MONGO_DID_CLASH, // Its key was taken, or others got into its way: it has changed nothing.
} WdMongoDid;

// The same; tells what became of each change, of which there are `n` and none is a deletion. A
// clash is no error. Who changes the same documents in the same order hardly ever clashes.
gboolean
wd_mongo_call_bulk_run_each (WdMongoBulk *self, WdMongoDid *out_did, guint n, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// TRUE when the error is that others got into the way of a command on several documents: it is
// cleared, and what may be done twice is to be done again. Not without end: `n_tries` counts.
gboolean wd_mongo_call_may_repeat (GError **error, guint n_tries) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMongoBulk, wd_mongo_call_bulk_free)
