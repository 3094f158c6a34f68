// SPDX-License-Identifier: EUPL-1.2
// Pages of users and addresses. Ids sort by creation, and a cursor is an id.
#include "config.h"

#include "core-limits.h"
#include "mongo-store-private.h"
#include "store-search.h"

typedef struct
{
  const char *collection;
  const char *const *searched; // Folded fields.
  GDestroyNotify free_row;
} List;

static const char *const user_fields[] = { "wd.un", "wd.nn", "wd.an", NULL };
static const char *const address_fields[] = { "wd.an", "wd.nn", NULL };

static const List users = { WD_MONGO_USERS, user_fields, (GDestroyNotify) wd_user_free };
static const List addresses
    = { WD_MONGO_ADDRESSES, address_fields, (GDestroyNotify) wd_address_free };

static void
add_query (bson_t *filter, const List *list, const char *query)
{
  g_autofree char *folded = wd_search_fold (query, -1);
  g_autofree char *pattern = wd_mongo_bson_dup_pattern (folded);
  bson_t any;

  BSON_APPEND_ARRAY_BEGIN (filter, "$or", &any);
  for (guint32 i = 0; list->searched[i] != NULL; i++)
    {
      bson_t field;
      char buffer[16];
      const char *name;

      bson_uint32_to_string (i, &name, buffer, sizeof buffer);
      BSON_APPEND_DOCUMENT_BEGIN (&any, name, &field);
      BSON_APPEND_REGEX (&field, list->searched[i], pattern, "");
      bson_append_document_end (&any, &field);
    }
  bson_append_array_end (filter, &any);
}

static gboolean
add_tags (bson_t *tagsview, const char *op, const char *const *tags, GError **error)
{
  guint n = tags == NULL ? 0 : g_strv_length ((char **) tags);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (n > WD_LIMIT_TAGS)
    return wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many tags", error);
  if (n == 0)
    return TRUE;
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *folded = wd_search_fold (tags[i], -1);

      g_strv_builder_add (builder, folded);
    }

  g_auto (GStrv) folded = g_strv_builder_end (builder);

  wd_mongo_bson_add_texts (tagsview, op, (const char *const *) folded);
  return TRUE;
}

static bson_t *
make_filter (const List *list, const WdListQuery *query, GError **error)
{
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) tagsview = bson_new ();

  if (query->query != NULL && *query->query != '\0')
    add_query (filter, list, query->query);
  if (!add_tags (tagsview, "$in", query->tags, error)
      || !add_tags (tagsview, "$all", query->required_tags, error))
    return NULL;
  if (!bson_empty (tagsview))
    BSON_APPEND_DOCUMENT (filter, "tagsview", tagsview);
  return g_steal_pointer (&filter);
}

static gboolean
keep_row (const bson_t *doc, gpointer user_data, GError **error)
{
  g_ptr_array_add (user_data, bson_copy (doc));
  return TRUE;
}

// The documents of the page, in order, and one more when there are more.
static gboolean
read_page (WdMongoCall *call,
           const List *list,
           bson_t *filter,
           const WdListQuery *query,
           GPtrArray *docs,
           GError **error)
{
  gboolean backwards = !wd_core_id_is_none (&query->before);
  const WdId *cursor = backwards ? &query->before : &query->after;
  g_autoptr (bson_t) options = BCON_NEW ("sort", "{", "_id", BCON_INT32 (backwards ? -1 : 1), "}",
                                         "limit", BCON_INT64 ((gint64) query->limit + 1));

  if (!wd_core_id_is_none (cursor))
    BCON_APPEND (filter, "_id", "{", backwards ? "$lt" : "$gt",
                 BCON_OID (wd_mongo_bson_oid (cursor)), "}");
  return wd_mongo_call_find (call, list->collection, filter, options, keep_row, docs, error);
}

static GPtrArray *
list_docs (WdMongoCall *call,
           const List *list,
           const WdListQuery *query,
           guint64 *out_total,
           gboolean *out_has_more,
           GError **error)
{
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  g_autoptr (bson_t) filter = make_filter (list, query, error);
  gint64 total;

  if (filter == NULL || !wd_mongo_call_count (call, list->collection, filter, &total, error)
      || !read_page (call, list, filter, query, docs, error))
    return NULL;
  *out_total = (guint64) total;
  *out_has_more = wd_list_query_trim (query, docs);
  return g_steal_pointer (&docs);
}

GPtrArray *
wd_mongo_list_users (WdStore *store,
                     const WdListQuery *query,
                     guint64 *out_total,
                     gboolean *out_has_more,
                     GCancellable *cancellable,
                     GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GPtrArray) docs = NULL;
  GPtrArray *rows;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (docs = list_docs (&call, &users, query, out_total, out_has_more, error)) == NULL)
    return NULL;
  rows = g_ptr_array_new_with_free_func (users.free_row);
  for (guint i = 0; i < docs->len; i++)
    {
      WdUser *user = wd_mongo_user_read (docs->pdata[i]);

      user->used_bytes = 0;
      g_ptr_array_add (rows, user);
    }
  return rows;
}

static gboolean
note_main (const bson_t *doc, gpointer user_data, GError **error)
{
  const char *address = wd_mongo_bson_get_text (doc, "address");
  WdId id = wd_mongo_bson_get_id (doc, "_id");

  if (address != NULL)
    g_hash_table_insert (user_data, g_memdup2 (&id, sizeof id),
                         wd_mongo_user_dup_address_view (address, NULL));
  return TRUE;
}

// The main addresses of those whose addresses these are, by user. One round trip.
static GHashTable *
load_mains (WdMongoCall *call, GPtrArray *docs, GError **error)
{
  g_autoptr (GHashTable) mains
      = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, g_free, g_free);
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "address", BCON_INT32 (1), "}");
  bson_t by_id, ids;

  BSON_APPEND_DOCUMENT_BEGIN (filter, "_id", &by_id);
  BSON_APPEND_ARRAY_BEGIN (&by_id, "$in", &ids);
  for (guint32 i = 0; i < docs->len; i++)
    {
      WdId id = wd_mongo_bson_get_id (docs->pdata[i], "user");
      char buffer[16];
      const char *name;

      bson_uint32_to_string (i, &name, buffer, sizeof buffer);
      wd_mongo_bson_add_id (&ids, name, &id);
    }
  bson_append_array_end (&by_id, &ids);
  bson_append_document_end (filter, &by_id);
  if (!wd_mongo_call_find (call, WD_MONGO_USERS, filter, options, note_main, mains, error))
    return NULL;
  return g_steal_pointer (&mains);
}

GPtrArray *
wd_mongo_list_addresses (WdStore *store,
                         const WdListQuery *query,
                         guint64 *out_total,
                         gboolean *out_has_more,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GPtrArray) docs = NULL;
  g_autoptr (GHashTable) mains = NULL;
  GPtrArray *rows;

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (docs = list_docs (&call, &addresses, query, out_total, out_has_more, error)) == NULL
      || (mains = load_mains (&call, docs, error)) == NULL)
    return NULL;
  rows = g_ptr_array_new_with_free_func (addresses.free_row);
  for (guint i = 0; i < docs->len; i++)
    {
      WdId user = wd_mongo_bson_get_id (docs->pdata[i], "user");

      g_ptr_array_add (rows,
                       wd_mongo_address_read (docs->pdata[i], g_hash_table_lookup (mains, &user)));
    }
  return rows;
}
