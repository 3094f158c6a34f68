// SPDX-License-Identifier: EUPL-1.2
// Trace header lines.
#include "config.h"

#include "lmtp-received.h"

#include <string.h>
#include <time.h>

// RFC 3848 and RFC 6531 4.3: the protocol by what was used.
static const char *
get_protocol (const WdLmtpTrace *trace)
{
  static const char *const names[2][2][2] = {
    // [LMTP][SMTPUTF8][TLS]
    { { "ESMTP", "ESMTPS" }, { "UTF8SMTP", "UTF8SMTPS" } },
    { { "LMTP", "LMTPS" }, { "UTF8LMTP", "UTF8LMTPS" } },
  };

  if (!trace->is_extended)
    return "SMTP";
  return names[trace->is_lmtp][trace->is_smtputf8][trace->tls != NULL];
}

// RFC 5322 3.3, in UTC; strftime would write the day and month in the locale's language.
static char *
make_date (gint64 now_us)
{
  static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
  static const char months[][4]
      = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  time_t secs = (time_t) (now_us / G_USEC_PER_SEC);
  struct tm tm;

  gmtime_r (&secs, &tm);
  return g_strdup_printf ("%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
                          months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
append_client (GString *text, const WdLmtpTrace *trace)
{
  g_string_append_printf (text, "from %s", trace->hello);
  if (strcmp (trace->remote, "unix") == 0)
    return;
  g_string_append (text, " (");
  if (trace->name != NULL)
    g_string_append_printf (text, "%s ", trace->name);
  // RFC 5321 4.1.3: a literal of version 6 says so.
  g_string_append_printf (text, strchr (trace->remote, ':') != NULL ? "[IPv6:%s])" : "[%s])",
                          trace->remote);
}

void
wd_lmtp_received_init (WdLmtpTraceText *self, const WdLmtpTrace *trace)
{
  GString *received = g_string_sized_new (256);

  g_string_append (received, "Received: ");
  append_client (received, trace);
  g_string_append_printf (received, "\r\n\tby %s (Wild Duck) with %s", trace->host,
                          get_protocol (trace));
  if (trace->tls != NULL)
    g_string_append_printf (received, " (%s)", trace->tls);
  g_string_append_printf (received, "\r\n\tid %s", trace->id);

  self->received = g_string_free (received, FALSE);
  self->return_path = g_strdup_printf ("Return-Path: <%s>\r\n", trace->sender);
  self->date = make_date (trace->now_us);
}

void
wd_lmtp_received_clear (WdLmtpTraceText *self)
{
  g_clear_pointer (&self->return_path, g_free);
  g_clear_pointer (&self->received, g_free);
  g_clear_pointer (&self->date, g_free);
}

char *
wd_lmtp_received_make (const WdLmtpTraceText *self, const char *recipient)
{
  return g_strconcat (self->return_path, "Delivered-To: ", recipient, "\r\n", self->received,
                      " for <", recipient, ">;\r\n\t", self->date, "\r\n", NULL);
}
