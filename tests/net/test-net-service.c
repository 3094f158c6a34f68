// SPDX-License-Identifier: EUPL-1.2
// A service as a process: options, exit statuses, signals, inherited sockets, what systemd is told.
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "net-address.h"
#include "net-fixture.h"

#define MAX_ARGS 16

typedef struct
{
  char *directory;
  char *path;   // Of the socket that it listens on.
  char *notify; // Of the socket that stands for systemd.
  char *config;
  char *log;
  int notify_fd;
  pid_t pid;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval timeout = { .tv_sec = 10 };

  self->directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  self->path = g_build_filename (self->directory, "echo", NULL);
  self->notify = g_build_filename (self->directory, "notify", NULL);
  self->config = g_build_filename (self->directory, "test.conf", NULL);
  self->log = g_build_filename (self->directory, "log", NULL);
  g_assert_true (g_file_set_contents (self->config, "", 0, NULL));

  self->notify_fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_strlcpy (address.sun_path, self->notify, sizeof address.sun_path);
  g_assert_cmpint (bind (self->notify_fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  setsockopt (self->notify_fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  close (self->notify_fd);
  g_unlink (self->notify);
  g_unlink (self->config);
  g_unlink (self->log);
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->path);
  g_free (self->notify);
  g_free (self->config);
  g_free (self->log);
}

// In the child: between fork and exec.
static void
exec_service (Fixture *self, const char *const *args, int listen_fd, const char *watchdog)
{
  g_autofree char *program = g_test_build_filename (G_TEST_BUILT, "net", "net-echo", NULL);
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  const char *argv[MAX_ARGS] = { program, "--config", self->config };
  int log_fd = open (self->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    argv[3 + i] = args[i];
  dup2 (log_fd, STDOUT_FILENO);
  dup2 (log_fd, STDERR_FILENO);
  g_setenv ("NOTIFY_SOCKET", self->notify, TRUE);
  if (watchdog != NULL)
    {
      g_setenv ("WATCHDOG_USEC", watchdog, TRUE);
      g_setenv ("WATCHDOG_PID", pid, TRUE);
    }
  if (listen_fd >= 0)
    {
      dup2 (listen_fd, 3);
      g_setenv ("LISTEN_FDS", "1", TRUE);
      g_setenv ("LISTEN_FDNAMES", "echo", TRUE);
      g_setenv ("LISTEN_PID", pid, TRUE);
    }
  execv (program, (char **) argv);
  _exit (127);
}

static void
spawn (Fixture *self, const char *const *args, int listen_fd, const char *watchdog)
{
  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    exec_service (self, args, listen_fd, watchdog);
}

static int
wait_status (Fixture *self)
{
  int status = 0;

  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
expect_notice (Fixture *self, const char *wanted)
{
  char text[1000];
  gssize n = recv (self->notify_fd, text, sizeof text - 1, 0);

  g_assert_cmpint (n, >, 0);
  text[n] = '\0';
  if (strstr (text, wanted) == NULL)
    g_error ("wanted %s, got %s", wanted, text);
}

// Starts it on the unix socket, and waits until it is ready.
static void
start (Fixture *self, const char *setting, const char *watchdog)
{
  g_autofree char *listener = g_strdup_printf ("--listen=echo=unix:%s", self->path);
  const char *args[] = { listener, setting, NULL };

  spawn (self, args, -1, watchdog);
  expect_notice (self, "READY=1");
}

static int
connect_and_greet (Fixture *self)
{
  int fd = net_client_connect_unix (self->path);

  net_client_expect (fd, "HELLO\n");
  return fd;
}

static void
test_statuses (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *config;
    const char *args[3];
    int status;
    const char *log;
  } rows[] = {
    { "", { "--version" }, 0, "wildduck-lmtp " WD_VERSION "\n" },
    { "", { "--help" }, 0, "NAME is one of: echo, echos." },
    { "", { "--nonsense" }, EX_USAGE, "--nonsense" },
    { "", { "nonsense" }, EX_USAGE, "unexpected argument: nonsense" },
    { "", { NULL }, EX_UNAVAILABLE, "there is no socket to serve" },
    { "",
      { "--listen=nope=127.0.0.1:0" },
      EX_UNAVAILABLE,
      "called \"nope\"; there is: echo, echos" },
    { "", { "--listen=echo" }, EX_UNAVAILABLE, "not NAME=ADDRESS" },
    { "", { "--listen=echo=127.0.0.1:99999" }, EX_UNAVAILABLE, "HOST:PORT" },
    { "", { "--listen=echo=unix:relative" }, EX_UNAVAILABLE, "must be absolute" },
    { "", { "--listen=echos=127.0.0.1:0" }, EX_CONFIG, "no [tls] certificate" },
    { "[lmtp]\nbogus=1\n", { "--listen=echo=127.0.0.1:0" }, EX_CONFIG, "test.conf:2" },
    { "", { "--listen=echo=127.0.0.1:0", "--set=lmtp.workers=x" }, EX_CONFIG, "workers" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *log = NULL;

      g_assert_true (g_file_set_contents (self->config, rows[i].config, -1, NULL));
      spawn (self, rows[i].args, -1, NULL);
      g_assert_cmpint (wait_status (self), ==, rows[i].status);
      g_assert_true (g_file_get_contents (self->log, &log, NULL, NULL));
      if (strstr (log, rows[i].log) == NULL)
        g_error ("row %u: wanted %s, got %s", i, rows[i].log, log);
    }
}

// A socket file that is left over is replaced; one that is served is not, and it is removed at the
// end.
static void
test_unix_socket (Fixture *self, gconstpointer data)
{
  g_autofree char *listener = g_strdup_printf ("--listen=echo=unix:%s", self->path);
  const char *args[] = { listener, NULL };
  pid_t first;
  int fd;

  start (self, NULL, NULL);
  kill (self->pid, SIGKILL);
  waitpid (self->pid, NULL, 0);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));

  start (self, NULL, NULL);
  first = self->pid;
  spawn (self, args, -1, NULL);
  g_assert_cmpint (wait_status (self), ==, EX_UNAVAILABLE);

  fd = connect_and_greet (self);
  net_client_send (fd, "WHO\n");
  net_client_expect (fd, "unix echo near clear\n");
  close (fd);
  self->pid = first;
  kill (self->pid, SIGTERM);
  g_assert_cmpint (wait_status (self), ==, 0);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  expect_notice (self, "STOPPING=1");
}

static void
test_terminate (Fixture *self, gconstpointer data)
{
  static const int signals[] = { SIGTERM, SIGINT };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      int idle;
      int busy;

      start (self, NULL, NULL);
      idle = connect_and_greet (self);
      busy = connect_and_greet (self);
      net_client_send (busy, "SLEEP 100\n");
      net_client_expect (busy, "SLEEPING\n");
      kill (self->pid, signals[i]);
      expect_notice (self, "STOPPING=1");
      net_client_expect (idle, "SHUTDOWN\n");
      net_client_expect_end (idle);
      net_client_expect (busy, "SLEPT\nSHUTDOWN\n");
      net_client_expect_end (busy);
      g_assert_cmpint (wait_status (self), ==, 0);
      close (idle);
      close (busy);
    }
}

// A reload takes the new caps, and a configuration that cannot be used changes nothing.
static void
test_reload (Fixture *self, gconstpointer data)
{
  g_autofree char *log = NULL;
  int first;
  int second;

  g_assert_true (g_file_set_contents (self->config, "[lmtp]\nmax-connections=1\n", -1, NULL));
  start (self, NULL, NULL);
  first = connect_and_greet (self);
  second = net_client_connect_unix (self->path);

  g_assert_true (g_file_set_contents (self->config, "[lmtp]\nmax-connections=zero\n", -1, NULL));
  kill (self->pid, SIGHUP);
  expect_notice (self, "RELOADING=1");
  expect_notice (self, "READY=1");
  g_assert_true (g_file_get_contents (self->log, &log, NULL, NULL));
  g_assert_nonnull (strstr (log, "test.conf:2"));
  net_client_send (first, "PING\n");
  net_client_expect (first, "PONG\n");

  g_assert_true (g_file_set_contents (self->config, "[lmtp]\nmax-connections=2\n", -1, NULL));
  kill (self->pid, SIGHUP);
  expect_notice (self, "RELOADING=1");
  expect_notice (self, "READY=1");
  net_client_expect (second, "HELLO\n");
  kill (self->pid, SIGTERM);
  g_assert_cmpint (wait_status (self), ==, 0);
  close (first);
  close (second);
}

static int
make_listener (Fixture *self)
{
  g_autofree char *address = g_strdup_printf ("unix:%s", self->path);
  g_autoptr (GError) error = NULL;
  int fd = wd_net_address_listen (address, &error);

  g_assert_no_error (error);
  return fd;
}

// systemd holds the socket: it outlives the service, which leaves when nobody wants it.
static void
test_inherited (Fixture *self, gconstpointer data)
{
  const char *args[] = { "--set=lmtp.idle-exit=50ms", NULL };
  int listen_fd = make_listener (self);
  int fd = net_client_connect_unix (self->path);
  int waiting;

  spawn (self, args, listen_fd, NULL);
  net_client_expect (fd, "HELLO\n");
  // Longer than the idle time; a connection is not idle.
  net_client_send (fd, "SLEEP 150\n");
  net_client_expect (fd, "SLEEPING\nSLEPT\n");
  close (fd);
  g_assert_cmpint (wait_status (self), ==, 0);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));

  waiting = net_client_connect_unix (self->path);
  spawn (self, args, listen_fd, NULL);
  net_client_expect (waiting, "HELLO\n");
  close (waiting);
  g_assert_cmpint (wait_status (self), ==, 0);
  close (listen_fd);
}

