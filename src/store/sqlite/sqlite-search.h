// SPDX-License-Identifier: EUPL-1.2
// A search expression made ready for one mailbox, and the row that it is asked about.
#pragma once

#include "sqlite-index.h"
#include "sqlite-mailbox.h"
#include "store-search-row.h"

// Which columns of a row the expression looks at.
typedef enum
{
  WD_SQLITE_SEARCH_CHANGED = 1 << 0, // Flags and modseq as they are now.
  WD_SQLITE_SEARCH_ROW = 1 << 1,     // Size, dates.
  WD_SQLITE_SEARCH_SENT = 1 << 2,    // The day of the Date: header.
  WD_SQLITE_SEARCH_TEXT = 1 << 3,    // Octets.
} WdSqliteSearchNeeds;

typedef struct
{
  WdSearchRow row;
  gint64 content;
} WdSqliteSearchRow;

// The texts of one message, read when they are first asked for.
typedef struct _WdSqliteSearchTexts WdSqliteSearchTexts;

WdSqliteSearchTexts *wd_sqlite_search_text_new (WdSqliteLease *lease, gint64 indexed_upto)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_search_text_free (WdSqliteSearchTexts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqliteSearchTexts, wd_sqlite_search_text_free)

// Goes on to another message.
void wd_sqlite_search_text_set (WdSqliteSearchTexts *self, gint64 content);

// Whether the field, the header or the body has the folded text. An empty one asks for the field
// itself. FALSE with an error.
gboolean wd_sqlite_search_text_match_field (WdSqliteSearchTexts *self,
                                            const char *field,
                                            const char *text,
                                            gboolean *out_match,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_search_text_match_header (WdSqliteSearchTexts *self,
                                             const char *text,
                                             gboolean *out_match,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_search_text_match_body (WdSqliteSearchTexts *self,
                                           const char *text,
                                           gboolean *out_match,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

// A node of the expression with what the index knows of it.
typedef struct _WdSqliteSearchNode WdSqliteSearchNode;

// Asks the index. Returns (transfer full); borrows from `expr`.
WdSqliteSearchNode *wd_sqlite_search_node_new (WdSqliteLease *lease,
                                               const WdSqliteIndexState *index,
                                               const WdSearchExpr *expr,
                                               gint64 now_ms,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_search_node_free (WdSqliteSearchNode *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqliteSearchNode, wd_sqlite_search_node_free)

WdSqliteSearchNeeds wd_sqlite_search_node_get_needs (const WdSqliteSearchNode *self);

// The UIDs outside of which nothing matches. Returns (transfer none) (nullable): NULL for all.
const WdUidSet *wd_sqlite_search_node_get_uids (const WdSqliteSearchNode *self);

// The contents up to index->upto without which nothing matches. Returns (transfer full) (nullable):
// NULL when the index does not tell.
WdUidSet *wd_sqlite_search_node_dup_contents (const WdSqliteSearchNode *self)
    G_GNUC_WARN_UNUSED_RESULT;

// Whether the row matches. FALSE with an error.
gboolean wd_sqlite_search_node_match (WdSqliteSearchNode *self,
                                      const WdSqliteSearchRow *row,
                                      WdSqliteSearchTexts *texts,
                                      gboolean *out_match,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
