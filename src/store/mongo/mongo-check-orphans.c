// SPDX-License-Identifier: EUPL-1.2
// What belongs to nobody, and blobs that are counted wrongly.
#include "config.h"

#include <string.h>

#include "mongo-blob.h"
#include "mongo-check-private.h"
#include "mongo-prepare.h"

static gboolean
note_id (const bson_t *doc, gpointer user_data, GError **error)
{
  WdId id = wd_mongo_bson_get_id (doc, "_id");

  if (!wd_core_id_is_none (&id))
    g_hash_table_add (user_data, g_memdup2 (&id, sizeof id));
  return TRUE;
}

static gboolean
exists (WdMongoCheck *self, const WdId *user, gboolean *out_exists, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (user)));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (self->call, WD_MONGO_USERS, filter, options, &doc, error))
    return FALSE;
  *out_exists = doc != NULL;
  return TRUE;
}

// A user's mailboxes are made before the user.
static gboolean
check_owner (WdMongoCheck *self, const WdId *user, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("user", BCON_OID (wd_mongo_bson_oid (user)));
  g_autofree char *hex = wd_core_id_dup_hex (user);
  gboolean is_there;

  if (!exists (self, user, &is_there, error))
    return FALSE;
  if (is_there)
    return TRUE;
  wd_mongo_check_wait ();
  if (!exists (self, user, &is_there, error))
    return FALSE;
  if (is_there)
    return TRUE;
  wd_mongo_check_add (self, "orphan-user", self->repair, "mail or addresses of no user: %s", hex);
  return !self->repair
         || (wd_mongo_call_delete (self->call, WD_MONGO_ADDRESSES, filter, WD_MONGO_MANY, NULL,
                                   error)
             && wd_mongo_mailbox_delete_all (self->call, user, error));
}

gboolean
wd_mongo_check_orphans (WdMongoCheck *self, GError **error)
{
  static const char *const collections[]
      = { WD_MONGO_ADDRESSES, WD_MONGO_MAILBOXES, WD_MONGO_MESSAGES, WD_MONGO_ANNOTATIONS };
  g_autoptr (bson_t) pipeline
      = BCON_NEW ("pipeline", "[", "{", "$group", "{", "_id", "$user", "}", "}", "]");
  g_autoptr (GHashTable) owners
      = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer id;

  for (gsize i = 0; i < G_N_ELEMENTS (collections); i++)
    if (!wd_mongo_call_aggregate (self->call, collections[i], pipeline, note_id, owners, error))
      return FALSE;
  g_hash_table_iter_init (&iter, owners);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!check_owner (self, id, error))
      return FALSE;
  return TRUE;
}

static gboolean
count_one (const bson_t *doc, gpointer user_data, GError **error)
{
  wd_mongo_prepare_count_blobs (doc, user_data);
  return TRUE;
}

// How often all messages refer to each.
static GHashTable *
count_all (WdMongoCheck *self, GError **error)
{
  g_autoptr (GHashTable) counts = wd_mongo_blob_counts_new ();
  g_autoptr (bson_t) filter
      = BCON_NEW ("mimeTree.attachmentMap", "{", "$exists", BCON_BOOL (TRUE), "}");
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "_id", BCON_INT32 (0), "magic", BCON_INT32 (1),
                  "mimeTree.attachmentMap", BCON_INT32 (1), "}", "batchSize", BCON_INT32 (5000));

  if (!wd_mongo_call_find (self->call, WD_MONGO_MESSAGES, filter, options, count_one, counts, error)
      // What WildDuck has expunged it keeps for a while.
      || !wd_mongo_call_find (self->call, WD_MONGO_ARCHIVED, filter, options, count_one, counts,
                              error))
    return NULL;
  return g_steal_pointer (&counts);
}

typedef struct
{
  WdStoreSha sha;
  gint64 count;
} Blob;

static gboolean
note_blob (const bson_t *doc, gpointer user_data, GError **error)
{
  gsize len;
  const guint8 *id = wd_mongo_bson_get_binary (doc, "_id", &len);
  Blob blob = { .count = wd_mongo_bson_get_int (doc, "metadata.c", 0) };

  if (id == NULL || len != sizeof blob.sha.bytes)
    return TRUE;
  memcpy (blob.sha.bytes, id, len);
  g_array_append_val ((GArray *) user_data, blob);
  return TRUE;
}

// WildDuck's own are its own to count.
static GArray *
load_blobs (WdMongoCheck *self, GError **error)
{
  g_autoptr (GArray) blobs = g_array_new (FALSE, FALSE, sizeof (Blob));
  g_autoptr (bson_t) filter
      = BCON_NEW ("metadata.wd", BCON_BOOL (TRUE), "metadata.c", "{", "$gte", BCON_INT64 (0), "}");
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "metadata.c", BCON_INT32 (1), "}");

  if (!wd_mongo_call_find (self->call, WD_MONGO_FILES, filter, options, note_blob, blobs, error))
    return NULL;
  return g_steal_pointer (&blobs);
}

static WdMongoBlobCount
get_count (GHashTable *counts, const Blob *blob)
{
  const WdMongoBlobCount *count = g_hash_table_lookup (counts, &blob->sha);

  return count == NULL ? (WdMongoBlobCount){ 0 } : *count;
}

static guint
count_wrong (GHashTable *counts, GArray *blobs)
{
  guint n = 0;

  for (guint i = 0; i < blobs->len; i++)
    {
      const Blob *blob = &g_array_index (blobs, Blob, i);

      n += get_count (counts, blob).c != blob->count;
    }
  return n;
}

static gboolean
mend (WdMongoCheck *self, const Blob *blob, const WdMongoBlobCount *count, GError **error)
{
  gboolean is_set = FALSE;

  if (self->repair
      && !wd_mongo_blob_set_count (self->call, &blob->sha, blob->count, count, &is_set, error))
    return FALSE;
  wd_mongo_check_add (self, "part-reference", is_set,
                      "a large part is counted %" G_GINT64_FORMAT
                      " times, and used %" G_GINT64_FORMAT " times",
                      blob->count, count->c);
  return TRUE;
}

// What is the same twice is no operation under way.
gboolean
wd_mongo_check_blobs (WdMongoCheck *self, GError **error)
{
  g_autoptr (GArray) blobs = load_blobs (self, error);
  g_autoptr (GArray) blobs_again = NULL;
  g_autoptr (GHashTable) counts = NULL;
  g_autoptr (GHashTable) counts_again = NULL;

  if (blobs == NULL || (counts = count_all (self, error)) == NULL)
    return FALSE;
  if (count_wrong (counts, blobs) == 0)
    return TRUE;
  wd_mongo_check_wait ();
  if ((blobs_again = load_blobs (self, error)) == NULL
      || (counts_again = count_all (self, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < blobs_again->len; i++)
    {
      const Blob *blob = &g_array_index (blobs_again, Blob, i);
      WdMongoBlobCount count = get_count (counts_again, blob);

      if (count.c != blob->count && count.c == get_count (counts, blob).c
          && !mend (self, blob, &count, error))
        return FALSE;
    }
  return TRUE;
}
