// SPDX-License-Identifier: EUPL-1.2
// SEARCH: the database narrows by what all matches have in common, and every condition is decided
// here, on the fields that it needs.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "store-search-row.h"
#include "store-search-text.h"

// What a condition looks at.
typedef enum
{
  NEEDS_NOTHING = 0,
  NEEDS_FLAGS = 1 << 0,
  NEEDS_ROW = 1 << 1,
  NEEDS_TEXT = 1 << 2,
} Needs;

// The message that is looked at.
typedef struct
{
  WdMongoCall *call;
  WdMongoKeywordList *keywords;
  gint64 now_ms;
  const bson_t *doc;
  WdSearchRow row;
  WdContent *content; // Until asked for, this and what follows are NULL.
  GString *header;
  char *folded_header;
  char *folded_body;
} Row;

typedef gboolean (*MatchFunc) (const WdSearchExpr *, Row *, gboolean *out_match, GError **);

static gboolean match (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error);

static void
forget_texts (Row *row)
{
  g_clear_pointer (&row->content, wd_content_free);
  if (row->header != NULL)
    g_string_free (g_steal_pointer (&row->header), TRUE);
  g_clear_pointer (&row->folded_header, g_free);
  g_clear_pointer (&row->folded_body, g_free);
}

static gboolean
load_content (Row *row, GError **error)
{
  if (row->content == NULL)
    row->content = wd_mongo_prepare_open (row->call, row->doc, error);
  return row->content != NULL;
}

static gboolean
load_header (Row *row, GError **error)
{
  if (row->header == NULL && load_content (row, error))
    row->header = wd_search_text_read_header (row->content, error);
  return row->header != NULL;
}

static gboolean
match_all (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  *out_match = TRUE;
  return TRUE;
}

// AND stops at the first that does not match, OR at the first that does.
static gboolean
match_children (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  gboolean is_and = expr->op == WD_SEARCH_AND;
  guint n = expr->children == NULL ? 0 : expr->children->len;

  for (guint i = 0; i < n; i++)
    {
      if (!match (g_ptr_array_index (expr->children, i), row, out_match, error))
        return FALSE;
      if (*out_match != is_and)
        return TRUE;
    }
  *out_match = is_and;
  return TRUE;
}

static gboolean
match_not (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  *out_match = TRUE;
  if (expr->children == NULL)
    return TRUE;
  if (!match (g_ptr_array_index (expr->children, 0), row, out_match, error))
    return FALSE;
  *out_match = !*out_match;
  return TRUE;
}

static gboolean
match_row (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  *out_match = wd_search_row_match (&row->row, expr, row->now_ms);
  return TRUE;
}

static gboolean
match_header (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  g_autofree char *folded = NULL;
  g_autofree char *text = NULL;

  if (!load_header (row, error))
    return FALSE;
  text = wd_search_text_dup_field (row->header, expr->header);
  folded = wd_search_fold (expr->text, -1);
  *out_match = text != NULL && strstr (text, folded) != NULL;
  return TRUE;
}

static gboolean
match_body (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  g_autofree char *folded = wd_search_fold (expr->text, -1);

  if (row->folded_body == NULL
      && (!load_content (row, error)
          || (row->folded_body = wd_search_text_dup_body (row->content, error)) == NULL))
    return FALSE;
  *out_match = strstr (row->folded_body, folded) != NULL;
  return TRUE;
}

static gboolean
match_text (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  g_autofree char *folded = wd_search_fold (expr->text, -1);

  if (row->folded_header == NULL)
    {
      if (!load_header (row, error))
        return FALSE;
      row->folded_header = wd_search_text_dup_header (row->header);
    }
  *out_match = strstr (row->folded_header, folded) != NULL;
  return *out_match || match_body (expr, row, out_match, error);
}

