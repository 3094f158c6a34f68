// SPDX-License-Identifier: EUPL-1.2
// The protocol over a socket: every reply and every extension, each script a line at a time, an
// octet at a time, and all at once (RFC 2920).
#include "config.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core-clock.h"
#include "core-limits.h"
#include "lmtp-fixture.h"
#include "net-fixture.h"

#define LHLO                                                                                       \
  "S: 220 store.example.com LMTP\n"                                                                \
  "C: LHLO client.example\n"                                                                       \
  "S: 250-store.example.com\n"                                                                     \
  "S: 250-PIPELINING\n"                                                                            \
  "S: 250-SIZE 100000\n"                                                                           \
  "S: 250-8BITMIME\n"                                                                              \
  "S: 250-BINARYMIME\n"                                                                            \
  "S: 250-CHUNKING\n"                                                                              \
  "S: 250-ENHANCEDSTATUSCODES\n"                                                                   \
  "S: 250 SMTPUTF8\n"
#define EHLO                                                                                       \
  "S: 220 store.example.com ESMTP\n"                                                               \
  "C: EHLO client.example\n"                                                                       \
  "S: 250-store.example.com\n"                                                                     \
  "S: 250-PIPELINING\n"                                                                            \
  "S: 250-SIZE 100000\n"                                                                           \
  "S: 250-8BITMIME\n"                                                                              \
  "S: 250-BINARYMIME\n"                                                                            \
  "S: 250-CHUNKING\n"                                                                              \
  "S: 250-ENHANCEDSTATUSCODES\n"                                                                   \
  "S: 250 SMTPUTF8\n"
#define MAIL                                                                                       \
  "C: MAIL FROM:<x@example.org>\n"                                                                 \
  "S: 250 2.1.0\n"
#define ANNA                                                                                       \
  "C: RCPT TO:<anna@example.com>\n"                                                                \
  "S: 250 2.1.5\n"
#define BERT                                                                                       \
  "C: RCPT TO:<bert@example.com>\n"                                                                \
  "S: 250 2.1.5\n"
#define QUIT                                                                                       \
  "C: QUIT\n"                                                                                      \
  "S: 221 2.0.0\n"                                                                                 \
  "E\n"

typedef struct
{
  const char *name;
  gboolean is_smtp;
  const char *script;
} Script;

