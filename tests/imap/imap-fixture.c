// SPDX-License-Identifier: EUPL-1.2
// An IMAP service over a scratch store, and blocking clients of it.
#include "config.h"

#include "imap-fixture.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "auth-password.h"
#include "imap-service.h"
#include "imap-session.h"
#include "net-service-private.h"

#define TIMEOUT_SECS 20

static gpointer
session_new_far (WdConn *conn, WdService *service, gpointer data)
{
  wd_net_conn_set_remote (conn, "192.0.2.1");
  return wd_imap_service_spec.session_new (conn, service, data);
}

static WdTestFail *last_fail;

// Puts a store that can fail around that of the service.
static gboolean
start_with_fail (WdService *service, gpointer *out_data, GError **error)
{
  WdImapServer *server;

  if (!wd_imap_service_spec.start (service, out_data, error))
    return FALSE;
  server = *out_data;
  g_autoptr (WdStore) inner = server->store;
  last_fail = wd_test_fail_new (inner);
  server->store = WD_STORE (last_fail);
  return TRUE;
}

void
imap_fixture_set_up (ImapFixture *self, const WdStoreOptions *options, const char *const *args)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSecret) password
      = wd_core_secret_new (IMAP_FIXTURE_PASSWORD, strlen (IMAP_FIXTURE_PASSWORD));
  const WdStoreOptions *used;
  static WdServiceSpec spec;
  gboolean has_tls = FALSE;

  self->scratch = wd_test_store_new (options);
  used = wd_test_store_get_options (self->scratch);
  self->hash = wd_auth_password_hash ("sha512", password, &error);
  g_assert_no_error (error);
  g_ptr_array_add (all, g_strdup ("--listen=imap=127.0.0.1:0"));
  g_ptr_array_add (all, g_strdup ("--config=/dev/null"));
  g_ptr_array_add (all, g_strdup ("--set=auth.password-scheme=sha512"));
  g_ptr_array_add (all, g_strdup_printf ("--set=store.uri=%s", used->uri));
  g_ptr_array_add (all, g_strdup_printf ("--set=store.runtime-dir=%s", used->runtime_dir));
  if (used->redis_uri != NULL)
    g_ptr_array_add (all, g_strdup_printf ("--set=store.redis=%s", used->redis_uri));
  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    {
      has_tls |= g_str_has_prefix (args[i], "--set=tls.certificate=");
      g_ptr_array_add (all, g_strdup (args[i]));
    }
  if (has_tls)
    g_ptr_array_add (all, g_strdup ("--listen=imaps=127.0.0.1:0"));
  g_ptr_array_add (all, NULL);
  spec = wd_imap_service_spec;
  spec.start = start_with_fail;
  if (self->is_far)
    spec.session_new = session_new_far;
  self->service = wd_net_service_start_for_test (&spec, (const char *const *) all->pdata, &error);
  g_assert_no_error (error);
  self->fail = last_fail;
  self->port = wd_net_service_get_port_for_test (self->service, "imap");
  self->tls_port = has_tls ? wd_net_service_get_port_for_test (self->service, "imaps") : 0;
}

void
imap_fixture_tear_down (ImapFixture *self)
{
  g_assert_cmpint (wd_net_service_stop_for_test (self->service), ==, 0);
  g_clear_pointer (&self->scratch, wd_test_store_free);
  g_clear_pointer (&self->hash, g_free);
}

WdId
imap_fixture_add_user (ImapFixture *self, const char *username)
{
  const WdUser spec = { .username = (char *) username, .password_hash = self->hash };
  g_autoptr (GError) error = NULL;
  WdId id = { 0 };
  gboolean ok = wd_store_create_user (wd_test_store_get (self->scratch), &spec, &id, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return id;
}

struct _ImapClient
{
  GSocketConnection *connection;
  GDataInputStream *input;
};

ImapClient *
imap_client_new (guint port)
{
  ImapClient *self = g_new0 (ImapClient, 1);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  g_socket_client_set_timeout (client, TIMEOUT_SECS);
  g_socket_client_set_enable_proxy (client, FALSE);
  self->connection
      = g_socket_client_connect_to_host (client, "127.0.0.1", (guint16) port, NULL, &error);
  g_assert_no_error (error);
  socket = g_socket_connection_get_socket (self->connection);
  g_assert_true (g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL));
  self->input
      = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (self->connection)));
  g_data_input_stream_set_newline_type (self->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  return self;
}

void
imap_client_free (ImapClient *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->input);
  g_object_unref (self->connection);
  g_free (self);
}

int
imap_client_get_fd (ImapClient *self)
{
  int fd = g_socket_get_fd (g_socket_connection_get_socket (self->connection));

  g_assert_true (g_unix_set_fd_nonblocking (fd, FALSE, NULL));
  return fd;
}

void
imap_client_send (ImapClient *self, const char *data, gsize len, gsize step)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  g_autoptr (GError) error = NULL;

  for (gsize at = 0; at < len;)
    {
      gsize n = step == 0 ? len : MIN (step, len - at);

      g_output_stream_write_all (output, data + at, n, NULL, NULL, &error);
      g_assert_no_error (error);
      at += n;
    }
}

void
imap_client_say (ImapClient *self, const char *format, ...)
{
  g_autoptr (GString) line = g_string_new (NULL);
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (line, format, args);
  va_end (args);
  g_string_append (line, "\r\n");
  imap_client_send (self, line->str, line->len, 0);
}

void
imap_client_end (ImapClient *self)
{
  // It may be gone already.
  g_socket_shutdown (g_socket_connection_get_socket (self->connection), FALSE, TRUE, NULL);
}

char *
imap_client_read_line (ImapClient *self)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (self->input, NULL, NULL, &error);

  // A peer that closes with our octets unread resets the connection: an end, too.
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED))
    g_assert_no_error (error);
  return line;
}

char *
imap_client_read (ImapClient *self, gsize len)
{
  char *data = g_malloc (len + 1);
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all (G_INPUT_STREAM (self->input), data, len, &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, len);
  data[len] = '\0';
  return data;
}

char *
imap_client_read_until (ImapClient *self, const char *prefix)
{
  for (;;)
    {
      char *line = imap_client_read_line (self);

      if (line == NULL)
        g_error ("the connection ended before \"%s\"", prefix);
      if (g_str_has_prefix (line, prefix))
        return line;
      g_free (line);
    }
}

void
imap_client_expect (ImapClient *self, const char *prefix)
{
  g_autofree char *line = imap_client_read_line (self);

  g_assert_nonnull (line);
  if (!g_str_has_prefix (line, prefix))
    g_error ("expected \"%s\", got \"%s\"", prefix, line);
}

ImapClient *
imap_client_new_login (ImapFixture *fixture, const char *username)
{
  ImapClient *self = imap_client_new (fixture->port);

  imap_client_expect (self, "* OK [CAPABILITY ");
  imap_client_say (self, "login LOGIN %s %s", username, IMAP_FIXTURE_PASSWORD);
  imap_client_expect (self, "login OK ");
  return self;
}
