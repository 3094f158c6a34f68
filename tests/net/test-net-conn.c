// SPDX-License-Identifier: EUPL-1.2
// Connections in the clear, over real sockets.
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core-clock.h"
#include "core-limits.h"
#include "net-fixture.h"

typedef struct
{
  NetFixture net;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  net_fixture_set_up (&self->net, data);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  net_fixture_tear_down (&self->net);
}

static int
connect_and_greet (Fixture *self)
{
  int fd = net_client_connect (self->net.port);

  net_client_expect (fd, "HELLO\n");
  return fd;
}

static void
test_lines (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  net_client_send (fd, "PING\r\nPING\nFOO\r\nPI");
  net_client_expect (fd, "PONG\nPONG\nWHAT\n");
  net_client_send (fd, "N");
  net_client_send (fd, "G\r");
  net_client_send (fd, "\nQUIT\n");
  net_client_expect (fd, "PONG\nBYE\n");
  net_client_expect_end (fd);
  close (fd);
  net_fixture_wait_sessions (0);
}

// Ten thousand commands at once, and the client reads only when all are sent.
static void
test_pipelining (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);
  g_autoptr (GString) in = g_string_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < 10000; i++)
    {
      g_string_append (in, "PING\r\n");
      g_string_append (out, "PONG\n");
    }
  net_client_send (fd, in->str);
  net_client_expect (fd, out->str);
  close (fd);
  net_fixture_wait_sessions (0);
}

static void
test_half_close (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  net_client_send (fd, "PING\nBIG 1000000\nPING\n");
  shutdown (fd, SHUT_WR);
  g_autoptr (GString) all = net_client_read_all (fd);
  g_assert_cmpuint (all->len, ==, 1000000 + 2 * strlen ("PONG\n"));
  close (fd);
}

