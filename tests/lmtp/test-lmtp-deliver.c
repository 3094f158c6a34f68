// SPDX-License-Identifier: EUPL-1.2
// Delivery over a socket into a store: the octets, the mailbox, the quota, and what happens when
// the store fails.
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "lmtp-fixture.h"
#include "net-fixture.h"

#define LHLO                                                                                       \
  "S: 220\n"                                                                                       \
  "C: LHLO client.example\n"                                                                       \
  "S: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250 \n"
#define EHLO                                                                                       \
  "S: 220\n"                                                                                       \
  "C: EHLO client.example\n"                                                                       \
  "S: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250-\nS: 250 \n"
#define MAIL "C: MAIL FROM:<x@example.org>\nS: 250\n"
#define RCPT(address) "C: RCPT TO:<" address ">\nS: 250\n"
#define DATA "C: DATA\nS: 354\n"

static void
test_trace (LmtpFixture *f, gconstpointer data)
{
  g_autoptr (GString) message = NULL;
  g_autoptr (GRegex) regex
      = g_regex_new ("^Return-Path: <x@example\\.org>\r\n"
                     "Delivered-To: Anna\\+x@example\\.com\r\n"
                     "Received: from client\\.example \\(\\[127\\.0\\.0\\.1\\]\\)\r\n"
                     "\tby store\\.example\\.com \\(Wild Duck\\) with LMTP\r\n"
                     "\tid [0-9a-f]{16}\\.1 for <Anna\\+x@example\\.com>;\r\n"
                     "\t(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} "
                     "[0-9:]{8} \\+0000\r\n"
                     "Subject: hi\r\n\r\ntext\r\n$",
                     G_REGEX_RAW, 0, NULL);

  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES,
                    LHLO MAIL RCPT ("Anna+x@example.com") DATA
                    "C: Subject: hi\nC: \nC: text\nC: .\nS: 250\n");
  message = lmtp_fixture_read (f, "anna", "INBOX");
  g_test_message ("%s", message->str);
  g_assert_true (g_regex_match (regex, message->str, 0, NULL));
}

// What is sent behind DATA, and what must lie in the mailbox.
static const struct
{
  const char *sent;
  const char *stored;
  gsize stored_len; // 0: up to the NUL.
} octets[] = {
  { ".\\r\\n", "" },
  { "a\\r\\n.\\r\\n", "a\r\n" },
  { "..\\r\\n...a\\r\\n.\\r\\n", ".\r\n..a\r\n" },
  { "Subject: x\\n\\nbare\\nlines\\n\\r\\n.\\r\\n", "Subject: x\n\nbare\nlines\n\r\n" },
  { "a\\n.\\nb\\n.\\r\\nc\\r\\n.\\nd\\r.\\re\\r\\n.\\r\\n", "a\n.\nb\n.\r\nc\r\n\nd\r.\re\r\n" },
  { "S: \xff\xfe\\0\x01\\r\\n.\\r\\n", "S: \xff\xfe\0\x01\r\n", 9 },
  { "MAIL FROM:<>\\r\\nDATA\\r\\n.\\r\\n", "MAIL FROM:<>\r\nDATA\r\n" },
};

static void
test_octets (LmtpFixture *f, gconstpointer data)
{
  for (int mode = 0; mode < LMTP_SCRIPT_N_MODES; mode++)
    for (gsize i = 0; i < G_N_ELEMENTS (octets); i++)
      {
        g_autofree char *script = g_strdup_printf (LHLO MAIL RCPT ("anna@example.com") DATA
                                                   "R: %s\nS: 250\nC: QUIT\nS: 221\nE\n",
                                                   octets[i].sent);
        gsize len = octets[i].stored_len != 0 ? octets[i].stored_len : strlen (octets[i].stored);
        g_autoptr (GString) message = NULL;

        lmtp_fixture_run (f->lmtp_port, (LmtpScriptMode) mode, script);
        message = lmtp_fixture_read_body (f, "anna", "INBOX");
        g_assert_cmpuint (message->len, ==, len);
        g_assert_true (memcmp (message->str, octets[i].stored, len) == 0);
      }
}

