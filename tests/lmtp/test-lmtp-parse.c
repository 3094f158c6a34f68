// SPDX-License-Identifier: EUPL-1.2
// The syntax of commands: what is taken, what comes out, and the reply to what is not.
#include "config.h"

#include "lmtp-parse.h"

#include <string.h>

#include "core-limits.h"

// Into the log of the test, which is UTF-8.
static void
show (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_test_message ("%s", valid);
}

static const struct
{
  const char *line;
  gsize len; // 0: up to the NUL.
  const char *verb;
  const char *args;
} lines[] = {
  { "NOOP", 0, "NOOP", "" },
  { "noop   ", 0, "noop", "" },
  { "MAIL FROM:<>", 0, "MAIL", "FROM:<>" },
  { "MAIL   FROM:<a@b>  ", 0, "MAIL", "FROM:<a@b>" },
  { "RCPT TO:<андрис@уайлддак.орг>", 0, "RCPT", "TO:<андрис@уайлддак.орг>" },
  { "X", 0, "X", "" },
  { "", 0, NULL, NULL },
  { " NOOP", 0, NULL, NULL },
  { "NOOP\tx", 0, NULL, NULL },
  { "NOOP\r", 0, NULL, NULL },
  { "NO\0OP", 5, NULL, NULL },
  { "MAIL FROM:<a@b>\r\nRCPT", 0, NULL, NULL },
  { "MAIL\x7f", 0, NULL, NULL },
  { "1234", 0, NULL, NULL },
  { "GET/", 0, NULL, NULL },
};

static void
test_lines (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      gsize len = lines[i].len != 0 ? lines[i].len : strlen (lines[i].line);
      WdLmtpLine line = { 0 };
      g_autofree char *verb = NULL;
      g_autofree char *args = NULL;
      const char *reply = wd_lmtp_parse_line (lines[i].line, len, &line);

      g_test_message ("%s", lines[i].line);
      if (lines[i].verb == NULL)
        {
          g_assert_true (g_str_has_prefix (reply, "500 5.5.2 "));
          continue;
        }
      g_assert_null (reply);
      verb = g_strndup (line.verb, line.verb_len);
      args = g_strndup (line.args, line.args_len);
      g_assert_cmpstr (verb, ==, lines[i].verb);
      g_assert_cmpstr (args, ==, lines[i].args);
    }
}

#define MAX_BYTES ((guint64) 1000000)

