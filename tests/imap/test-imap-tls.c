// SPDX-License-Identifier: EUPL-1.2
// STARTTLS and implicit TLS (RFC 3501 6.2.1, RFC 8314), and what belongs to TLS: compression above
// it (RFC 4978) and SCRAM that is bound to it (RFC 5802, 9266).
#include "config.h"

#include <glib/gstdio.h>
#include <gsasl.h>
#include <zlib.h>

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
  expect (&tls, "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE "
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
  expect (&tls, "* OK ?CAPABILITY IMAP4rev1 IMAP4rev2 * AUTH=SCRAM-SHA-256-PLUS *");
  net_tls_client_send (&tls, "a LOGIN alice " IMAP_FIXTURE_PASSWORD "\r\nb SELECT INBOX\r\n");
  expect (&tls, "a OK *");
  expect (&tls, "* FLAGS *");
  net_tls_client_send (&tls, "c LOGOUT\r\n");
  net_tls_client_clear (&tls);
}

static void
begin_tls (Fixture *self, ImapClient *client, NetTlsClient *tls)
{
  imap_client_say (client, "a STARTTLS");
  imap_client_expect (client, "* OK ");
  imap_client_expect (client, "a OK ");
  g_assert_cmpint (net_tls_client_handshake (tls, imap_client_get_fd (client), "NORMAL", NULL), ==,
                   0);
}

