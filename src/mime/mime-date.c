// SPDX-License-Identifier: EUPL-1.2
// The date of a Date: header.
#include "config.h"

#include "mime-date.h"

#include <gmime/gmime.h>
#include <string.h>

#include "mime-library.h"
#include "mime-param.h"

// No date is longer; what follows is comment.
#define MAX_DATE_BYTES 128

static const char months[][4]
    = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec" };

static const struct
{
  char name[4];
  gint16 minutes;
} zones[] = {
  { "ut", 0 },        { "gmt", 0 },       { "utc", 0 },       { "z", 0 },
  { "est", -5 * 60 }, { "edt", -4 * 60 }, { "cst", -6 * 60 }, { "cdt", -5 * 60 },
  { "mst", -7 * 60 }, { "mdt", -6 * 60 }, { "pst", -8 * 60 }, { "pdt", -7 * 60 },
};

typedef struct
{
  int year, month, day, hour, minute, second, zone_minutes;
} Date;

// Days since 1970-01-01 of the proleptic Gregorian calendar; years count from March, so that the
// leap day is their last.
static gint32
civil_day (const Date *date)
{
  int year = date->year - (date->month <= 2);
  int era = year / 400;
  int year_of_era = year % 400;
  int day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;

  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
         - 719468;
}

static gboolean
read_digits (WdMimeSlice *rest, gsize min, gsize max, int *out_n, gsize *out_n_digits)
{
  WdMimeSlice token = wd_mime_param_read_token (rest);
  int n = 0;

  if (token.len < min || token.len > max)
    return FALSE;
  for (gsize i = 0; i < token.len; i++)
    {
      if (!g_ascii_isdigit (token.data[i]))
        return FALSE;
      n = n * 10 + (token.data[i] - '0');
    }
  *out_n = n;
  if (out_n_digits != NULL)
    *out_n_digits = token.len;
  return TRUE;
}

static gboolean
read_month (WdMimeSlice *rest, int *out_month)
{
  WdMimeSlice token = wd_mime_param_read_token (rest);

  for (gsize i = 0; token.len == 3 && i < G_N_ELEMENTS (months); i++)
    if (g_ascii_strncasecmp (token.data, months[i], 3) == 0)
      {
        *out_month = (int) i + 1;
        return TRUE;
      }
  return FALSE;
}

// RFC 5322 4.3: two and three digits.
static gboolean
read_year (WdMimeSlice *rest, int *out_year)
{
  gsize n_digits;

  if (!read_digits (rest, 2, 4, out_year, &n_digits))
    return FALSE;
  if (n_digits == 2 && *out_year < 50)
    *out_year += 2000;
  else if (n_digits < 4)
    *out_year += 1900;
  return *out_year > 0;
}

static gboolean
read_zone (WdMimeSlice *rest, int *out_minutes)
{
  WdMimeSlice token = wd_mime_param_read_token (rest);
  int n = 0;

  for (gsize i = 0; token.len > 0 && i < G_N_ELEMENTS (zones); i++)
    if (strlen (zones[i].name) == token.len
        && g_ascii_strncasecmp (token.data, zones[i].name, token.len) == 0)
      {
        *out_minutes = zones[i].minutes;
        return TRUE;
      }
  if (token.len != 5 || (token.data[0] != '+' && token.data[0] != '-'))
    return FALSE;
  for (gsize i = 1; i < 5; i++)
    {
      if (!g_ascii_isdigit (token.data[i]))
        return FALSE;
      n = n * 10 + (token.data[i] - '0');
    }
  n = n / 100 * 60 + n % 100;
  if (n >= 24 * 60)
    return FALSE;
  *out_minutes = token.data[0] == '-' ? -n : n;
  return TRUE;
}

static gboolean
read_time (WdMimeSlice *rest, Date *date)
{
  return read_digits (rest, 1, 2, &date->hour, NULL) && wd_mime_param_skip (rest, ':')
         && read_digits (rest, 1, 2, &date->minute, NULL)
         && (!wd_mime_param_skip (rest, ':') || read_digits (rest, 1, 2, &date->second, NULL));
}

static int
month_length (int year, int month)
{
  static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

  return lengths[month - 1] + (month == 2 && is_leap);
}

static gboolean
read_rfc (WdMimeSlice rest, Date *date)
{
  WdMimeSlice before = rest;

  // The name of the day is optional.
  (void) wd_mime_param_read_token (&rest);
  if (!wd_mime_param_skip (&rest, ','))
    rest = before;
  return read_digits (&rest, 1, 2, &date->day, NULL) && read_month (&rest, &date->month)
         && read_year (&rest, &date->year) && read_time (&rest, date)
         && read_zone (&rest, &date->zone_minutes) && date->day >= 1
         && date->day <= month_length (date->year, date->month) && date->hour < 24
         && date->minute < 60 && date->second <= 60;
}

static gboolean
read_broken (WdMimeSlice value, gint32 *out_day, gint64 *out_ms)
{
  g_autoptr (GString) text = g_string_sized_new (value.len);
  g_autoptr (GDateTime) when = NULL;
  Date date = { 0 };

  wd_mime_library_init ();
  wd_mime_nstring_append_clean (text, value.data, value.len, FALSE);
  if (text->len == 0)
    return FALSE;
  when = g_mime_utils_header_decode_date (text->str);
  if (when == NULL)
    return FALSE;

  g_date_time_get_ymd (when, &date.year, &date.month, &date.day);
  *out_day = civil_day (&date);
  *out_ms = g_date_time_to_unix (when) * 1000;
  return TRUE;
}

gboolean
wd_mime_date_read (WdMimeSlice value, gint32 *out_day, gint64 *out_ms)
{
  Date date = { 0 };

  value.len = MIN (value.len, MAX_DATE_BYTES);
  if (!read_rfc (value, &date))
    return read_broken (value, out_day, out_ms);

  *out_day = civil_day (&date);
  *out_ms = 1000
            * ((gint64) *out_day * 86400 + date.hour * 3600 + (date.minute - date.zone_minutes) * 60
               + date.second);
  return TRUE;
}
