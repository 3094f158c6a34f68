// SPDX-License-Identifier: EUPL-1.2
// Upkeep and the checker.
#include "config.h"

#include "mongo-blob.h"
#include "mongo-store-private.h"

// A blob that nobody refers to stays so long, for those who have opened it.
#define BLOB_AGE_MS ((gint64) 24 * 60 * 60 * 1000)

gboolean
wd_mongo_check_maintain (WdStore *store, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  return wd_mongo_store_begin (store, &call, cancellable, error)
         && wd_mongo_blob_collect (&call, BLOB_AGE_MS, error);
}

gboolean
wd_mongo_check_store (WdStore *store,
                      const WdId *user,
                      gboolean repair,
                      WdStoreFindingFunc finding_func,
                      WdStoreProgressFunc progress_func,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  return wd_mongo_store_fail (WD_STORE_ERROR_INVALID,
                              "a database of a cluster cannot be checked yet", error);
}
