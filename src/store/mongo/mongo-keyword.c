// SPDX-License-Identifier: EUPL-1.2
// Flags by name and as bits.
#include "config.h"

#include "mongo-keyword.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-schema.h"

#define MAX_OWNERS 4096
#define MAX_TRIES 10

struct _WdMongoKeywords
{
  // Guards the table. Not held over a round trip.
  GMutex mutex;
  GHashTable *owners; // Id to GPtrArray of names, which is never changed once it is here.
};

static const struct
{
  const char *name;
  WdFlags bit;
} system_flags[] = {
  { "\\Seen", WD_FLAG_SEEN },       { "\\Answered", WD_FLAG_ANSWERED },
  { "\\Flagged", WD_FLAG_FLAGGED }, { "\\Deleted", WD_FLAG_DELETED },
  { "\\Draft", WD_FLAG_DRAFT },
};

WdMongoKeywords *
wd_mongo_keyword_new (void)
{
  WdMongoKeywords *self = g_new0 (WdMongoKeywords, 1);

  g_mutex_init (&self->mutex);
  self->owners = g_hash_table_new_full (wd_core_id_hash, wd_core_id_equal, g_free,
                                        (GDestroyNotify) g_ptr_array_unref);
  return self;
}

void
wd_mongo_keyword_free (WdMongoKeywords *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->owners);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
wd_mongo_keyword_forget (WdMongoKeywords *self, const WdId *owner)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove (self->owners, owner);
  g_mutex_unlock (&self->mutex);
}

static void
set_names (WdMongoKeywordList *list, GPtrArray *names)
{
  g_clear_pointer (&list->names, g_ptr_array_unref);
  g_clear_pointer (&list->bits, g_hash_table_unref);
  list->names = names;
  list->bits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < names->len && i < WD_LIMIT_KEYWORDS; i++)
    g_hash_table_insert (list->bits, g_ascii_strdown (names->pdata[i], -1),
                         GUINT_TO_POINTER (i + 1));
}

void
wd_mongo_keyword_begin (WdMongoKeywords *self,
                        WdMongoCall *call,
                        const WdId *owner,
                        WdMongoKeywordList *out_list)
{
  GPtrArray *names;

  *out_list = (WdMongoKeywordList){ .cache = self, .call = call, .owner = *owner };
  g_mutex_lock (&self->mutex);
  names = g_hash_table_lookup (self->owners, owner);
  if (names != NULL)
    g_ptr_array_ref (names);
  g_mutex_unlock (&self->mutex);
  set_names (out_list, names != NULL ? names : g_ptr_array_new_with_free_func (g_free));
}

void
wd_mongo_keyword_end (WdMongoKeywordList *list)
{
  g_clear_pointer (&list->names, g_ptr_array_unref);
  g_clear_pointer (&list->bits, g_hash_table_unref);
}

static void
keep (WdMongoKeywords *self, const WdId *owner, GPtrArray *names)
{
  g_mutex_lock (&self->mutex);
  if (g_hash_table_size (self->owners) >= MAX_OWNERS)
    g_hash_table_remove_all (self->owners);
  g_hash_table_insert (self->owners, g_memdup2 (owner, sizeof *owner), g_ptr_array_ref (names));
  g_mutex_unlock (&self->mutex);
}

gboolean
wd_mongo_keyword_refresh (WdMongoKeywordList *list, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&list->owner)));
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "wd.keywords", BCON_INT32 (1), "}");
  g_autoptr (bson_t) doc = NULL;
  GPtrArray *names;

  if (!wd_mongo_call_find_one (list->call, WD_MONGO_USERS, filter, options, &doc, error))
    return FALSE;
  if (doc == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
      return FALSE;
    }

  g_auto (GStrv) read = wd_mongo_bson_dup_texts (doc, "wd.keywords");

  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; read[i] != NULL; i++)
    g_ptr_array_add (names, g_strdup (read[i]));
  keep (list->cache, &list->owner, names);
  set_names (list, names);
  return TRUE;
}

static int
find_bit (const WdMongoKeywordList *list, const char *name)
{
  g_autofree char *folded = g_ascii_strdown (name, -1);

  return (int) GPOINTER_TO_UINT (g_hash_table_lookup (list->bits, folded)) - 1;
}

static WdFlags
find_bits (const WdMongoKeywordList *list, const char *const *names, guint *out_n_missing)
{
  WdFlags mask = 0;

  *out_n_missing = 0;
  for (guint i = 0; names[i] != NULL; i++)
    {
      int bit = find_bit (list, names[i]);

      if (bit >= 0)
        mask |= WD_FLAG_KEYWORD (bit);
      else
        (*out_n_missing)++;
    }
  return mask;
}

static gboolean
has_folded (GPtrArray *names, const char *name)
{
  for (guint i = 0; i < names->len; i++)
    if (g_ascii_strcasecmp (names->pdata[i], name) == 0)
      return TRUE;
  return FALSE;
}

