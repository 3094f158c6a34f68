// SPDX-License-Identifier: EUPL-1.2
// Connections under TLS: both ways in, what is refused, resumption, and new certificates.
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core-clock.h"
#include "core-limits.h"
#include "net-certificate.h"
#include "net-fixture.h"
#include "net-tls.h"

#define NORMAL "NORMAL"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

typedef struct
{
  NetFixture net;
  char *directory;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  const char *args[] = { NULL, NULL };
  g_autofree char *setting = NULL;

  self->directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  self->path = g_build_filename (self->directory, "tls.pem", NULL);
  net_certificate_write (self->path, "first.example.com");
  setting = g_strdup_printf ("--set=tls.certificate=%s", self->path);
  args[0] = setting;
  net_fixture_set_up (&self->net, args);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  net_fixture_tear_down (&self->net);
  g_unlink (self->path);
  g_rmdir (self->directory);
  g_free (self->path);
  g_free (self->directory);
}

static void
shake_hands (Fixture *self,
             NetTlsClient *client,
             const char *priority,
             const gnutls_datum_t *resume)
{
  int fd = net_client_connect (self->net.tls_port);

  g_assert_cmpint (net_tls_client_handshake (client, fd, priority, resume), ==, 0);
  net_tls_client_expect (client, "HELLO\n");
}

static void
test_implicit (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *priority;
    const char *who;
  } rows[] = {
    { TLS13, "127.0.0.1 echos near TLSv1.3 TLS_" },
    { TLS12, "127.0.0.1 echos near TLSv1.2 TLS_" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      NetTlsClient client;

      shake_hands (self, &client, rows[i].priority, NULL);
      net_tls_client_send (&client, "WHO\n");
      net_tls_client_expect (&client, rows[i].who);
      net_tls_client_clear (&client);

      shake_hands (self, &client, rows[i].priority, NULL);
      net_tls_client_send (&client, "PING\nPI");
      net_tls_client_send (&client, "NG\nQUIT\n");
      net_tls_client_expect (&client, "PONG\nPONG\nBYE\n");
      g_assert_true (net_tls_client_expect_end (&client));
      net_tls_client_clear (&client);
    }
}

// Old versions, and what is no TLS at all, cost no session.
static void
test_refused (Fixture *self, gconstpointer data)
{
  int fd = net_client_connect (self->net.tls_port);
  char junk[100] = "";
  NetTlsClient client;

  g_assert_cmpint (net_tls_client_handshake (&client, fd, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL), <,
                   0);
  net_tls_client_clear (&client);

  fd = net_client_connect (self->net.tls_port);
  net_client_send (fd, "PING\r\nPING\r\nPING\r\n");
  while (recv (fd, junk, sizeof junk, 0) > 0)
    g_assert_null (memmem (junk, sizeof junk, "PONG", 4));
  close (fd);
  net_fixture_wait_sessions (0);
  g_assert_cmpuint (net_fixture_get_n_runs (), ==, 0);
}

static void
test_starttls (Fixture *self, gconstpointer data)
{
  int fd = net_client_connect (self->net.port);
  NetTlsClient client;

  net_client_expect (fd, "HELLO\n");
  net_client_send (fd, "STARTTLS\n");
  net_client_expect (fd, "GO\n");
  g_assert_cmpint (net_tls_client_handshake (&client, fd, NORMAL, NULL), ==, 0);
  net_tls_client_send (&client, "WHO\nSTARTTLS\n");
  net_tls_client_expect (&client, "127.0.0.1 echo near TLSv1.3 ");
  net_tls_client_skip (&client, strlen ("TLS_AES_256_GCM_SHA384\n"));
  net_tls_client_expect (&client, "NO\n");
  net_tls_client_clear (&client);
}

// What stood behind STARTTLS in the same segment is never obeyed.
static void
test_starttls_injection (Fixture *self, gconstpointer data)
{
  g_autofree char *much = g_strnfill (60000, 'x');
  const char *rest[] = { "PING\n", "PING\nPI", much };

  for (guint i = 0; i < G_N_ELEMENTS (rest); i++)
    {
      int fd = net_client_connect (self->net.port);
      g_autofree char *all = g_strconcat ("STARTTLS\n", rest[i], NULL);
      NetTlsClient client;

      net_client_expect (fd, "HELLO\n");
      net_client_send (fd, all);
      net_client_expect (fd, "GO\n");
      g_assert_cmpint (net_tls_client_handshake (&client, fd, NORMAL, NULL), ==, 0);
      net_tls_client_send (&client, "NG\nWHO\n");
      net_tls_client_expect (&client, "WHAT\n127.0.0.1");
      net_tls_client_clear (&client);
    }
}