// By BDAT nothing is looked at, a missing last line end included; and chunks add up.
static void
test_octets_bdat (LmtpFixture *f, gconstpointer data)
{
  static const char expected[] = "a\r\n.\r\n\0..b\r";

  for (int mode = 0; mode < LMTP_SCRIPT_N_MODES; mode++)
    {
      g_autoptr (GString) message = NULL;

      lmtp_fixture_run (f->lmtp_port, (LmtpScriptMode) mode,
                        LHLO "C: MAIL FROM:<> BODY=BINARYMIME\nS: 250\n" RCPT (
                            "anna@example.com") "C: BDAT 2\nR: a\\r\nS: 250\n"
                                                "C: BDAT 5\nR: \\n.\\r\\n\\0\nS: 250\n"
                                                "C: BDAT 4 LAST\nR: ..b\\r\nS: 250\n");
      message = lmtp_fixture_read_body (f, "anna", "INBOX");
      g_assert_cmpuint (message->len, ==, sizeof expected - 1);
      g_assert_true (memcmp (message->str, expected, sizeof expected - 1) == 0);
    }
}

// Larger than what is held in memory, with dots all over.
static void
test_large (LmtpFixture *f, gconstpointer data)
{
  g_autoptr (GString) expected = g_string_new ("Subject: large\r\n\r\n");
  g_autoptr (GString) script = g_string_new (LHLO MAIL RCPT ("anna@example.com") DATA "R: ");
  g_autoptr (GString) message = NULL;

  g_string_append (script, "Subject: large\\r\\n\\r\\n");
  for (guint i = 0; expected->len < 3000000; i++)
    {
      g_string_append_printf (expected, "%sline %u\r\n", i % 3 == 0 ? "." : "", i);
      g_string_append_printf (script, "%sline %u\\r\\n", i % 3 == 0 ? ".." : "", i);
    }
  g_string_append (script, "\nC: .\nS: 250\n");
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, script->str);
  message = lmtp_fixture_read_body (f, "anna", "INBOX");
  g_assert_true (g_string_equal (message, expected));
}

static void
deliver_to (LmtpFixture *f, const char *recipient)
{
  g_autofree char *script
      = g_strdup_printf (LHLO "C: MAIL FROM:<x@example.org> SMTPUTF8\nS: 250\n"
                              "C: RCPT TO:<%s>\nS: 250\n" DATA "C: Subject: x\nC: .\nS: 250\n",
                         recipient);

  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, script);
}

typedef struct
{
  const char *recipient;
  const char *user;
  const char *path;
} Detail;

static void
check_details (LmtpFixture *f, const Detail *details, gsize n)
{
  lmtp_fixture_create_mailbox (f, "anna", "Lists/GNU");
  lmtp_fixture_create_mailbox (f, "carl", "Lists");
  lmtp_fixture_create_mailbox (f, "андрис", "Письма");
  for (gsize i = 0; i < n; i++)
    {
      guint n_before = lmtp_fixture_count (f, details[i].user, details[i].path);

      g_test_message ("%s", details[i].recipient);
      deliver_to (f, details[i].recipient);
      g_assert_cmpuint (lmtp_fixture_count (f, details[i].user, details[i].path), ==, n_before + 1);
    }
}

static void
test_detail (LmtpFixture *f, gconstpointer data)
{
  static const Detail details[] = {
    { "anna@example.com", "anna", "INBOX" },
    { "ANNA@EXAMPLE.COM", "anna", "INBOX" },
    { "anna+Lists/GNU@example.com", "anna", "Lists/GNU" },
    { "anna+Lists@example.com", "anna", "Lists" },
    { "anna+lists/gnu@example.com", "anna", "INBOX" },
    { "anna+nothing@example.com", "anna", "INBOX" },
    { "anna+@example.com", "anna", "INBOX" },
    { "anna+inbox@example.com", "anna", "INBOX" },
    { "anna+/@example.com", "anna", "INBOX" },
    { "\"anna+Sent Mail\"@example.com", "anna", "Sent Mail" },
    { "anna+Lists+GNU@example.com", "anna", "INBOX" },
    { "anna", "anna", "INBOX" },
    { "anna+Lists", "anna", "Lists" },
    { "mary-ann@example.com", "carl", "INBOX" },
    { "mary-ann+Lists@example.com", "carl", "Lists" },
    { "андрис+Письма@уайлддак.орг", "андрис", "Письма" },
    { "андрис@xn--80aalaxjd5d.xn--c1avg", "андрис", "INBOX" },
  };

  check_details (f, details, G_N_ELEMENTS (details));
}

static void
test_detail_off (LmtpFixture *f, gconstpointer data)
{
  static const Detail details[] = { { "anna+Lists/GNU@example.com", "anna", "INBOX" } };

  check_details (f, details, G_N_ELEMENTS (details));
}

