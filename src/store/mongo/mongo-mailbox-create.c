// SPDX-License-Identifier: EUPL-1.2
// Making mailboxes.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "core-limits.h"
#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "store-path.h"

static const struct
{
  const char *path;
  WdSpecialUse special_use;
} defaults[] = {
  { "INBOX", WD_SPECIAL_USE_INBOX },   { "Sent Mail", WD_SPECIAL_USE_SENT },
  { "Drafts", WD_SPECIAL_USE_DRAFTS }, { "Junk", WD_SPECIAL_USE_JUNK },
  { "Trash", WD_SPECIAL_USE_TRASH },
};

static bson_t *
make_doc (const WdId *id,
          const WdId *user,
          const char *path,
          WdSpecialUse special_use,
          const char *extra_json,
          gint64 uidvalidity,
          gboolean subscribed)
{
  bson_t *doc = bson_new ();
  bson_t own;

  wd_mongo_bson_add_id (doc, "_id", id);
  wd_mongo_bson_add_id (doc, "user", user);
  BSON_APPEND_UTF8 (doc, "path", path);
  wd_mongo_bson_add_text (doc, "specialUse", wd_store_special_use_to_string (special_use));
  BSON_APPEND_INT64 (doc, "uidValidity", uidvalidity);
  BSON_APPEND_INT64 (doc, "uidNext", 1);
  BSON_APPEND_INT64 (doc, "modifyIndex", 1);
  BSON_APPEND_BOOL (doc, "subscribed", subscribed);
  wd_mongo_bson_add_texts (doc, "flags", NULL);
  BSON_APPEND_DOCUMENT_BEGIN (doc, "wd", &own);
  BCON_APPEND (&own, "base", BCON_INT64 (1), "own", BCON_INT64 (0), "fr", BCON_INT64 (1), "n",
               BCON_INT64 (0), "un", BCON_INT64 (0), "dl", BCON_INT64 (0), "sz", BCON_INT64 (0));
  wd_mongo_bson_add_text (&own, "extra", extra_json);
  bson_append_document_end (doc, &own);
  return doc;
}

gboolean
wd_mongo_mailbox_create_defaults (WdMongoCall *call, const WdId *user, GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  gint64 now_secs = wd_core_clock_now_us () / G_USEC_PER_SEC;

  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      WdId id;

      wd_core_id_new (&id);
      g_ptr_array_add (docs, make_doc (&id, user, defaults[i].path, defaults[i].special_use, NULL,
                                       now_secs + (gint64) i, TRUE));
    }
  return wd_mongo_call_insert_many (call, WD_MONGO_MAILBOXES, docs, NULL, error);
}

// Never one that was used before, also not after a mailbox of the name was deleted: it counts up in
// the user's document, and keeps up with the clock (RFC 3501 2.3.1.1).
static gboolean
take_uidvalidity (WdMongoCall *call, const WdId *user, gint64 *out_uidvalidity, GError **error)
{
  gint64 now_secs = wd_core_clock_now_us () / G_USEC_PER_SEC;
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (user)));
  g_autoptr (bson_t) fields = BCON_NEW ("wd.uv", BCON_INT32 (1));
  g_autoptr (bson_t) update = BCON_NEW (
      "0", "{", "$set", "{", "wd.uv", "{", "$max", "[", BCON_INT64 (now_secs), "{", "$add", "[",
      "{", "$ifNull", "[", "$wd.uv", BCON_INT64 (now_secs + (gint64) G_N_ELEMENTS (defaults)), "]",
      "}", BCON_INT64 (1), "]", "}", "]", "}", "}", "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_modify (call, WD_MONGO_USERS, filter, update, fields, &doc, error))
    return FALSE;
  if (doc == NULL)
    return wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
  *out_uidvalidity = wd_mongo_bson_get_int (doc, "wd.uv", now_secs) & G_MAXUINT32;
  return TRUE;
}

static gboolean
is_subscribed (
    WdMongoCall *call, const WdId *user, const char *path, gboolean *out_is, GError **error)
{
  g_autoptr (bson_t) filter
      = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (user)), "wd.subs", BCON_UTF8 (path));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_USERS, filter, options, &doc, error))
    return FALSE;
  *out_is = doc != NULL;
  return TRUE;
}

static gboolean
create_level (WdStore *store,
              WdMongoCall *call,
              const WdId *user,
              const char *path,
              WdSpecialUse special_use,
              const char *extra_json,
              WdId *out_id,
              GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));
  g_autoptr (bson_t) doc = NULL;
  gint64 n, uidvalidity = 0;
  gboolean subscribed;

  if (!wd_mongo_call_count (call, WD_MONGO_MAILBOXES, filter, &n, error))
    return FALSE;
  if (n >= WD_LIMIT_MAILBOXES)
    return wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many mailboxes", error);
  if (!take_uidvalidity (call, user, &uidvalidity, error)
      || !is_subscribed (call, user, path, &subscribed, error))
    return FALSE;
  wd_core_id_new (out_id);
  doc = make_doc (out_id, user, path, special_use, extra_json, uidvalidity, subscribed);
  return wd_mongo_call_insert (call, WD_MONGO_MAILBOXES, doc, error)
         && wd_mongo_journal_add_mailbox (store, call, user, out_id, 1, "CREATE", path, error);
}

gboolean
wd_mongo_mailbox_create_parents (
    WdStore *store, WdMongoCall *call, const WdId *user, const char *path, GError **error)
{
  for (const char *slash = path; (slash = strchr (slash, '/')) != NULL; slash++)
    {
      g_autofree char *parent = g_strndup (path, (gsize) (slash - path));
      g_autoptr (bson_t) filter
          = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)), "path", BCON_UTF8 (parent));
      g_autoptr (GError) failure = NULL;
      g_autoptr (bson_t) doc = NULL;
      WdId id;

      if (!wd_mongo_call_find_one (call, WD_MONGO_MAILBOXES, filter, NULL, &doc, error))
        return FALSE;
      if (doc == NULL
          && !create_level (store, call, user, parent, WD_SPECIAL_USE_NONE, NULL, &id, &failure)
          && !g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
wd_mongo_mailbox_create_one (WdStore *store,
                             const WdActor *actor,
                             const char *path,
                             WdSpecialUse special_use,
                             const char *extra_json,
                             WdId *out_id,
                             GCancellable *cancellable,
                             GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *normal = wd_store_path_normalize (path, error);

  if (normal == NULL || !wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_create_parents (store, &call, &actor->owner, normal, error)
      || !create_level (store, &call, &actor->owner, normal, special_use, extra_json, out_id,
                        error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, &actor->owner, NULL);
  return TRUE;
}

gboolean
wd_mongo_mailbox_create_given (WdMongoCall *call,
                               const WdId *user,
                               const WdMailboxInfo *info,
                               GError **error)
{
  g_autoptr (bson_t) doc = NULL;
  gboolean subscribed;

  if (!is_subscribed (call, user, info->path, &subscribed, error))
    return FALSE;
  doc = make_doc (&info->id, user, info->path, info->special_use, info->extra_json,
                  info->uidvalidity, subscribed || info->subscribed);
  return wd_mongo_call_insert (call, WD_MONGO_MAILBOXES, doc, error);
}
