// SPDX-License-Identifier: EUPL-1.2
// Addresses. The main one of a user is that which the user's document names.
#include "config.h"

#include "core-clock.h"
#include "core-limits.h"
#include "mongo-store-private.h"
#include "store-address.h"
#include "store-search.h"

static void
add_folded (bson_t *doc, const char *key, const char *text)
{
  g_autofree char *folded = text == NULL ? NULL : wd_search_fold (text, -1);

  wd_mongo_bson_add_text (doc, key, folded);
}

WdAddress *
wd_mongo_address_read (const bson_t *doc, const char *main_view)
{
  WdAddress *address = g_new0 (WdAddress, 1);

  address->id = wd_mongo_bson_get_id (doc, "_id");
  address->user = wd_mongo_bson_get_id (doc, "user");
  address->address = wd_mongo_bson_dup_text (doc, "address");
  address->name = wd_mongo_bson_dup_text (doc, "name");
  address->main = g_strcmp0 (wd_mongo_bson_get_text (doc, "addrview"), main_view) == 0;
  address->created_ms = wd_mongo_bson_get_date (doc, "created");
  address->tags = wd_mongo_bson_dup_texts (doc, "tags");
  address->extra_json = wd_mongo_bson_dup_text (doc, "wd.extra");
  return address;
}

static bson_t *
make_doc (const WdId *id, const WdId *user, const WdAddress *spec, const char *view, GError **error)
{
  g_autoptr (bson_t) doc = bson_new ();
  bson_t own;

  wd_mongo_bson_add_id (doc, "_id", id);
  wd_mongo_bson_add_id (doc, "user", user);
  BSON_APPEND_UTF8 (doc, "address", spec->address);
  BSON_APPEND_UTF8 (doc, "addrview", view);
  wd_mongo_bson_add_text (doc, "name", spec->name);
  BSON_APPEND_DATE_TIME (doc, "created",
                         spec->is_import ? spec->created_ms : wd_core_clock_now_us () / 1000);
  if (!wd_mongo_user_add_tags (doc, spec->tags, error))
    return NULL;
  BSON_APPEND_DOCUMENT_BEGIN (doc, "wd", &own);
  wd_mongo_bson_add_text (&own, "extra", spec->extra_json);
  add_folded (&own, "an", spec->address);
  add_folded (&own, "nn", spec->name);
  bson_append_document_end (doc, &own);
  return g_steal_pointer (&doc);
}

gboolean
wd_mongo_address_insert (
    WdMongoCall *call, const WdId *user, const WdAddress *spec, WdId *out_id, GError **error)
{
  g_autofree char *view = wd_mongo_user_dup_address_view (spec->address, error);
  g_autoptr (bson_t) doc = NULL;

  if (view == NULL)
    return FALSE;
  if (spec->is_import)
    *out_id = spec->id;
  else
    wd_core_id_new (out_id);
  doc = make_doc (out_id, user, spec, view, error);
  return doc != NULL && wd_mongo_call_insert (call, WD_MONGO_ADDRESSES, doc, error);
}

static bson_t *
load_user (WdMongoCall *call, const WdId *user, GError **error)
{
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "address", BCON_INT32 (1), "}");

  return wd_mongo_user_load (call, user, options, error);
}

static char *
dup_main_view (const bson_t *user)
{
  const char *address = wd_mongo_bson_get_text (user, "address");

  return address == NULL ? NULL : wd_mongo_user_dup_address_view (address, NULL);
}

// The user name of another must not become an address of this one.
static gboolean
check_no_username (WdMongoCall *call, const WdId *user, const char *view, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("unameview", BCON_UTF8 (view), "_id", "{", "$ne",
                                        BCON_OID (wd_mongo_bson_oid (user)), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_USERS, filter, NULL, &doc, error))
    return FALSE;
  return doc == NULL || wd_mongo_store_fail (WD_STORE_ERROR_EXISTS, "it is taken", error);
}

