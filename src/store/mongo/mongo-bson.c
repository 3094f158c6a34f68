// SPDX-License-Identifier: EUPL-1.2
// Reading and writing documents.
#include "config.h"

#include "mongo-bson.h"

#include <string.h>

gboolean
wd_mongo_bson_find (const bson_t *doc, const char *path, bson_iter_t *out_iter)
{
  bson_iter_t iter;

  return bson_iter_init (&iter, doc) && bson_iter_find_descendant (&iter, path, out_iter);
}

gint64
wd_mongo_bson_iter_int (const bson_iter_t *iter)
{
  // What a double cannot hold exactly is no count of anything here.
  if (BSON_ITER_HOLDS_DOUBLE (iter))
    {
      double value = bson_iter_double (iter);

      return value >= -0x1p53 && value <= 0x1p53 ? (gint64) value : 0;
    }
  return bson_iter_as_int64 (iter);
}

gint64
wd_mongo_bson_get_int (const bson_t *doc, const char *path, gint64 fallback)
{
  bson_iter_t iter;

  return wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_NUMBER (&iter)
             ? wd_mongo_bson_iter_int (&iter)
             : fallback;
}

gboolean
wd_mongo_bson_get_bool (const bson_t *doc, const char *path)
{
  bson_iter_t iter;

  return wd_mongo_bson_find (doc, path, &iter) && bson_iter_as_bool (&iter);
}

gint64
wd_mongo_bson_get_date (const bson_t *doc, const char *path)
{
  bson_iter_t iter;

  return wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_DATE_TIME (&iter)
             ? bson_iter_date_time (&iter)
             : 0;
}

const char *
wd_mongo_bson_get_text (const bson_t *doc, const char *path)
{
  bson_iter_t iter;

  return wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_UTF8 (&iter)
             ? bson_iter_utf8 (&iter, NULL)
             : NULL;
}

char *
wd_mongo_bson_dup_text (const bson_t *doc, const char *path)
{
  return g_strdup (wd_mongo_bson_get_text (doc, path));
}

GStrv
wd_mongo_bson_dup_texts (const bson_t *doc, const char *path)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  bson_iter_t iter, child;

  if (wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_ARRAY (&iter)
      && bson_iter_recurse (&iter, &child))
    while (bson_iter_next (&child))
      if (BSON_ITER_HOLDS_UTF8 (&child))
        g_strv_builder_add (builder, bson_iter_utf8 (&child, NULL));
  return g_strv_builder_end (builder);
}

WdId
wd_mongo_bson_get_id (const bson_t *doc, const char *path)
{
  bson_iter_t iter;
  WdId id = { 0 };

  if (wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_OID (&iter))
    memcpy (&id, bson_iter_oid (&iter), sizeof id);
  return id;
}

const guint8 *
wd_mongo_bson_get_binary (const bson_t *doc, const char *path, gsize *out_len)
{
  bson_iter_t iter;
  guint32 len = 0;
  const guint8 *data = NULL;

  if (wd_mongo_bson_find (doc, path, &iter) && BSON_ITER_HOLDS_BINARY (&iter))
    bson_iter_binary (&iter, NULL, &len, &data);
  *out_len = len;
  return data;
}

void
wd_mongo_bson_add_text (bson_t *doc, const char *key, const char *text)
{
  if (text == NULL)
    BSON_APPEND_NULL (doc, key);
  else
    BSON_APPEND_UTF8 (doc, key, text);
}

void
wd_mongo_bson_add_texts (bson_t *doc, const char *key, const char *const *texts)
{
  bson_t array;

  BSON_APPEND_ARRAY_BEGIN (doc, key, &array);
  for (guint32 i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      char buffer[16];
      const char *name;

      bson_uint32_to_string (i, &name, buffer, sizeof buffer);
      BSON_APPEND_UTF8 (&array, name, texts[i]);
    }
  bson_append_array_end (doc, &array);
}

void
wd_mongo_bson_add_binary (bson_t *doc, const char *key, const void *data, gsize len)
{
  bson_append_binary (doc, key, -1, BSON_SUBTYPE_BINARY, data == NULL ? (const void *) "" : data,
                      (guint32) len);
}

void
wd_mongo_bson_add_id (bson_t *doc, const char *key, const WdId *id)
{
  BSON_APPEND_OID (doc, key, wd_mongo_bson_oid (id));
}

char *
wd_mongo_bson_dup_pattern (const char *text)
{
  return g_regex_escape_string (text, -1);
}