static const Script scripts[] = {
  { "order", FALSE,
    "S: 220 store.example.com LMTP\n"
    "C: MAIL FROM:<x@example.org>\n"
    "S: 503 5.5.1 Say LHLO\n"
    "C: RCPT TO:<anna@example.com>\n"
    "S: 503 5.5.1\n"
    "C: DATA\n"
    "S: 503 5.5.1\n"
    "C: EHLO x\n"
    "S: 500 5.5.1 This is LMTP\n"
    "C: HELO x\n"
    "S: 500 5.5.1 This is LMTP\n"
    "C: LHLO\n"
    "S: 501 5.5.4\n"
    "C: LHLO two words\n"
    "S: 501 5.5.4\n" QUIT },
  { "order-smtp", TRUE,
    "S: 220 store.example.com ESMTP\n"
    "C: MAIL FROM:<x@example.org>\n"
    "S: 503 5.5.1 Say EHLO\n"
    "C: LHLO x\n"
    "S: 500 5.5.1 This is SMTP\n"
    "C: HELO x\n"
    "S: 250 store.example.com\n"
    "C: RCPT TO:<anna@example.com>\n"
    "S: 503 5.5.1\n" MAIL "C: MAIL FROM:<y@example.org>\n"
    "S: 503 5.5.1\n"
    "C: DATA\n"
    "S: 503 5.5.1 No valid\n" QUIT },
  { "transaction", FALSE,
    LHLO MAIL ANNA "C: RCPT TO:<nobody@example.com>\n"
                   "S: 550 5.1.1\n"
                   "C: RCPT TO:<anna@elsewhere.example>\n"
                   "S: 550 5.1.1\n" BERT "C: DATA\n"
                   "S: 354 \n"
                   "C: Subject: one\n"
                   "C: \n"
                   "C: text\n"
                   "C: .\n"
                   "S: 250 2.0.0\n"
                   "S: 250 2.0.0\n"
                   // It is over.
                   "C: DATA\n"
                   "S: 503 5.5.1\n" MAIL ANNA "C: DATA\n"
                   "S: 354 \n"
                   "C: .\n"
                   "S: 250 2.0.0\n" QUIT },
  { "transaction-smtp", TRUE,
    EHLO MAIL ANNA BERT "C: RCPT TO:<nobody@example.com>\n"
                        "S: 550 5.1.1\n"
                        "C: DATA\n"
                        "S: 354 \n"
                        "C: Subject: one\n"
                        "C: .\n"
                        "S: 250 2.0.0\n" QUIT },
  { "no-recipients", FALSE,
    LHLO MAIL "C: RCPT TO:<nobody@example.com>\n"
              "S: 550 5.1.1\n"
              "C: DATA\n"
              "S: 503 5.5.1 No valid\n" QUIT },
  { "reset", FALSE,
    LHLO MAIL ANNA "C: RSET\n"
                   "S: 250 2.0.0\n"
                   "C: RCPT TO:<anna@example.com>\n"
                   "S: 503 5.5.1\n" MAIL "C: RSET x\n"
                   "S: 501 5.5.4\n" ANNA
                   // A second greeting is a reset, too.
                   "C: LHLO other.example\n"
                   "S: 250-store.example.com\n"
                   "S: 250-PIPELINING\n"
                   "S: 250-SIZE\n"
                   "S: 250-8BITMIME\n"
                   "S: 250-BINARYMIME\n"
                   "S: 250-CHUNKING\n"
                   "S: 250-ENHANCEDSTATUSCODES\n"
                   "S: 250 SMTPUTF8\n"
                   "C: DATA\n"
                   "S: 503 5.5.1\n" QUIT },
  { "small-commands", FALSE,
    LHLO "C: NOOP\n"
         "S: 250 2.0.0\n"
         "C: noop with words\n"
         "S: 250 2.0.0\n"
         "C: VRFY anna\n"
         "S: 252 2.5.0\n"
         "C: VRFY\n"
         "S: 501 5.5.4\n"
         "C: HELP\n"
         "S: 214 2.0.0 LHLO MAIL\n"
         "C: EXPN list\n"
         "S: 502 5.5.1\n"
         "C: AUTH PLAIN\n"
         "S: 502 5.5.1\n"
         "C: WIZ\n"
         "S: 500 5.5.1\n"
         "C: \n"
         "S: 500 5.5.2\n"
         "R: NO\\0OP\\r\\n\n"
         "S: 500 5.5.2\n"
         "R: NOOP\\n\n"
         "S: 250 2.0.0\n"
         "C: STARTTLS\n"
         "S: 454 4.7.0\n"
         "C: XCLIENT ADDR=192.0.2.1\n"
         "S: 550 5.7.0\n"
         "C: DATA now\n"
         "S: 501 5.5.4\n" QUIT },
  { "parameters", FALSE,
    LHLO "C: MAIL FROM:<x@example.org> SIZE=100001\n"
         "S: 552 5.3.4\n"
         "C: MAIL FROM:<x@example.org> SIZE=abc\n"
         "S: 501 5.5.4\n"
         "C: MAIL FROM:<x@example.org> RET=HDRS\n"
         "S: 555 5.5.4\n"
         "C: MAIL FROM:x@example.org\n"
         "S: 501 5.1.7\n"
         "C: MAIL FROM:<x@example.org> SIZE=100000 BODY=8BITMIME\n"
         "S: 250 2.1.0\n"
         "C: RCPT TO:<anna@example.com> NOTIFY=NEVER\n"
         "S: 555 5.5.4\n"
         "C: RCPT TO:<>\n"
         "S: 501 5.1.3\n"
         "C: RCPT TO:<anna@exa..mple.com>\n"
         "S: 550 5.1.\n" ANNA QUIT },
  { "utf8", FALSE,
    LHLO "C: MAIL FROM:<д@example.org>\n"
         "S: 553 5.6.7\n" MAIL "C: RCPT TO:<андрис@уайлддак.орг>\n"
         "S: 553 5.6.7\n"
         "C: RSET\n"
         "S: 250\n"
         "C: MAIL FROM:<д@example.org> SMTPUTF8\n"
         "S: 250 2.1.0\n"
         "C: RCPT TO:<андрис@уайлддак.орг>\n"
         "S: 250 2.1.5\n"
         "C: RCPT TO:<АНДРИС@xn--80aalaxjd5d.xn--c1avg>\n"
         "S: 250 2.1.5\n" ANNA QUIT },
  { "bdat", FALSE,
    LHLO MAIL ANNA BERT "C: BDAT 10\n"
                        "R: Subject: x\n"
                        "S: 250 2.0.0 10 octets\n"
                        "C: BDAT 0\n"
                        "S: 250 2.0.0 0 octets\n"
                        "C: BDAT 7 LAST\n"
                        "R: \\r\\n\\r\\n.\\r\\n\n"
                        "S: 250 2.0.0 Delivered\n"
                        "S: 250 2.0.0 Delivered\n" QUIT },
  { "bdat-smtp", TRUE,
    EHLO MAIL ANNA BERT "C: BDAT 0 LAST\n"
                        "S: 250 2.0.0 Delivered\n" QUIT },
  { "bdat-order", FALSE,
    LHLO "C: BDAT 6\n"
         "R: QUIT\\r\\n\n"
         "S: 503 5.5.1 Say MAIL\n" MAIL "C: BDAT 6 LAST\n"
         "R: QUIT\\r\\n\n"
         "S: 503 5.5.1 No valid\n" ANNA "C: BDAT 6\n"
         "R: QUIT\\r\\n\n"
         "S: 250 2.0.0 6 octets\n"
         // Nothing but BDAT and RSET from here on.
         "C: DATA\n"
         "S: 503 5.5.1 Only BDAT\n"
         "C: RCPT TO:<bert@example.com>\n"
         "S: 503 5.5.1\n"
         "C: MAIL FROM:<>\n"
         "S: 503 5.5.1\n"
         "C: RSET\n"
         "S: 250\n" MAIL ANNA "C: DATA\n"
         "S: 354 \n"
         "C: .\n"
         "S: 250 2.0.0\n" QUIT },
  { "binarymime", FALSE,
    LHLO "C: MAIL FROM:<x@example.org> BODY=BINARYMIME\n"
         "S: 250 2.1.0\n" ANNA "C: DATA\n"
         "S: 503 5.5.1 Only BDAT\n"
         "C: BDAT 3 LAST\n"
         "R: a\\0b\n"
         "S: 250 2.0.0\n" QUIT },
  // What cannot be read as a size cannot be skipped.
  { "bdat-syntax", FALSE,
    LHLO MAIL ANNA "C: BDAT six LAST\n"
                   "S: 501 5.5.4\n"
                   "E\n" },
};

