// SPDX-License-Identifier: EUPL-1.2
// Deleting mailboxes, and the mail of a user. The mailbox goes first: from then on nobody sees its
// messages, and what a crash leaves has no mailbox, which the checker finds.
#include "config.h"

#include <string.h>

#include "mongo-journal.h"
#include "mongo-mailbox.h"
#include "mongo-prepare.h"
#include "mongo-quota.h"

typedef struct
{
  GHashTable *blobs;
  gint64 size_bytes;
} Sum;

static gboolean
add_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Sum *sum = user_data;

  wd_mongo_prepare_count_blobs (doc, sum->blobs);
  sum->size_bytes += wd_mongo_bson_get_int (doc, "size", 0);
  return TRUE;
}

gboolean
wd_mongo_mailbox_delete_messages (WdMongoCall *call,
                                  const bson_t *filter,
                                  gint64 *out_size_bytes,
                                  GError **error)
{
  g_autoptr (GHashTable) blobs = wd_mongo_blob_counts_new ();
  g_autoptr (bson_t) options = BCON_NEW (
      "projection", "{", "_id", BCON_INT32 (0), "size", BCON_INT32 (1), "magic", BCON_INT32 (1),
      "mimeTree.attachmentMap", BCON_INT32 (1), "}", "batchSize", BCON_INT32 (5000));
  Sum sum = { blobs, 0 };

  if (!wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, options, add_doc, &sum, error)
      || !wd_mongo_call_delete (call, WD_MONGO_MESSAGES, filter, WD_MONGO_MANY, NULL, error)
      || !wd_mongo_blob_refer (call, blobs, -1, error))
    return FALSE;
  *out_size_bytes = sum.size_bytes;
  return TRUE;
}

gboolean
wd_mongo_mailbox_delete_all (WdMongoCall *call, const WdId *user, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));
  static const char *const others[]
      = { WD_MONGO_APP_PASSWORDS, WD_MONGO_FILTERS, WD_MONGO_AUTOREPLIES };
  gint64 size_bytes;

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (!wd_mongo_call_delete (call, others[i], filter, WD_MONGO_MANY, NULL, error))
      return FALSE;
  return wd_mongo_call_delete (call, WD_MONGO_MAILBOXES, filter, WD_MONGO_MANY, NULL, error)
         && wd_mongo_mailbox_delete_messages (call, filter, &size_bytes, error)
         && wd_mongo_call_delete (call, WD_MONGO_THREADS, filter, WD_MONGO_MANY, NULL, error)
         && wd_mongo_call_delete (call, WD_MONGO_JOURNAL, filter, WD_MONGO_MANY, NULL, error)
         && wd_mongo_call_delete (call, WD_MONGO_ANNOTATIONS, filter, WD_MONGO_MANY, NULL, error);
}

gboolean
wd_mongo_mailbox_delete_one (
    WdStore *store, const WdActor *actor, const WdId *id, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoMailbox) mailbox = { 0 };
  g_autoptr (bson_t) by_id = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) within = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (id)));
  g_autoptr (bson_t) entries = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (id)), "command",
                                         "{", "$ne", "DELETE", "}");
  gint64 size_bytes;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, id, NULL, &mailbox, error))
    return FALSE;
  if (strcmp (mailbox.path, "INBOX") == 0)
    return wd_mongo_store_fail (WD_STORE_ERROR_FORBIDDEN, "INBOX cannot be deleted", error);
  // Whoever was subscribed to the name stays so.
  if ((wd_mongo_bson_get_bool (mailbox.doc, "subscribed")
       && !wd_mongo_mailbox_change_bare_name (&call, &actor->owner, mailbox.path, TRUE, error))
      || !wd_mongo_call_delete (&call, WD_MONGO_MAILBOXES, by_id, WD_MONGO_ONE, NULL, error)
      || !wd_mongo_journal_add_mailbox (store, &call, &actor->owner, &mailbox.id,
                                        mailbox.modify_index, "DELETE", NULL, error))
    return FALSE;
  wd_mongo_store_notify_dropped (store, &actor->owner, id);
  return wd_mongo_mailbox_delete_messages (&call, within, &size_bytes, error)
         && wd_mongo_quota_give_back (&call, &actor->owner, size_bytes, error)
         && wd_mongo_call_delete (&call, WD_MONGO_JOURNAL, entries, WD_MONGO_MANY, NULL, error)
         && wd_mongo_call_delete (&call, WD_MONGO_ANNOTATIONS, by_id, WD_MONGO_ONE, NULL, error);
}
