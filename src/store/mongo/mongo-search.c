// SPDX-License-Identifier: EUPL-1.2
// SEARCH: the database narrows by what all matches have in common, and every condition is decided
// here, on the fields that it needs.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-mailbox.h"
#include "mongo-message.h"
#include "mongo-prepare.h"
#include "store-search-text.h"

#define DAY_MS ((gint64) 24 * 60 * 60 * 1000)
#define MINUTE_MS ((gint64) 60 * 1000)

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
  WdUid uid;
  gint64 modseq;
  WdFlags flags;
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
match_uids (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  *out_match = expr->uids != NULL && wd_uidset_has (expr->uids, row->uid);
  return TRUE;
}

static gboolean
match_flags (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  WdFlags wanted = expr->op == WD_SEARCH_FLAGS_SET ? expr->flags : 0;

  *out_match = (row->flags & expr->flags) == wanted;
  return TRUE;
}

static gboolean
match_number (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  guint64 size = (guint64) wd_mongo_bson_get_int (row->doc, "size", 0);

  *out_match = expr->op == WD_SEARCH_LARGER    ? size > expr->number
               : expr->op == WD_SEARCH_SMALLER ? size < expr->number
                                               : (guint64) row->modseq >= expr->number;
  return TRUE;
}

static gint64
get_day (gint64 ms)
{
  return (ms >= 0 ? ms : ms - DAY_MS + 1) / DAY_MS;
}

enum
{
  DAY_INTERNAL,
  DAY_SENT,
  DAY_SAVED,
};

static const struct
{
  guint8 day;
  gint8 sign; // Less than (-1), equal to (0), not less than (1).
} days[] = {
  [WD_SEARCH_BEFORE] = { DAY_INTERNAL, -1 },    [WD_SEARCH_ON] = { DAY_INTERNAL, 0 },
  [WD_SEARCH_SINCE] = { DAY_INTERNAL, 1 },      [WD_SEARCH_SENT_BEFORE] = { DAY_SENT, -1 },
  [WD_SEARCH_SENT_ON] = { DAY_SENT, 0 },        [WD_SEARCH_SENT_SINCE] = { DAY_SENT, 1 },
  [WD_SEARCH_SAVED_BEFORE] = { DAY_SAVED, -1 }, [WD_SEARCH_SAVED_ON] = { DAY_SAVED, 0 },
  [WD_SEARCH_SAVED_SINCE] = { DAY_SAVED, 1 },
};

// A message without a Date: was sent on no day. Of WildDuck's, the day is that of UTC.
static gboolean
read_day (const Row *row, guint8 kind, gint64 *out_day)
{
  gint64 date_ms = wd_mongo_bson_get_date (row->doc, "idate");
  gint64 saved_ms = wd_mongo_bson_get_date (row->doc, "wd.s");
  bson_iter_t iter;

  switch (kind)
    {
    case DAY_INTERNAL:
      *out_day = get_day (date_ms + wd_mongo_bson_get_int (row->doc, "wd.z", 0) * MINUTE_MS);
      return TRUE;
    case DAY_SAVED:
      *out_day = get_day (saved_ms != 0 ? saved_ms : date_ms);
      return TRUE;
    default:
      *out_day = get_day (wd_mongo_bson_get_date (row->doc, "hdate"));
      if (!wd_mongo_bson_find (row->doc, "wd.sd", &iter))
        return TRUE;
      *out_day = wd_mongo_bson_iter_int (&iter);
      return !BSON_ITER_HOLDS_NULL (&iter);
    }
}

// Days count in the zone that the date was given in (RFC 3501 6.4.4: "disregarding time and
// timezone").
static gboolean
match_day (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  gint8 sign = days[expr->op].sign;
  gint64 day, asked = expr->day;

  *out_match = read_day (row, days[expr->op].day, &day)
               && (sign < 0    ? day < asked
                   : sign == 0 ? day == asked
                               : day >= asked);
  return TRUE;
}

static gboolean
match_age (const WdSearchExpr *expr, Row *row, gboolean *out_match, GError **error)
{
  gint64 secs = (gint64) MIN (expr->number, (guint64) G_MAXINT64 / 4000);
  gint64 limit_ms = row->now_ms - secs * 1000;
  gint64 date_ms = wd_mongo_bson_get_date (row->doc, "idate");

  *out_match = expr->op == WD_SEARCH_YOUNGER ? date_ms >= limit_ms : date_ms <= limit_ms;
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
  [WD_SEARCH_UIDS] = { match_uids, NEEDS_NOTHING },
  [WD_SEARCH_FLAGS_SET] = { match_flags, NEEDS_FLAGS },
  [WD_SEARCH_FLAGS_UNSET] = { match_flags, NEEDS_FLAGS },
  [WD_SEARCH_LARGER] = { match_number, NEEDS_ROW },
  [WD_SEARCH_SMALLER] = { match_number, NEEDS_ROW },
  [WD_SEARCH_MODSEQ] = { match_number, NEEDS_NOTHING },
  [WD_SEARCH_BEFORE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_ON] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SINCE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SENT_BEFORE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SENT_ON] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SENT_SINCE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SAVED_BEFORE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SAVED_ON] = { match_day, NEEDS_ROW },
  [WD_SEARCH_SAVED_SINCE] = { match_day, NEEDS_ROW },
  [WD_SEARCH_YOUNGER] = { match_age, NEEDS_ROW },
  [WD_SEARCH_OLDER] = { match_age, NEEDS_ROW },
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

typedef struct
{
  const WdSearchExpr *expr;
  Row *row;
  WdUidSet *found;
  gint64 modseq;
} Search;

static gboolean
look_at (const bson_t *doc, gpointer user_data, GError **error)
{
  Search *self = user_data;
  Row *row = self->row;
  gboolean is_match;

  row->doc = doc;
  row->uid = (WdUid) wd_mongo_bson_get_int (doc, "uid", 0);
  row->modseq = wd_mongo_bson_get_int (doc, "modseq", 0);
  if (!wd_mongo_keyword_read_flags (row->keywords, doc, &row->flags, error))
    return FALSE;

  gboolean ok = match (self->expr, row, &is_match, error);

  forget_texts (row);
  if (ok && is_match)
    {
      wd_uidset_add (self->found, row->uid);
      self->modseq = MAX (self->modseq, row->modseq);
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
    *out_modseq = (WdModseq) search.modseq;
  return TRUE;
}
