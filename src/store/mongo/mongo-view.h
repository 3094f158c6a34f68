// SPDX-License-Identifier: EUPL-1.2
// The texts of a message as WildDuck's API shows them: plain text, HTML, and the first words.
#pragma once

#include "mime-tree.h"

// What is cut off is not shown there.
#define WD_MONGO_VIEW_BYTES_MAX (1024 * 1024)

typedef struct
{
  char *text;
  GPtrArray *html; // (element-type utf8)
} WdMongoView;

// Names the attachment that has a Content-ID (without its angle brackets), or gives
// NULL.
typedef const char *(*WdMongoViewFindFunc) (const char *content_id, gpointer user_data);

void wd_mongo_view_init (WdMongoView *self,
                         const WdMimeTree *tree,
                         const guint8 *octets,
                         gsize len,
                         WdMongoViewFindFunc find,
                         gpointer user_data);
void wd_mongo_view_clear (WdMongoView *self);
