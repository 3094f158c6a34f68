// SPDX-License-Identifier: EUPL-1.2
// Reading messages: only the fields that are asked for.
#include "config.h"

#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "mongo-schema.h"

// Documents in one round trip, by what is read of them. Of texts it is as many as there are in so
// many octets of the mailbox.
#define FLAGS_BATCH 5000
#define INDEX_BATCH 500
#define CONTENT_BATCH_BYTES (4 * 1024 * 1024)
#define CONTENT_BATCH_MIN 16
#define CONTENT_BATCH_MAX 200

typedef struct
{
  WdMongoCall *call;
  WdMongoKeywordList *keywords;
  WdFetchFields fields;
  WdFetchFunc func;
  gpointer user_data;
} Fetch;

static gint32
choose_batch (WdFetchFields fields, const WdMongoMailbox *mailbox)
{
  gint64 mean = mailbox->n > 0 ? mailbox->size_bytes / mailbox->n : 0;

  if ((fields & WD_FETCH_CONTENT) != 0)
    return (gint32) CLAMP (CONTENT_BATCH_BYTES / MAX (mean, 1), CONTENT_BATCH_MIN,
                           CONTENT_BATCH_MAX);
  return (fields & WD_FETCH_INDEX) != 0 ? INDEX_BATCH : FLAGS_BATCH;
}

static bson_t *
make_options (WdFetchFields fields, const WdMongoMailbox *mailbox)
{
  static const char *const always[]
      = { "uid", "flags", "modseq", "size", "idate", "wd.z", "wd.s", "wd.id", NULL };
  static const char *const content[] = { "wd.t", "wd.r", "wd.parts", "wd.prefix", NULL };
  bson_t *options = BCON_NEW ("batchSize", BCON_INT32 (choose_batch (fields, mailbox)));
  bson_t projection;

  BSON_APPEND_DOCUMENT_BEGIN (options, "projection", &projection);
  for (gsize i = 0; always[i] != NULL; i++)
    BSON_APPEND_INT32 (&projection, always[i], 1);
  if ((fields & WD_FETCH_PREVIEW) != 0)
    BSON_APPEND_INT32 (&projection, "intro", 1);
  if ((fields & WD_FETCH_INDEX) != 0)
    BSON_APPEND_INT32 (&projection, "wd.i", 1);
  for (gsize i = 0; (fields & WD_FETCH_CONTENT) != 0 && content[i] != NULL; i++)
    BSON_APPEND_INT32 (&projection, content[i], 1);
  bson_append_document_end (options, &projection);
  return options;
}

static gboolean
read_row (Fetch *self, const bson_t *doc, WdMessageRow *row, GError **error)
{
  row->uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  row->modseq = (WdModseq) wd_mongo_bson_get_int (doc, "modseq", 1);
  row->size_bytes = (guint64) wd_mongo_bson_get_int (doc, "size", 0);
  row->internal_date_ms = wd_mongo_bson_get_date (doc, "idate");
  row->zone_minutes = (gint16) wd_mongo_bson_get_int (doc, "wd.z", 0);
  row->save_date_ms = wd_mongo_bson_get_date (doc, "wd.s");
  row->id = wd_mongo_bson_get_id (doc, "wd.id");
  if (wd_core_id_is_none (&row->id))
    row->id = wd_mongo_bson_get_id (doc, "_id");
  if (row->save_date_ms == 0)
    row->save_date_ms = row->internal_date_ms;
  return wd_mongo_keyword_read_flags (self->keywords, doc, &row->flags, error);
}

static gboolean
pass_doc (const bson_t *doc, gpointer user_data, GError **error)
{
  Fetch *self = user_data;
  g_autoptr (GBytes) index = NULL;
  WdMessageRow row = { 0 };
  gboolean goes_on;

  if (!read_row (self, doc, &row, error))
    return FALSE;
  if ((self->fields & WD_FETCH_INDEX) != 0)
    {
      const char *texts[3];
      gsize lens[3];

      index = wd_mongo_prepare_read_index (self->call, doc, texts, lens, error);
      if (index == NULL)
        return FALSE;
      row.envelope = texts[0];
      row.envelope_len = lens[0];
      row.body = texts[1];
      row.body_len = lens[1];
      row.body_structure = texts[2];
      row.body_structure_len = lens[2];
    }
  if ((self->fields & WD_FETCH_PREVIEW) != 0)
    row.preview = wd_mongo_bson_get_text (doc, "intro");
  if ((self->fields & WD_FETCH_CONTENT) != 0)
    {
      row.content = wd_mongo_prepare_open (self->call, doc, error);
      if (row.content == NULL)
        return FALSE;
    }
  goes_on = self->func (&row, self->user_data);
  wd_content_free (row.content);
  return goes_on;
}

gboolean
wd_mongo_fetch_messages (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         const WdUidSet *uids,
                         WdFetchFields fields,
                         WdModseq changed_since,
                         WdFetchFunc func,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoKeywordList) keywords = { 0 };
  g_auto (WdMongoMailbox) row = { 0 };
  g_autoptr (bson_t) options = NULL;
  g_autoptr (bson_t) more = bson_new ();
  g_autoptr (WdUidSet) visible = wd_uidset_copy (uids);
  Fetch fetch = { &call, &keywords, fields, func, user_data };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error))
    return FALSE;
  options = make_options (fields, &row);
  wd_uidset_remove_range (visible, (WdUid) row.uidnext, G_MAXUINT32);
  if (changed_since > 0)
    {
      BCON_APPEND (more, "modseq", "{", "$gt",
                   BCON_INT64 ((gint64) MIN (changed_since, G_MAXINT64)), "}");
      BSON_APPEND_UTF8 (options, "hint", WD_MONGO_MESSAGES_BY_MODSEQ);
    }
  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), &call, &actor->owner, &keywords);
  return wd_mongo_message_find (&call, mailbox, visible, more, options, pass_doc, &fetch, error);
}