static const struct
{
  MatchFunc match;
  Needs needs;
} ops[] = {
  [WD_SEARCH_ALL] = { match_all, NEEDS_NOTHING },
  [WD_SEARCH_AND] = { match_children, NEEDS_NOTHING },
  [WD_SEARCH_OR] = { match_children, NEEDS_NOTHING },
  [WD_SEARCH_NOT] = { match_not, NEEDS_NOTHING },
  [WD_SEARCH_UIDS] = { match_row, NEEDS_NOTHING },
  [WD_SEARCH_FLAGS_SET] = { match_row, NEEDS_FLAGS },
  [WD_SEARCH_FLAGS_UNSET] = { match_row, NEEDS_FLAGS },
  [WD_SEARCH_LARGER] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SMALLER] = { match_row, NEEDS_ROW },
  [WD_SEARCH_MODSEQ] = { match_row, NEEDS_NOTHING },
  [WD_SEARCH_BEFORE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_ON] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SINCE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SENT_BEFORE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SENT_ON] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SENT_SINCE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SAVED_BEFORE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SAVED_ON] = { match_row, NEEDS_ROW },
  [WD_SEARCH_SAVED_SINCE] = { match_row, NEEDS_ROW },
  [WD_SEARCH_YOUNGER] = { match_row, NEEDS_ROW },
  [WD_SEARCH_OLDER] = { match_row, NEEDS_ROW },
  [WD_SEARCH_HEADER] = { match_header, NEEDS_TEXT },
  [WD_SEARCH_BODY] = { match_body, NEEDS_TEXT },
  [WD_SEARCH_TEXT] = { match_text, NEEDS_TEXT },
};

static gboolean
match (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  return ops[expr->op].match (expr, row, out_match, error);
}

static Needs
get_needs (const WdSearchExpr *expr)
{
  Needs needs = ops[expr->op].needs;

  for (guint i = 0; expr->children != NULL && i < expr->children->len; i++)
    needs |= get_needs (g_ptr_array_index (expr->children, i));
  return needs;
}

// Flags that the documents have as fields, which are indexed.
static const struct
{
  WdFlags flag;
  const char *field;
  gboolean when_set;
} flag_fields[] = {
  { WD_FLAG_SEEN, "unseen", FALSE },
  { WD_FLAG_DELETED, "undeleted", FALSE },
  { WD_FLAG_FLAGGED, "flagged", TRUE },
  { WD_FLAG_DRAFT, "draft", TRUE },
};

static void
narrow_flags (const WdSearchExpr *expr, bson_t *filter)
{
  gboolean is_set = expr->op == WD_SEARCH_FLAGS_SET;

  for (gsize i = 0; i < G_N_ELEMENTS (flag_fields); i++)
    if ((expr->flags & flag_fields[i].flag) != 0 && !bson_has_field (filter, flag_fields[i].field))
      BSON_APPEND_BOOL (filter, flag_fields[i].field,
                        is_set ? flag_fields[i].when_set : !flag_fields[i].when_set);
}

// What every match has in common.
static void
narrow (const WdSearchExpr *expr, bson_t *filter, WdUidSet *uids)
{
  if (expr->op == WD_SEARCH_UIDS && expr->uids != NULL)
    wd_uidset_intersect (uids, expr->uids);
  else if (expr->op == WD_SEARCH_FLAGS_SET || expr->op == WD_SEARCH_FLAGS_UNSET)
    narrow_flags (expr, filter);
  else if (expr->op == WD_SEARCH_MODSEQ && !bson_has_field (filter, "modseq"))
    BCON_APPEND (filter, "modseq", "{", "$gte",
                 BCON_INT64 ((gint64) MIN (expr->number, (guint64) G_MAXINT64)), "}");
  else if (expr->op == WD_SEARCH_AND && expr->children != NULL)
    for (guint i = 0; i < expr->children->len; i++)
      narrow (g_ptr_array_index (expr->children, i), filter, uids);
}

