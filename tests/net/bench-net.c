// SPDX-License-Identifier: EUPL-1.2
// What a connection costs: answers and connections a second, CPU of the service for each, octets a
// second, and memory of one that is idle. The service runs in a process of its own.
#include "config.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net-certificate.h"
#include "net-fixture.h"

#define IDLE_CONNECTIONS 5000
#define SECONDS 2

typedef struct
{
  guint port;
  guint tls_port;
  pid_t pid;
} Server;

typedef struct
{
  guint port;
  gboolean is_tls;
  _Atomic guint64 *n_done;
  _Atomic gboolean *is_over;
} Client;

static gint64
get_cpu_us (const Server *server)
{
  struct timespec used;
  clockid_t id;

  g_assert_cmpint (clock_getcpuclockid (server->pid, &id), ==, 0);
  clock_gettime (id, &used);
  return used.tv_sec * (gint64) G_USEC_PER_SEC + used.tv_nsec / 1000;
}

static gint64
get_pss_kib (const Server *server)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps_rollup", (int) server->pid);
  g_autofree char *text = NULL;
  const char *pss;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  pss = strstr (text, "Pss:");
  g_assert_nonnull (pss);
  return g_ascii_strtoll (pss + strlen ("Pss:"), NULL, 10);
}

static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

// Forked before there are threads. Ends when the other end of the pipe does.
static void
serve (int out, int in, const char *setting)
{
  const char *args[] = { setting, NULL };
  NetFixture net;
  char c;

  net_fixture_set_up (&net, args);
  g_assert_cmpint (write (out, &net, sizeof net), ==, sizeof net);
  while (read (in, &c, 1) > 0)
    ;
  _exit (0);
}

static void
start_server (Server *out_server, int *out_stop_fd, const char *setting)
{
  int up[2];
  int down[2];
  NetFixture net;

  g_assert_cmpint (pipe (up), ==, 0);
  g_assert_cmpint (pipe (down), ==, 0);
  out_server->pid = fork ();
  g_assert_cmpint (out_server->pid, >=, 0);
  if (out_server->pid == 0)
    {
      close (down[1]);
      serve (up[1], down[0], setting);
    }
  close (up[1]);
  close (down[0]);
  g_assert_cmpint (read (up[0], &net, sizeof net), ==, sizeof net);
  close (up[0]);
  out_server->port = net.port;
  out_server->tls_port = net.tls_port;
  *out_stop_fd = down[1];
}

static gpointer
run_ping (gpointer data)
{
  const Client *self = data;
  int fd = net_client_connect (self->port);

  net_client_expect (fd, "HELLO\n");
  while (!atomic_load (self->is_over))
    {
      net_client_send (fd, "PING\n");
      net_client_expect (fd, "PONG\n");
      atomic_fetch_add (self->n_done, 1);
    }
  close (fd);
  return NULL;
}

static gpointer
run_ping_tls (gpointer data)
{
  const Client *self = data;
  NetTlsClient tls;

  g_assert_cmpint (net_tls_client_handshake (&tls, net_client_connect (self->port), "NORMAL", NULL),
                   ==, 0);
  net_tls_client_expect (&tls, "HELLO\n");
  while (!atomic_load (self->is_over))
    {
      net_tls_client_send (&tls, "PING\n");
      net_tls_client_expect (&tls, "PONG\n");
      atomic_fetch_add (self->n_done, 1);
    }
  net_tls_client_clear (&tls);
  return NULL;
}

// As an interactive client: a pause between the commands.
static gpointer
run_slow_ping (gpointer data)
{
  const Client *self = data;
  int fd = net_client_connect (self->port);

  net_client_expect (fd, "HELLO\n");
  while (!atomic_load (self->is_over))
    {
      net_client_send (fd, "PING\n");
      net_client_expect (fd, "PONG\n");
      atomic_fetch_add (self->n_done, 1);
      g_usleep (2000);
    }
  close (fd);
  return NULL;
}

static gpointer
run_connect (gpointer data)
{
  const Client *self = data;

  while (!atomic_load (self->is_over))
    {
      int fd = net_client_connect (self->port);

      if (self->is_tls)
        {
          NetTlsClient tls;

          g_assert_cmpint (net_tls_client_handshake (&tls, fd, "NORMAL", NULL), ==, 0);
          net_tls_client_expect (&tls, "HELLO\n");
          net_tls_client_clear (&tls);
        }
      else
        {
          net_client_expect (fd, "HELLO\n");
          close (fd);
        }
      atomic_fetch_add (self->n_done, 1);
    }
  return NULL;
}

static void
measure (const Server *server, const char *what, GThreadFunc func, guint n_clients, gboolean is_tls)
{
  _Atomic guint64 n_done = 0;
  _Atomic gboolean is_over = FALSE;
  Client client = { is_tls ? server->tls_port : server->port, is_tls, &n_done, &is_over };
  GThread *threads[64];
  gint64 cpu_us;
  gint64 start_us;
  gint64 took_us;

  cpu_us = get_cpu_us (server);
  start_us = g_get_monotonic_time ();
  for (guint i = 0; i < n_clients; i++)
    threads[i] = g_thread_new ("client", func, &client);
  g_usleep (SECONDS * G_USEC_PER_SEC);
  atomic_store (&is_over, TRUE);
  for (guint i = 0; i < n_clients; i++)
    g_thread_join (threads[i]);
  took_us = g_get_monotonic_time () - start_us;
  cpu_us = get_cpu_us (server) - cpu_us;
  g_print ("%-28s %2u clients: %8.0f/s, %6.1f us CPU each\n", what, n_clients,
           (double) n_done * 1e6 / (double) took_us, (double) cpu_us / (double) n_done);
}