// An address that has the delimiter of its own comes before one with a detail.
static void
test_delimiter (LmtpFixture *f, gconstpointer data)
{
  static const Detail details[] = {
    { "mary-ann@example.com", "carl", "INBOX" },
    { "mary-ann-Lists@example.com", "carl", "INBOX" },
    { "anna-Lists/GNU@example.com", "anna", "Lists/GNU" },
    { "anna_Lists/GNU@example.com", "anna", "Lists/GNU" },
    { "anna-nothing@example.com", "anna", "INBOX" },
  };

  // The second is nobody: only the first delimiter counts.
  check_details (f, details, 1);
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES,
                    LHLO MAIL "C: RCPT TO:<mary-ann-Lists@example.com>\nS: 550 5.1.1\n");
  for (gsize i = 2; i < G_N_ELEMENTS (details); i++)
    {
      guint n_before = lmtp_fixture_count (f, details[i].user, details[i].path);

      deliver_to (f, details[i].recipient);
      g_assert_cmpuint (lmtp_fixture_count (f, details[i].user, details[i].path), ==, n_before + 1);
    }
}

static void
test_disabled (LmtpFixture *f, gconstpointer data)
{
  const WdUser changes = { .disabled = TRUE, .suspended = TRUE };

  lmtp_fixture_update (f, "anna", &changes, WD_USER_FIELD_DISABLED);
  lmtp_fixture_update (f, "bert", &changes, WD_USER_FIELD_SUSPENDED);
  lmtp_fixture_run_all (f->lmtp_port, LHLO MAIL "C: RCPT TO:<anna@example.com>\nS: 550 5.2.1\n"
                        // Who may only not log in still gets mail.
                        RCPT ("bert@example.com") DATA "C: .\nS: 250\n");
  lmtp_fixture_run_all (f->smtp_port, EHLO MAIL "C: RCPT TO:<anna@example.com>\nS: 550 5.2.1\n");
}

static void
set_quota (LmtpFixture *f, const char *login, guint64 bytes)
{
  const WdUser changes = { .quota_bytes = bytes };

  lmtp_fixture_update (f, login, &changes, WD_USER_FIELD_QUOTA);
}

static void
test_quota (LmtpFixture *f, gconstpointer data)
{
  static const char script[] = LHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com")
      RCPT ("anna@example.com") DATA "C: Subject: x\nC: .\n"
                                     "S: %s\nS: 250 2.0.0\nS: %s\n";
  const char *reply = data != NULL ? "552 5.2.2" : "452 4.2.2";
  g_autofree char *filled = g_strdup_printf (script, reply, reply);

  set_quota (f, "anna", 10);
  lmtp_fixture_run_all (f->lmtp_port, filled);
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 0);
  g_assert_cmpuint (lmtp_fixture_count (f, "bert", "INBOX"), ==, LMTP_SCRIPT_N_MODES);
}

// The drop refuses at RCPT what it can see by then.
static void
test_quota_smtp (LmtpFixture *f, gconstpointer data)
{
  set_quota (f, "anna", 2000);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES,
                    EHLO "C: MAIL FROM:<> SIZE=2001\nS: 250\n"
                         "C: RCPT TO:<anna@example.com>\nS: 452 4.2.2\n"
                         "C: RSET\nS: 250\n"
                         "C: MAIL FROM:<> SIZE=1000\nS: 250\n" RCPT ("anna@example.com") DATA
                    "C: Subject: x\nC: .\nS: 250\n");
  set_quota (f, "anna", 10);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES,
                    EHLO MAIL "C: RCPT TO:<anna@example.com>\nS: 452 4.2.2\n");
}

// What it can not see by then it says at the end: if nobody got it.
static void
test_quota_smtp_late (LmtpFixture *f, gconstpointer data)
{
  g_autofree char *fill = g_strnfill (3000, 'x');
  g_autofree char *one = g_strdup_printf (
      EHLO MAIL RCPT ("anna@example.com") DATA "C: %s\nC: .\nS: 452 4.2.2\n", fill);
  g_autofree char *both
      = g_strdup_printf (EHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com") DATA
                         "C: %s\nC: .\nS: 250 2.0.0\n",
                         fill);

  set_quota (f, "anna", 2000);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES, one);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES, both);
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 0);
  g_assert_cmpuint (lmtp_fixture_count (f, "bert", "INBOX"), ==, 1);
}