static const struct
{
  const char *args;
  const char *reply; // Its beginning; NULL: it is taken.
  const char *text;
  const char *address;
  guint64 size;
  WdLmtpBody body;
  gboolean is_smtputf8;
} mails[] = {
  { "FROM:<>", NULL, "", "" },
  { "from:<a@b.example>", NULL, "a@b.example", "a@b.example" },
  { "FROM: <a@b.example>", NULL, "a@b.example", "a@b.example" },
  { "FROM:<a@b> SIZE=123", NULL, "a@b", "a@b", 123 },
  { "FROM:<a@b> size=0123  body=8bitmime", NULL, "a@b", "a@b", 123, WD_LMTP_BODY_8BITMIME },
  { "FROM:<a@b> BODY=7BIT", NULL, "a@b", "a@b" },
  { "FROM:<a@b> BODY=BINARYMIME SMTPUTF8", NULL, "a@b", "a@b", 0, WD_LMTP_BODY_BINARYMIME, TRUE },
  { "FROM:<a@b> SIZE=1000000", NULL, "a@b", "a@b", 1000000 },
  { "FROM:<a@b> SIZE=999999", NULL, "a@b", "a@b", 999999 },
  { "FROM:<a@b> SIZE=1000001", "552 5.3.4" },
  { "FROM:<a@b> SIZE=9223372036854775808", "552 5.3.4" },
  { "FROM:<a@b> SIZE=99999999999999999999", "552 5.3.4" },
  { "FROM:<a@b> SIZE=000000000000000000001", "501 5.5.4" },
  { "FROM:<a@b> SIZE=", "501 5.5.4" },
  { "FROM:<a@b> SIZE", "501 5.5.4" },
  { "FROM:<a@b> SIZE=-1", "501 5.5.4" },
  { "FROM:<a@b> SIZE=1x", "501 5.5.4" },
  { "FROM:<a@b> SIZE=1 SIZE=1", "501 5.5.4" },
  { "FROM:<a@b> BODY", "501 5.5.4" },
  { "FROM:<a@b> BODY=9BIT", "501 5.5.4" },
  { "FROM:<a@b> SMTPUTF8=yes", "501 5.5.4" },
  { "FROM:<a@b> RET=FULL", "555 5.5.4" },
  { "FROM:<a@b> AUTH=<>", "555 5.5.4" },
  { "FROM:<a@b> =", "555 5.5.4" },
  { "FROM:<a@b>SIZE=1", "501 5.1.7" },
  { "FROM:<\"a b\"@c>", NULL, "\"a b\"@c", "a b@c" },
  { "FROM:<\"a\\\"\\\\b\"@c>", NULL, "\"a\\\"\\\\b\"@c", "a\"\\b@c" },
  { "FROM:<\"a@b>\"@c>", NULL, "\"a@b>\"@c", "a@b>@c" },
  { "FROM:<\"\"@c>", NULL, "\"\"@c", "@c" },
  { "FROM:<a+b=c{d}@e>", NULL, "a+b=c{d}@e", "a+b=c{d}@e" },
  { "FROM:<a..b.@c>", NULL, "a..b.@c", "a..b.@c" },
  { "FROM:<@x,@y.example:a@b>", NULL, "a@b", "a@b" },
  { "FROM:<a@[192.0.2.1]>", NULL, "a@[192.0.2.1]", "a@[192.0.2.1]" },
  { "FROM:<a@[IPv6:2001:db8::1]>", NULL, "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
  { "FROM:<postmaster>", NULL, "postmaster", "postmaster" },
  { "FROM:<андрис@уайлддак.орг> SMTPUTF8", NULL, "андрис@уайлддак.орг", "андрис@уайлддак.орг", 0,
    WD_LMTP_BODY_7BIT, TRUE },
  { "FROM:<андрис@уайлддак.орг>", "553 5.6.7" },
  { "FROM:<a@уайлддак.орг>", "553 5.6.7" },
  { "FROM:<\xff@b> SMTPUTF8", "501 5.1.7" },
  { "FROM:<a@\xc3> SMTPUTF8", "501 5.1.7" },
  { "", "501 5.1.7" },
  { "FROM", "501 5.1.7" },
  { "FROM:", "501 5.1.7" },
  { "TO:<a@b>", "501 5.1.7" },
  { "FROM:a@b", "501 5.1.7" },
  { "FROM:<a@b", "501 5.1.7" },
  { "FROM:<a@b>>", "501 5.1.7" },
  { "FROM:<a b@c>", "501 5.1.7" },
  { "FROM:<a@b c>", "501 5.1.7" },
  { "FROM:<a@>", "501 5.1.7" },
  { "FROM:<@b>", "501 5.1.7" },
  { "FROM:<@x:>", NULL, "", "" },
  { "FROM:<@x,a@b>", "501 5.1.7" },
  { "FROM:<\"a@b>", "501 5.1.7" },
  { "FROM:<\"a\\", "501 5.1.7" },
  { "FROM:<\"a\"b@c>", "501 5.1.7" },
  { "FROM:<a@[192.0.2.1>", "501 5.1.7" },
  { "FROM:<a@b@c>", "501 5.1.7" },
  { "FROM:<<a@b>>", "501 5.1.7" },
};

static void
test_mail (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mails); i++)
    {
      // Not NUL-terminated: reading beyond shows under a sanitizer.
      gsize len = strlen (mails[i].args);
      g_autofree char *args = g_memdup2 (mails[i].args, len);
      WdLmtpMail mail = { 0 };
      const char *reply = wd_lmtp_parse_mail (args, len, MAX_BYTES, &mail);

      show (mails[i].args);
      if (mails[i].reply != NULL)
        {
          g_assert_nonnull (reply);
          g_assert_true (g_str_has_prefix (reply, mails[i].reply));
          g_assert_null (mail.path.text);
          continue;
        }
      g_assert_cmpstr (reply, ==, NULL);
      g_assert_cmpstr (mail.path.text, ==, mails[i].text);
      g_assert_cmpstr (mail.path.address, ==, mails[i].address);
      g_assert_cmpuint (mail.size_bytes, ==, mails[i].size);
      g_assert_cmpint (mail.body, ==, mails[i].body);
      g_assert_cmpint (mail.is_smtputf8, ==, mails[i].is_smtputf8);
      wd_lmtp_parse_path_clear (&mail.path);
    }
}

