// SPDX-License-Identifier: EUPL-1.2
// Application passwords, which WildDuck makes and takes away again: those that have ended it
// deletes within a minute.
#include "config.h"

#include "core-clock.h"
#include "mongo-store-private.h"

// WildDuck lets a user have fewer.
#define MAX_PASSWORDS 100

static gboolean
read_password (const bson_t *doc, gpointer user_data, GError **error)
{
  gint64 expires_ms = wd_mongo_bson_get_date (doc, "expires");
  WdAppPassword *password;

  if (expires_ms != 0 && expires_ms <= wd_core_clock_now_us () / 1000)
    return TRUE;
  password = g_new0 (WdAppPassword, 1);
  password->id = wd_mongo_bson_get_id (doc, "_id");
  password->hash = wd_mongo_bson_dup_text (doc, "password");
  password->selector = wd_mongo_bson_dup_text (doc, "selector");
  password->scopes = wd_mongo_bson_dup_texts (doc, "scopes");
  password->ttl_secs = wd_mongo_bson_get_int (doc, "ttl", 0);
  g_ptr_array_add (user_data, password);
  return TRUE;
}

GPtrArray *
wd_mongo_app_list_passwords (WdStore *store,
                             const WdId *user,
                             GCancellable *cancellable,
                             GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));
  g_autoptr (bson_t) options = BCON_NEW ("limit", BCON_INT64 (MAX_PASSWORDS));
  g_autoptr (GPtrArray) passwords
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_store_free_app_password);

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || !wd_mongo_call_find (&call, WD_MONGO_APP_PASSWORDS, filter, options, read_password,
                              passwords, error))
    return NULL;
  return g_steal_pointer (&passwords);
}

gboolean
wd_mongo_app_use_password (WdStore *store,
                           const WdAppPassword *password,
                           const char *remote,
                           GCancellable *cancellable,
                           GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&password->id)));
  g_autoptr (bson_t) update = bson_new ();
  gint64 now_ms = wd_core_clock_now_us () / 1000;
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  BSON_APPEND_DATE_TIME (&set, "used", now_ms);
  wd_mongo_bson_add_text (&set, "authIp", remote);
  if (password->ttl_secs > 0)
    BSON_APPEND_DATE_TIME (
        &set, "expires", now_ms + MIN (password->ttl_secs, G_MAXINT32) * G_GINT64_CONSTANT (1000));
  bson_append_document_end (update, &set);
  return wd_mongo_store_begin (store, &call, cancellable, error)
         && wd_mongo_call_update (&call, WD_MONGO_APP_PASSWORDS, filter, update, WD_MONGO_ONE, NULL,
                                  NULL, error);
}