static const char settings[] = "store.max-message-size=100000 lmtp.hostname=store.example.com";

static void
test_script (LmtpFixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      g_test_message ("%s", scripts[i].name);
      lmtp_fixture_run_all (scripts[i].is_smtp ? f->smtp_port : f->lmtp_port, scripts[i].script);
    }
}

static void
test_unix (LmtpFixture *f, gconstpointer data)
{
  int fd = net_client_connect_unix (f->unix_path);
  g_autoptr (GString) message = NULL;

  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, LHLO MAIL ANNA "C: DATA\nS: 354\nC: .\nS: 250\n" QUIT);
  close (fd);
  message = lmtp_fixture_read (f, "anna", "INBOX");
  // No address to tell of.
  g_assert_nonnull (strstr (message->str, "Received: from client.example\r\n\tby "));
}

// Lines at, below and above the limit, in every mode.
static void
test_line_limit (LmtpFixture *f, gconstpointer data)
{
  for (gsize len = WD_LIMIT_SMTP_LINE_BYTES - 1; len <= WD_LIMIT_SMTP_LINE_BYTES + 1; len++)
    {
      g_autofree char *fill = g_strnfill (len - strlen ("NOOP "), 'x');
      g_autofree char *script
          = g_strdup_printf ("S: 220\nC: NOOP %s\nS: %s\nC: NOOP\nS: 250 2.0.0\n" QUIT, fill,
                             len <= WD_LIMIT_SMTP_LINE_BYTES ? "250 2.0.0" : "500 5.5.2 Line");

      lmtp_fixture_run_all (f->lmtp_port, script);
    }
}

