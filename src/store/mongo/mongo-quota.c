// SPDX-License-Identifier: EUPL-1.2
// The octets that a user's mail takes.
#include "config.h"

#include "mongo-quota.h"

gboolean
wd_mongo_quota_give_back (WdMongoCall *call, const WdId *owner, gint64 size_bytes, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (owner)));
  g_autoptr (bson_t) update = BCON_NEW ("$inc", "{", "storageUsed", BCON_INT64 (-size_bytes), "}");

  return size_bytes == 0
         || wd_mongo_call_update (call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, NULL, NULL,
                                  error);
}

// Added first and looked at then, so that two who add at once cannot both pass.
gboolean
wd_mongo_quota_take (
    WdStore *store, WdMongoCall *call, const WdId *owner, gint64 size_bytes, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (owner)));
  g_autoptr (bson_t) update = BCON_NEW ("$inc", "{", "storageUsed", BCON_INT64 (size_bytes), "}");
  g_autoptr (bson_t) fields = BCON_NEW ("quota", BCON_INT32 (1), "storageUsed", BCON_INT32 (1));
  g_autoptr (bson_t) doc = NULL;
  gint64 limit, used;

  if (!wd_mongo_call_modify (call, WD_MONGO_USERS, filter, update, fields, &doc, error))
    return FALSE;
  if (doc == NULL)
    return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
  limit = wd_mongo_bson_get_int (doc, "quota", 0);
  used = wd_mongo_bson_get_int (doc, "storageUsed", 0);
  if (limit <= 0)
    limit = (gint64) wd_store_get_options (store)->default_quota_bytes;
  if (limit <= 0 || used <= limit)
    return TRUE;
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_OVER_QUOTA,
               "%" G_GINT64_FORMAT " octets more than the quota of %" G_GINT64_FORMAT, used - limit,
               limit);
  // Should this fail, the checker finds the difference.
  (void) !wd_mongo_quota_give_back (call, owner, size_bytes, NULL);
  return FALSE;
}
