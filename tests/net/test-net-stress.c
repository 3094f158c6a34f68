// SPDX-License-Identifier: EUPL-1.2
// Connects, commands, wakes, deadlines and closes at once: made for ThreadSanitizer.
#include "config.h"

#include <glib/gstdio.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core-clock.h"
#include "net-certificate.h"
#include "net-fixture.h"

#define CLIENTS 8
#define CONNECTIONS_PER_CLIENT 150

typedef struct
{
  guint port;
  guint number;
} Client;

static _Atomic gboolean is_over;

// Reads lines until it has seen this one, whatever wakes come between.
static gboolean
wait_for_line (int fd, const char *wanted)
{
  g_autoptr (GString) line = g_string_new (NULL);
  char c;

  while (read (fd, &c, 1) == 1)
    {
      g_string_append_c (line, c);
      if (c != '\n')
        continue;
      if (g_str_equal (line->str, wanted))
        return TRUE;
      g_string_truncate (line, 0);
    }
  return FALSE;
}

static gpointer
run_client (gpointer data)
{
  const Client *self = data;

  for (guint i = 0; i < CONNECTIONS_PER_CLIENT; i++)
    {
      int fd = net_client_connect (self->port);

      g_assert_true (wait_for_line (fd, "HELLO\n"));
      net_client_send (fd, "QUIET 3600\n");
      for (guint k = 0; k < i % 5; k++)
        {
          net_client_send (fd, "PING\n");
          g_assert_true (wait_for_line (fd, "PONG\n"));
        }
      // Some say goodbye, some are cut off, some with an answer under way.
      if (i % 3 == 0)
        {
          net_client_send (fd, "QUIT\n");
          g_assert_true (wait_for_line (fd, "BYE\n"));
        }
      else if (i % 3 == 1)
        {
          net_client_send (fd, "BIG 2000000\n");
        }
      close (fd);
    }
  return NULL;
}

static gpointer
run_waker (gpointer data)
{
  while (!atomic_load (&is_over))
    {
      net_fixture_wake_all ();
      g_usleep (100);
    }
  return NULL;
}

static gpointer
run_clock (gpointer data)
{
  while (!atomic_load (&is_over))
    {
      wd_core_clock_advance_for_test (G_USEC_PER_SEC);
      wd_net_service_kick_for_test (data);
      g_usleep (200);
    }
  return NULL;
}

static void
test_mixed (void)
{
  NetFixture net;
  GThread *threads[CLIENTS];
  Client clients[CLIENTS];
  GThread *waker;
  GThread *clock_thread;

  net_fixture_set_up (&net, NULL);
  atomic_store (&is_over, FALSE);
  waker = g_thread_new ("waker", run_waker, NULL);
  clock_thread = g_thread_new ("clock", run_clock, net.service);
  for (guint i = 0; i < CLIENTS; i++)
    {
      clients[i] = (Client){ net.port, i };
      threads[i] = g_thread_new ("client", run_client, &clients[i]);
    }
  for (guint i = 0; i < CLIENTS; i++)
    g_thread_join (threads[i]);
  net_fixture_wait_sessions (0);
  atomic_store (&is_over, TRUE);
  g_thread_join (waker);
  g_thread_join (clock_thread);
  net_fixture_tear_down (&net);
}

// Wakes, deadlines and the shutdown race for the same parked connections.
static void
test_shutdown_race (void)
{
  for (guint round = 0; round < 20; round++)
    {
      NetFixture net;
      GThread *waker;
      int fds[50];

      net_fixture_set_up (&net, NULL);
      atomic_store (&is_over, FALSE);
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        {
          fds[i] = net_client_connect (net.port);
          net_client_send (fds[i], i % 2 == 0 ? "QUIET 1\n" : "PHASE 1\n");
        }
      waker = g_thread_new ("waker", run_waker, NULL);
      wd_core_clock_advance_for_test (2 * G_USEC_PER_SEC);
      wd_net_service_kick_for_test (net.service);
      net_fixture_tear_down (&net);
      atomic_store (&is_over, TRUE);
      g_thread_join (waker);
      for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
        close (fds[i]);
    }
}

static gpointer
run_tls_client (gpointer data)
{
  const Client *self = data;

  for (guint i = 0; i < 40; i++)
    {
      NetTlsClient tls;

      g_assert_cmpint (
          net_tls_client_handshake (&tls, net_client_connect (self->port), "NORMAL", NULL), ==, 0);
      net_tls_client_expect (&tls, "HELLO\n");
      net_tls_client_send (&tls, "BIG 100000\nQUIT\n");
      net_tls_client_skip (&tls, i % 2 == 0 ? 100000 : 1);
      net_tls_client_clear (&tls);
    }
  return NULL;
}

// Certificates change while clients shake hands and read.
static void
test_reload (void)
{
  g_autofree char *directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "tls.pem", NULL);
  g_autofree char *setting = g_strdup_printf ("--set=tls.certificate=%s", path);
  const char *args[] = { setting, NULL };
  NetFixture net;
  GThread *threads[4];
  Client client;

  net_certificate_write (path, "localhost");
  net_fixture_set_up (&net, args);
  client = (Client){ net.tls_port, 0 };
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("client", run_tls_client, &client);
  for (guint i = 0; i < 20; i++)
    wd_net_service_reload_for_test (net.service);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  net_fixture_wait_sessions (0);
  net_fixture_tear_down (&net);
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/stress/mixed", test_mixed);
  g_test_add_func ("/net/stress/reload", test_reload);
  g_test_add_func ("/net/stress/shutdown-race", test_shutdown_race);
  return g_test_run ();
}
