// SPDX-License-Identifier: EUPL-1.2
// Taking over mailboxes and the numbers of messages. Nobody else is there meanwhile, so that no
// entry is left; each call does what is left to do when it is repeated. Messages come in by
// mongo-append.c.
#include "config.h"

#include "mongo-import.h"

#include <string.h>

#include "mongo-message.h"
#include "store-path.h"

WdId
wd_mongo_import_get_message (const WdId *mailbox, WdUid uid)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint32 uid_octets = GUINT32_TO_BE (uid);
  guint8 digest[32];
  gsize len = sizeof digest;
  WdId id;

  g_checksum_update (sum, mailbox->bytes, sizeof mailbox->bytes);
  g_checksum_update (sum, (const guchar *) &uid_octets, sizeof uid_octets);
  g_checksum_get_digest (sum, digest, &len);
  memcpy (id.bytes, digest, sizeof id.bytes);
  return id;
}

static gboolean
note_uid (const bson_t *doc, gpointer user_data, GError **error)
{
  wd_uidset_add (user_data, (WdUid) wd_mongo_bson_get_int (doc, "uid", 0));
  return TRUE;
}

WdUidSet *
wd_mongo_import_find (
    WdMongoCall *call, const WdId *mailbox, const WdImport *items, guint n_items, GError **error)
{
  g_autoptr (WdUidSet) asked = wd_uidset_new ();
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}");

  for (guint i = 0; i < n_items; i++)
    wd_uidset_add (asked, items[i].uid);
  if (!wd_mongo_message_find (call, mailbox, asked, NULL, options, note_uid, found, error))
    return NULL;
  return g_steal_pointer (&found);
}

static void
add_update (WdMongoBulk *bulk, const WdId *mailbox, const WdImport *item, const bson_t *flags)
{
  g_autoptr (bson_t) filter
      = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (mailbox)), "uid", BCON_INT64 (item->uid));
  g_autoptr (bson_t) update = bson_new ();
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  bson_concat (&set, flags);
  BSON_APPEND_INT64 (&set, "modseq", (gint64) item->modseq);
  bson_append_document_end (update, &set);
  wd_mongo_call_bulk_update (bulk, filter, update, WD_MONGO_ONE);
}

gboolean
wd_mongo_import_flags (WdStore *store,
                       WdMongoCall *call,
                       const WdId *owner,
                       const WdId *mailbox,
                       const WdImport *items,
                       guint n_items,
                       GError **error)
{
  g_autoptr (WdMongoBulk) bulk = NULL;
  g_auto (WdMongoKeywordList) keywords = { 0 };

  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), call, owner, &keywords);
  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (bson_t) flags = NULL;

      if (items[i].incoming != NULL)
        continue;
      flags = bson_new ();
      if (!wd_mongo_keyword_add_flags (&keywords, flags, items[i].flags, error))
        return FALSE;
      if (bulk == NULL)
        bulk = wd_mongo_call_bulk_new (call, WD_MONGO_MESSAGES);
      add_update (bulk, mailbox, &items[i], flags);
    }
  return bulk == NULL || wd_mongo_call_bulk_run (bulk, NULL, error);
}

// The counters are counted anew by who asks next. What is ours of modifyIndex is all but the first,
// so that nothing seems to come from another program.
gboolean
wd_mongo_import_save (
    WdMongoCall *call, const WdMongoMailbox *mailbox, gint64 uidnext, gint64 modseq, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&mailbox->id)));
  gint64 next = MAX (mailbox->uidnext, uidnext);
  gint64 highest = MAX (mailbox->modify_index, modseq);
  g_autoptr (bson_t) update
      = BCON_NEW ("$set", "{", "uidNext", BCON_INT64 (next), "modifyIndex", BCON_INT64 (highest),
                  "wd.own", BCON_INT64 (highest - 1), "wd.base", BCON_INT64 (-1), "wd.fr",
                  BCON_INT64 (next), "wd.x", BCON_INT64 (highest), "}");

  return wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

gboolean
wd_mongo_import_finish (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        WdUid uidnext,
                        WdModseq modseq,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoMailbox) row = { 0 };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error)
      || !wd_mongo_import_save (&call, &row, uidnext, (gint64) modseq, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOX, &actor->owner, mailbox);
  return TRUE;
}

static gboolean
update_mailbox (WdMongoCall *call, const WdMailboxInfo *info, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&info->id)));
  g_autoptr (bson_t) update = bson_new ();
  bson_t set;

  BSON_APPEND_DOCUMENT_BEGIN (update, "$set", &set);
  BSON_APPEND_UTF8 (&set, "path", info->path);
  wd_mongo_bson_add_text (&set, "specialUse", wd_store_special_use_to_string (info->special_use));
  BSON_APPEND_INT64 (&set, "uidValidity", info->uidvalidity);
  wd_mongo_bson_add_text (&set, "wd.extra", info->extra_json);
  bson_append_document_end (update, &set);
  return wd_mongo_call_update (call, WD_MONGO_MAILBOXES, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

// Makes room at the path: another mailbox there, if it never had a message, goes. A crash behind it
// leaves none of the name, until this is repeated.
static gboolean
clear_path (WdMongoCall *call, const WdId *owner, const WdMailboxInfo *info, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)), "path",
                                        BCON_UTF8 (info->path), "uidNext", BCON_INT64 (1), "_id",
                                        "{", "$ne", BCON_OID (wd_mongo_bson_oid (&info->id)), "}");

  return wd_mongo_call_delete (call, WD_MONGO_MAILBOXES, filter, WD_MONGO_ONE, NULL, error);
}

// No later mailbox gets this UIDVALIDITY.
static gboolean
note_uidvalidity (WdMongoCall *call, const WdId *owner, guint32 uidvalidity, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (owner)));
  g_autoptr (bson_t) update = BCON_NEW ("$max", "{", "wd.uv", BCON_INT64 (uidvalidity), "}");

  return wd_mongo_call_update (call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, NULL, NULL,
                               error);
}

static gboolean
take_mailbox (WdMongoCall *call, const WdId *owner, const WdMailboxInfo *info, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&info->id)), "user",
                                        BCON_OID (wd_mongo_bson_oid (owner)));
  g_autoptr (bson_t) doc = NULL;

  if (!note_uidvalidity (call, owner, info->uidvalidity, error)
      || !wd_mongo_call_find_one (call, WD_MONGO_MAILBOXES, filter, NULL, &doc, error)
      || !clear_path (call, owner, info, error))
    return FALSE;
  return doc != NULL ? update_mailbox (call, info, error)
                     : wd_mongo_mailbox_create_given (call, owner, info, error);
}

gboolean
wd_mongo_import_mailbox (WdStore *store,
                         const WdActor *actor,
                         const WdMailboxInfo *info,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autofree char *normal = wd_store_path_normalize (info->path, error);
  WdMailboxInfo taken = *info;

  taken.path = normal;
  if (normal == NULL || !wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !take_mailbox (&call, &actor->owner, &taken, error))
    return FALSE;
  wd_mongo_store_notify (store, WD_BEACON_MAILBOXES, &actor->owner, NULL);
  return TRUE;
}