static void
test_line_limit (Fixture *self, gconstpointer data)
{
  static const struct
  {
    guint len;
    const char *end;
    const char *reply;
  } rows[] = {
    { 999, "\r\n", "WHAT\n" },      { 1000, "\r\n", "WHAT\n" }, { 1000, "\n", "WHAT\n" },
    { 1001, "\r\n", "TOO LONG\n" }, { 1001, "", "TOO LONG\n" }, { 200000, "\n", "TOO LONG\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      int fd = connect_and_greet (self);
      g_autofree char *line = g_strnfill (rows[i].len, 'q');

      net_client_send (fd, line);
      net_client_send (fd, rows[i].end);
      net_client_expect (fd, rows[i].reply);
      close (fd);
    }
}

static void
test_chunks (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  net_client_send (fd, "PING\nCHUNK 3\nCHUNK 300000\nCHUNK 5000\nPING\nQUIT\n");
  g_autoptr (GString) all = net_client_read_all (fd);
  g_assert_cmpuint (all->len, ==, 5 + 5 + 300002 + 5002 + 5 + 4);
  g_assert_true (g_str_has_prefix (all->str, "PONG\n<xxx><xxx"));
  g_assert_true (g_str_has_suffix (all->str, "xxx>PONG\nBYE\n"));
  g_assert_cmpint (all->str[10 + 300001], ==, '>');
  g_assert_cmpint (all->str[10 + 300002], ==, '<');
  close (fd);
}

// The client asks for 64 MiB and does not read: the service holds a bounded part, and no worker.
static void
test_slow_reader (Fixture *self, gconstpointer data)
{
  int slow[20];
  int fd;
  gsize n_read = 0;
  gsize total = 64 * 1024 * 1024;
  char junk[65536];
  guint n_runs;

  for (guint i = 0; i < G_N_ELEMENTS (slow); i++)
    {
      slow[i] = connect_and_greet (self);
      net_client_send (slow[i], "BIG 67108864\nPING\n");
    }
  fd = connect_and_greet (self);
  net_client_send (fd, "PING\n");
  net_client_expect (fd, "PONG\n");
  g_assert_cmpuint (net_fixture_get_max_output (), <=, WD_LIMIT_OUTPUT_HIGH_WATER_BYTES + 1000);

  while (n_read < total)
    {
      gssize n = recv (slow[0], junk, MIN (sizeof junk, total - n_read), 0);

      g_assert_cmpint (n, >, 0);
      n_read += (gsize) n;
    }
  net_client_expect (slow[0], "PONG\n");
  g_assert_cmpuint (net_fixture_get_max_output (), <=, WD_LIMIT_OUTPUT_HIGH_WATER_BYTES + 1000);

  // Those that do not read cost no runs.
  n_runs = net_fixture_get_n_runs ();
  for (guint i = 0; i < 10; i++)
    {
      net_client_send (fd, "PING\n");
      net_client_expect (fd, "PONG\n");
    }
  g_assert_cmpuint (net_fixture_get_n_runs () - n_runs, <=, 30);
  for (guint i = 0; i < G_N_ELEMENTS (slow); i++)
    close (slow[i]);
  close (fd);
  net_fixture_wait_sessions (0);
}

static void
advance (Fixture *self, guint secs)
{
  wd_net_service_wait_parked_for_test (self->net.service);
  wd_core_clock_advance_for_test (secs * (gint64) G_USEC_PER_SEC);
  wd_net_service_kick_for_test (self->net.service);
}

static void
test_deadline (Fixture *self, gconstpointer data)
{
  int quiet = connect_and_greet (self);
  int phase = connect_and_greet (self);
  int none = connect_and_greet (self);

  net_client_send (quiet, "QUIET 100\n");
  net_client_expect (quiet, "PONG\n");
  net_client_send (phase, "PHASE 250\n");
  net_client_expect (phase, "PONG\n");

  // A command begins the quiet time anew, and not that of the phase.
  for (guint i = 0; i < 3; i++)
    {
      advance (self, 70);
      net_client_send (quiet, "PING\n");
      net_client_expect (quiet, "PONG\n");
      net_client_send (phase, "PING\n");
      net_client_expect (phase, "PONG\n");
    }
  advance (self, 50);
  net_client_expect (phase, "LATE\n");
  net_client_expect_end (phase);

  // Half a line does not.
  net_client_send (quiet, "PI");
  advance (self, 60);
  net_client_expect (quiet, "LATE\n");
  net_client_expect_end (quiet);

  net_client_send (none, "PING\n");
  net_client_expect (none, "PONG\n");
  close (quiet);
  close (phase);
  close (none);
}

// A peer that takes nothing of its answer is late, too.
static void
test_deadline_of_reader (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  net_client_send (fd, "QUIET 100\nBIG 67108864\n");
  net_client_expect (fd, "PONG\n");
  advance (self, 99);
  g_assert_cmpuint (net_fixture_get_n_sessions (), ==, 1);
  advance (self, 2);
  net_fixture_wait_sessions (0);
  close (fd);
}

static void
test_wake (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  for (guint i = 0; i < 100; i++)
    {
      net_fixture_wake_all ();
      net_client_expect (fd, "WOKEN\n");
    }
  close (fd);
}

// A command whose client is gone is cancelled; one whose client only ended its side is not.
static void
test_lost_peer (Fixture *self, gconstpointer data)
{
  struct linger reset = { .l_onoff = 1 };
  int gone = connect_and_greet (self);
  int half = connect_and_greet (self);

  net_client_send (gone, "BLOCK\n");
  net_client_send (half, "BLOCK\n");
  net_fixture_wait_blocked (2);
  shutdown (half, SHUT_WR);
  setsockopt (gone, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close (gone);
  for (guint i = 0; i < 2; i++)
    {
      wd_core_clock_advance_for_test (4 * G_USEC_PER_SEC);
      wd_net_service_kick_for_test (self->net.service);
    }
  net_fixture_wait_sessions (1);
  net_fixture_unblock ();
  net_client_expect (half, "UNBLOCKED\n");
  net_client_expect_end (half);
  close (half);
}

// A session that does not take its input is not run again for it.
static void
test_stalled (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);
  guint n_runs;

  net_client_send (fd, "IGNORE\n");
  net_client_expect (fd, "PONG\n");
  n_runs = net_fixture_get_n_runs ();
  net_client_send (fd, "PING\n");
  net_client_send (fd, "PING\n");
  for (guint i = 0; i < 10; i++)
    wd_net_service_wait_parked_for_test (self->net.service);
  g_assert_cmpuint (net_fixture_get_n_runs () - n_runs, <=, 2);
  net_fixture_wake_all ();
  net_client_expect (fd, "WOKEN\nPONG\nPONG\n");
  close (fd);
}

// Input that nobody consumes is held up to its limit, a line end above what is promised, and the
// rest stays in the kernel, without a run for it.
static void
test_input_limit (Fixture *self, gconstpointer data)
{
  g_autofree char *much = g_strnfill (WD_LIMIT_INPUT_BUFFER_BYTES + 30000, 'x');
  g_autofree char *reply = g_strdup_printf ("%u\n", WD_LIMIT_INPUT_BUFFER_BYTES + 2);
  int fd = connect_and_greet (self);
  guint n_runs;

  net_client_send (fd, "HOARD\n");
  net_client_send (fd, much);
  net_client_expect (fd, reply);
  n_runs = net_fixture_get_n_runs ();
  for (guint i = 0; i < 10; i++)
    wd_net_service_wait_parked_for_test (self->net.service);
  g_assert_cmpuint (net_fixture_get_n_runs () - n_runs, <=, 1);
  close (fd);
}

static void
test_who (Fixture *self, gconstpointer data)
{
  int fd = connect_and_greet (self);

  net_client_send (fd, "WHO\n");
  net_client_expect (fd, "127.0.0.1 echo near clear\n");
  close (fd);
}

static void
test_unread_input (Fixture *self, gconstpointer data)
{
  // What follows QUIT is not read, and must not cost the client the answer to it.
  for (guint i = 0; i < 50; i++)
    {
      int fd = connect_and_greet (self);
      g_autofree char *rest = g_strnfill (100000, 'x');
      g_autofree char *all = g_strconcat ("QUIT\n", rest, NULL);

      net_client_send (fd, all);
      net_client_expect (fd, "BYE\n");
      close (fd);
    }
}

// The service says goodbye to the idle, and lets a running command end first.
static void
test_shutdown (void)
{
  NetFixture net;
  int idle;
  int busy;

  net_fixture_set_up (&net, NULL);
  idle = net_client_connect (net.port);
  busy = net_client_connect (net.port);
  net_client_expect (idle, "HELLO\n");
  net_client_expect (busy, "HELLO\n");
  net_client_send (busy, "BLOCK\n");
  net_fixture_wait_blocked (1);

  g_autoptr (GThread) stopper
      = g_thread_new ("stop", (GThreadFunc) (gpointer) wd_net_service_stop_for_test, net.service);
  net_client_expect (idle, "SHUTDOWN\n");
  net_client_expect_end (idle);
  net_fixture_unblock ();
  net_client_expect (busy, "UNBLOCKED\nSHUTDOWN\n");
  net_client_expect_end (busy);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (g_steal_pointer (&stopper))), ==, 0);
  close (idle);
  close (busy);
}

