// SPDX-License-Identifier: EUPL-1.2
// Dates of RFC 3501.
#include "config.h"

#include "imap-date.h"

#include <string.h>

#define DAY_SECS ((gint64) 86400)

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

// Days since 1970-01-01 of a proleptic Gregorian date, counted in eras of 400 years from March.
static gint64
days_of_civil (gint64 year, guint month, guint day)
{
  gint64 y = month <= 2 ? year - 1 : year;
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 year_of_era = y - era * 400;
  gint64 day_of_year = (153 * ((gint64) month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  gint64 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

  return era * 146097 + day_of_era - 719468;
}

static void
civil_of_days (gint64 days, gint64 *out_year, guint *out_month, guint *out_day)
{
  gint64 z = days + 719468;
  gint64 era = (z >= 0 ? z : z - 146096) / 146097;
  gint64 doe = z - era * 146097;
  gint64 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  gint64 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  gint64 mp = (5 * doy + 2) / 153;

  *out_day = (guint) (doy - (153 * mp + 2) / 5 + 1);
  *out_month = (guint) (mp < 10 ? mp + 3 : mp - 9);
  *out_year = yoe + era * 400 + (*out_month <= 2 ? 1 : 0);
}

static guint
days_in_month (guint year, guint month)
{
  static const guint8 lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return month == 2 && is_leap ? 29 : lengths[month - 1];
}

// Exactly `n` digits.
static gboolean
parse_digits (WdImapParser *parser, guint n, guint *out_number)
{
  guint number = 0;

  for (guint i = 0; i < n; i++)
    {
      int c = wd_imap_parse_peek (parser);

      if (c < '0' || c > '9')
        return FALSE;
      number = number * 10 + (guint) (c - '0');
      parser->pos++;
    }
  *out_number = number;
  return TRUE;
}

static gboolean
parse_month (WdImapParser *parser, guint *out_month)
{
  if (parser->len - parser->pos < 3)
    return FALSE;
  for (guint i = 0; i < 12; i++)
    if (g_ascii_strncasecmp (parser->data + parser->pos, months + 3 * i, 3) == 0)
      {
        *out_month = i + 1;
        parser->pos += 3;
        return TRUE;
      }
  return FALSE;
}

// -Feb-1994, behind the day.
static gboolean
parse_month_and_year (WdImapParser *parser, guint day, gint64 *out_days)
{
  guint month;
  guint year;

  if (!wd_imap_parse_skip (parser, '-') || !parse_month (parser, &month)
      || !wd_imap_parse_skip (parser, '-') || !parse_digits (parser, 4, &year))
    return FALSE;
  if (day < 1 || day > days_in_month (year, month))
    return FALSE;
  *out_days = days_of_civil (year, month, day);
  return TRUE;
}

gboolean
wd_imap_date_parse (WdImapParser *parser, gint32 *out_day)
{
  gboolean is_quoted = wd_imap_parse_skip (parser, '"');
  guint day;
  guint digit;
  gint64 days;

  if (!parse_digits (parser, 1, &day))
    return wd_imap_parse_fail (parser, "Invalid date");
  if (parse_digits (parser, 1, &digit))
    day = day * 10 + digit;
  if (!parse_month_and_year (parser, day, &days)
      || (is_quoted && !wd_imap_parse_skip (parser, '"')))
    return wd_imap_parse_fail (parser, "Invalid date");
  *out_day = (gint32) days;
  return TRUE;
}

static gboolean
parse_clock (WdImapParser *parser, gint64 *out_secs)
{
  guint hour;
  guint minute;
  guint second;

  if (!parse_digits (parser, 2, &hour) || !wd_imap_parse_skip (parser, ':')
      || !parse_digits (parser, 2, &minute) || !wd_imap_parse_skip (parser, ':')
      || !parse_digits (parser, 2, &second))
    return FALSE;
  *out_secs = (gint64) hour * 3600 + minute * 60 + second;
  // 60: a leap second.
  return hour < 24 && minute < 60 && second <= 60;
}

static gboolean
parse_zone (WdImapParser *parser, gint16 *out_minutes)
{
  gboolean is_west = wd_imap_parse_peek (parser) == '-';
  guint hours;
  guint minutes;

  if (!is_west && wd_imap_parse_peek (parser) != '+')
    return FALSE;
  parser->pos++;
  if (!parse_digits (parser, 2, &hours) || !parse_digits (parser, 2, &minutes) || minutes > 59)
    return FALSE;
  *out_minutes = (gint16) (hours * 60 + minutes);
  if (is_west)
    *out_minutes = (gint16) - *out_minutes;
  return TRUE;
}

gboolean
wd_imap_date_parse_time (WdImapParser *parser, gint64 *out_ms, gint16 *out_zone_minutes)
{
  guint day;
  guint digit;
  gint64 days;
  gint64 secs;
  gint16 zone;

  if (!wd_imap_parse_skip (parser, '"'))
    return wd_imap_parse_fail (parser, "Invalid date-time");
  // date-day-fixed: (SP DIGIT) / 2DIGIT; one digit alone is what some clients write.
  wd_imap_parse_skip (parser, ' ');
  if (!parse_digits (parser, 1, &day))
    return wd_imap_parse_fail (parser, "Invalid date-time");
  if (parse_digits (parser, 1, &digit))
    day = day * 10 + digit;
  if (!parse_month_and_year (parser, day, &days) || !wd_imap_parse_skip (parser, ' ')
      || !parse_clock (parser, &secs) || !wd_imap_parse_skip (parser, ' ')
      || !parse_zone (parser, &zone) || !wd_imap_parse_skip (parser, '"'))
    return wd_imap_parse_fail (parser, "Invalid date-time");
  *out_ms = (days * DAY_SECS + secs - (gint64) zone * 60) * 1000;
  *out_zone_minutes = zone;
  return TRUE;
}

static inline char *
write_two (char *p, guint number)
{
  p[0] = (char) ('0' + number / 10);
  p[1] = (char) ('0' + number % 10);
  return p + 2;
}

static void
remember_day (WdImapDateWriter *self, gint64 days)
{
  gint64 year;
  guint month;
  guint day;
  char *p = self->text;

  civil_of_days (days, &year, &month, &day);
  year = CLAMP (year, 0, 9999);
  p = write_two (p, day);
  *p++ = '-';
  memcpy (p, months + 3 * (month - 1), 3);
  p += 3;
  *p++ = '-';
  p = write_two (p, (guint) year / 100);
  p = write_two (p, (guint) year % 100);
  *p = '\0';
  self->day = days;
}

void
wd_imap_date_write (WdImapDateWriter *self,
                    gint64 ms,
                    gint16 zone_minutes,
                    char out_text[WD_IMAP_DATE_TIME_LEN])
{
  gint64 secs = ms / 1000 - (ms % 1000 < 0 ? 1 : 0) + (gint64) zone_minutes * 60;
  gint64 days = secs / DAY_SECS - (secs % DAY_SECS < 0 ? 1 : 0);
  guint rest = (guint) (secs - days * DAY_SECS);
  guint zone = (guint) ABS ((int) zone_minutes);
  char *p = out_text;

  if (self->text[0] == '\0' || self->day != days)
    remember_day (self, days);
  *p++ = '"';
  memcpy (p, self->text, 11);
  p += 11;
  *p++ = ' ';
  p = write_two (p, rest / 3600);
  *p++ = ':';
  p = write_two (p, rest / 60 % 60);
  *p++ = ':';
  p = write_two (p, rest % 60);
  *p++ = ' ';
  *p++ = zone_minutes < 0 ? '-' : '+';
  p = write_two (p, MIN (zone / 60, 99));
  p = write_two (p, zone % 60);
  *p = '"';
}