static void
test_no_certificate (void)
{
  const char *args[] = { "--config=/dev/null", "--listen=echos=127.0.0.1:0", NULL };
  g_autoptr (GError) error = NULL;
  NetFixture net;
  int fd;

  net_fixture_set_up (&net, NULL);
  fd = net_client_connect (net.port);
  net_client_expect (fd, "HELLO\n");
  net_client_send (fd, "STARTTLS\nPING\n");
  net_client_expect (fd, "NO\nPONG\n");
  close (fd);
  net_fixture_tear_down (&net);

  g_assert_null (wd_net_service_start_for_test (&net_fixture_spec, args, &error));
  g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE);
}

// The key in a file of its own, or as a credential of systemd.
static void
test_separate_key (void)
{
  g_autofree char *directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "certificate", NULL);
  g_autofree char *key_path = g_build_filename (directory, "tls-key", NULL);
  g_autofree char *set_path = g_strdup_printf ("--set=tls.certificate=%s", path);
  g_autofree char *set_key = g_strdup_printf ("--set=tls.key=%s", key_path);
  const char *with_file[] = { set_path, set_key, NULL };
  const char *with_credential[] = { set_path, NULL };
  const char *const *args[] = { with_file, with_credential };

  net_certificate_write_pair (path, key_path, "pair.example.com");
  for (guint i = 0; i < G_N_ELEMENTS (args); i++)
    {
      Fixture self = { 0 };
      NetTlsClient client;

      if (i == 1)
        g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
      net_fixture_set_up (&self.net, args[i]);
      shake_hands (&self, &client, NORMAL, NULL);
      g_autofree char *name = net_tls_client_dup_name (&client);
      g_assert_cmpstr (name, ==, "pair.example.com");
      net_tls_client_clear (&client);
      net_fixture_tear_down (&self.net);
      g_unsetenv ("CREDENTIALS_DIRECTORY");
    }
  g_unlink (path);
  g_unlink (key_path);
  g_rmdir (directory);
}

static void
test_bad_certificate (void)
{
  static const char *const settings[]
      = { "--set=tls.certificate=/dev/null", "--set=tls.certificate=/no/such/file" };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      const char *args[] = { "--config=/dev/null", "--listen=echo=127.0.0.1:0", settings[i], NULL };
      g_autoptr (GError) error = NULL;

      g_assert_null (wd_net_service_start_for_test (&net_fixture_spec, args, &error));
      g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE);
    }
}

// Big answers in full records, to a reader that is slow at first.
static void
test_big (Fixture *self, gconstpointer data)
{
  NetTlsClient client;

  shake_hands (self, &client, NORMAL, NULL);
  net_tls_client_send (&client, "BIG 8000000\nCHUNK 3000000\nPING\n");
  g_usleep (5000);
  net_tls_client_skip (&client, 8000000);
  net_tls_client_expect (&client, "<x");
  net_tls_client_skip (&client, 3000000 - 2);
  net_tls_client_expect (&client, "x>PONG\n");
  g_assert_cmpuint (net_fixture_get_max_output (), <=, WD_LIMIT_OUTPUT_HIGH_WATER_BYTES + 1000);
  net_tls_client_clear (&client);
}

// Many lines in one record: epoll tells of the first alone.
static void
test_pending (Fixture *self, gconstpointer data)
{
  NetTlsClient client;
  g_autoptr (GString) in = g_string_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < 20000; i++)
    {
      g_string_append (in, "PING\n");
      g_string_append (out, "PONG\n");
    }
  shake_hands (self, &client, NORMAL, NULL);
  for (gsize at = 0; at < in->len; at += 16000)
    {
      g_autofree char *part = g_strndup (in->str + at, MIN (16000, in->len - at));

      net_tls_client_send (&client, part);
    }
  net_tls_client_expect (&client, out->str);
  net_tls_client_clear (&client);
}

