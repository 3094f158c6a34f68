// SPDX-License-Identifier: EUPL-1.2
// Users. What only this program needs stands in the field "wd" of a user's document.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-limits.h"
#include "mongo-store-private.h"
#include "store-address.h"
#include "store-search.h"

static char *
drop_dots (const char *normal)
{
  const char *at = strrchr (normal, '@');
  gsize len = at == NULL ? strlen (normal) : (gsize) (at - normal);
  GString *view = g_string_new (NULL);

  for (gsize i = 0; i < len; i++)
    if (normal[i] != '.')
      g_string_append_c (view, normal[i]);
  if (view->len == 0)
    g_string_append_len (view, normal, (gssize) len);
  g_string_append (view, normal + len);
  return g_string_free (view, FALSE);
}

char *
wd_mongo_user_dup_view (const char *name, GError **error)
{
  g_autofree char *normal = wd_store_username_normalize (name, error);

  return normal == NULL ? NULL : drop_dots (normal);
}

char *
wd_mongo_user_dup_address_view (const char *address, GError **error)
{
  g_autofree char *normal = wd_store_address_normalize (address, error);

  return normal == NULL ? NULL : drop_dots (normal);
}

gboolean
wd_mongo_user_add_tags (bson_t *doc, char *const *tags, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = 0;

  for (; tags != NULL && tags[n] != NULL; n++)
    {
      g_autofree char *folded = wd_search_fold (tags[n], -1);

      if (strchr (tags[n], '\n') != NULL || !g_utf8_validate (tags[n], -1, NULL))
        return wd_mongo_store_fail (WD_STORE_ERROR_INVALID, "not a tag", error);
      g_strv_builder_add (builder, folded);
    }
  if (n > WD_LIMIT_TAGS)
    return wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many tags", error);

  g_auto (GStrv) folded = g_strv_builder_end (builder);

  wd_mongo_bson_add_texts (doc, "tags", (const char *const *) tags);
  wd_mongo_bson_add_texts (doc, "tagsview", (const char *const *) folded);
  return TRUE;
}

static void
add_folded (bson_t *doc, const char *key, const char *text)
{
  g_autofree char *folded = text == NULL ? NULL : wd_search_fold (text, -1);

  wd_mongo_bson_add_text (doc, key, folded);
}

static gboolean
has_second_factor (const bson_t *doc)
{
  g_auto (GStrv) factors = wd_mongo_bson_dup_texts (doc, "enabled2fa");
  bson_iter_t iter;

  // As older versions of WildDuck have it, and as newer ones do.
  if (bson_iter_init_find (&iter, doc, "enabled2fa") && BSON_ITER_HOLDS_BOOL (&iter))
    return bson_iter_bool (&iter);
  return factors != NULL && factors[0] != NULL;
}

WdUser *
wd_mongo_user_read (const bson_t *doc)
{
  WdUser *user = g_new0 (WdUser, 1);

  user->id = wd_mongo_bson_get_id (doc, "_id");
  user->username = wd_mongo_bson_dup_text (doc, "username");
  user->name = wd_mongo_bson_dup_text (doc, "name");
  user->address = wd_mongo_bson_dup_text (doc, "address");
  user->password_hash = wd_mongo_bson_dup_text (doc, "password");
  // Keys are of one password: not of one that WildDuck has set since.
  if (g_strcmp0 (wd_mongo_bson_get_text (doc, "wd.of"), user->password_hash) == 0)
    user->scram = wd_mongo_bson_dup_text (doc, "wd.scram");
  // WildDuck does not take the password alone where there is a second factor.
  if (has_second_factor (doc))
    {
      g_clear_pointer (&user->password_hash, g_free);
      g_clear_pointer (&user->scram, g_free);
    }
  user->created_ms = wd_mongo_bson_get_date (doc, "created");
  user->quota_bytes = (guint64) MAX (wd_mongo_bson_get_int (doc, "quota", 0), 0);
  user->used_bytes = (guint64) MAX (wd_mongo_bson_get_int (doc, "storageUsed", 0), 0);
  user->disabled = wd_mongo_bson_get_bool (doc, "disabled");
  user->suspended = wd_mongo_bson_get_bool (doc, "suspended");
  user->session_epoch = (guint64) wd_mongo_bson_get_int (doc, "wd.epoch", 0);
  user->disabled_scopes = wd_mongo_bson_dup_texts (doc, "disabledScopes");
  user->tags = wd_mongo_bson_dup_texts (doc, "tags");
  user->extra_json = wd_mongo_bson_dup_text (doc, "wd.extra");
  return user;
}

