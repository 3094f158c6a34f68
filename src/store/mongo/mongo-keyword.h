// SPDX-License-Identifier: EUPL-1.2
// Flags as they stand in documents, and as bits. A message has its flags by name; a bit is the
// place of a keyword in the list of its owner, which only ever grows (users: wd.keywords).
#pragma once

#include "mongo-call.h"

// The lists that one process knows. Any thread.
typedef struct _WdMongoKeywords WdMongoKeywords;

WdMongoKeywords *wd_mongo_keyword_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_keyword_free (WdMongoKeywords *self);
void wd_mongo_keyword_forget (WdMongoKeywords *self, const WdId *owner);

// The list of one owner, for the time of one call. g_auto.
typedef struct
{
  WdMongoKeywords *cache;
  WdMongoCall *call;
  WdId owner;
  GPtrArray *names; // (element-type utf8)
  GHashTable *bits; // Folded name to bit + 1.
} WdMongoKeywordList;

// What the process knows, which may be less than there is. No round trip.
void wd_mongo_keyword_begin (WdMongoKeywords *self,
                             WdMongoCall *call,
                             const WdId *owner,
                             WdMongoKeywordList *out_list);
void wd_mongo_keyword_end (WdMongoKeywordList *list);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdMongoKeywordList, wd_mongo_keyword_end)

// Reads it anew. NOT_FOUND for a user who is gone.
gboolean wd_mongo_keyword_refresh (WdMongoKeywordList *list, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The bits of these; those not known are added with `create`, else left out. LIMIT. No round trip
// when the process knows all.
gboolean wd_mongo_keyword_find (WdMongoKeywordList *list,
                                const char *const *names,
                                gboolean create,
                                WdFlags *out_mask,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The field "flags" of a document. A keyword that another program has set becomes known.
gboolean wd_mongo_keyword_read_flags (WdMongoKeywordList *list,
                                      const bson_t *doc,
                                      WdFlags *out_flags,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Writes the fields that say which flags a message has: flags, unseen, undeleted, flagged, draft.
gboolean
wd_mongo_keyword_add_flags (WdMongoKeywordList *list, bson_t *doc, WdFlags flags, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
