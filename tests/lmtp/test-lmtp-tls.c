// SPDX-License-Identifier: EUPL-1.2
// STARTTLS (RFC 3207): what was said before it counts no more, and what came too early is not
// obeyed.
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "lmtp-fixture.h"
#include "net-certificate.h"
#include "net-fixture.h"

typedef struct
{
  LmtpFixture lmtp;
  char *certificate;
  NetTlsClient client;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *settings = NULL;

  f->certificate = g_strdup_printf ("%s/wd-lmtp-tls-%d.pem", g_get_tmp_dir (), getpid ());
  net_certificate_write (f->certificate, "store.example.com");
  settings = g_strdup_printf ("lmtp.hostname=store.example.com tls.certificate=%s", f->certificate);
  lmtp_fixture_set_up (&f->lmtp, settings);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  lmtp_fixture_tear_down (&f->lmtp, NULL);
  g_unlink (f->certificate);
  g_free (f->certificate);
}

#define HELLO "S: 250-store\nS: 250-PIPELINING\nS: 250-SIZE\n"
#define HELLO_END                                                                                  \
  "S: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-CHUNKING\nS: 250-ENHANCED\nS: 250 SMTPUTF8\n"

static void
start_tls (Fixture *f, guint port, const char *script)
{
  int fd = net_client_connect (port);

  lmtp_fixture_talk (fd, LMTP_SCRIPT_LINES, script);
  g_assert_cmpint (net_tls_client_handshake (&f->client, fd, "NORMAL", NULL), ==, 0);
}

// Reads one line, which must begin so.
static void
expect (Fixture *f, const char *beginning)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char c = '\0';

  while (c != '\n')
    {
      gssize n = gnutls_record_recv (f->client.session, &c, 1);

      // A session ticket is no data.
      if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
        continue;
      g_assert_cmpint (n, ==, 1);
      g_string_append_c (line, c);
    }
  g_test_message ("%s", line->str);
  g_assert_true (g_str_has_prefix (line->str, beginning));
}

static void
expect_hello (Fixture *f)
{
  static const char *const lines[]
      = { "250-store",      "250-PIPELINING", "250-SIZE",     "250-8BITMIME",
          "250-BINARYMIME", "250-CHUNKING",   "250-ENHANCED", "250 SMTPUTF8" };

  // No STARTTLS among them.
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    expect (f, lines[i]);
}

static void
test_starttls (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) message = NULL;

  start_tls (f, f->lmtp.lmtp_port,
             "S: 220\nC: LHLO client.example\n" HELLO "S: 250-STARTTLS\n" HELLO_END
             "C: MAIL FROM:<x@example.org>\nS: 250\n"
             "C: STARTTLS now\nS: 501 5.5.4\n"
             "C: STARTTLS\nS: 220 2.0.0\n");
  // Neither the greeting nor the transaction is there any more.
  net_tls_client_send (&f->client, "RCPT TO:<anna@example.com>\r\nMAIL FROM:<>\r\n");
  expect (f, "503 5.5.1 ");
  expect (f, "503 5.5.1 ");
  net_tls_client_send (&f->client, "LHLO client.example\r\nSTARTTLS\r\n");
  expect_hello (f);
  expect (f, "503 5.5.1 TLS");
  net_tls_client_send (&f->client, "MAIL FROM:<x@example.org>\r\nRCPT TO:<anna@example.com>\r\n"
                                   "DATA\r\n");
  expect (f, "250 ");
  expect (f, "250 ");
  expect (f, "354 ");
  net_tls_client_send (&f->client, "Subject: x\r\n.\r\nQUIT\r\n");
  expect (f, "250 ");
  expect (f, "221 ");
  g_assert_true (net_tls_client_expect_end (&f->client));
  net_tls_client_clear (&f->client);

  message = lmtp_fixture_read (&f->lmtp, "anna", "INBOX");
  g_assert_nonnull (strstr (message->str, " with LMTPS (TLSv1.3 "));
}

// What a man in the middle put behind STARTTLS is thrown away (CVE-2011-0411).
static void
test_injection (Fixture *f, gconstpointer data)
{
  start_tls (f, f->lmtp.smtp_port,
             "S: 220\nC: EHLO client.example\n" HELLO "S: 250-STARTTLS\n" HELLO_END
             "R: STARTTLS\\r\\nEHLO evil\\r\\nMAIL FROM:<evil@example.org>\\r\\n\nS: 220 2.0.0\n");
  net_tls_client_send (&f->client, "MAIL FROM:<>\r\nQUIT\r\n");
  expect (f, "503 5.5.1 Say EHLO");
  expect (f, "221 ");
  net_tls_client_clear (&f->client);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/lmtp/tls/starttls", Fixture, NULL, set_up, test_starttls, tear_down);
  g_test_add ("/lmtp/tls/injection", Fixture, NULL, set_up, test_injection, tear_down);
  return g_test_run ();
}
