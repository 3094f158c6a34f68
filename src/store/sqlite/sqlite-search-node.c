// SPDX-License-Identifier: EUPL-1.2
// The expression as it is asked row by row: what is cheap first, texts only where the index allows.
#include "config.h"

#include "sqlite-search.h"

struct _WdSqliteSearchNode
{
  const WdSearchExpr *expr;
  GPtrArray *children; // (element-type WdSqliteSearchNode), the cheap ones first. (nullable)
  WdSqliteSearchNeeds needs;
  const WdUidSet *uids; // (nullable)
  gint64 now_ms;

  // Of a text.
  char *text; // Folded.
  const WdSqliteIndexState *index;
  WdUidSet *header_contents; // What the index names; NULL: all. Of HEADER and TEXT.
  WdUidSet *body_contents;   // Of BODY and TEXT.
};

void
wd_sqlite_search_node_free (WdSqliteSearchNode *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->children, g_ptr_array_unref);
  wd_uidset_free (self->header_contents);
  wd_uidset_free (self->body_contents);
  g_free (self->text);
  g_free (self);
}

typedef gboolean (*MatchFunc) (
    WdSqliteSearchNode *, const WdSqliteSearchRow *, WdSqliteSearchTexts *, gboolean *, GError **);

static gboolean
match_all (WdSqliteSearchNode *self,
           const WdSqliteSearchRow *row,
           WdSqliteSearchTexts *texts,
           gboolean *out_match,
           GError **error)
{
  *out_match = TRUE;
  return TRUE;
}

// AND stops at the first that does not match, OR at the first that does.
static gboolean
match_children (WdSqliteSearchNode *self,
                const WdSqliteSearchRow *row,
                WdSqliteSearchTexts *texts,
                gboolean *out_match,
                GError **error)
{
  gboolean is_and = self->expr->op == WD_SEARCH_AND;
  guint n_children = self->children == NULL ? 0 : self->children->len;

  for (guint i = 0; i < n_children; i++)
    {
      if (!wd_sqlite_search_node_match (g_ptr_array_index (self->children, i), row, texts,
                                        out_match, error))
        return FALSE;
      if (*out_match != is_and)
        return TRUE;
    }
  *out_match = is_and;
  return TRUE;
}

static gboolean
match_not (WdSqliteSearchNode *self,
           const WdSqliteSearchRow *row,
           WdSqliteSearchTexts *texts,
           gboolean *out_match,
           GError **error)
{
  *out_match = TRUE;
  if (self->children == NULL)
    return TRUE;
  if (!wd_sqlite_search_node_match (g_ptr_array_index (self->children, 0), row, texts, out_match,
                                    error))
    return FALSE;
  *out_match = !*out_match;
  return TRUE;
}

static gboolean
match_row (WdSqliteSearchNode *self,
           const WdSqliteSearchRow *row,
           WdSqliteSearchTexts *texts,
           gboolean *out_match,
           GError **error)
{
  *out_match = wd_search_row_match (&row->row, self->expr, self->now_ms);
  return TRUE;
}

// FALSE when the index says that this content has not got it.
static gboolean
is_possible (const WdSqliteSearchNode *self, const WdUidSet *contents, gint64 content)
{
  return contents == NULL || content > self->index->upto
         || wd_uidset_has (contents, (WdUid) content)
         || wd_uidset_has (self->index->unindexed, (WdUid) content);
}

static gboolean
match_header (WdSqliteSearchNode *self,
              const WdSqliteSearchRow *row,
              WdSqliteSearchTexts *texts,
              gboolean *out_match,
              GError **error)
{
  *out_match = FALSE;
  if (!is_possible (self, self->header_contents, row->content))
    return TRUE;
  wd_sqlite_search_text_set (texts, row->content);
  return wd_sqlite_search_text_match_field (texts, self->expr->header, self->text, out_match,
                                            error);
}