// TLS first, then compression (RFC 4978 3); never the other way.
static void
test_compress (Fixture *self, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new (self->imap.port);
  NetTlsClient tls = { 0 };
  z_stream out = { 0 };
  z_stream in = { 0 };
  guint8 raw[1024];
  char text[1024] = "c COMPRESS DEFLATE\r\nd STARTTLS\r\n";
  gssize n;

  begin_tls (self, client, &tls);
  net_tls_client_send (&tls, "b LOGIN alice " IMAP_FIXTURE_PASSWORD "\r\n");
  expect (&tls, "b OK ?CAPABILITY * COMPRESS=DEFLATE *");
  net_tls_client_send (&tls, "c COMPRESS DEFLATE\r\n");
  expect (&tls, "c OK *");
  g_assert_cmpint (deflateInit2 (&out, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint (inflateInit2 (&in, -15), ==, Z_OK);
  out.next_in = (Bytef *) text;
  out.avail_in = (uInt) strlen (text);
  out.next_out = raw;
  out.avail_out = sizeof raw;
  g_assert_cmpint (deflate (&out, Z_SYNC_FLUSH), ==, Z_OK);
  g_assert_cmpint (gnutls_record_send (tls.session, raw, sizeof raw - out.avail_out), >, 0);
  in.next_out = (Bytef *) text;
  in.avail_out = sizeof text - 1;
  do
    {
      n = gnutls_record_recv (tls.session, raw, sizeof raw);
      g_assert_cmpint (n, >, 0);
      in.next_in = raw;
      in.avail_in = (uInt) n;
      g_assert_cmpint (inflate (&in, Z_SYNC_FLUSH), ==, Z_OK);
      *in.next_out = '\0';
    }
  while (g_strrstr (text, "\r\nd ") == NULL);
  g_assert_true (g_str_has_prefix (text, "c NO [COMPRESSIONACTIVE] "));
  g_assert_nonnull (g_strrstr (text, "\r\nd BAD "));
  deflateEnd (&out);
  inflateEnd (&in);
  net_tls_client_clear (&tls);
}

// The keys for SCRAM are made at the first login with the password.
static void
make_keys (Fixture *self)
{
  g_autoptr (ImapClient) client = imap_client_new_login (&self->imap, "alice");

  imap_client_say (client, "a LOGOUT");
}

// The channel binding of the connection, in base64; `is_wrong`: of another one.
static char *
dup_binding (NetTlsClient *tls, gboolean is_wrong)
{
  gnutls_datum_t binding = { 0 };
  char *text;

  g_assert_cmpint (gnutls_session_channel_binding (tls->session, GNUTLS_CB_TLS_EXPORTER, &binding),
                   ==, 0);
  if (is_wrong)
    binding.data[0] ^= 1;
  text = g_base64_encode (binding.data, binding.size);
  gnutls_free (binding.data);
  return text;
}

// A whole exchange. Returns (transfer full): the tagged reply.
static char *
authenticate (NetTlsClient *tls, const char *mechanism, const char *password, gboolean is_wrong)
{
  g_autofree char *binding = dup_binding (tls, is_wrong);
  g_autofree char *input = NULL;
  Gsasl *context = NULL;
  Gsasl_session *session = NULL;
  char *output = NULL;
  char *reply;

  g_assert_cmpint (gsasl_init (&context), ==, GSASL_OK);
  g_assert_cmpint (gsasl_client_start (context, mechanism, &session), ==, GSASL_OK);
  gsasl_property_set (session, GSASL_AUTHID, "alice");
  gsasl_property_set (session, GSASL_PASSWORD, password);
  if (g_str_has_suffix (mechanism, "-PLUS"))
    gsasl_property_set (session, GSASL_CB_TLS_EXPORTER, binding);
  g_assert_cmpint (gsasl_step64 (session, NULL, &output), ==, GSASL_NEEDS_MORE);
  g_autofree char *line = g_strdup_printf ("x AUTHENTICATE %s %s\r\n", mechanism, output);
  net_tls_client_send (tls, line);
  for (;;)
    {
      g_autofree char *answer = NULL;
      int result;

      gsasl_free (output);
      output = NULL;
      reply = read_line (tls);
      if (!g_str_has_prefix (reply, "+ "))
        break;
      result = gsasl_step64 (session, reply + 2, &output);
      // The server proves that it knows the password, too.
      g_assert_true (result == GSASL_OK || result == GSASL_NEEDS_MORE);
      answer = g_strconcat (output != NULL ? output : "", "\r\n", NULL);
      net_tls_client_send (tls, answer);
      g_free (reply);
    }
  gsasl_finish (session);
  gsasl_done (context);
  return reply;
}

static void
test_scram_plus (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *mechanism;
    const char *password;
    gboolean is_wrong; // The channel binding.
    const char *reply;
  } cases[] = {
    { "SCRAM-SHA-256-PLUS", IMAP_FIXTURE_PASSWORD, FALSE, "x OK [CAPABILITY " },
    { "SCRAM-SHA-256-PLUS", IMAP_FIXTURE_PASSWORD, TRUE, "x NO [AUTHENTICATIONFAILED] " },
    { "SCRAM-SHA-256-PLUS", "wrong", FALSE, "x NO [AUTHENTICATIONFAILED] " },
    { "SCRAM-SHA-256", IMAP_FIXTURE_PASSWORD, FALSE, "x OK [CAPABILITY " },
  };

  make_keys (self);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ImapClient) client = imap_client_new (self->imap.port);
      NetTlsClient tls = { 0 };
      g_autofree char *reply = NULL;

      begin_tls (self, client, &tls);
      reply = authenticate (&tls, cases[i].mechanism, cases[i].password, cases[i].is_wrong);
      g_test_message ("%s", reply);
      g_assert_true (g_str_has_prefix (reply, cases[i].reply));
      net_tls_client_clear (&tls);
    }
}

#define BEFORE "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR"
#define AFTER "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE"
// Those of the login are sorted by preference, those of a session by the table.
#define SESSION                                                                                    \
  " IDLE UNAUTHENTICATE UTF8=ACCEPT NAMESPACE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE UNSELECT"    \
  " UIDPLUS MOVE MULTIAPPEND BINARY CATENATE REPLACE CONDSTORE QRESYNC ESEARCH SEARCHRES PARTIAL"  \
  " INPROGRESS WITHIN SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES"             \
  " LIST-EXTENDED LIST-STATUS STATUS=SIZE OBJECTID SAVEDATE PREVIEW METADATA LIST-METADATA QUOTA"  \
  " QUOTA=RES-STORAGE QUOTA=RES-MESSAGE QUOTA=RES-MAILBOX APPENDLIMIT=67108864"

// Asks in the clear. What is offered is that and nothing else.
static void
assert_capabilities (ImapClient *client, const char *expected)
{
  g_autofree char *line = NULL;

  imap_client_say (client, "c CAPABILITY");
  line = imap_client_read_line (client);
  g_assert_cmpstr (line, ==, expected);
  imap_client_expect (client, "c OK ");
}

