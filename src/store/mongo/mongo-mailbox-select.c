// SPDX-License-Identifier: EUPL-1.2
// The state that a session starts from, and quota.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-mailbox.h"

#define MAX_TRIES 20

static gboolean
find_first_unseen (WdMongoCall *call, const WdMongoMailbox *mailbox, WdUid *out_uid, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW (
      "mailbox", BCON_OID (wd_mongo_bson_oid (&mailbox->id)), "uid", "{", "$gte", BCON_INT64 (1),
      "$lt", BCON_INT64 (mailbox->uidnext), "}", "unseen", BCON_BOOL (TRUE));
  g_autoptr (bson_t) options = BCON_NEW ("sort", "{", "uid", BCON_INT32 (1), "}", "projection", "{",
                                         "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  *out_uid = 0;
  if (mailbox->unseen == 0)
    return TRUE;
  if (!wd_mongo_call_find_one (call, WD_MONGO_MESSAGES, filter, options, &doc, error))
    return FALSE;
  if (doc != NULL)
    *out_uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  return TRUE;
}

static WdMailboxState *
read_state (WdStore *store,
            WdMongoCall *call,
            const WdId *owner,
            const WdId *id,
            WdMongoMailbox *out_mailbox,
            GError **error)
{
  g_autoptr (WdMailboxState) state = g_new0 (WdMailboxState, 1);
  g_auto (WdMongoKeywordList) keywords = { 0 };

  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), call, owner, &keywords);
  if (!wd_mongo_mailbox_load (store, call, owner, id, NULL, out_mailbox, error)
      || !wd_mongo_mailbox_get_info (call, out_mailbox, &state->info, error)
      || !wd_mongo_mailbox_list_has_children (call, owner, state->info->path,
                                              &state->info->has_children, error)
      || (state->uids = wd_mongo_mailbox_list_uids (call, out_mailbox, error)) == NULL
      || !find_first_unseen (call, out_mailbox, &state->first_unseen, error)
      || !wd_mongo_keyword_refresh (&keywords, error))
    return NULL;
  state->keywords = g_ptr_array_ref (keywords.names);
  state->first_recent = (WdUid) MIN (out_mailbox->first_recent, out_mailbox->uidnext);
  // What was found is what is there, whatever the counters say by now.
  state->info->n_messages = wd_uidset_get_count (state->uids);
  return g_steal_pointer (&state);
}

WdMailboxState *
wd_mongo_mailbox_select_state (WdStore *store,
                               const WdActor *actor,
                               const WdId *mailbox,
                               gboolean claim_recent,
                               GCancellable *cancellable,
                               GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error))
    return NULL;
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_auto (WdMongoMailbox) row = { 0 };
      g_autoptr (WdMailboxState) state
          = read_state (store, &call, &actor->owner, mailbox, &row, error);
      gboolean is_mine = TRUE;

      if (state == NULL
          || (claim_recent && !wd_mongo_mailbox_claim_recent (&call, &row, &is_mine, error)))
        return NULL;
      if (is_mine)
        return g_steal_pointer (&state);
    }
  wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "others select it all the time", error);
  return NULL;
}

gboolean
wd_mongo_mailbox_select_quota (WdStore *store,
                               const WdActor *actor,
                               WdQuota *out_quota,
                               GCancellable *cancellable,
                               GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GPtrArray) infos = NULL;
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "quota", BCON_INT32 (1), "storageUsed", BCON_INT32 (1), "}");
  g_autoptr (bson_t) user = NULL;
  guint64 own;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || (user = wd_mongo_user_load (&call, &actor->owner, options, error)) == NULL
      || (infos = wd_mongo_mailbox_list_all (store, actor, cancellable, error)) == NULL)
    return FALSE;
  own = (guint64) MAX (wd_mongo_bson_get_int (user, "quota", 0), 0);
  *out_quota = (WdQuota){
    .used_bytes = (guint64) MAX (wd_mongo_bson_get_int (user, "storageUsed", 0), 0),
    .limit_bytes = own != 0 ? own : wd_store_get_options (store)->default_quota_bytes,
  };
  for (guint i = 0; i < infos->len; i++)
    out_quota->n_messages += ((WdMailboxInfo *) infos->pdata[i])->n_messages;
  return TRUE;
}
