// SPDX-License-Identifier: EUPL-1.2
// Trace lines, octet for octet.
#include "config.h"

#include "lmtp-received.h"

static const struct
{
  WdLmtpTrace trace;
  const char *expected;
} cases[] = {
  { { "mx.example.org", NULL, "unix", "store.example.com", NULL, "a3f0.1", "x@example.org", TRUE,
      TRUE, FALSE, 1700000000 * (gint64) 1000000 },
    "Return-Path: <x@example.org>\r\n"
    "Delivered-To: anna@example.com\r\n"
    "Received: from mx.example.org\r\n"
    "\tby store.example.com (Wild Duck) with LMTP\r\n"
    "\tid a3f0.1 for <anna@example.com>;\r\n"
    "\tTue, 14 Nov 2023 22:13:20 +0000\r\n" },
  { { "[192.0.2.7]", "mx.example.org", "192.0.2.7", "h", "TLSv1.3 TLS_AES_256_GCM_SHA384", "b.22",
      "", TRUE, TRUE, FALSE, 0 },
    "Return-Path: <>\r\n"
    "Delivered-To: anna@example.com\r\n"
    "Received: from [192.0.2.7] (mx.example.org [192.0.2.7])\r\n"
    "\tby h (Wild Duck) with LMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
    "\tid b.22 for <anna@example.com>;\r\n"
    "\tThu, 1 Jan 1970 00:00:00 +0000\r\n" },
  { { "c", NULL, "2001:db8::1", "h", NULL, "i", "a@b", FALSE, TRUE, TRUE,
      951782399 * (gint64) 1000000 },
    "Return-Path: <a@b>\r\n"
    "Delivered-To: anna@example.com\r\n"
    "Received: from c ([IPv6:2001:db8::1])\r\n"
    "\tby h (Wild Duck) with UTF8SMTP\r\n"
    "\tid i for <anna@example.com>;\r\n"
    "\tMon, 28 Feb 2000 23:59:59 +0000\r\n" },
  { { "c", NULL, "127.0.0.1", "h", NULL, "i", "a@b", FALSE, FALSE, FALSE,
      951782400 * (gint64) 1000000 },
    "Return-Path: <a@b>\r\n"
    "Delivered-To: anna@example.com\r\n"
    "Received: from c ([127.0.0.1])\r\n"
    "\tby h (Wild Duck) with SMTP\r\n"
    "\tid i for <anna@example.com>;\r\n"
    "\tTue, 29 Feb 2000 00:00:00 +0000\r\n" },
};

static void
test_cases (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (WdLmtpTraceText) text = { 0 };
      g_autofree char *made = NULL;

      wd_lmtp_received_init (&text, &cases[i].trace);
      made = wd_lmtp_received_make (&text, "anna@example.com");
      g_assert_cmpstr (made, ==, cases[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp/received/cases", test_cases);
  return g_test_run ();
}