static gboolean
match_body (WdSqliteSearchNode *self,
            const WdSqliteSearchRow *row,
            WdSqliteSearchTexts *texts,
            gboolean *out_match,
            GError **error)
{
  *out_match = FALSE;
  if (!is_possible (self, self->body_contents, row->content))
    return TRUE;
  wd_sqlite_search_text_set (texts, row->content);
  return wd_sqlite_search_text_match_body (texts, self->text, out_match, error);
}

static gboolean
match_text (WdSqliteSearchNode *self,
            const WdSqliteSearchRow *row,
            WdSqliteSearchTexts *texts,
            gboolean *out_match,
            GError **error)
{
  *out_match = FALSE;
  if (is_possible (self, self->header_contents, row->content))
    {
      wd_sqlite_search_text_set (texts, row->content);
      if (!wd_sqlite_search_text_match_header (texts, self->text, out_match, error))
        return FALSE;
    }
  return *out_match || match_body (self, row, texts, out_match, error);
}

static const struct
{
  MatchFunc match;
  WdSqliteSearchNeeds needs;
} ops[] = {
  [WD_SEARCH_ALL] = { match_all, 0 },
  [WD_SEARCH_AND] = { match_children, 0 },
  [WD_SEARCH_OR] = { match_children, 0 },
  [WD_SEARCH_NOT] = { match_not, 0 },
  [WD_SEARCH_UIDS] = { match_row, 0 },
  [WD_SEARCH_FLAGS_SET] = { match_row, WD_SQLITE_SEARCH_CHANGED },
  [WD_SEARCH_FLAGS_UNSET] = { match_row, WD_SQLITE_SEARCH_CHANGED },
  [WD_SEARCH_LARGER] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_SMALLER] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_MODSEQ] = { match_row, WD_SQLITE_SEARCH_CHANGED },
  [WD_SEARCH_BEFORE] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_ON] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_SINCE] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_SENT_BEFORE] = { match_row, WD_SQLITE_SEARCH_SENT },
  [WD_SEARCH_SENT_ON] = { match_row, WD_SQLITE_SEARCH_SENT },
  [WD_SEARCH_SENT_SINCE] = { match_row, WD_SQLITE_SEARCH_SENT },
  [WD_SEARCH_SAVED_BEFORE] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_SAVED_ON] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_SAVED_SINCE] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_YOUNGER] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_OLDER] = { match_row, WD_SQLITE_SEARCH_ROW },
  [WD_SEARCH_HEADER] = { match_header, WD_SQLITE_SEARCH_TEXT },
  [WD_SEARCH_BODY] = { match_body, WD_SQLITE_SEARCH_TEXT },
  [WD_SEARCH_TEXT] = { match_text, WD_SQLITE_SEARCH_TEXT },
};

gboolean
wd_sqlite_search_node_match (WdSqliteSearchNode *self,
                             const WdSqliteSearchRow *row,
                             WdSqliteSearchTexts *texts,
                             gboolean *out_match,
                             GError **error)
{
  return ops[self->expr->op].match (self, row, texts, out_match, error);
}

WdSqliteSearchNeeds
wd_sqlite_search_node_get_needs (const WdSqliteSearchNode *self)
{
  return self->needs;
}

const WdUidSet *
wd_sqlite_search_node_get_uids (const WdSqliteSearchNode *self)
{
  return self->uids;
}

// Of a text: what the index names, for its header or its body, and what it does not know.
static WdUidSet *
dup_named (const WdSqliteSearchNode *self)
{
  const WdUidSet *named[] = { self->header_contents, self->body_contents };
  gboolean has[] = { self->expr->op != WD_SEARCH_BODY, self->expr->op != WD_SEARCH_HEADER };
  g_autoptr (WdUidSet) contents = wd_uidset_copy (self->index->unindexed);

  for (guint i = 0; i < G_N_ELEMENTS (named); i++)
    {
      if (has[i] && named[i] == NULL)
        return NULL;
      if (has[i])
        wd_uidset_add_set (contents, named[i]);
    }
  return g_steal_pointer (&contents);
}