// A line that never ends is thrown away as it comes, and answered once.
static void
test_long_line (LmtpFixture *f, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (1000000, 'x');
  g_autofree char *script
      = g_strdup_printf ("S: 220\nR: NOOP %s\nC: \nS: 500 5.5.2\nC: NOOP\nS: 250\n" QUIT, fill);

  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, script);
}

static void
test_bad_commands (LmtpFixture *f, gconstpointer data)
{
  g_autoptr (GString) script = g_string_new ("S: 220\n");

  for (guint i = 0; i < WD_LIMIT_SMTP_BAD_COMMANDS - 1; i++)
    g_string_append (script, "C: WIZ\nS: 500 5.5.1\n");
  // One that is understood, and it begins anew.
  g_string_append (script, "C: NOOP\nS: 250\n");
  for (guint i = 0; i < WD_LIMIT_SMTP_BAD_COMMANDS; i++)
    g_string_append (script, "C: WIZ\nS: 500 5.5.1\n");
  g_string_append (script, "S: 421 4.7.0\nE\n");
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, script->str);
}

static void
test_recipient_limit (LmtpFixture *f, gconstpointer data)
{
  lmtp_fixture_run_all (f->lmtp_port, LHLO MAIL ANNA BERT ANNA "C: RCPT TO:<bert@example.com>\n"
                                                               "S: 452 4.5.3\n"
                                                               "C: DATA\nS: 354\nC: .\n"
                                                               "S: 250\nS: 250\nS: 250\n" QUIT);
}

// The one of the configuration's default.
static void
test_recipient_default (LmtpFixture *f, gconstpointer data)
{
  g_autoptr (GString) script = g_string_new (LHLO MAIL);

  for (guint i = 0; i < WD_LIMIT_RECIPIENTS; i++)
    g_string_append (script, ANNA);
  g_string_append (script,
                   "C: RCPT TO:<anna@example.com>\nS: 452 4.5.3\nC: RSET\nS: 250\n" MAIL ANNA);
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_AT_ONCE, script->str);
}

// At, below and above, told or not, by DATA and by BDAT.
static void
test_size_limit (LmtpFixture *f, gconstpointer data)
{
  for (gsize len = 99999; len <= 100001; len++)
    {
      g_autofree char *fill = g_strnfill (len - 2, 'x');
      const char *reply = len <= 100000 ? "250 2.0.0" : "552 5.3.4";
      g_autofree char *by_data = g_strdup_printf (
          LHLO MAIL ANNA BERT "C: DATA\nS: 354\nC: %s\nC: .\nS: %s\nS: %s\nC: NOOP\nS: 250\n" QUIT,
          fill, reply, reply);
      g_autofree char *by_bdat = g_strdup_printf (
          LHLO MAIL ANNA "C: BDAT %zu LAST\nR: %s\\r\\n\nS: %s\nC: NOOP\nS: 250\n" QUIT, len, fill,
          reply);
      g_autofree char *by_smtp = g_strdup_printf (
          EHLO MAIL ANNA BERT "C: DATA\nS: 354\nC: %s\nC: .\nS: %s\n" QUIT, fill, reply);

      lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_AT_ONCE, by_data);
      lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, by_bdat);
      lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES, by_smtp);
    }
}

// A chunk that makes it too large says so at once, and those behind it, too.
static void
test_size_limit_chunks (LmtpFixture *f, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (60000, 'x');
  g_autofree char *script = g_strdup_printf (
      LHLO MAIL ANNA "C: BDAT 60000\nR: %s\nS: 250\n"
                     "C: BDAT 60000\nR: %s\nS: 552 5.3.4\n"
                     "C: BDAT 2\nR: \\r\\n\nS: 552 5.3.4\n"
                     "C: BDAT 0 LAST\nS: 552 5.3.4\n" MAIL ANNA "C: BDAT 0 LAST\nS: 250\n" QUIT,
      fill, fill);

  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, script);
}

