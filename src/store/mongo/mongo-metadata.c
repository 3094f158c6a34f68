// SPDX-License-Identifier: EUPL-1.2
// Annotations of mailboxes and of the account: one document for each that has any, apart from the
// mailbox's own, which is read with every command. It is replaced as a whole, if it is still the
// one that was read.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-mailbox.h"

#define MAX_TRIES 16

static gboolean
check_place (
    WdStore *store, WdMongoCall *call, const WdId *owner, const WdId *mailbox, GError **error)
{
  g_auto (WdMongoMailbox) row = { 0 };
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");
  g_autoptr (bson_t) user = NULL;

  if (mailbox != NULL)
    return wd_mongo_mailbox_load (store, call, owner, mailbox, NULL, &row, error);
  user = wd_mongo_user_load (call, owner, options, error);
  return user != NULL;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(WdMetadata *const *) a)->name, (*(WdMetadata *const *) b)->name);
}

static void
add_entry (GPtrArray *entries, const bson_t *doc)
{
  gsize len = 0;
  const guint8 *value = wd_mongo_bson_get_binary (doc, "v", &len);
  char *name = wd_mongo_bson_dup_text (doc, "n");
  WdMetadata *entry;

  if (name == NULL)
    return;
  entry = g_new0 (WdMetadata, 1);
  entry->name = name;
  entry->value = g_bytes_new (value, value == NULL ? 0 : len);
  g_ptr_array_add (entries, entry);
}

static GPtrArray *
read_entries (const bson_t *doc)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_metadata_free);
  bson_iter_t iter, item;

  if (doc == NULL || !wd_mongo_bson_find (doc, "e", &iter) || !BSON_ITER_HOLDS_ARRAY (&iter)
      || !bson_iter_recurse (&iter, &item))
    return entries;
  while (bson_iter_next (&item))
    if (BSON_ITER_HOLDS_DOCUMENT (&item))
      {
        const guint8 *data;
        guint32 len;
        bson_t entry;

        bson_iter_document (&item, &len, &data);
        if (bson_init_static (&entry, data, len))
          add_entry (entries, &entry);
      }
  return entries;
}

static gboolean
load (WdMongoCall *call, const WdId *id, bson_t **out_doc, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (id)));

  return wd_mongo_call_find_one (call, WD_MONGO_ANNOTATIONS, filter, NULL, out_doc, error);
}

GPtrArray *
wd_mongo_metadata_list (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (bson_t) doc = NULL;
  GPtrArray *entries;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !check_place (store, &call, &actor->owner, mailbox, error)
      || !load (&call, mailbox == NULL ? &actor->owner : mailbox, &doc, error))
    return NULL;
  entries = read_entries (doc);
  g_ptr_array_sort (entries, compare);
  return entries;
}

// Takes one into the list.
static void
apply (GPtrArray *entries, const WdMetadata *change)
{
  WdMetadata *entry;

  for (guint i = 0; i < entries->len; i++)
    if (strcmp (((WdMetadata *) entries->pdata[i])->name, change->name) == 0)
      {
        g_ptr_array_remove_index_fast (entries, i);
        break;
      }
  if (change->value == NULL)
    return;
  entry = g_new0 (WdMetadata, 1);
  entry->name = g_strdup (change->name);
  entry->value = g_bytes_ref (change->value);
  g_ptr_array_add (entries, entry);
}

static bson_t *
make_doc (
    const WdId *id, const WdId *owner, const WdId *mailbox, gint64 version, GPtrArray *entries)
{
  bson_t *doc = bson_new ();
  bson_t array, item;

  wd_mongo_bson_add_id (doc, "_id", id);
  wd_mongo_bson_add_id (doc, "user", owner);
  if (mailbox != NULL)
    wd_mongo_bson_add_id (doc, "mailbox", mailbox);
  BSON_APPEND_INT64 (doc, "version", version);
  BSON_APPEND_ARRAY_BEGIN (doc, "e", &array);
  for (guint i = 0; i < entries->len; i++)
    {
      const WdMetadata *entry = entries->pdata[i];
      char buffer[16];
      const char *key;
      gsize len;
      const void *data = g_bytes_get_data (entry->value, &len);

      bson_uint32_to_string (i, &key, buffer, sizeof buffer);
      BSON_APPEND_DOCUMENT_BEGIN (&array, key, &item);
      BSON_APPEND_UTF8 (&item, "n", entry->name);
      wd_mongo_bson_add_binary (&item, "v", data == NULL ? "" : data, len);
      bson_append_document_end (&array, &item);
    }
  bson_append_array_end (doc, &array);
  return doc;
}

// Puts it into the place of the one that was read (NULL: of none). FALSE in `out_is_done` when
// there is another by now.
static gboolean
replace (
    WdMongoCall *call, const bson_t *old, const bson_t *doc, gboolean *out_is_done, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 n_matched;

  *out_is_done = TRUE;
  if (old == NULL)
    {
      if (wd_mongo_call_insert (call, WD_MONGO_ANNOTATIONS, doc, &failure))
        return TRUE;
      *out_is_done = FALSE;
      if (g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }

  WdId id = wd_mongo_bson_get_id (old, "_id");
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&id)), "version",
                                        BCON_INT64 (wd_mongo_bson_get_int (old, "version", 0)));
  g_autoptr (bson_t) fields = bson_new ();
  g_autoptr (bson_t) update = bson_new ();

  bson_copy_to_excluding_noinit (doc, fields, "_id", NULL);
  BSON_APPEND_DOCUMENT (update, "$set", fields);
  if (!wd_mongo_call_update (call, WD_MONGO_ANNOTATIONS, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  *out_is_done = n_matched > 0;
  return TRUE;
}

static gboolean
set_once (WdMongoCall *call,
          const WdId *owner,
          const WdId *mailbox,
          const WdMetadata *changes,
          guint n_changes,
          gboolean *out_is_done,
          GError **error)
{
  const WdId *id = mailbox == NULL ? owner : mailbox;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (bson_t) old = NULL;
  g_autoptr (bson_t) doc = NULL;

  if (!load (call, id, &old, error))
    return FALSE;
  entries = read_entries (old);
  for (guint i = 0; i < n_changes; i++)
    apply (entries, &changes[i]);
  if (entries->len > WD_LIMIT_METADATA_ENTRIES)
    return wd_mongo_store_fail (WD_STORE_ERROR_LIMIT, "too many annotations", error);
  doc = make_doc (id, owner, mailbox,
                  old == NULL ? 1 : wd_mongo_bson_get_int (old, "version", 0) + 1, entries);
  return replace (call, old, doc, out_is_done, error);
}

gboolean
wd_mongo_metadata_set (WdStore *store,
                       const WdActor *actor,
                       const WdId *mailbox,
                       const WdMetadata *entries,
                       guint n_entries,
                       GCancellable *cancellable,
                       GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  gboolean is_done = FALSE;

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !check_place (store, &call, &actor->owner, mailbox, error))
    return FALSE;
  for (guint i = 0; !is_done && i < MAX_TRIES; i++)
    if (!set_once (&call, &actor->owner, mailbox, entries, n_entries, &is_done, error))
      return FALSE;
  return is_done || wd_mongo_store_fail (WD_STORE_ERROR_BUSY, "others keep changing it", error);
}
