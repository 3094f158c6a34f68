// SPDX-License-Identifier: EUPL-1.2
// The connections to one database. Counted, so that what is open for reading outlives the store.
#pragma once

#include <gio/gio.h>
#include <mongoc/mongoc.h>

#include "mongo-bson.h"

typedef struct _WdMongoPool WdMongoPool;

// `uri`: mongodb://…, whose path is the database (default "wildduck"). Waits are bounded, and
// majority concerns are set, where the uri does not say otherwise. Connects to nothing yet.
// INVALID.
WdMongoPool *wd_mongo_pool_new (const char *uri, GError **error) G_GNUC_WARN_UNUSED_RESULT;
WdMongoPool *wd_mongo_pool_ref (WdMongoPool *self);
void wd_mongo_pool_unref (WdMongoPool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMongoPool, wd_mongo_pool_unref)

// Returns (transfer none).
const char *wd_mongo_pool_get_database (WdMongoPool *self);

// Commands sent so far by all clients of the process, for the tests that bound round trips.
guint64 wd_mongo_pool_count_commands (void);

// A client for one call of the store: g_auto (WdMongoCall).
typedef struct
{
  WdMongoPool *pool;
  mongoc_client_t *client;
  GCancellable *cancellable;
} WdMongoCall;

// BUSY when all are taken for too long, CANCELLED.
gboolean wd_mongo_pool_begin (WdMongoPool *self,
                              WdMongoCall *out_call,
                              GCancellable *cancellable,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_pool_end (WdMongoCall *call);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdMongoCall, wd_mongo_pool_end)