static void
test_timeout (LmtpFixture *f, gconstpointer data)
{
  int fd = net_client_connect (f->lmtp_port);
  struct pollfd pollfd = { .fd = fd, .events = POLLIN };

  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, LHLO MAIL);
  wd_core_clock_advance_for_test (8 * G_USEC_PER_SEC);
  wd_net_service_kick_for_test (f->service);
  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, ANNA);
  // The reply may be here before the session waits again: then its time begins only afterwards.
  for (guint i = 0; i < 200 && poll (&pollfd, 1, 50) == 0; i++)
    {
      wd_core_clock_advance_for_test (12 * G_USEC_PER_SEC);
      wd_net_service_kick_for_test (f->service);
    }
  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, "S: 421 4.4.2\nE\n");
  close (fd);
}

// A session in the middle of its message hears of it, and nothing is delivered.
static void
test_stop (LmtpFixture *f, gconstpointer data)
{
  LmtpFixture other = { 0 };
  int fd;

  lmtp_fixture_set_up (&other, settings);
  fd = net_client_connect (other.lmtp_port);
  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, LHLO MAIL ANNA "C: DATA\nS: 354\nC: half\n");
  lmtp_fixture_tear_down (&other, NULL);
  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, "S: 421 4.3.2\nE\n");
  close (fd);
}

// A client that goes away in the middle leaves nothing behind.
static void
test_abort (LmtpFixture *f, gconstpointer data)
{
  int fd = net_client_connect (f->lmtp_port);

  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, LHLO MAIL ANNA "C: DATA\nS: 354\nC: half\nR: .\\r\n");
  close (fd);
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, LHLO QUIT);
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 0);
}

static void
test_xclient (LmtpFixture *f, gconstpointer data)
{
  static const char hello[] = "C: LHLO client.example\n"
                              "S: 250-store.example.com\n"
                              "S: 250-PIPELINING\n"
                              "S: 250-SIZE\n"
                              "S: 250-XCLIENT NAME ADDR\n"
                              "S: 250-8BITMIME\n"
                              "S: 250-BINARYMIME\n"
                              "S: 250-CHUNKING\n"
                              "S: 250-ENHANCEDSTATUSCODES\n"
                              "S: 250 SMTPUTF8\n";
  g_autofree char *script
      = g_strdup_printf ("S: 220 store\n%s" MAIL "C: XCLIENT ADDR=192.0.2.9\n"
                         "S: 503 5.5.1\n"
                         "C: RSET\n"
                         "S: 250\n"
                         "C: XCLIENT ADDR=nowhere\n"
                         "S: 501 5.5.4\n"
                         "C: XCLIENT NAME=mx.example.net ADDR=IPV6:2001:db8::9 HELO=real.example\n"
                         "S: 220 store.example.com\n"
                         // It has to introduce itself again, and is still trusted.
                         "C: MAIL FROM:<>\n"
                         "S: 503 5.5.1\n%s" MAIL ANNA "C: DATA\nS: 354\nC: .\nS: 250\n" QUIT,
                         hello, hello);
  g_autoptr (GString) message = NULL;

  lmtp_fixture_run_all (f->lmtp_port, script);
  message = lmtp_fixture_read (f, "anna", "INBOX");
  g_assert_nonnull (strstr (message->str, "\r\nReceived: from real.example "
                                          "(mx.example.net [IPv6:2001:db8::9])\r\n"));
}

#define ADD(name, set, func)                                                                       \
  g_test_add ("/lmtp/session/" name, LmtpFixture, set, lmtp_fixture_set_up, func,                  \
              lmtp_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("scripts", settings, test_script);
  ADD ("unix", settings, test_unix);
  ADD ("line-limit", settings, test_line_limit);
  ADD ("long-line", settings, test_long_line);
  ADD ("bad-commands", settings, test_bad_commands);
  ADD ("recipient-limit",
       "store.max-message-size=100000 lmtp.hostname=store.example.com lmtp.max-recipients=3",
       test_recipient_limit);
  ADD ("recipient-default", settings, test_recipient_default);
  ADD ("size-limit", settings, test_size_limit);
  ADD ("size-limit-chunks", settings, test_size_limit_chunks);
  ADD ("timeout", "store.max-message-size=100000 lmtp.hostname=store.example.com lmtp.timeout=10s",
       test_timeout);
  ADD ("stop", settings, test_stop);
  ADD ("abort", settings, test_abort);
  ADD (
      "xclient",
      "store.max-message-size=100000 lmtp.hostname=store.example.com lmtp.xclient-from=127.0.0.0/8",
      test_xclient);
  return g_test_run ();
}