bson_t *
wd_mongo_user_load (WdMongoCall *call, const WdId *id, const bson_t *options, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  bson_t *doc;

  if (!wd_mongo_call_find_one (call, WD_MONGO_USERS, filter, options, &doc, error))
    return NULL;
  if (doc == NULL)
    wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
  return doc;
}

WdUser *
wd_mongo_user_get (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (doc = wd_mongo_user_load (&call, id, NULL, error)) == NULL)
    return NULL;
  return wd_mongo_user_read (doc);
}

// The user that an address leads to.
static gboolean
find_by_address (WdMongoCall *call, const char *view, bson_t **out_doc, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("addrview", BCON_UTF8 (view));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "user", BCON_INT32 (1), "}");
  g_autoptr (bson_t) address = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_ADDRESSES, filter, options, &address, error))
    return FALSE;
  if (address == NULL)
    return TRUE;

  WdId user = wd_mongo_bson_get_id (address, "user");
  g_autoptr (bson_t) by_id = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&user)));

  return wd_mongo_call_find_one (call, WD_MONGO_USERS, by_id, NULL, out_doc, error);
}

gboolean
wd_mongo_user_find (
    WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  gboolean is_address = strchr (login, '@') != NULL;
  // An address may be longer than a user name.
  g_autofree char *view = is_address ? wd_mongo_user_dup_address_view (login, NULL)
                                     : wd_mongo_user_dup_view (login, NULL);
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_store_begin (store, &call, cancellable, error))
    return FALSE;
  if (view != NULL)
    {
      g_autoptr (bson_t) filter = BCON_NEW ("unameview", BCON_UTF8 (view));

      if (!wd_mongo_call_find_one (&call, WD_MONGO_USERS, filter, NULL, &doc, error)
          || (doc == NULL && is_address && !find_by_address (&call, view, &doc, error)))
        return FALSE;
    }
  *out_user = doc == NULL ? NULL : wd_mongo_user_read (doc);
  return TRUE;
}

static gboolean
fail_taken (const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS, "%s: it is taken", what);
  return FALSE;
}

static gboolean
check_free (WdMongoCall *call,
            const char *collection,
            const char *field,
            const char *view,
            const char *what,
            GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW (field, BCON_UTF8 (view));
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, collection, filter, NULL, &doc, error))
    return FALSE;
  return doc == NULL || fail_taken (what, error);
}

// A name must not lead to two users, as a user name and as an address. The indexes keep each kind
// unique by themselves.
static gboolean
check_names (WdMongoCall *call, const char *view, const char *address_view, GError **error)
{
  return check_free (call, WD_MONGO_USERS, "unameview", view, "username", error)
         && (strchr (view, '@') == NULL
             || check_free (call, WD_MONGO_ADDRESSES, "addrview", view, "username", error))
         && (address_view == NULL
             || (check_free (call, WD_MONGO_ADDRESSES, "addrview", address_view, "address", error)
                 && check_free (call, WD_MONGO_USERS, "unameview", address_view, "address",
                                error)));
}

