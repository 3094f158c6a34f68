// SPDX-License-Identifier: EUPL-1.2
// Making the collections and their indexes.
#include "config.h"

#include "mongo-schema.h"

#define VERSION 3
#define VERSION_KEY "wd.schema"

typedef struct
{
  const char *collection;
  const char *name;
  const char *keys[4]; // A minus sign before it: descending.
  gboolean is_unique;
  gboolean is_sparse;
  gint32 expire_secs; // After the time in the field; 0: never.
} Index;

// Names, keys and options are those that WildDuck makes, so that either may come first.
static const Index indexes[] = {
  { WD_MONGO_USERS, "users", { "username" } },
  { WD_MONGO_USERS, "users_dotless", { "unameview" }, .is_unique = TRUE },
  { WD_MONGO_USERS, "users_tags", { "tagsview" }, .is_sparse = TRUE },
  { WD_MONGO_ADDRESSES, "address_dotless", { "addrview" }, .is_unique = TRUE },
  { WD_MONGO_ADDRESSES, "address_tags", { "tagsview" }, .is_sparse = TRUE },
  { WD_MONGO_ADDRESSES, "user", { "user" } },
  { WD_MONGO_APP_PASSWORDS, "asps_user", { "user" } },
  { WD_MONGO_SETTINGS, "key_unique", { "key", "enumerable" }, .is_unique = TRUE },
  { WD_MONGO_MAILBOXES, "user_path", { "user", "path" }, .is_unique = TRUE },
  { WD_MONGO_MESSAGES, WD_MONGO_MESSAGES_BY_UID, { "mailbox", "uid", "_id" } },
  { WD_MONGO_MESSAGES, WD_MONGO_MESSAGES_BY_MODSEQ, { "mailbox", "modseq", "uid" } },
  { WD_MONGO_MESSAGES, WD_MONGO_MESSAGES_UNSEEN, { "mailbox", "unseen" } },
  { WD_MONGO_MESSAGES, WD_MONGO_MESSAGES_UNDELETED, { "mailbox", "undeleted" } },
  { WD_MONGO_MESSAGES, "user_searchable_flag", { "user", "searchable" } },
  { WD_MONGO_JOURNAL, "mailbox_modseq", { "mailbox", "modseq" } },
  { WD_MONGO_JOURNAL, "user_limit_id", { "user", "_id" } },
  { WD_MONGO_JOURNAL, "journal_autoexpire", { "created" }, .expire_secs = WD_MONGO_JOURNAL_SECS },
  { WD_MONGO_ANNOTATIONS, "user", { "user" } },
  { WD_MONGO_FILES, "related_attachments_cu", { "metadata.c", "metadata.m", "metadata.cu" } },
  { WD_MONGO_CHUNKS, WD_MONGO_CHUNKS_BY_FILE, { "files_id", "n" }, .is_unique = TRUE },
};

static void
add_index (bson_t *array, guint32 i, const Index *index)
{
  bson_t spec, keys;
  char buffer[16];
  const char *name;

  bson_uint32_to_string (i, &name, buffer, sizeof buffer);
  BSON_APPEND_DOCUMENT_BEGIN (array, name, &spec);
  BSON_APPEND_DOCUMENT_BEGIN (&spec, "key", &keys);
  for (gsize k = 0; k < G_N_ELEMENTS (index->keys) && index->keys[k] != NULL; k++)
    BSON_APPEND_INT32 (&keys, index->keys[k], 1);
  bson_append_document_end (&spec, &keys);
  BSON_APPEND_UTF8 (&spec, "name", index->name);
  if (index->is_unique)
    BSON_APPEND_BOOL (&spec, "unique", TRUE);
  if (index->is_sparse)
    BSON_APPEND_BOOL (&spec, "sparse", TRUE);
  if (index->expire_secs != 0)
    BSON_APPEND_INT32 (&spec, "expireAfterSeconds", index->expire_secs);
  bson_append_document_end (array, &spec);
}

// FerretDB says it a level below.
static guint
count_made (const bson_t *reply)
{
  gint64 n = wd_mongo_bson_get_int (reply, "numIndexesAfter", -1);

  if (n >= 0)
    n -= wd_mongo_bson_get_int (reply, "numIndexesBefore", 0);
  else
    n = wd_mongo_bson_get_int (reply, "raw.defaultShard.numIndexesAfter", 0)
        - wd_mongo_bson_get_int (reply, "raw.defaultShard.numIndexesBefore", 0);
  return (guint) CLAMP (n, 0, (gint64) G_N_ELEMENTS (indexes));
}

