// SPDX-License-Identifier: EUPL-1.2
// The state that a session starts from, and quota.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"

#define MAX_TRIES 20
// Messages that are looked at first for one that is unseen, where most are.
#define FIRST_UNSEEN_SPAN 50

static gboolean
note_lowest (const bson_t *doc, gpointer user_data, GError **error)
{
  WdUid uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  WdUid *lowest = user_data;

  if (uid != 0 && (*lowest == 0 || uid < *lowest))
    *lowest = uid;
  return TRUE;
}

static gboolean
note_first (const bson_t *doc, gpointer user_data, GError **error)
{
  return note_lowest (doc, user_data, error) && *(WdUid *) user_data == 0;
}

// Few are all read, by their index; of many, one comes soon.
static gboolean
find_first_unseen (WdMongoCall *call, const WdMongoMailbox *mailbox, WdUid *out_uid, GError **error)
{
  g_autoptr (WdUidSet) visible = NULL;
  g_autoptr (bson_t) more = BCON_NEW ("unseen", BCON_BOOL (TRUE));
  g_autoptr (bson_t) few
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}", "batchSize",
                  BCON_INT32 (20000), "hint", WD_MONGO_MESSAGES_UNSEEN);
  g_autoptr (bson_t) many
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "uid", BCON_INT32 (1), "}", "batchSize",
                  BCON_INT32 (FIRST_UNSEEN_SPAN));
  g_autoptr (bson_t) filter = NULL;

  *out_uid = 0;
  if (mailbox->unseen == 0 || mailbox->uidnext <= 1)
    return TRUE;
  if (mailbox->unseen > mailbox->n / 2)
    {
      visible = wd_uidset_new_range (1, (WdUid) (mailbox->uidnext - 1));
      return wd_mongo_message_find (call, &mailbox->id, visible, more, many, note_first, out_uid,
                                    error);
    }
  filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (&mailbox->id)), "unseen",
                     BCON_BOOL (TRUE), "uid", "{", "$gte", BCON_INT64 (1), "$lt",
                     BCON_INT64 (mailbox->uidnext), "}");
  return wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, few, note_lowest, out_uid, error);
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
