// SPDX-License-Identifier: EUPL-1.2
// STARTTLS and implicit TLS (RFC 3501 6.2.1, RFC 8314).
#include "config.h"

#include <glib/gstdio.h>

#include "imap-fixture.h"
#include "net-certificate.h"

typedef struct
{
  ImapFixture imap;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("imap-tls-XXXXXX", &error);
  g_autofree char *arg = NULL;
  const char *args[2] = { NULL };

  g_assert_no_error (error);
  self->path = g_build_filename (dir, "cert.pem", NULL);
  net_certificate_write (self->path, "localhost");
  arg = g_strdup_printf ("--set=tls.certificate=%s", self->path);
  args[0] = arg;
  imap_fixture_set_up (&self->imap, NULL, args);
  imap_fixture_add_user (&self->imap, "alice");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autofree char *dir = g_path_get_dirname (self->path);

  imap_fixture_tear_down (&self->imap);
  g_assert_cmpint (g_remove (self->path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
  g_free (self->path);
}

// Reads one line under TLS. Returns (transfer full): without its CRLF.
static char *
read_line (NetTlsClient *tls)
{
  GString *line = g_string_new (NULL);
  char c = '\0';

  while (c != '\n')
    {
      ssize_t n = gnutls_record_recv (tls->session, &c, 1);

      // A session ticket came.
      if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
        continue;
      if (n != 1)
        break;
      if (c != '\r' && c != '\n')
        g_string_append_c (line, c);
    }
  return g_string_free (line, FALSE);
}

static void
expect (NetTlsClient *tls, const char *pattern)
{
  g_autofree char *line = read_line (tls);

  if (!g_pattern_match_simple (pattern, line))
    g_error ("expected \"%s\", got \"%s\"", pattern, line);
}

// What was sent in the clear behind STARTTLS must not be run under TLS.
static void
test_starttls (Fixture *self, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new (self->imap.port);
  NetTlsClient tls = { 0 };

  g_autofree char *greeting = imap_client_read_line (client);
  g_assert_nonnull (g_strrstr (greeting, " STARTTLS "));
  imap_client_say (client, "x STARTTLS now");
  imap_client_expect (client, "x BAD ");
  imap_client_say (client, "a STARTTLS\r\nb NOOP");
  imap_client_expect (client, "a OK ");
  g_assert_cmpint (net_tls_client_handshake (&tls, imap_client_get_fd (client), "NORMAL", NULL), ==,
                   0);
  net_tls_client_send (&tls, "c CAPABILITY\r\n");
  expect (&tls, "* CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE "
                "AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN");
  expect (&tls, "c OK *");
  net_tls_client_send (&tls, "d STARTTLS\r\n");
  expect (&tls, "d BAD TLS is on already");
  net_tls_client_send (&tls, "e LOGIN alice " IMAP_FIXTURE_PASSWORD "\r\n");
  expect (&tls, "e OK *");
  net_tls_client_clear (&tls);
}

static void
test_implicit (Fixture *self, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new (self->imap.tls_port);
  NetTlsClient tls = { 0 };

  g_assert_cmpint (net_tls_client_handshake (&tls, imap_client_get_fd (client), "NORMAL", NULL), ==,
                   0);
  expect (&tls, "* OK ?CAPABILITY IMAP4rev1 * AUTH=SCRAM-SHA-256-PLUS *");
  net_tls_client_send (&tls, "a LOGIN alice " IMAP_FIXTURE_PASSWORD "\r\nb SELECT INBOX\r\n");
  expect (&tls, "a OK *");
  expect (&tls, "* FLAGS *");
  net_tls_client_send (&tls, "c LOGOUT\r\n");
  net_tls_client_clear (&tls);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/imap/tls/starttls", Fixture, NULL, set_up, test_starttls, tear_down);
  g_test_add ("/imap/tls/implicit", Fixture, NULL, set_up, test_implicit, tear_down);
  return g_test_run ();
}
