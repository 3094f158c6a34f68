// SPDX-License-Identifier: EUPL-1.2
// Reading and writing documents.
#pragma once

#include <bson/bson.h>

#include "store-types.h"
#include "store-uidset.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (bson_t, bson_destroy)

// Ids are object ids as they are.
G_STATIC_ASSERT (sizeof (WdId) == sizeof (bson_oid_t));

static inline const bson_oid_t *
wd_mongo_bson_oid (const WdId *id)
{
  return (const bson_oid_t *) id;
}

// A field by its path ("wd.n"). FALSE when it is not there.
gboolean wd_mongo_bson_find (const bson_t *doc, const char *path, bson_iter_t *out_iter)
    G_GNUC_WARN_UNUSED_RESULT;

// The value of a field, or what stands for one that is not there or of another type. Numbers of any
// type are read, as other programs write doubles where a number is meant.
gint64 wd_mongo_bson_get_int (const bson_t *doc, const char *path, gint64 fallback);
gboolean wd_mongo_bson_get_bool (const bson_t *doc, const char *path);
gint64 wd_mongo_bson_get_date (const bson_t *doc, const char *path);
const char *wd_mongo_bson_get_text (const bson_t *doc, const char *path); // (nullable)
char *wd_mongo_bson_dup_text (const bson_t *doc, const char *path) G_GNUC_WARN_UNUSED_RESULT;
GStrv wd_mongo_bson_dup_texts (const bson_t *doc, const char *path) G_GNUC_WARN_UNUSED_RESULT;
WdId wd_mongo_bson_get_id (const bson_t *doc, const char *path); // None when there is none.
const guint8 *wd_mongo_bson_get_binary (const bson_t *doc, const char *path, gsize *out_len);

// The number that an iterator stands on.
gint64 wd_mongo_bson_iter_int (const bson_iter_t *iter);

// Appends; NULL is written as null.
void wd_mongo_bson_add_text (bson_t *doc, const char *key, const char *text);
void wd_mongo_bson_add_texts (bson_t *doc, const char *key, const char *const *texts);
void wd_mongo_bson_add_binary (bson_t *doc, const char *key, const void *data, gsize len);
void wd_mongo_bson_add_id (bson_t *doc, const char *key, const WdId *id);

// A text as the pattern of itself, for $regex. Returns (transfer full).
char *wd_mongo_bson_dup_pattern (const char *text) G_GNUC_WARN_UNUSED_RESULT;