static void
measure_bytes (const Server *server, gboolean is_tls)
{
  const gsize total = 1024 * 1024 * 1024 / (is_tls ? 2 : 1);
  g_autofree char *command = g_strdup_printf ("CHUNK %u\n", 1024 * 1024);
  static char junk[1024 * 1024];
  gint64 cpu_us = get_cpu_us (server);
  gint64 start_us = g_get_monotonic_time ();
  int fd = net_client_connect (is_tls ? server->tls_port : server->port);
  NetTlsClient tls;

  if (is_tls)
    {
      g_assert_cmpint (net_tls_client_handshake (&tls, fd, "NORMAL", NULL), ==, 0);
      net_tls_client_expect (&tls, "HELLO\n");
    }
  else
    {
      net_client_expect (fd, "HELLO\n");
    }
  for (gsize done = 0; done < total; done += 1024 * 1024)
    {
      if (is_tls)
        {
          net_tls_client_send (&tls, command);
          net_tls_client_skip (&tls, 1024 * 1024 + 2);
          continue;
        }
      net_client_send (fd, command);
      for (gsize left = 1024 * 1024 + 2; left > 0;)
        {
          gssize n = recv (fd, junk, MIN (left, sizeof junk), 0);

          g_assert_cmpint (n, >, 0);
          left -= (gsize) n;
        }
    }
  if (is_tls)
    net_tls_client_clear (&tls);
  else
    close (fd);
  g_print ("%-28s            %8.0f MB/s, %6.1f us CPU a MB\n", is_tls ? "octets, TLS" : "octets",
           (double) total / (double) (g_get_monotonic_time () - start_us),
           (double) (get_cpu_us (server) - cpu_us) / ((double) total / 1e6));
}

static void
measure_idle (const Server *server, gboolean is_tls)
{
  g_autofree int *fds = g_new0 (int, IDLE_CONNECTIONS);
  g_autofree NetTlsClient *tls = g_new0 (NetTlsClient, IDLE_CONNECTIONS);
  gint64 before_kib = get_pss_kib (server);
  gint64 cpu_us;

  for (guint i = 0; i < IDLE_CONNECTIONS; i++)
    {
      fds[i] = net_client_connect (is_tls ? server->tls_port : server->port);
      if (is_tls)
        {
          g_assert_cmpint (net_tls_client_handshake (&tls[i], fds[i], "NORMAL", NULL), ==, 0);
          net_tls_client_expect (&tls[i], "HELLO\n");
          net_tls_client_send (&tls[i], "QUIET 1800\n");
          net_tls_client_expect (&tls[i], "PONG\n");
        }
      else
        {
          net_client_expect (fds[i], "HELLO\n");
          net_client_send (fds[i], "QUIET 1800\n");
          net_client_expect (fds[i], "PONG\n");
        }
    }
  g_usleep (1500 * 1000);
  cpu_us = get_cpu_us (server);
  g_usleep (G_USEC_PER_SEC);
  g_print ("%-28s            %8.2f KiB PSS each of %u, %.0f us CPU a second for all\n",
           is_tls ? "idle, TLS" : "idle",
           (double) (get_pss_kib (server) - before_kib) / IDLE_CONNECTIONS, IDLE_CONNECTIONS,
           (double) (get_cpu_us (server) - cpu_us));
  for (guint i = 0; i < IDLE_CONNECTIONS; i++)
    if (is_tls)
      net_tls_client_clear (&tls[i]);
    else
      close (fds[i]);
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "tls.pem", NULL);
  g_autofree char *setting = g_strdup_printf ("--set=tls.certificate=%s", path);
  Server server;
  int stop_fd;

  signal (SIGPIPE, SIG_IGN);
  raise_descriptor_limit ();
  net_certificate_write (path, "localhost");
  // A service for each measure of memory, since what is freed is not always given back.
  for (guint is_tls = 0; is_tls < 2; is_tls++)
    {
      start_server (&server, &stop_fd, setting);
      measure_idle (&server, is_tls != 0);
      close (stop_fd);
      waitpid (server.pid, NULL, 0);
    }

  start_server (&server, &stop_fd, setting);
  measure (&server, "ping", run_ping, 1, FALSE);
  measure (&server, "ping", run_ping, 8, FALSE);
  measure (&server, "ping", run_ping, 64, FALSE);
  measure (&server, "ping with pauses", run_slow_ping, 8, FALSE);
  measure (&server, "ping, TLS", run_ping_tls, 8, TRUE);
  measure (&server, "connections", run_connect, 4, FALSE);
  measure (&server, "connections, TLS", run_connect, 4, TRUE);
  measure_bytes (&server, FALSE);
  measure_bytes (&server, TRUE);
  close (stop_fd);
  waitpid (server.pid, NULL, 0);
  g_unlink (path);
  g_rmdir (directory);
  return 0;
}