static const struct
{
  WdStoreError code;
  const char *at_rcpt;
  const char *at_data;
} failures[] = {
  { WD_STORE_ERROR_UNAVAILABLE, "451 4.3.0", "451 4.3.0" },
  { WD_STORE_ERROR_BUSY, "451 4.2.0", "451 4.2.0" },
  { WD_STORE_ERROR_CORRUPT, "451 4.2.0", "451 4.2.0" },
  { WD_STORE_ERROR_CANCELLED, "451 4.3.2", "451 4.3.2" },
  { WD_STORE_ERROR_INVALID, "550 5.1.3", "550 5.1.3" },
  { WD_STORE_ERROR_NOT_FOUND, "550 5.1.1", "550 5.1.1" },
  { WD_STORE_ERROR_FORBIDDEN, "550 5.7.1", "550 5.7.1" },
  { WD_STORE_ERROR_TOO_LARGE, NULL, "552 5.3.4" },
  { WD_STORE_ERROR_OVER_QUOTA, NULL, "452 4.2.2" },
  { WD_STORE_ERROR_LIMIT, NULL, "452 4.2.0" },
};

static void
fail_always (LmtpFixture *f, const char *function, WdStoreError code)
{
  wd_test_fail_plan (f->failing, function, 1, WD_TEST_FAIL_ALWAYS, code);
}

// The same in LMTP and in the drop.
static void
run_failing (
    LmtpFixture *f, const char *function, WdStoreError code, const char *rest, const char *reply)
{
  g_auto (GStrv) parts = g_strsplit (rest, "REPLY", -1);
  g_autofree char *filled = g_strjoinv (reply, parts);
  g_autofree char *lmtp = g_strconcat (LHLO, filled, NULL);
  g_autofree char *smtp = g_strconcat (EHLO, filled, NULL);

  fail_always (f, function, code);
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_LINES, lmtp);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES, smtp);
}

static void
test_failures (LmtpFixture *f, gconstpointer data)
{
  static const char at_rcpt[] = MAIL "C: RCPT TO:<anna@example.com>\nS: REPLY\n";
  static const char at_data[] = MAIL RCPT ("anna@example.com") DATA
      // The session goes on.
      "C: .\nS: REPLY\nC: NOOP\nS: 250\n";

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_test_message ("%d", failures[i].code);
      if (failures[i].at_rcpt != NULL)
        {
          run_failing (f, "find_user", failures[i].code, at_rcpt, failures[i].at_rcpt);
          run_failing (f, "find_mailbox", failures[i].code, at_data, failures[i].at_data);
        }
      run_failing (f, "append", failures[i].code, at_data, failures[i].at_data);
    }
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 0);

  fail_always (f, "get_quota", WD_STORE_ERROR_UNAVAILABLE);
  lmtp_fixture_run (f->smtp_port, LMTP_SCRIPT_LINES,
                    EHLO MAIL "C: RCPT TO:<anna@example.com>\nS: 451 4.3.0\n");
}

// In every mode, while the nth append of a message fails.
static void
run_all_failing (LmtpFixture *f, guint port, guint nth, WdStoreError code, const char *script)
{
  for (int mode = 0; mode < LMTP_SCRIPT_N_MODES; mode++)
    {
      wd_test_fail_plan (f->failing, "append", nth, WD_TEST_FAIL_ONCE, code);
      lmtp_fixture_run (port, (LmtpScriptMode) mode, script);
    }
}

// A damaged user is that user's trouble only; and the drop does not have it sent to all again.
static void
test_one_fails (LmtpFixture *f, gconstpointer data)
{
  run_all_failing (f, f->lmtp_port, 2, WD_STORE_ERROR_CORRUPT,
                   LHLO MAIL RCPT ("bert@example.com") RCPT ("anna@example.com")
                       RCPT ("mary-ann@example.com") DATA "C: .\n"
                                                          "S: 250\nS: 451 4.2.0\nS: 250\n");
  run_all_failing (f, f->smtp_port, 1, WD_STORE_ERROR_CORRUPT,
                   EHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com") DATA
                   "C: .\nS: 250\n");
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 0);
  g_assert_cmpuint (lmtp_fixture_count (f, "bert", "INBOX"), ==, 2 * LMTP_SCRIPT_N_MODES);
}

// Nobody has it: one that may work later makes the client try again.
static void
test_all_fail (LmtpFixture *f, gconstpointer data)
{
  set_quota (f, "bert", 300);
  run_all_failing (f, f->smtp_port, 1, WD_STORE_ERROR_TOO_LARGE,
                   EHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com") DATA
                   "C: 12345678901234567890123456789012345678901234567890123456789012345678\n"
                   "C: 12345678901234567890123456789012345678901234567890123456789012345678\n"
                   "C: .\nS: 452 4.2.2\n");
  run_all_failing (f, f->smtp_port, 1, WD_STORE_ERROR_TOO_LARGE,
                   EHLO MAIL RCPT ("anna@example.com") DATA "C: .\nS: 552 5.3.4\n");
}

