// SPDX-License-Identifier: EUPL-1.2
// Messages from before WildDuck was started on the database, in which it finds nothing to show.
#include "config.h"

#include "mongo-check-private.h"
#include "mongo-prepare.h"

#define PIECE_BYTES (256 * 1024)
// Messages in one round trip.
#define BATCH_DOCS 50

static WdIncoming *
read_whole (WdMongoCheck *self, const bson_t *doc, GError **error)
{
  g_autoptr (WdContent) content = wd_mongo_prepare_open (self->call, doc, error);
  g_autoptr (WdIncoming) incoming = wd_incoming_new (self->store);
  g_autoptr (GString) piece = g_string_new (NULL);

  if (content == NULL)
    return NULL;
  for (guint64 pos = 0; pos < wd_content_get_size_bytes (content); pos += piece->len)
    {
      g_string_truncate (piece, 0);
      if (!wd_content_read (content, pos, PIECE_BYTES, piece, error)
          || !wd_incoming_write (incoming, piece->str, piece->len, error))
        return NULL;
      if (piece->len == 0)
        break;
    }
  return wd_incoming_finish (incoming, error) ? g_steal_pointer (&incoming) : NULL;
}

typedef struct
{
  WdMongoCheck *check;
  gint64 n;
} Filling;

static gboolean
fill (const bson_t *doc, gpointer user_data, GError **error)
{
  Filling *self = user_data;
  WdId id = wd_mongo_bson_get_id (doc, "_id");
  g_autoptr (WdIncoming) incoming = NULL;

  self->n++;
  if (!self->check->repair)
    return TRUE;
  incoming = read_whole (self->check, doc, error);
  return incoming != NULL && wd_mongo_prepare_fill (incoming, self->check->call, &id, error);
}

gboolean
wd_mongo_check_view (WdMongoCheck *self, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (&self->user)),
                                        "searchable", BCON_BOOL (TRUE), "wd.v", BCON_BOOL (FALSE));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "wd.t", BCON_INT32 (1), "wd.r",
                                         BCON_INT32 (1), "wd.parts", BCON_INT32 (1), "wd.prefix",
                                         BCON_INT32 (1), "}", "batchSize", BCON_INT32 (BATCH_DOCS));
  Filling filling = { self, 0 };

  if (!wd_mongo_store_is_shared (self->store))
    return TRUE;
  if (!wd_mongo_call_find (self->call, WD_MONGO_MESSAGES, filter, options, fill, &filling, error))
    return FALSE;
  if (filling.n > 0)
    wd_mongo_check_add (self, "view", self->repair,
                        "%" G_GINT64_FORMAT " messages that WildDuck cannot show", filling.n);
  return TRUE;
}