// All of one collection, which begin at `first`. The collection is made with them.
static gboolean
make_indexes (WdMongoCall *call, gsize first, gsize *out_next, guint *inout_n_made, GError **error)
{
  g_autoptr (bson_t) reply = NULL;
  g_autoptr (bson_t) command = BCON_NEW ("createIndexes", BCON_UTF8 (indexes[first].collection));
  bson_t array;
  gsize i = first;

  BSON_APPEND_ARRAY_BEGIN (command, "indexes", &array);
  for (;
       i < G_N_ELEMENTS (indexes) && g_str_equal (indexes[i].collection, indexes[first].collection);
       i++)
    add_index (&array, (guint32) (i - first), &indexes[i]);
  bson_append_array_end (command, &array);
  *out_next = i;
  if (!wd_mongo_call_command (call, command, &reply, error))
    return FALSE;
  *inout_n_made += count_made (reply);
  return TRUE;
}

gboolean
wd_mongo_schema_is_shared (WdMongoCall *call, gboolean *out_is_shared, GError **error)
{
  g_autoptr (bson_t) command = BCON_NEW ("listCollections", BCON_INT32 (1), "filter", "{", "name",
                                         WD_MONGO_TASKS, "}", "nameOnly", BCON_BOOL (TRUE));
  g_autoptr (bson_t) reply = NULL;
  bson_iter_t iter;

  if (!wd_mongo_call_command (call, command, &reply, error))
    return FALSE;
  *out_is_shared = wd_mongo_bson_find (reply, "cursor.firstBatch.0", &iter);
  return TRUE;
}

static gboolean
save_version (WdMongoCall *call, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("key", BCON_UTF8 (VERSION_KEY));
  g_autoptr (bson_t) update = BCON_NEW ("$set", "{", "value", BCON_INT32 (VERSION), "}");
  g_autoptr (GError) failure = NULL;

  if (wd_mongo_call_update (call, WD_MONGO_SETTINGS, filter, update, WD_MONGO_UPSERT, NULL, NULL,
                            &failure)
      // Another has just written it.
      || g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
load_version (WdMongoCall *call, gint64 *out_version, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("key", BCON_UTF8 (VERSION_KEY));
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_SETTINGS, filter, NULL, &doc, error))
    return FALSE;
  *out_version = doc == NULL ? 0 : wd_mongo_bson_get_int (doc, "value", 0);
  if (*out_version <= VERSION)
    return TRUE;
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE,
               "the database has format %" G_GINT64_FORMAT
               ", and this program knows %d: upgrade it",
               *out_version, VERSION);
  return FALSE;
}

static gboolean
init_once (WdMongoCall *call, WdStorePrepared *out_prepared, GError **error)
{
  *out_prepared = (WdStorePrepared){ .version = VERSION };
  if (!load_version (call, &out_prepared->version_before, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (indexes);)
    if (!make_indexes (call, i, &i, &out_prepared->n_made, error))
      return FALSE;
  return save_version (call, error);
}

// Services that start together get into each other's way.
gboolean
wd_mongo_schema_init (WdMongoCall *call, WdStorePrepared *out_prepared, GError **error)
{
  for (guint i = 1; !init_once (call, out_prepared, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}

// There is a user: of ours, or of WildDuck.
static gboolean
check_used (WdMongoCall *call, GError **error)
{
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;

  if (!wd_mongo_call_find_one (call, WD_MONGO_USERS, filter, options, &doc, error))
    return FALSE;
  if (doc == NULL)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND,
                         "the database has no users");
  return doc != NULL;
}

static gboolean
check_once (WdMongoCall *call, gboolean must_exist, GError **error)
{
  WdStorePrepared prepared;
  gint64 version;

  return load_version (call, &version, error)
         && (version != 0 || !must_exist || check_used (call, error))
         && (version == VERSION || wd_mongo_schema_init (call, &prepared, error));
}

gboolean
wd_mongo_schema_check (WdMongoCall *call, gboolean must_exist, GError **error)
{
  for (guint i = 1; !check_once (call, must_exist, error); i++)
    if (!wd_mongo_call_may_repeat (error, i))
      return FALSE;
  return TRUE;
}