static void
assert_capabilities_tls (NetTlsClient *tls, const char *expected)
{
  g_autofree char *line = NULL;

  net_tls_client_send (tls, "c CAPABILITY\r\n");
  line = read_line (tls);
  g_assert_cmpstr (line, ==, expected);
  expect (tls, "c OK *");
}

// From here: passwords may come in the clear, but nothing can be bound to TLS.
static void
test_capabilities_clear (Fixture *self, gconstpointer data)
{
  static const char *const before = BEFORE " STARTTLS ID ENABLE IDLE AUTH=SCRAM-SHA-256 AUTH=PLAIN"
                                           " AUTH=LOGIN";
  g_autoptr (ImapClient) client = imap_client_new (self->imap.port);

  imap_client_expect (client, "* OK ");
  assert_capabilities (client, before);
  imap_client_say (client, "a LOGIN alice " IMAP_FIXTURE_PASSWORD);
  imap_client_expect (client, "a OK ");
  assert_capabilities (client, AFTER " COMPRESS=DEFLATE" SESSION);
  imap_client_say (client, "b STARTTLS");
  imap_client_expect (client, "b BAD ");
  imap_client_say (client, "b ENABLE IMAP4rev2 UTF8=ACCEPT QRESYNC");
  imap_client_expect (client, "* ENABLED ");
  imap_client_expect (client, "b OK ");
  imap_client_say (client, "b EXAMINE INBOX");
  g_free (imap_client_read_until (client, "b OK "));
  assert_capabilities (client, AFTER " COMPRESS=DEFLATE" SESSION);
  imap_client_say (client, "b UNAUTHENTICATE");
  imap_client_expect (client, "b OK ");
  assert_capabilities (client, before);
}

// From afar: no password but under TLS.
static void
test_capabilities_far (Fixture *self, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new (self->imap.port);
  NetTlsClient tls = { 0 };

  imap_client_expect (client, "* OK ");
  assert_capabilities (client, BEFORE " STARTTLS LOGINDISABLED ID ENABLE IDLE AUTH=SCRAM-SHA-256");
  imap_client_say (client, "b LOGIN alice " IMAP_FIXTURE_PASSWORD);
  imap_client_expect (client, "b NO [PRIVACYREQUIRED] ");
  imap_client_say (client, "a STARTTLS");
  imap_client_expect (client, "a OK ");
  g_assert_cmpint (net_tls_client_handshake (&tls, imap_client_get_fd (client), "NORMAL", NULL), ==,
                   0);
  for (guint i = 0; i < 2; i++)
    {
      assert_capabilities_tls (&tls, BEFORE " ID ENABLE IDLE AUTH=SCRAM-SHA-256-PLUS"
                                            " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN");
      net_tls_client_send (&tls, "a LOGIN alice " IMAP_FIXTURE_PASSWORD "\r\n");
      expect (&tls, "a OK *");
      assert_capabilities_tls (&tls, AFTER " COMPRESS=DEFLATE" SESSION);
      net_tls_client_send (&tls, "b UNAUTHENTICATE\r\n");
      expect (&tls, "b OK *");
    }
  net_tls_client_clear (&tls);
}

static void
set_up_far (Fixture *self, gconstpointer data)
{
  self->imap.is_far = TRUE;
  set_up (self, data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/imap/tls/starttls", Fixture, NULL, set_up, test_starttls, tear_down);
  g_test_add ("/imap/tls/implicit", Fixture, NULL, set_up, test_implicit, tear_down);
  g_test_add ("/imap/tls/compress", Fixture, NULL, set_up, test_compress, tear_down);
  g_test_add ("/imap/tls/scram-plus", Fixture, NULL, set_up, test_scram_plus, tear_down);
  g_test_add ("/imap/tls/capabilities-clear", Fixture, NULL, set_up, test_capabilities_clear,
              tear_down);
  g_test_add ("/imap/tls/capabilities-far", Fixture, NULL, set_up_far, test_capabilities_far,
              tear_down);
  return g_test_run ();
}