// Of AND what all children name that tell, of OR what any names, if all tell.
static WdUidSet *
dup_of_children (const WdSqliteSearchNode *self)
{
  gboolean is_and = self->expr->op == WD_SEARCH_AND;
  guint n_children = self->children == NULL ? 0 : self->children->len;
  g_autoptr (WdUidSet) contents = NULL;

  for (guint i = 0; i < n_children; i++)
    {
      g_autoptr (WdUidSet) named
          = wd_sqlite_search_node_dup_contents (g_ptr_array_index (self->children, i));

      if (named == NULL && !is_and)
        return NULL;
      if (contents == NULL)
        contents = g_steal_pointer (&named);
      else if (named != NULL && is_and)
        wd_uidset_intersect (contents, named);
      else if (named != NULL)
        wd_uidset_add_set (contents, named);
    }
  return g_steal_pointer (&contents);
}

WdUidSet *
wd_sqlite_search_node_dup_contents (const WdSqliteSearchNode *self)
{
  WdSearchOp op = self->expr->op;

  if (op == WD_SEARCH_AND || op == WD_SEARCH_OR)
    return dup_of_children (self);
  return ops[op].needs == WD_SQLITE_SEARCH_TEXT ? dup_named (self) : NULL;
}

// By what they need: texts last.
static int
compare_cost (gconstpointer a, gconstpointer b)
{
  const WdSqliteSearchNode *node_a = *(WdSqliteSearchNode *const *) a;
  const WdSqliteSearchNode *node_b = *(WdSqliteSearchNode *const *) b;

  return (int) node_a->needs - (int) node_b->needs;
}

static void
add_child (WdSqliteSearchNode *self, WdSqliteSearchNode *child)
{
  if (self->children == NULL)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_sqlite_search_node_free);
  g_ptr_array_add (self->children, child);
  self->needs |= child->needs;
  if (self->expr->op == WD_SEARCH_AND && self->uids == NULL)
    self->uids = child->uids;
}

static gboolean
ask_index (WdSqliteSearchNode *self, WdSqliteLease *lease, GError **error)
{
  WdSearchOp op = self->expr->op;

  self->text = wd_search_fold (self->expr->text, -1);
  return (op == WD_SEARCH_BODY
          || wd_sqlite_index_find (lease, self->index, WD_SQLITE_INDEX_HEADER, self->text,
                                   &self->header_contents, error))
         && (op == WD_SEARCH_HEADER
             || wd_sqlite_index_find (lease, self->index, WD_SQLITE_INDEX_BODY, self->text,
                                      &self->body_contents, error));
}

WdSqliteSearchNode *
wd_sqlite_search_node_new (WdSqliteLease *lease,
                           const WdSqliteIndexState *index,
                           const WdSearchExpr *expr,
                           gint64 now_ms,
                           GError **error)
{
  g_autoptr (WdSqliteSearchNode) self = g_new0 (WdSqliteSearchNode, 1);

  self->expr = expr;
  self->index = index;
  self->now_ms = now_ms;
  self->needs = ops[expr->op].needs;
  if (expr->op == WD_SEARCH_UIDS)
    self->uids = expr->uids;
  if (self->needs == WD_SQLITE_SEARCH_TEXT && !ask_index (self, lease, error))
    return NULL;
  for (guint i = 0; expr->children != NULL && i < expr->children->len; i++)
    {
      WdSqliteSearchNode *child = wd_sqlite_search_node_new (
          lease, index, g_ptr_array_index (expr->children, i), now_ms, error);

      if (child == NULL)
        return NULL;
      add_child (self, child);
    }
  if (self->children != NULL)
    g_ptr_array_sort (self->children, compare_cost);
  return g_steal_pointer (&self);
}