static void
test_resumption (Fixture *self, gconstpointer data)
{
  static const char *const priorities[] = { TLS12, TLS13 };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      NetTlsClient first;
      NetTlsClient second;
      gnutls_datum_t ticket;

      shake_hands (self, &first, priorities[i], NULL);
      g_assert_false (gnutls_session_is_resumed (first.session));
      g_assert_cmpint (gnutls_session_get_data2 (first.session, &ticket), ==, 0);
      net_tls_client_clear (&first);

      shake_hands (self, &second, priorities[i], &ticket);
      g_assert_true (gnutls_session_is_resumed (second.session));
      net_tls_client_clear (&second);
      gnutls_free (ticket.data);
    }
}

// A new certificate is for new connections; those that are there go on with the old.
static void
test_reload (Fixture *self, gconstpointer data)
{
  NetTlsClient old;
  NetTlsClient fresh;
  NetTlsClient late;

  shake_hands (self, &old, NORMAL, NULL);
  net_certificate_write (self->path, "second.example.com");
  wd_net_service_reload_for_test (self->net.service);

  net_tls_client_send (&old, "PING\n");
  net_tls_client_expect (&old, "PONG\n");
  shake_hands (self, &fresh, NORMAL, NULL);
  g_autofree char *old_name = net_tls_client_dup_name (&old);
  g_autofree char *fresh_name = net_tls_client_dup_name (&fresh);
  g_assert_cmpstr (old_name, ==, "first.example.com");
  g_assert_cmpstr (fresh_name, ==, "second.example.com");

  // One that cannot be used is not taken.
  g_assert_true (g_file_set_contents (self->path, "none", -1, NULL));
  wd_net_service_reload_for_test (self->net.service);
  net_tls_client_send (&fresh, "PING\n");
  net_tls_client_expect (&fresh, "PONG\n");
  shake_hands (self, &late, NORMAL, NULL);
  g_autofree char *late_name = net_tls_client_dup_name (&late);
  g_assert_cmpstr (late_name, ==, "second.example.com");
  net_tls_client_clear (&old);
  net_tls_client_clear (&fresh);
  net_tls_client_clear (&late);
}

static void
test_handshake_deadline (Fixture *self, gconstpointer data)
{
  int fd = net_client_connect (self->net.tls_port);

  net_fixture_wait_sessions (1);
  wd_net_service_wait_parked_for_test (self->net.service);
  wd_core_clock_advance_for_test ((WD_LIMIT_TLS_HANDSHAKE_SECS + 1) * G_USEC_PER_SEC);
  wd_net_service_kick_for_test (self->net.service);
  net_client_expect_end (fd);
  close (fd);
  net_fixture_wait_sessions (0);
}

static void
test_channel_binding (Fixture *self, gconstpointer data)
{
  static const char *const priorities[] = { TLS12, TLS13 };

  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      NetTlsClient client;
      gnutls_datum_t binding;
      g_autoptr (GString) hex = g_string_new (NULL);

      shake_hands (self, &client, priorities[i], NULL);
      g_assert_cmpint (
          gnutls_session_channel_binding (client.session, GNUTLS_CB_TLS_EXPORTER, &binding), ==, 0);
      g_assert_cmpuint (binding.size, ==, 32);
      for (guint k = 0; k < 32; k++)
        g_string_append_printf (hex, "%02x", binding.data[k]);
      g_string_append_c (hex, '\n');
      net_tls_client_send (&client, "BINDING\n");
      net_tls_client_expect (&client, hex->str);
      gnutls_free (binding.data);
      net_tls_client_clear (&client);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/net/tls/implicit", test_implicit);
  ADD ("/net/tls/refused", test_refused);
  ADD ("/net/tls/starttls", test_starttls);
  ADD ("/net/tls/starttls-injection", test_starttls_injection);
  ADD ("/net/tls/big", test_big);
  ADD ("/net/tls/pending", test_pending);
  ADD ("/net/tls/resumption", test_resumption);
  ADD ("/net/tls/reload", test_reload);
  ADD ("/net/tls/handshake-deadline", test_handshake_deadline);
  ADD ("/net/tls/channel-binding", test_channel_binding);
  g_test_add_func ("/net/tls/no-certificate", test_no_certificate);
  g_test_add_func ("/net/tls/separate-key", test_separate_key);
  g_test_add_func ("/net/tls/bad-certificate", test_bad_certificate);
  return g_test_run ();
}
