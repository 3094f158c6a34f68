// SPDX-License-Identifier: EUPL-1.2
// Dates, and that GMime and GLib read the same in them.
#include "config.h"

#include <gmime/gmime.h>
#include <string.h>

#include "mime-date.h"

#define DAY_MS (G_GINT64_CONSTANT (86400) * 1000)

static const struct
{
  const char *value;
  gint32 day;
  gint64 ms;
} dates[] = {
  { "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0 },
  { "1 Jan 1970 00:00 GMT", 0, 0 },
  { " Thu,\r\n 01 jan 1970\t00:00:00 (c) +0000 (UTC)\r\n", 0, 0 },
  // The day is the one of its own zone.
  { "Fri, 2 Jan 1970 00:30:00 +0100", 1, DAY_MS - 30 * 60 * 1000 },
  { "Wed, 31 Dec 1969 23:30:00 -0100", -1, 30 * 60 * 1000 },
  { "Sat, 29 Feb 2020 23:59:60 -0800", 18321, 18322 * DAY_MS + 8 * 3600 * 1000 },
  { "1 Mar 2000 00:00:00 +0000", 11017, 11017 * DAY_MS },
  { "31 Dec 1900 00:00:00 +0000", -25203, -25203 * DAY_MS },
  { "1 Jan 0001 00:00:00 +0000", -719162, -719162 * DAY_MS },
  { "31 Dec 9999 00:00:00 +0000", 2932896, 2932896 * DAY_MS },
  // RFC 5322 4.3.
  { "1 Jan 70 00:00:00 UT", 0, 0 },
  { "1 Jan 49 00:00:00 Z", 28855, 28855 * DAY_MS },
  { "1 Jan 100 00:00:00 +0000", 10957, 10957 * DAY_MS },
  { "1 Jan 1970 00:00:00 EST", 0, 5 * 3600 * 1000 },
  { "1 Jan 1970 00:00:00 PDT", 0, 7 * 3600 * 1000 },
};

static void
test_rfc (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dates); i++)
    {
      WdMimeSlice value = { dates[i].value, strlen (dates[i].value) };
      gint32 day = 0;
      gint64 ms = 0;

      g_test_message ("%s", dates[i].value);
      g_assert_true (wd_mime_date_read (value, &day, &ms));
      g_assert_cmpint (day, ==, dates[i].day);
      g_assert_cmpint (ms, ==, dates[i].ms);
    }
}

static void
test_gmime (void)
{
  static const char *const zones[] = { "+0000", "-0330", "+1300", "-1100", "+0545" };

  g_mime_init ();
  for (guint n = 0; n < 3000; n++)
    {
      g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc ((gint64) n * 1234567 + 100000000);
      g_autofree char *head = g_date_time_format (when, "%a, %d %b %Y %H:%M:%S ");
      g_autofree char *text = g_strconcat (head, zones[n % G_N_ELEMENTS (zones)], NULL);
      g_autoptr (GDateTime) theirs = g_mime_utils_header_decode_date (text);
      g_autoptr (GDate) date = g_date_new ();
      int year, month, of_month;
      gint32 day = 0;
      gint64 ms = 0;

      g_assert_true (wd_mime_date_read ((WdMimeSlice){ text, strlen (text) }, &day, &ms));
      g_assert_cmpint (ms, ==, g_date_time_to_unix (theirs) * 1000);
      g_date_time_get_ymd (theirs, &year, &month, &of_month);
      g_date_set_dmy (date, (GDateDay) of_month, (GDateMonth) month, (GDateYear) year);
      // 719163 is the Julian day of GDate for 1970-01-01.
      g_assert_cmpint (day, ==, (gint32) g_date_get_julian (date) - 719163);
    }
}

static void
test_broken (void)
{
  static const char *const none[] = { "", " ", "no date", "(comment)", "32 32 32", "\xff\xfe" };
  static const char *const some[]
      = { "Tuesday, 5 Mar 2024 10:20:30 +0100", "Tue Mar  5 10:20:30 2024", "5 Mar 2024 10:20:30" };
  gint32 day;
  gint64 ms;

  for (gsize i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_false (wd_mime_date_read ((WdMimeSlice){ none[i], strlen (none[i]) }, &day, &ms));
  for (gsize i = 0; i < G_N_ELEMENTS (some); i++)
    {
      g_test_message ("%s", some[i]);
      g_assert_true (wd_mime_date_read ((WdMimeSlice){ some[i], strlen (some[i]) }, &day, &ms));
      g_assert_cmpint (day, ==, 19787);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/date/rfc", test_rfc);
  g_test_add_func ("/mime/date/gmime", test_gmime);
  g_test_add_func ("/mime/date/broken", test_broken);
  return g_test_run ();
}
