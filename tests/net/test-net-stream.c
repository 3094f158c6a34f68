// SPDX-License-Identifier: EUPL-1.2
// Connections that are handed over as streams.
#include "config.h"

#include <unistd.h>

#include "net-fixture.h"

static const char *const listeners[] = { "echo", NULL };

// Echoes on the main context, as a library would.
typedef struct
{
  GIOStream *stream;
  char data[100];
} Echo;

static void read_on (Echo *self);

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  Echo *self = data;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (input), result, NULL);

  // "drop": the last reference goes without a close.
  if (n > 0 && self->data[0] != 'd')
    {
      g_assert_true (g_output_stream_write_all (g_io_stream_get_output_stream (self->stream),
                                                self->data, (gsize) n, NULL, NULL, NULL));
      read_on (self);
      return;
    }
  if (n <= 0)
    g_assert_true (g_io_stream_close (self->stream, NULL, NULL));
  g_object_unref (self->stream);
  g_free (self);
}

static void
read_on (Echo *self)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream), self->data,
                             sizeof self->data, G_PRIORITY_DEFAULT, NULL, on_read, self);
}

static void
accept_stream (WdService *service, gpointer data, GIOStream *stream, const char *remote)
{
  Echo *self = g_new0 (Echo, 1);

  g_assert_cmpstr (remote, ==, "127.0.0.1");
  self->stream = stream;
  read_on (self);
}

static const WdServiceSpec spec = {
  .name = "http",
  .description = "Echoes.",
  .listeners = listeners,
  .accept_stream = accept_stream,
};

static WdService *
start (const char *setting)
{
  const char *args[] = { "--listen=echo=127.0.0.1:0", "--config=/dev/null", setting, NULL };
  g_autoptr (GError) error = NULL;
  WdService *service = wd_net_service_start_for_test (&spec, args, &error);

  g_assert_no_error (error);
  return service;
}

static void
test_echo (void)
{
  WdService *service = start (NULL);
  int fd = net_client_connect (wd_net_service_get_port_for_test (service, "echo"));

  for (guint i = 0; i < 100; i++)
    {
      net_client_send (fd, "ping");
      net_client_expect (fd, "ping");
    }
  // The idle one reads the end of its stream, and all ends at once.
  g_assert_cmpint (wd_net_service_stop_for_test (service), ==, 0);
  net_client_expect_end (fd);
  close (fd);
}

static void
test_counted (void)
{
  WdService *service = start ("--set=http.max-connections=2");
  guint port = wd_net_service_get_port_for_test (service, "echo");
  int fds[4];

  for (guint i = 0; i < 4; i++)
    fds[i] = net_client_connect (port);
  for (guint i = 0; i < 2; i++)
    {
      net_client_send (fds[i], "ping");
      net_client_expect (fds[i], "ping");
    }
  g_assert_cmpuint (wd_net_service_get_n_connections_for_test (service), ==, 2);

  // Closed by the client, and dropped by the library: both make room.
  close (fds[0]);
  net_client_send (fds[2], "ping");
  net_client_expect (fds[2], "ping");
  net_client_send (fds[1], "drop");
  net_client_expect_end (fds[1]);
  net_client_send (fds[3], "ping");
  net_client_expect (fds[3], "ping");

  g_assert_cmpint (wd_net_service_stop_for_test (service), ==, 0);
  for (guint i = 1; i < 4; i++)
    close (fds[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/stream/echo", test_echo);
  g_test_add_func ("/net/stream/counted", test_counted);
  return g_test_run ();
}