static const struct
{
  const char *args;
  gboolean is_smtputf8;
  const char *reply;
  const char *address;
} rcpts[] = {
  { "TO:<anna@example.com>", FALSE, NULL, "anna@example.com" },
  { "to: <anna@example.com>", FALSE, NULL, "anna@example.com" },
  { "TO:<anna+lists/gnu@example.com>", FALSE, NULL, "anna+lists/gnu@example.com" },
  { "TO:<Postmaster>", FALSE, NULL, "Postmaster" },
  { "TO:<@relay.example:anna@example.com>", FALSE, NULL, "anna@example.com" },
  { "TO:<андрис@уайлддак.орг>", TRUE, NULL, "андрис@уайлддак.орг" },
  { "TO:<андрис@уайлддак.орг>", FALSE, "553 5.6.7" },
  { "TO:<>", FALSE, "501 5.1.3" },
  { "TO:<anna@example.com> NOTIFY=NEVER", FALSE, "555 5.5.4" },
  { "TO:anna@example.com", FALSE, "501 5.1.3" },
  { "FROM:<anna@example.com>", FALSE, "501 5.1.3" },
  { "", FALSE, "501 5.1.3" },
};

static void
test_rcpt (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rcpts); i++)
    {
      gsize len = strlen (rcpts[i].args);
      g_autofree char *args = g_memdup2 (rcpts[i].args, len);
      WdLmtpPath path = { 0 };
      const char *reply = wd_lmtp_parse_rcpt (args, len, rcpts[i].is_smtputf8, &path);

      g_test_message ("%s", rcpts[i].args);
      if (rcpts[i].reply != NULL)
        {
          g_assert_true (g_str_has_prefix (reply, rcpts[i].reply));
          g_assert_null (path.text);
          continue;
        }
      g_assert_cmpstr (reply, ==, NULL);
      g_assert_cmpstr (path.address, ==, rcpts[i].address);
      wd_lmtp_parse_path_clear (&path);
    }
}

static void
test_address_limit (void)
{
  for (gsize len = WD_LIMIT_ADDRESS_BYTES - 1; len <= WD_LIMIT_ADDRESS_BYTES + 1; len++)
    {
      g_autofree char *local = g_strnfill (len - 2, 'x');
      g_autofree char *args = g_strdup_printf ("TO:<%s@b>", local);
      WdLmtpPath path = { 0 };
      const char *reply = wd_lmtp_parse_rcpt (args, strlen (args), FALSE, &path);

      g_assert_cmpint (reply == NULL, ==, len <= WD_LIMIT_ADDRESS_BYTES);
      wd_lmtp_parse_path_clear (&path);
    }
}

static const struct
{
  const char *args;
  gboolean is_ok;
  guint64 size;
  gboolean is_last;
} bdats[] = {
  { "0", TRUE, 0, FALSE },
  { "100", TRUE, 100, FALSE },
  { "100 LAST", TRUE, 100, TRUE },
  { "100   last", TRUE, 100, TRUE },
  { "9223372036854775807", TRUE, G_MAXINT64, FALSE },
  { "9223372036854775808", FALSE },
  { "100000000000000000000", FALSE },
  { "", FALSE },
  { "LAST", FALSE },
  { "-1", FALSE },
  { "+1", FALSE },
  { "1x", FALSE },
  { "0x10", FALSE },
  { "1=1", FALSE },
  { "100 FIRST", FALSE },
  { "100 LAST=1", FALSE },
  { "100 LAST LAST", FALSE },
};