static gboolean
count_addresses (WdMongoCall *call, const WdId *user, gint64 *out_n, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));

  return wd_mongo_call_count (call, WD_MONGO_ADDRESSES, filter, out_n, error);
}

gboolean
wd_mongo_address_create (
    WdStore *store, const WdAddress *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *view = wd_mongo_user_dup_address_view (spec->address, error);
  g_autoptr (bson_t) user = NULL;
  gint64 n;
  WdId id;

  if (view == NULL || !wd_mongo_store_begin (store, &call, cancellable, error)
      || (user = load_user (&call, &spec->user, error)) == NULL
      || !check_no_username (&call, &spec->user, view, error)
      || !count_addresses (&call, &spec->user, &n, error))
    return FALSE;
  if (n >= WD_LIMIT_ADDRESSES)
    return wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many addresses", error);
  if (!wd_mongo_address_insert (&call, &spec->user, spec, &id, error))
    return FALSE;
  if ((spec->main || wd_mongo_bson_get_text (user, "address") == NULL)
      && !wd_mongo_user_set_address (&call, &spec->user, spec->address, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_ACCOUNT, &spec->user, NULL);
  *out_id = id;
  return TRUE;
}

typedef struct
{
  GPtrArray *list;
  const char *main_view;
} Listing;

static gboolean
list_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Listing *listing = user_data;

  g_ptr_array_add (listing->list, wd_mongo_address_read (doc, listing->main_view));
  return TRUE;
}

GPtrArray *
wd_mongo_address_list (WdStore *store, const WdId *user, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_address_free);
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));
  g_autoptr (bson_t) options = BCON_NEW ("sort", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) user_doc = NULL;
  g_autofree char *main_view = NULL;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (user_doc = load_user (&call, user, error)) == NULL)
    return NULL;
  main_view = dup_main_view (user_doc);

  Listing listing = { list, main_view };

  if (!wd_mongo_call_find (&call, WD_MONGO_ADDRESSES, filter, options, list_doc, &listing, error))
    return NULL;
  return g_steal_pointer (&list);
}

gboolean
wd_mongo_address_find (WdStore *store,
                       const char *text,
                       WdAddress **out_address,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *view = wd_mongo_user_dup_address_view (text, NULL);
  g_autofree char *main_view = NULL;
  g_autoptr (bson_t) doc = NULL;
  g_autoptr (bson_t) user = NULL;

  if (!wd_mongo_store_begin (store, &call, cancellable, error))
    return FALSE;
  if (view != NULL)
    {
      g_autoptr (bson_t) filter = BCON_NEW ("addrview", BCON_UTF8 (view));

      if (!wd_mongo_call_find_one (&call, WD_MONGO_ADDRESSES, filter, NULL, &doc, error))
        return FALSE;
    }
  if (doc != NULL)
    {
      WdId id = wd_mongo_bson_get_id (doc, "user");
      g_autoptr (GError) failure = NULL;

      user = load_user (&call, &id, &failure);
      // What is left of a user who is gone.
      if (user == NULL && g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
        g_clear_pointer (&doc, bson_destroy);
      else if (user == NULL)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      else
        main_view = dup_main_view (user);
    }
  *out_address = doc == NULL ? NULL : wd_mongo_address_read (doc, main_view);
  return TRUE;
}

static bson_t *
load_address (WdMongoCall *call, const WdId *user, const WdId *id, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)), "user",
                                        BCON_OID (wd_mongo_bson_oid (user)));
  bson_t *doc;

  if (!wd_mongo_call_find_one (call, WD_MONGO_ADDRESSES, filter, NULL, &doc, error))
    return NULL;
  if (doc == NULL)
    wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such address", error);
  return doc;
}

