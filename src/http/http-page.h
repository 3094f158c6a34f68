// SPDX-License-Identifier: EUPL-1.2
// Lists in pages: the query's fields, and the cursors of the reply.
#pragma once

#include "http-request.h"

// Rows of a field table that every paged list has.
#define WD_HTTP_PAGE_FIELDS                                                                        \
  { "query", WD_HTTP_QUERY, WD_HTTP_TEXT, 0, 0, 255 },                                             \
      { "tags", WD_HTTP_QUERY, WD_HTTP_TAGS, 0, 0, 1024 },                                         \
      { "requiredTags", WD_HTTP_QUERY, WD_HTTP_TAGS, 0, 0, 1024 },                                 \
      { "metaData", WD_HTTP_QUERY, WD_HTTP_BOOLEAN },                                              \
      { "internalData", WD_HTTP_QUERY, WD_HTTP_BOOLEAN },                                          \
      { "limit", WD_HTTP_QUERY, WD_HTTP_INTEGER, 0, 1, WD_LIMIT_HTTP_PAGE_RESULTS, "20" },         \
      { "next", WD_HTTP_QUERY, WD_HTTP_ID }, { "previous", WD_HTTP_QUERY, WD_HTTP_ID },            \
  {                                                                                                \
    "page", WD_HTTP_QUERY, WD_HTTP_INTEGER, 0, 1, G_MAXINT32, "1"                                  \
  }

typedef struct
{
  WdListQuery query; // What the store is asked.
  GStrv tags;
  GStrv required_tags;
} WdHttpPage;

void wd_http_page_init (WdHttpPage *self, const WdHttpRequest *request);
void wd_http_page_clear (WdHttpPage *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdHttpPage, wd_http_page_clear)

// Fills total, page, both cursors, and `results`, which it takes. `first` and `last` are the ids of
// the page's ends (nullable: it is empty).
void wd_http_page_show (const WdHttpPage *self,
                        const WdHttpRequest *request,
                        guint64 total,
                        gboolean has_more,
                        const WdId *first,
                        const WdId *last,
                        JsonArray *results,
                        JsonObject *out);
