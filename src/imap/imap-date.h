// SPDX-License-Identifier: EUPL-1.2
// Dates of RFC 3501: read from commands, and written into rows without printf.
#pragma once

#include "imap-parse.h"

// date: 1-Feb-1994, quoted or not, as days since 1970-01-01.
gboolean wd_imap_date_parse (WdImapParser *parser, gint32 *out_day) G_GNUC_WARN_UNUSED_RESULT;

// date-time: "01-Feb-1994 12:00:00 +0100", as milliseconds UTC and minutes east of UTC.
gboolean wd_imap_date_parse_time (WdImapParser *parser, gint64 *out_ms, gint16 *out_zone_minutes)
    G_GNUC_WARN_UNUSED_RESULT;

#define WD_IMAP_DATE_TIME_LEN 28

// Writes many date-times: remembers the day it wrote last. Begins as all zero.
typedef struct
{
  gint64 day;
  char text[12]; // "01-Feb-1994", empty: none yet.
} WdImapDateWriter;

// Writes exactly WD_IMAP_DATE_TIME_LEN octets, quotes included. Years outside 0 … 9999 are shown as
// the nearest one.
void wd_imap_date_write (WdImapDateWriter *self,
                         gint64 ms,
                         gint16 zone_minutes,
                         char out_text[WD_IMAP_DATE_TIME_LEN]);