static void
test_bdat (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bdats); i++)
    {
      guint64 size = 7;
      gboolean is_last = FALSE;
      const char *reply
          = wd_lmtp_parse_bdat (bdats[i].args, strlen (bdats[i].args), &size, &is_last);

      g_test_message ("%s", bdats[i].args);
      g_assert_cmpint (reply == NULL, ==, bdats[i].is_ok);
      g_assert_cmpuint (size, ==, bdats[i].is_ok ? bdats[i].size : 7);
      g_assert_cmpint (is_last, ==, bdats[i].is_last);
    }
}

static void
test_hello (void)
{
  static const struct
  {
    const char *args;
    gboolean is_ok;
  } names[] = {
    { "mail.example.com", TRUE }, { "[192.0.2.1]", TRUE }, { "[IPv6:2001:db8::1]", TRUE },
    { "my_host-1", TRUE },        { "", FALSE },           { "two words", FALSE },
    { "x(comment)", FALSE },      { "x\r", FALSE },        { "д.example", FALSE },
  };

  char long_name[256];

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = NULL;
      const char *reply = wd_lmtp_parse_hello (names[i].args, strlen (names[i].args), &name);

      g_assert_cmpint (reply == NULL, ==, names[i].is_ok);
      g_assert_cmpstr (name, ==, names[i].is_ok ? names[i].args : NULL);
    }

  memset (long_name, 'x', sizeof long_name);
  for (gsize len = 254; len <= 256; len++)
    {
      g_autofree char *name = NULL;

      g_assert_cmpint (wd_lmtp_parse_hello (long_name, len, &name) == NULL, ==, len <= 255);
    }
}

static const struct
{
  const char *args;
  gboolean is_ok;
  const char *addr;
  const char *name;
  const char *helo;
} xclients[] = {
  { "ADDR=192.0.2.1", TRUE, "192.0.2.1" },
  { "addr=IPV6:2001:db8::1", TRUE, "2001:db8::1" },
  { "ADDR=192.0.2.1 NAME=mail.example.com HELO=[192.0.2.1] PORT=25 PROTO=ESMTP", TRUE, "192.0.2.1",
    "mail.example.com", "[192.0.2.1]" },
  { "NAME=[UNAVAILABLE] ADDR=[unavailable]", TRUE },
  { "NAME=[TEMPUNAVAIL]", TRUE },
  { "NAME=a+2Eb", TRUE, NULL, "a.b" },
  { "ADDR=192.0.2.1 ADDR=192.0.2.2", TRUE, "192.0.2.2" },
  { "LOGIN=x DESTADDR=192.0.2.9 DESTPORT=24", TRUE },
  { "NAME=a+0D+0Ab", FALSE },
  { "NAME=a+3Cb", FALSE },
  { "NAME=a+2", FALSE },
  { "NAME=a+zzb", FALSE },
  { "ADDR=nowhere", FALSE },
  { "ADDR=192.0.2.1.1", FALSE },
  { "ADDR", FALSE },
  { "COLOUR=red", FALSE },
  { "NAME=x COLOUR=red", FALSE },
  { "", FALSE },
};

static void
test_xclient (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (xclients); i++)
    {
      WdLmtpXclient xclient = { 0 };
      const char *reply
          = wd_lmtp_parse_xclient (xclients[i].args, strlen (xclients[i].args), &xclient);

      g_test_message ("%s", xclients[i].args);
      g_assert_cmpint (reply == NULL, ==, xclients[i].is_ok);
      g_assert_cmpstr (xclient.addr, ==, xclients[i].addr);
      g_assert_cmpstr (xclient.name, ==, xclients[i].name);
      g_assert_cmpstr (xclient.helo, ==, xclients[i].helo);
      wd_lmtp_parse_xclient_clear (&xclient);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp/parse/lines", test_lines);
  g_test_add_func ("/lmtp/parse/mail", test_mail);
  g_test_add_func ("/lmtp/parse/rcpt", test_rcpt);
  g_test_add_func ("/lmtp/parse/address-limit", test_address_limit);
  g_test_add_func ("/lmtp/parse/bdat", test_bdat);
  g_test_add_func ("/lmtp/parse/hello", test_hello);
  g_test_add_func ("/lmtp/parse/xclient", test_xclient);
  return g_test_run ();
}