static void
delete_lists (gpointer data)
{
  LmtpFixture *f = data;
  WdId user = lmtp_fixture_get_user (f, "anna");
  const WdActor actor = WD_ACTOR_SELF (user);
  g_autoptr (WdMailboxInfo) info = NULL;

  g_assert_true (wd_store_find_mailbox (f->store, &actor, "Lists", &info, NULL, NULL));
  g_assert_true (wd_store_delete_mailbox (f->store, &actor, &info->id, NULL, NULL));
}

// The mailbox goes away between the look and the step.
static void
test_mailbox_gone (LmtpFixture *f, gconstpointer data)
{
  lmtp_fixture_create_mailbox (f, "anna", "Lists");
  wd_test_fail_run_before (f->failing, "append", delete_lists, f);
  deliver_to (f, "anna+Lists@example.com");
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 1);
}

// The user goes away between RCPT and the message.
static void
test_user_gone (LmtpFixture *f, gconstpointer data)
{
  int fd = net_client_connect (f->lmtp_port);
  WdId anna = lmtp_fixture_get_user (f, "anna");
  guint n_addresses;

  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES,
                     LHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com"));
  g_assert_true (wd_store_delete_user (f->store, &anna, &n_addresses, NULL, NULL));
  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, DATA "C: .\nS: 550 5.1.1\nS: 250\n");
  close (fd);
}

// Many recipients on few workers, and all have it.
static void
test_fan_out (LmtpFixture *f, gconstpointer data)
{
  g_autoptr (GString) script = g_string_new (LHLO MAIL);

  for (guint i = 0; i < 100; i++)
    g_string_append (script, i % 2 == 0 ? RCPT ("anna@example.com") : RCPT ("bert@example.com"));
  g_string_append (script, DATA "C: Subject: x\nC: .\n");
  for (guint i = 0; i < 100; i++)
    g_string_append (script, "S: 250 2.0.0\n");
  lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_AT_ONCE, script->str);
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 50);
  g_assert_cmpuint (lmtp_fixture_count (f, "bert", "INBOX"), ==, 50);
}

static gpointer
deliver_often (gpointer data)
{
  LmtpFixture *f = data;

  for (guint i = 0; i < 25; i++)
    lmtp_fixture_run (f->lmtp_port, LMTP_SCRIPT_AT_ONCE,
                      LHLO MAIL RCPT ("anna@example.com") RCPT ("bert@example.com") DATA
                      "C: Subject: x\nC: .\nS: 250\nS: 250\nC: QUIT\nS: 221\nE\n");
  return NULL;
}

static void
test_connections (LmtpFixture *f, gconstpointer data)
{
  GThread *threads[8];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("deliver", deliver_often, f);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (lmtp_fixture_count (f, "anna", "INBOX"), ==, 200);
  g_assert_cmpuint (lmtp_fixture_count (f, "bert", "INBOX"), ==, 200);
}

#define SETTINGS "lmtp.hostname=store.example.com"
#define ADD(name, set, func)                                                                       \
  g_test_add ("/lmtp/deliver/" name, LmtpFixture, set, lmtp_fixture_set_up, func,                  \
              lmtp_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("trace", SETTINGS, test_trace);
  ADD ("octets", NULL, test_octets);
  ADD ("octets-bdat", NULL, test_octets_bdat);
  ADD ("large", NULL, test_large);
  ADD ("detail", NULL, test_detail);
  ADD ("detail-off", "lmtp.detail-mailbox=no", test_detail_off);
  ADD ("delimiter", "lmtp.recipient-delimiter=-_", test_delimiter);
  ADD ("disabled", NULL, test_disabled);
  ADD ("quota", NULL, test_quota);
  ADD ("quota-permanent", "lmtp.over-quota=permanent", test_quota);
  ADD ("quota-smtp", NULL, test_quota_smtp);
  ADD ("quota-smtp-late", NULL, test_quota_smtp_late);
  ADD ("failures", NULL, test_failures);
  // One worker appends in the order of the recipients.
  ADD ("one-fails", "lmtp.workers=1", test_one_fails);
  ADD ("all-fail", "lmtp.workers=1", test_all_fail);
  ADD ("mailbox-gone", NULL, test_mailbox_gone);
  ADD ("user-gone", NULL, test_user_gone);
  ADD ("fan-out", NULL, test_fan_out);
  ADD ("connections", NULL, test_connections);
  return g_test_run ();
}