// Adds them behind the list as it is known, if it still is so.
static gboolean
push_missing (WdMongoKeywordList *list,
              const char *const *names,
              gboolean *out_done,
              GError **error)
{
  g_autoptr (GPtrArray) fresh = g_ptr_array_new ();
  g_autoptr (bson_t) filter = NULL;
  g_autoptr (bson_t) update = bson_new ();
  bson_t push, field;
  gint64 n_matched;

  for (guint i = 0; names[i] != NULL; i++)
    if (find_bit (list, names[i]) < 0 && !has_folded (fresh, names[i]))
      g_ptr_array_add (fresh, (gpointer) names[i]);
  if (list->names->len + fresh->len > WD_LIMIT_KEYWORDS)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many keywords");
      return FALSE;
    }
  g_ptr_array_add (fresh, NULL);
  filter = list->names->len == 0
               ? BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&list->owner)), "wd.keywords.0", "{",
                           "$exists", BCON_BOOL (FALSE), "}")
               : BCON_NEW ("_id", BCON_OID (wd_mongo_bson_oid (&list->owner)), "wd.keywords", "{",
                           "$size", BCON_INT32 ((gint32) list->names->len), "}");
  BSON_APPEND_DOCUMENT_BEGIN (update, "$push", &push);
  BSON_APPEND_DOCUMENT_BEGIN (&push, "wd.keywords", &field);
  wd_mongo_bson_add_texts (&field, "$each", (const char *const *) fresh->pdata);
  bson_append_document_end (&push, &field);
  bson_append_document_end (update, &push);
  if (!wd_mongo_call_update (list->call, WD_MONGO_USERS, filter, update, WD_MONGO_ONE, &n_matched,
                             NULL, error))
    return FALSE;
  *out_done = n_matched > 0;
  return TRUE;
}

gboolean
wd_mongo_keyword_find (WdMongoKeywordList *list,
                       const char *const *names,
                       gboolean create,
                       WdFlags *out_mask,
                       GError **error)
{
  guint n_missing;

  *out_mask = find_bits (list, names, &n_missing);
  for (guint i = 0; n_missing > 0 && i < MAX_TRIES; i++)
    {
      gboolean done;

      if (!wd_mongo_keyword_refresh (list, error))
        return FALSE;
      *out_mask = find_bits (list, names, &n_missing);
      if (n_missing == 0 || !create)
        return TRUE;
      if (!push_missing (list, names, &done, error))
        return FALSE;
    }
  if (n_missing == 0)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY,
                       "others add keywords all the time");
  return FALSE;
}

static WdFlags
find_system (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (system_flags); i++)
    if (g_ascii_strcasecmp (name, system_flags[i].name) == 0)
      return system_flags[i].bit;
  return 0;
}

// A keyword that does not fit into the list any more is not shown.
static gboolean
read_keyword (WdMongoKeywordList *list, const char *name, WdFlags *inout_flags, GError **error)
{
  const char *const names[] = { name, NULL };
  g_autoptr (GError) failure = NULL;
  WdFlags mask = 0;
  int bit = find_bit (list, name);

  if (bit >= 0)
    *inout_flags |= WD_FLAG_KEYWORD (bit);
  else if (list->names->len >= WD_LIMIT_KEYWORDS)
    return TRUE;
  else if (wd_mongo_keyword_find (list, names, TRUE, &mask, &failure))
    *inout_flags |= mask;
  else if (!g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  return TRUE;
}

gboolean
wd_mongo_keyword_read_flags (WdMongoKeywordList *list,
                             const bson_t *doc,
                             WdFlags *out_flags,
                             GError **error)
{
  WdFlags flags = 0;
  bson_iter_t iter, child;

  if (bson_iter_init_find (&iter, doc, "flags") && BSON_ITER_HOLDS_ARRAY (&iter)
      && bson_iter_recurse (&iter, &child))
    while (bson_iter_next (&child))
      {
        const char *name = BSON_ITER_HOLDS_UTF8 (&child) ? bson_iter_utf8 (&child, NULL) : "\\";

        if (name[0] == '\\')
          flags |= find_system (name);
        else if (!read_keyword (list, name, &flags, error))
          return FALSE;
      }
  *out_flags = flags;
  return TRUE;
}

gboolean
wd_mongo_keyword_add_flags (WdMongoKeywordList *list, bson_t *doc, WdFlags flags, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  WdFlags known = list->names->len == 0 ? 0 : WD_FLAG_KEYWORD (list->names->len) - 1;

  if ((flags & ~WD_FLAGS_SYSTEM & ~known) != 0 && !wd_mongo_keyword_refresh (list, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (system_flags); i++)
    if ((flags & system_flags[i].bit) != 0)
      g_ptr_array_add (names, (gpointer) system_flags[i].name);
  for (guint i = 0; i < list->names->len && i < WD_LIMIT_KEYWORDS; i++)
    if ((flags & WD_FLAG_KEYWORD (i)) != 0)
      g_ptr_array_add (names, list->names->pdata[i]);
  g_ptr_array_add (names, NULL);
  wd_mongo_bson_add_texts (doc, "flags", (const char *const *) names->pdata);
  BSON_APPEND_BOOL (doc, "unseen", (flags & WD_FLAG_SEEN) == 0);
  BSON_APPEND_BOOL (doc, "undeleted", (flags & WD_FLAG_DELETED) == 0);
  BSON_APPEND_BOOL (doc, "flagged", (flags & WD_FLAG_FLAGGED) != 0);
  BSON_APPEND_BOOL (doc, "draft", (flags & WD_FLAG_DRAFT) != 0);
  return TRUE;
}