static bson_t *
make_options (Needs needs)
{
  static const struct
  {
    Needs needs;
    const char *field;
  } fields[] = {
    { NEEDS_FLAGS, "flags" },    { NEEDS_ROW, "size" },  { NEEDS_ROW, "idate" },
    { NEEDS_ROW, "wd.z" },       { NEEDS_ROW, "wd.s" },  { NEEDS_ROW, "wd.sd" },
    { NEEDS_TEXT, "wd.t" },      { NEEDS_TEXT, "wd.r" }, { NEEDS_TEXT, "wd.parts" },
    { NEEDS_TEXT, "wd.prefix" }, { NEEDS_ROW, "hdate" },
  };

  bson_t *options = BCON_NEW ("batchSize", BCON_INT32 ((needs & NEEDS_TEXT) != 0 ? 100 : 5000));
  bson_t projection;

  BSON_APPEND_DOCUMENT_BEGIN (options, "projection", &projection);
  BCON_APPEND (&projection, "_id", BCON_INT32 (1), "uid", BCON_INT32 (1), "modseq", BCON_INT32 (1));
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    if ((needs & fields[i].needs) != 0)
      BSON_APPEND_INT32 (&projection, fields[i].field, 1);
  bson_append_document_end (options, &projection);
  return options;
}

// Of WildDuck's messages, the day of the Date: header is that of UTC.
static void
read_sent_day (const bson_t *doc, WdSearchRow *out_row)
{
  bson_iter_t iter;

  out_row->has_sent_day = TRUE;
  if (wd_mongo_bson_find (doc, "wd.sd", &iter))
    {
      out_row->has_sent_day = !BSON_ITER_HOLDS_NULL (&iter);
      out_row->sent_day = wd_mongo_bson_iter_int (&iter);
    }
  else
    {
      out_row->sent_day = wd_search_row_get_day (wd_mongo_bson_get_date (doc, "hdate"));
    }
}

// What the projection left out is 0, and not asked for.
static void
read_row (const bson_t *doc, WdSearchRow *out_row)
{
  gint64 saved_ms = wd_mongo_bson_get_date (doc, "wd.s");

  out_row->uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  out_row->modseq = (WdModseq) wd_mongo_bson_get_int (doc, "modseq", 0);
  out_row->size_bytes = (guint64) wd_mongo_bson_get_int (doc, "size", 0);
  out_row->date_ms = wd_mongo_bson_get_date (doc, "idate");
  out_row->zone_minutes = wd_mongo_bson_get_int (doc, "wd.z", 0);
  out_row->save_date_ms = saved_ms != 0 ? saved_ms : out_row->date_ms;
  read_sent_day (doc, out_row);
}

typedef struct
{
  const WdSearchExpr *expr;
  Row *row;
  WdUidSet *found;
  WdModseq modseq;
} Search;

static gboolean
look_at (const bson_t *doc, gpointer user_data, GError **error)
{
  Search *self = user_data;
  Row *row = self->row;
  gboolean is_match;

  row->doc = doc;
  read_row (doc, &row->row);
  if (!wd_mongo_keyword_read_flags (row->keywords, doc, &row->row.flags, error))
    return FALSE;

  gboolean ok = match (self->expr, row, &is_match, error);

  forget_texts (row);
  if (ok && is_match)
    {
      wd_uidset_add (self->found, row->row.uid);
      self->modseq = MAX (self->modseq, row->row.modseq);
    }
  return ok;
}

gboolean
wd_mongo_search_messages (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdSearchExpr *expr,
                          WdUidSet **out_uids,
                          WdModseq *out_modseq,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoKeywordList) keywords = { 0 };
  g_auto (WdMongoMailbox) mailbox_row = { 0 };
  g_autoptr (WdUidSet) uids = wd_uidset_new ();
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  g_autoptr (bson_t) more = bson_new ();
  g_autoptr (bson_t) options = make_options (get_needs (expr));
  Row row = { &call, &keywords, wd_core_clock_now_us () / 1000 };
  Search search = { expr, &row, found, 0 };

  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &mailbox_row, error))
    return FALSE;
  if (mailbox_row.uidnext > 1)
    wd_uidset_add_range (uids, 1, (WdUid) (mailbox_row.uidnext - 1));
  narrow (expr, more, uids);
  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), &call, &actor->owner, &keywords);
  if (!wd_mongo_message_find (&call, mailbox, uids, more, options, look_at, &search, error))
    return FALSE;
  *out_uids = g_steal_pointer (&found);
  if (out_modseq != NULL)
    *out_modseq = search.modseq;
  return TRUE;
}
