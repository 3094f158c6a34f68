// SPDX-License-Identifier: EUPL-1.2
// LMTP commands: whatever line comes, what is taken from it is text that a header line and a log
// can carry, and a path that is written out again is read as the same.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "fuzz.h"
#include "lmtp-parse.h"

// What no reply begins with does not get to a client.
static void
check_reply (const char *reply)
{
  g_assert_true (reply == NULL
                 || ((reply[0] == '4' || reply[0] == '5') && reply[3] == ' ' && reply[4] == reply[0]
                     && strpbrk (reply, "\r\n") == NULL));
}

static void
check_text (const char *text, gsize max_bytes)
{
  g_assert_cmpuint (strlen (text), <=, max_bytes);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *c = text; *c != '\0'; c++)
    g_assert_true ((guchar) *c >= ' ' && *c != 0x7f);
}

static void
check_path (const WdLmtpPath *path)
{
  g_autofree char *again = g_strdup_printf ("TO:<%s>", path->text);
  WdLmtpPath copy = { 0 };
  const char *reply;

  check_text (path->text, WD_LIMIT_ADDRESS_BYTES);
  check_text (path->address, strlen (path->text));
  if (path->text[0] == '\0')
    return;
  reply = wd_lmtp_parse_rcpt (again, strlen (again), TRUE, &copy);
  g_assert_null (reply);
  g_assert_cmpstr (copy.text, ==, path->text);
  g_assert_cmpstr (copy.address, ==, path->address);
  wd_lmtp_parse_path_clear (&copy);
}

static void
try_paths (const WdLmtpLine *line)
{
  WdLmtpMail mail = { 0 };
  WdLmtpPath path = { 0 };
  const char *reply = wd_lmtp_parse_mail (line->args, line->args_len, 1000000, &mail);

  check_reply (reply);
  if (reply == NULL)
    {
      check_path (&mail.path);
      g_assert_cmpuint (mail.size_bytes, <=, 1000000);
      g_assert_true (mail.is_smtputf8 || !mail.path.is_utf8);
    }
  wd_lmtp_parse_path_clear (&mail.path);

  reply = wd_lmtp_parse_rcpt (line->args, line->args_len, TRUE, &path);
  check_reply (reply);
  if (reply == NULL)
    check_path (&path);
  wd_lmtp_parse_path_clear (&path);
}

static void
try_others (const WdLmtpLine *line)
{
  WdLmtpXclient xclient = { 0 };
  g_autofree char *name = NULL;
  guint64 size = 0;
  gboolean is_last;

  check_reply (wd_lmtp_parse_bdat (line->args, line->args_len, &size, &is_last));
  g_assert_cmpuint (size, <=, G_MAXINT64);
  check_reply (wd_lmtp_parse_hello (line->args, line->args_len, &name));
  if (name != NULL)
    check_text (name, 255);
  check_reply (wd_lmtp_parse_xclient (line->args, line->args_len, &xclient));
  if (xclient.name != NULL)
    check_text (xclient.name, line->args_len);
  if (xclient.helo != NULL)
    check_text (xclient.helo, line->args_len);
  wd_lmtp_parse_xclient_clear (&xclient);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  WdLmtpLine line;
  const char *reply = wd_lmtp_parse_line ((const char *) data, size, &line);

  check_reply (reply);
  if (reply != NULL)
    return 0;
  g_assert_cmpuint (line.verb_len, >, 0);
  g_assert_true (line.args >= line.verb + line.verb_len
                 && line.args + line.args_len <= (const char *) data + size);
  try_paths (&line);
  try_others (&line);
  return 0;
}
