// SPDX-License-Identifier: EUPL-1.2
// Named values of the installation, and whether the database can be read and written.
#include "config.h"

#include "core-clock.h"
#include "mongo-store-private.h"

// Keys of our own, among WildDuck's.
static char *
dup_key (const char *key)
{
  return g_strconcat ("wd.", key, NULL);
}

gboolean
wd_mongo_setting_set (
    WdStore *store, const char *key, const char *value, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *own = dup_key (key);
  g_autoptr (bson_t) filter = BCON_NEW ("key", BCON_UTF8 (own));

  if (!wd_mongo_store_begin (store, &call, cancellable, error))
    return FALSE;
  if (value == NULL)
    return wd_mongo_call_delete (&call, WD_MONGO_SETTINGS, filter, WD_MONGO_ONE, NULL, error);

  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "value", BCON_UTF8 (value), "}");

  return wd_mongo_call_update (&call, WD_MONGO_SETTINGS, filter, update, WD_MONGO_UPSERT, NULL,
                               NULL, error);
}

gboolean
wd_mongo_setting_get (
    WdStore *store, const char *key, char **out_value, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *own = dup_key (key);
  g_autoptr (bson_t) filter = BCON_NEW ("key", BCON_UTF8 (own));
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || !wd_mongo_call_find_one (&call, WD_MONGO_SETTINGS, filter, NULL, &doc, error))
    return FALSE;
  *out_value = doc == NULL ? NULL : wd_mongo_bson_dup_text (doc, "value");
  return TRUE;
}

gboolean
wd_mongo_setting_check_health (WdStore *store, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("key", BCON_UTF8 ("wd.health"));
  g_autoptr (bson_t) update
      = BCON_NEW ("$set", "{", "value", BCON_DATE_TIME (wd_core_clock_now_us () / 1000), "}");

  return wd_mongo_store_begin (store, &call, cancellable, error)
         && wd_mongo_call_update (&call, WD_MONGO_SETTINGS, filter, update, WD_MONGO_UPSERT, NULL,
                                  NULL, error);
}
