// SPDX-License-Identifier: EUPL-1.2
// Finding threads.
#include "config.h"

#include "mongo-thread.h"

#include "core-clock.h"
#include "mongo-schema.h"

static void
add_ids (bson_t *doc, const char *key, const GPtrArray *ids)
{
  bson_t array;

  BSON_APPEND_ARRAY_BEGIN (doc, key, &array);
  for (guint i = 0; i < ids->len; i++)
    {
      char buffer[16];
      const char *name;

      bson_uint32_to_string (i, &name, buffer, sizeof buffer);
      BSON_APPEND_UTF8 (&array, name, ids->pdata[i]);
    }
  bson_append_array_end (doc, &array);
}

static gboolean
join (WdMongoCall *call,
      const WdId *owner,
      const WdMongoMime *mime,
      gint64 now_ms,
      WdId *out_thread,
      GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (owner)));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "updated", BCON_DATE_TIME (now_ms), "}");
  g_autoptr (bson_t) fields = BCON_NEW ("_id", BCON_INT32 (1));
  g_autoptr (bson_t) doc = NULL;
  bson_t child, inner;

  BSON_APPEND_DOCUMENT_BEGIN (filter, "ids", &child);
  add_ids (&child, "$in", mime->thread_ids);
  bson_append_document_end (filter, &child);
  BSON_APPEND_UTF8 (filter, "subject", mime->thread_subject);
  BSON_APPEND_DOCUMENT_BEGIN (update, "$addToSet", &child);
  BSON_APPEND_DOCUMENT_BEGIN (&child, "ids", &inner);
  add_ids (&inner, "$each", mime->thread_ids);
  bson_append_document_end (&child, &inner);
  bson_append_document_end (update, &child);
  if (!wd_mongo_call_modify (call, WD_MONGO_THREADS, filter, update, fields, &doc, error))
    return FALSE;
  if (doc != NULL)
    *out_thread = wd_mongo_bson_get_id (doc, "_id");
  return TRUE;
}

gboolean
wd_mongo_thread_find (
    WdMongoCall *call, const WdId *owner, const WdMongoMime *mime, WdId *out_thread, GError **error)
{
  gint64 now_ms = wd_core_clock_now_us () / 1000;
  g_autoptr (bson_t) doc = bson_new ();

  *out_thread = (WdId){ 0 };
  if (mime->thread_ids->len > 0 && !join (call, owner, mime, now_ms, out_thread, error))
    return FALSE;
  if (!wd_core_id_is_none (out_thread))
    return TRUE;
  wd_core_id_new (out_thread);
  if (mime->thread_ids->len == 0)
    return TRUE;
  wd_mongo_bson_add_id (doc, "_id", out_thread);
  wd_mongo_bson_add_id (doc, "user", owner);
  BSON_APPEND_UTF8 (doc, "subject", mime->thread_subject);
  add_ids (doc, "ids", mime->thread_ids);
  BSON_APPEND_DATE_TIME (doc, "updated", now_ms);
  return wd_mongo_call_insert (call, WD_MONGO_THREADS, doc, error);
}
