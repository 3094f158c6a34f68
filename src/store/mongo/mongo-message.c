// SPDX-License-Identifier: EUPL-1.2
// The documents of messages, by sets of UIDs.
#include "config.h"

#include "mongo-message.h"

#include "mongo-schema.h"

// A run of at least so many is asked for by its ends; shorter ones are named, so many in a query.
#define LONG_RUN 64
#define NAMED_UIDS 1000

void
wd_mongo_message_begin (WdMongoPieces *self, const WdId *mailbox, const WdUidSet *uids)
{
  *self = (WdMongoPieces){ .uids = uids, .mailbox = mailbox };
}

static void
add_named (bson_t *by_uid, const WdUidRange *ranges, guint n_ranges, guint *inout_range)
{
  bson_t array;
  guint32 n = 0;

  BSON_APPEND_ARRAY_BEGIN (by_uid, "$in", &array);
  for (; *inout_range < n_ranges && n + LONG_RUN <= NAMED_UIDS; (*inout_range)++)
    {
      const WdUidRange *run = &ranges[*inout_range];

      if (run->last - run->first >= LONG_RUN)
        break;
      for (guint64 uid = run->first; uid <= run->last; uid++)
        {
          char buffer[16];
          const char *name;

          bson_uint32_to_string (n++, &name, buffer, sizeof buffer);
          BSON_APPEND_INT64 (&array, name, (gint64) uid);
        }
    }
  bson_append_array_end (by_uid, &array);
}

bson_t *
wd_mongo_message_next (WdMongoPieces *self, const bson_t *more)
{
  guint n_ranges = 0;
  const WdUidRange *ranges
      = self->uids == NULL ? NULL : wd_uidset_get_ranges (self->uids, &n_ranges);
  bson_t *filter;
  bson_t by_uid;

  if (self->is_done || (self->uids != NULL && self->range >= n_ranges))
    return NULL;
  filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (self->mailbox)));
  if (self->uids == NULL)
    {
      self->is_done = TRUE;
      BCON_APPEND (filter, "uid", "{", "$gte", BCON_INT64 (1), "}");
    }
  else
    {
      const WdUidRange *run = &ranges[self->range];

      BSON_APPEND_DOCUMENT_BEGIN (filter, "uid", &by_uid);
      if (run->last - run->first >= LONG_RUN)
        {
          BCON_APPEND (&by_uid, "$gte", BCON_INT64 (run->first), "$lte", BCON_INT64 (run->last));
          self->range++;
        }
      else
        add_named (&by_uid, ranges, n_ranges, &self->range);
      bson_append_document_end (filter, &by_uid);
    }
  if (more != NULL)
    bson_concat (filter, more);
  return filter;
}

typedef struct
{
  WdMongoDocFunc func;
  gpointer user_data;
  gboolean is_stopped;
} Walk;

static gboolean
pass (const bson_t *doc, gpointer user_data, GError **error)
{
  Walk *walk = user_data;

  walk->is_stopped = !walk->func (doc, walk->user_data, error);
  return !walk->is_stopped;
}

gboolean
wd_mongo_message_find (WdMongoCall *call,
                       const WdId *mailbox,
                       const WdUidSet *uids,
                       const bson_t *more,
                       const bson_t *options,
                       WdMongoDocFunc func,
                       gpointer user_data,
                       GError **error)
{
  g_autoptr (bson_t) sorted = options == NULL ? bson_new () : bson_copy (options);
  Walk walk = { func, user_data, FALSE };
  WdMongoPieces pieces;
  bson_t *next;

  BCON_APPEND (sorted, "sort", "{", "uid", BCON_INT32 (1), "}");
  wd_mongo_message_begin (&pieces, mailbox, uids);
  while (!walk.is_stopped && (next = wd_mongo_message_next (&pieces, more)) != NULL)
    {
      g_autoptr (bson_t) filter = next;

      if (!wd_mongo_call_find (call, WD_MONGO_MESSAGES, filter, sorted, pass, &walk, error))
        return FALSE;
    }
  return TRUE;
}

gint64
wd_mongo_message_get_created (const bson_t *doc, const WdId *mailbox)
{
  WdId home = wd_mongo_bson_get_id (doc, "wd.b");

  return wd_core_id_is_equal (&home, mailbox) ? wd_mongo_bson_get_int (doc, "wd.m0", 0) : 0;
}