static bson_t *
make_doc (const WdId *id, const WdUser *spec, const char *view, GError **error)
{
  g_autoptr (bson_t) doc = bson_new ();
  bson_t own;

  wd_mongo_bson_add_id (doc, "_id", id);
  BSON_APPEND_UTF8 (doc, "username", spec->username);
  BSON_APPEND_UTF8 (doc, "unameview", view);
  wd_mongo_bson_add_text (doc, "name", spec->name);
  wd_mongo_bson_add_text (doc, "address", spec->address);
  wd_mongo_bson_add_text (doc, "password", spec->password_hash);
  BSON_APPEND_INT64 (doc, "quota", (gint64) spec->quota_bytes);
  BSON_APPEND_INT64 (doc, "storageUsed", 0);
  BSON_APPEND_BOOL (doc, "activated", TRUE);
  BSON_APPEND_BOOL (doc, "disabled", spec->disabled);
  BSON_APPEND_BOOL (doc, "suspended", spec->suspended);
  BSON_APPEND_DATE_TIME (doc, "created",
                         spec->is_import ? spec->created_ms : wd_core_clock_now_us () / 1000);
  if (!wd_mongo_user_add_tags (doc, spec->tags, error))
    return NULL;
  BSON_APPEND_DOCUMENT_BEGIN (doc, "wd", &own);
  wd_mongo_bson_add_text (&own, "scram", spec->scram);
  wd_mongo_bson_add_text (&own, "of", spec->password_hash);
  wd_mongo_bson_add_text (&own, "extra", spec->extra_json);
  add_folded (&own, "un", spec->username);
  add_folded (&own, "nn", spec->name);
  add_folded (&own, "an", spec->address);
  bson_append_document_end (doc, &own);
  return g_steal_pointer (&doc);
}

// Takes back what a creation that failed has made.
static void
undo (WdMongoCall *call, const WdId *id)
{
  g_autoptr (bson_t) by_id = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) by_user = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (id)));

  // What cannot be removed now belongs to nobody, which the checker finds.
  (void) !wd_mongo_call_delete (call, WD_MONGO_USERS, by_id, WD_MONGO_ONE, NULL, NULL);
  (void) !wd_mongo_call_delete (call, WD_MONGO_ADDRESSES, by_user, WD_MONGO_MANY, NULL, NULL);
  (void) !wd_mongo_call_delete (call, WD_MONGO_MAILBOXES, by_user, WD_MONGO_MANY, NULL, NULL);
}

// The mailboxes, the user, the address, in this order: whoever can be found has an INBOX, and an
// address without a user is not written.
static gboolean
insert_all (
    WdMongoCall *call, const WdId *id, const WdUser *spec, const bson_t *doc, GError **error)
{
  const WdAddress address = { .address = spec->address, .main = TRUE };
  WdId address_id;

  if (!wd_mongo_mailbox_create_defaults (call, id, error))
    return FALSE;
  if (!wd_mongo_call_insert (call, WD_MONGO_USERS, doc, error))
    {
      g_prefix_error_literal (error, "username: ");
      return FALSE;
    }
  if (spec->address != NULL && !wd_mongo_address_insert (call, id, &address, &address_id, error))
    {
      g_prefix_error_literal (error, "address: ");
      return FALSE;
    }
  return TRUE;
}

gboolean
wd_mongo_user_create (
    WdStore *store, const WdUser *spec, WdId *out_id, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *view = wd_mongo_user_dup_view (spec->username, error);
  g_autofree char *address_view = NULL;
  g_autoptr (bson_t) doc = NULL;
  WdId id;

  if (view == NULL)
    {
      g_prefix_error_literal (error, "username: ");
      return FALSE;
    }
  if (spec->address != NULL
      && (address_view = wd_mongo_user_dup_address_view (spec->address, error)) == NULL)
    {
      g_prefix_error_literal (error, "address: ");
      return FALSE;
    }
  if (spec->is_import)
    id = spec->id;
  else
    wd_core_id_new (&id);
  if ((doc = make_doc (&id, spec, view, error)) == NULL
      || !wd_mongo_store_begin (store, &call, cancellable, error)
      || !check_names (&call, view, address_view, error))
    return FALSE;
  if (!insert_all (&call, &id, spec, doc, error))
    {
      undo (&call, &id);
      return FALSE;
    }
  *out_id = id;
  return TRUE;
}

