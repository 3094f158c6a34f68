// SPDX-License-Identifier: EUPL-1.2
// What SEARCH asks of a message's numbers, flags and dates, however a backend keeps them.
#pragma once

#include "store-search.h"

typedef struct
{
  WdUid uid;
  WdModseq modseq;
  WdFlags flags;
  guint64 size_bytes;
  gint64 date_ms;      // The internal date,
  gint64 zone_minutes; // and the zone that it was given in.
  gint64 save_date_ms;
  gint64 sent_day;       // Of the Date: header, days since 1970-01-01.
  gboolean has_sent_day; // FALSE: was sent on no day.
} WdSearchRow;

// The day of a time, both since 1970; days before it are negative.
gint64 wd_search_row_get_day (gint64 ms);

// Whether `expr` holds, one of the conditions from WD_SEARCH_UIDS to WD_SEARCH_OLDER.
gboolean wd_search_row_match (const WdSearchRow *self, const WdSearchExpr *expr, gint64 now_ms);