static gboolean
fill_update (
    bson_t *set, const WdAddress *changes, WdAddressFields fields, const char *view, GError **error)
{
  if ((fields & WD_ADDRESS_FIELD_ADDRESS) != 0)
    {
      BSON_APPEND_UTF8 (set, "address", changes->address);
      BSON_APPEND_UTF8 (set, "addrview", view);
      add_folded (set, "wd.an", changes->address);
    }
  if ((fields & WD_ADDRESS_FIELD_NAME) != 0)
    {
      wd_mongo_bson_add_text (set, "name", changes->name);
      add_folded (set, "wd.nn", changes->name);
    }
  if ((fields & WD_ADDRESS_FIELD_EXTRA) != 0)
    wd_mongo_bson_add_text (set, "wd.extra", changes->extra_json);
  return (fields & WD_ADDRESS_FIELD_TAGS) == 0
         || wd_mongo_user_add_tags (set, changes->tags, error);
}

static gboolean
save_update (WdMongoCall *call,
             const WdId *id,
             const WdAddress *changes,
             WdAddressFields fields,
             const char *view,
             GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) update = bson_new ();
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  BSON_APPEND_DATE_TIME (&set, "wd.changed", wd_core_clock_now_us () / 1000);

  gboolean ok = fill_update (&set, changes, fields, view, error);

  bson_append_document_end (update, &set);
  return ok
         && wd_mongo_call_update (call, WD_MONGO_ADDRESSES, filter, update, WD_MONGO_ONE, NULL,
                                  NULL, error);
}

gboolean
wd_mongo_address_update (WdStore *store,
                         const WdId *user,
                         const WdId *id,
                         const WdAddress *changes,
                         WdAddressFields fields,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  gboolean has_address = (fields & WD_ADDRESS_FIELD_ADDRESS) != 0;
  gboolean has_main = (fields & WD_ADDRESS_FIELD_MAIN) != 0;
  g_autofree char *view = NULL;
  g_autofree char *main_view = NULL;
  g_autoptr (bson_t) doc = NULL;
  g_autoptr (bson_t) user_doc = NULL;

  if (has_main && !changes->main)
    return wd_mongo_store_fail (WD_STORE_ERROR_INVALID,
                                "an address stops being the main one when another becomes it",
                                error);
  if ((has_address && (view = wd_mongo_user_dup_address_view (changes->address, error)) == NULL)
      || !wd_mongo_store_begin (store, &call, cancellable, error)
      || (doc = load_address (&call, user, id, error)) == NULL
      || (user_doc = load_user (&call, user, error)) == NULL
      || (has_address && !check_no_username (&call, user, view, error))
      || !save_update (&call, id, changes, fields, view, error))
    return FALSE;

  // The main one keeps being it under its new spelling. After a crash in between the user has no
  // main address, until one is set.
  main_view = dup_main_view (user_doc);

  gboolean is_main = g_strcmp0 (wd_mongo_bson_get_text (doc, "addrview"), main_view) == 0;

  if ((has_main || (is_main && has_address))
      && !wd_mongo_user_set_address (
          &call, user, has_address ? changes->address : wd_mongo_bson_get_text (doc, "address"),
          error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_ACCOUNT, user, NULL);
  return TRUE;
}

gboolean
wd_mongo_address_delete (
    WdStore *store, const WdId *user, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) doc = NULL;
  g_autoptr (bson_t) user_doc = NULL;
  g_autofree char *main_view = NULL;
  gint64 n;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (doc = load_address (&call, user, id, error)) == NULL
      || (user_doc = load_user (&call, user, error)) == NULL
      || !count_addresses (&call, user, &n, error))
    return FALSE;
  main_view = dup_main_view (user_doc);

  gboolean is_main = g_strcmp0 (wd_mongo_bson_get_text (doc, "addrview"), main_view) == 0;

  if (is_main && n > 1)
    return wd_mongo_store_fail (WD_STORE_ERROR_FORBIDDEN, "it is the main address", error);
  if ((is_main && !wd_mongo_user_set_address (&call, user, NULL, error))
      || !wd_mongo_call_delete (&call, WD_MONGO_ADDRESSES, filter, WD_MONGO_ONE, NULL, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_ACCOUNT, user, NULL);
  return TRUE;
}