static gboolean
fill_update (bson_t *set, const WdUser *changes, WdUserFields fields, GError **error)
{
  if ((fields & WD_USER_FIELD_NAME) != 0)
    {
      wd_mongo_bson_add_text (set, "name", changes->name);
      add_folded (set, "wd.nn", changes->name);
    }
  if ((fields & WD_USER_FIELD_PASSWORD) != 0)
    {
      wd_mongo_bson_add_text (set, "password", changes->password_hash);
      wd_mongo_bson_add_text (set, "wd.scram", changes->scram);
      wd_mongo_bson_add_text (set, "wd.of", changes->password_hash);
    }
  if ((fields & WD_USER_FIELD_QUOTA) != 0)
    BSON_APPEND_INT64 (set, "quota", (gint64) changes->quota_bytes);
  if ((fields & WD_USER_FIELD_DISABLED) != 0)
    BSON_APPEND_BOOL (set, "disabled", changes->disabled);
  if ((fields & WD_USER_FIELD_SUSPENDED) != 0)
    BSON_APPEND_BOOL (set, "suspended", changes->suspended);
  if ((fields & WD_USER_FIELD_EXTRA) != 0)
    wd_mongo_bson_add_text (set, "wd.extra", changes->extra_json);
  return (fields & WD_USER_FIELD_TAGS) == 0 || wd_mongo_user_add_tags (set, changes->tags, error);
}

// There is no such user, or the password is another by now.
static gboolean
fail_unmatched (WdMongoCall *call, const WdId *id, GError **error)
{
  g_autoptr (bson_t) doc = wd_mongo_user_load (call, id, NULL, error);

  return doc != NULL
         && wd_mongo_store_fail (WD_STORE_ERROR_CONFLICT, "the password is another by now", error);
}

gboolean
wd_mongo_user_update (WdStore *store,
                      const WdId *id,
                      const WdUser *changes,
                      WdUserFields fields,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) update = bson_new ();
  bson_t set;
  gint64 n_matched;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  BSON_APPEND_DATE_TIME (&set, "wd.changed", wd_core_clock_now_us () / 1000);

  gboolean ok = fill_update (&set, changes, fields, error);

  bson_append_document_end (update, &set);
  if ((fields & WD_USER_FIELD_SESSIONS) != 0)
    BCON_APPEND (update, "$inc", "{", "wd.epoch", BCON_INT64 (1), "}");
  if (changes->if_password_hash != NULL)
    BSON_APPEND_UTF8 (filter, "password", changes->if_password_hash);
  if (!ok || !wd_mongo_store_begin (store, &call, cancellable, error)
      || !wd_mongo_call_update (&call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, &n_matched,
                                NULL, error))
    return FALSE;
  if (n_matched == 0)
    return fail_unmatched (&call, id, error);
  wd_mongo_store_notify (store, WD_BEACON_ACCOUNT, id, NULL);
  return TRUE;
}

gboolean
wd_mongo_user_set_address (WdMongoCall *call, const WdId *id, const char *address, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) update = bson_new ();
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  wd_mongo_bson_add_text (&set, "address", address);
  add_folded (&set, "wd.an", address);
  bson_append_document_end (update, &set);
  return wd_mongo_call_update (call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

// The user goes first: from then on nobody logs in or gets mail, and what a crash leaves belongs to
// nobody, which the checker finds.
gboolean
wd_mongo_user_delete (WdStore *store,
                      const WdId *id,
                      guint *out_n_addresses,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) by_id = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) by_user = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (id)));
  gint64 n, n_addresses;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || !wd_mongo_call_delete (&call, WD_MONGO_USERS, by_id, WD_MONGO_ONE, &n, error))
    return FALSE;
  if (n == 0)
    return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
  if (!wd_mongo_call_delete (&call, WD_MONGO_ADDRESSES, by_user, WD_MONGO_MANY, &n_addresses, error)
      || !wd_mongo_mailbox_delete_all (&call, id, error))
    return FALSE;
  wd_mongo_keyword_forget (wd_mongo_store_get_keywords (store), id);
  wd_mongo_store_notify (store, WD_BEACON_ACCOUNT, id, NULL);
  *out_n_addresses = (guint) n_addresses;
  return TRUE;
}