static void
test_watchdog (Fixture *self, gconstpointer data)
{
  struct pollfd poll_fd = { .fd = self->notify_fd, .events = POLLIN };
  char junk[1000];
  int stuck;
  int waiting;
  guint n_silent = 0;

  start (self, "--set=lmtp.workers=1", "40000");
  for (guint i = 0; i < 3; i++)
    expect_notice (self, "WATCHDOG=1");

  // The one worker does not come back, and somebody waits for it.
  stuck = connect_and_greet (self);
  net_client_send (stuck, "SLEEP 400\n");
  net_client_expect (stuck, "SLEEPING\n");
  waiting = net_client_connect_unix (self->path);
  while (n_silent < 5)
    if (poll (&poll_fd, 1, 40) == 0)
      n_silent++;
    else
      g_assert_cmpint (recv (self->notify_fd, junk, sizeof junk, 0), >, 0);
  net_client_expect (stuck, "SLEPT\n");
  net_client_expect (waiting, "HELLO\n");
  expect_notice (self, "WATCHDOG=1");
  close (stuck);
  close (waiting);
  kill (self->pid, SIGTERM);
  g_assert_cmpint (wait_status (self), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)
  ADD ("/net/service/statuses", test_statuses);
  ADD ("/net/service/unix-socket", test_unix_socket);
  ADD ("/net/service/terminate", test_terminate);
  ADD ("/net/service/reload", test_reload);
  ADD ("/net/service/inherited", test_inherited);
  ADD ("/net/service/watchdog", test_watchdog);
  return g_test_run ();
}