// A command that does not end in time is cancelled, and its connection closed.
static void
test_shutdown_deadline (void)
{
  NetFixture net;
  int fd;

  net_fixture_set_up (&net, NULL);
  fd = net_client_connect (net.port);
  net_client_expect (fd, "HELLO\n");
  net_client_send (fd, "BLOCK\n");
  net_fixture_wait_blocked (1);

  g_autoptr (GThread) stopper
      = g_thread_new ("stop", (GThreadFunc) (gpointer) wd_net_service_stop_for_test, net.service);
  wd_net_service_cancel_for_test (net.service);
  net_client_expect (fd, "CANCELLED\n");
  net_client_expect_end (fd);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (g_steal_pointer (&stopper))), ==, 0);
  close (fd);
}

static void
test_cap (void)
{
  const char *args[] = { "--set=lmtp.max-connections=3", NULL };
  NetFixture net;
  int fds[4];

  net_fixture_set_up (&net, args);
  for (guint i = 0; i < 4; i++)
    fds[i] = net_client_connect (net.port);
  for (guint i = 0; i < 3; i++)
    net_client_expect (fds[i], "HELLO\n");
  net_client_send (fds[0], "PING\n");
  net_client_expect (fds[0], "PONG\n");
  g_assert_cmpuint (wd_net_service_get_n_connections_for_test (net.service), ==, 3);

  // The fourth waits in the backlog until there is room.
  close (fds[1]);
  net_client_expect (fds[3], "HELLO\n");
  close (fds[0]);
  close (fds[2]);
  close (fds[3]);
  net_fixture_wait_sessions (0);
  net_fixture_tear_down (&net);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/net/conn/lines", test_lines);
  ADD ("/net/conn/pipelining", test_pipelining);
  ADD ("/net/conn/half-close", test_half_close);
  ADD ("/net/conn/line-limit", test_line_limit);
  ADD ("/net/conn/chunks", test_chunks);
  ADD ("/net/conn/slow-reader", test_slow_reader);
  ADD ("/net/conn/deadline", test_deadline);
  ADD ("/net/conn/deadline-of-reader", test_deadline_of_reader);
  ADD ("/net/conn/wake", test_wake);
  ADD ("/net/conn/lost-peer", test_lost_peer);
  ADD ("/net/conn/stalled", test_stalled);
  ADD ("/net/conn/input-limit", test_input_limit);
  ADD ("/net/conn/who", test_who);
  ADD ("/net/conn/unread-input", test_unread_input);
  g_test_add_func ("/net/conn/shutdown", test_shutdown);
  g_test_add_func ("/net/conn/shutdown-deadline", test_shutdown_deadline);
  g_test_add_func ("/net/conn/cap", test_cap);
  return g_test_run ();
}
