// SPDX-License-Identifier: EUPL-1.2
// The conditions of SEARCH that need no text.
#include "config.h"

#include "store-search-row.h"

#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))
#define MINUTE_MS (60 * G_GINT64_CONSTANT (1000))

// An age that reaches back behind all dates there are.
#define MAX_AGE_SECS ((guint64) G_MAXINT64 / 4000)

// Which day of a message is asked for.
typedef enum
{
  DAY_INTERNAL,
  DAY_SENT,
  DAY_SAVED,
} Day;

static const struct
{
  Day day;
  gint8 sign; // Less than (-1), equal to (0), not less than (1).
} days[] = {
  [WD_SEARCH_BEFORE] = { DAY_INTERNAL, -1 },    [WD_SEARCH_ON] = { DAY_INTERNAL, 0 },
  [WD_SEARCH_SINCE] = { DAY_INTERNAL, 1 },      [WD_SEARCH_SENT_BEFORE] = { DAY_SENT, -1 },
  [WD_SEARCH_SENT_ON] = { DAY_SENT, 0 },        [WD_SEARCH_SENT_SINCE] = { DAY_SENT, 1 },
  [WD_SEARCH_SAVED_BEFORE] = { DAY_SAVED, -1 }, [WD_SEARCH_SAVED_ON] = { DAY_SAVED, 0 },
  [WD_SEARCH_SAVED_SINCE] = { DAY_SAVED, 1 },
};

gint64
wd_search_row_get_day (gint64 ms)
{
  return (ms >= 0 ? ms : ms - DAY_MS + 1) / DAY_MS;
}

// Days count in the zone that the date was given in (RFC 3501 6.4.4: "disregarding time and
// timezone").
static gboolean
match_day (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  const gint64 of[] = {
    [DAY_INTERNAL] = wd_search_row_get_day (self->date_ms + self->zone_minutes * MINUTE_MS),
    [DAY_SENT] = self->sent_day,
    [DAY_SAVED] = wd_search_row_get_day (self->save_date_ms),
  };
  Day kind = days[expr->op].day;
  gint8 sign = days[expr->op].sign;

  if (kind == DAY_SENT && !self->has_sent_day)
    return FALSE;
  return sign < 0    ? of[kind] < expr->day
         : sign == 0 ? of[kind] == expr->day
                     : of[kind] >= expr->day;
}

static gboolean
match_age (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  gint64 limit_ms = now_ms - (gint64) MIN (expr->number, MAX_AGE_SECS) * 1000;

  return expr->op == WD_SEARCH_YOUNGER ? self->date_ms >= limit_ms : self->date_ms <= limit_ms;
}

static gboolean
match_uids (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  return expr->uids != NULL && wd_uidset_has (expr->uids, self->uid);
}

static gboolean
match_flags (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  WdFlags wanted = expr->op == WD_SEARCH_FLAGS_SET ? expr->flags : 0;

  return (self->flags & expr->flags) == wanted;
}

static gboolean
match_number (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  return expr->op == WD_SEARCH_LARGER    ? self->size_bytes > expr->number
         : expr->op == WD_SEARCH_SMALLER ? self->size_bytes < expr->number
                                         : self->modseq >= expr->number;
}

static gboolean (*const matches[]) (const WdSearchRow *, const WdSearchExpr *, gint64 now_ms) = {
  [WD_SEARCH_UIDS] = match_uids,         [WD_SEARCH_FLAGS_SET] = match_flags,
  [WD_SEARCH_FLAGS_UNSET] = match_flags, [WD_SEARCH_LARGER] = match_number,
  [WD_SEARCH_SMALLER] = match_number,    [WD_SEARCH_MODSEQ] = match_number,
  [WD_SEARCH_BEFORE] = match_day,        [WD_SEARCH_ON] = match_day,
  [WD_SEARCH_SINCE] = match_day,         [WD_SEARCH_SENT_BEFORE] = match_day,
  [WD_SEARCH_SENT_ON] = match_day,       [WD_SEARCH_SENT_SINCE] = match_day,
  [WD_SEARCH_SAVED_BEFORE] = match_day,  [WD_SEARCH_SAVED_ON] = match_day,
  [WD_SEARCH_SAVED_SINCE] = match_day,   [WD_SEARCH_YOUNGER] = match_age,
  [WD_SEARCH_OLDER] = match_age,
};

gboolean
wd_search_row_match (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms)
{
  g_return_val_if_fail (expr->op < G_N_ELEMENTS (matches) && matches[expr->op] != NULL, FALSE);

  return matches[expr->op](self, expr, now_ms);
}
