// SPDX-License-Identifier: EUPL-1.2
// A service that speaks a small line protocol, and blocking clients of it.
#include "config.h"

#include "net-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core-limits.h"
#include "net-conn.h"

#define LINE_BYTES 1000

typedef struct _Session Session;

struct _Session
{
  WdConn *conn;
  gsize big;
  gboolean is_ignoring;
  gboolean is_hoarding;
  Session *prev;
  Session *next;
};

// Guards all of it.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static Session *sessions;
static guint n_sessions;
static guint n_blocked;
static guint n_unblock;
static gsize max_output;
static _Atomic guint n_runs;

static gpointer
session_new (WdConn *conn, WdService *service, gpointer data)
{
  Session *self = g_new0 (Session, 1);

  self->conn = conn;
  pthread_mutex_lock (&lock);
  self->next = sessions;
  if (sessions != NULL)
    sessions->prev = self;
  sessions = self;
  n_sessions++;
  pthread_cond_broadcast (&changed);
  pthread_mutex_unlock (&lock);
  return self;
}

static void
session_free (gpointer session)
{
  Session *self = session;

  pthread_mutex_lock (&lock);
  if (self->prev != NULL)
    self->prev->next = self->next;
  else
    sessions = self->next;
  if (self->next != NULL)
    self->next->prev = self->prev;
  n_sessions--;
  pthread_cond_broadcast (&changed);
  pthread_mutex_unlock (&lock);
  g_free (self);
}

static void
note_output (WdConn *conn)
{
  gsize len = wd_net_conn_get_output (conn)->len;

  pthread_mutex_lock (&lock);
  max_output = MAX (max_output, len);
  pthread_mutex_unlock (&lock);
}

static WdRun
send_big (Session *self)
{
  GString *out = wd_net_conn_get_output (self->conn);

  while (self->big > 0 && !wd_net_conn_is_output_full (self->conn))
    {
      gsize len = MIN (self->big, 1000);

      for (gsize i = 0; i < len; i++)
        g_string_append_c (out, (char) ('a' + (self->big - i) % 26));
      self->big -= len;
    }
  note_output (self->conn);
  return self->big > 0 ? WD_RUN_MORE : WD_RUN_WAIT;
}

static WdRun
cmd_ping (Session *self, guint64 number)
{
  g_string_append (wd_net_conn_get_output (self->conn), "PONG\n");
  return WD_RUN_WAIT;
}

static WdRun
cmd_big (Session *self, guint64 number)
{
  self->big = number;
  return send_big (self);
}

static WdRun
cmd_chunk (Session *self, guint64 number)
{
  GString *out = wd_net_conn_get_output (self->conn);
  char *data = g_malloc (number);

  memset (data, 'x', number);
  g_string_append_c (out, '<');
  wd_net_conn_take_bytes (self->conn, g_bytes_new_take (data, number));
  g_string_append_c (out, '>');
  return WD_RUN_WAIT;
}

static WdRun
cmd_block (Session *self, guint64 number)
{
  GCancellable *cancellable = wd_net_conn_get_cancellable (self->conn);
  struct timespec until;

  pthread_mutex_lock (&lock);
  n_blocked++;
  pthread_cond_broadcast (&changed);
  while (n_unblock == 0 && !g_cancellable_is_cancelled (cancellable))
    {
      clock_gettime (CLOCK_REALTIME, &until);
      until.tv_nsec += 10 * 1000 * 1000;
      if (until.tv_nsec >= 1000 * 1000 * 1000)
        {
          until.tv_sec++;
          until.tv_nsec -= 1000 * 1000 * 1000;
        }
      pthread_cond_timedwait (&changed, &lock, &until);
    }
  if (n_unblock > 0)
    n_unblock--;
  n_blocked--;
  pthread_mutex_unlock (&lock);
  g_string_append (wd_net_conn_get_output (self->conn),
                   g_cancellable_is_cancelled (cancellable) ? "CANCELLED\n" : "UNBLOCKED\n");
  return WD_RUN_WAIT;
}

static WdRun
cmd_sleep (Session *self, guint64 number)
{
  GString *out = wd_net_conn_get_output (self->conn);

  g_string_append (out, "SLEEPING\n");
  g_assert_cmpint (wd_net_conn_flush (self->conn), ==, WD_IO_OK);
  // What the command is for: a worker that is busy.
  g_usleep (number * 1000);
  g_string_append (out, "SLEPT\n");
  return WD_RUN_WAIT;
}

static WdRun
cmd_quiet (Session *self, guint64 number)
{
  wd_net_conn_set_deadline_secs (self->conn, (guint) number);
  return cmd_ping (self, 0);
}

static WdRun
cmd_phase (Session *self, guint64 number)
{
  wd_net_conn_set_phase_deadline_secs (self->conn, (guint) number);
  return cmd_ping (self, 0);
}

static WdRun
cmd_starttls (Session *self, guint64 number)
{
  GString *out = wd_net_conn_get_output (self->conn);

  g_string_append (out, wd_net_conn_can_start_tls (self->conn) ? "GO\n" : "NO\n");
  (void) wd_net_conn_start_tls (self->conn);
  return WD_RUN_WAIT;
}

static WdRun
cmd_who (Session *self, guint64 number)
{
  const char *tls = wd_net_conn_get_tls_name (self->conn);

  g_string_append_printf (
      wd_net_conn_get_output (self->conn), "%s %s %s %s\n", wd_net_conn_get_remote (self->conn),
      wd_net_conn_get_listener (self->conn), wd_net_conn_is_loopback (self->conn) ? "near" : "far",
      tls != NULL ? tls : "clear");
  return WD_RUN_WAIT;
}

static WdRun
cmd_binding (Session *self, guint64 number)
{
  GString *out = wd_net_conn_get_output (self->conn);
  guint8 binding[32] = { 0 };

  g_assert_true (wd_net_conn_get_channel_binding (self->conn, binding));
  for (guint i = 0; i < sizeof binding; i++)
    g_string_append_printf (out, "%02x", binding[i]);
  g_string_append_c (out, '\n');
  return WD_RUN_WAIT;
}

static WdRun
cmd_ignore (Session *self, guint64 number)
{
  self->is_ignoring = TRUE;
  return cmd_ping (self, 0);
}

static WdRun
hoard (Session *self)
{
  gsize len;

  while (wd_net_conn_fill (self->conn, 0) == WD_IO_OK)
    ;
  (void) wd_net_conn_peek (self->conn, &len);
  if (len >= WD_LIMIT_INPUT_BUFFER_BYTES)
    g_string_append_printf (wd_net_conn_get_output (self->conn), "%" G_GSIZE_FORMAT "\n", len);
  return WD_RUN_WAIT;
}

static WdRun
cmd_hoard (Session *self, guint64 number)
{
  self->is_hoarding = TRUE;
  return hoard (self);
}

static WdRun
cmd_quit (Session *self, guint64 number)
{
  g_string_append (wd_net_conn_get_output (self->conn), "BYE\n");
  return WD_RUN_CLOSE;
}

static const struct
{
  const char *name;
  WdRun (*func) (Session *self, guint64 number);
} commands[] = {
  { "PING", cmd_ping },         { "BIG ", cmd_big },     { "CHUNK ", cmd_chunk },
  { "BLOCK", cmd_block },       { "QUIET ", cmd_quiet }, { "PHASE ", cmd_phase },
  { "WHO", cmd_who },           { "SLEEP ", cmd_sleep }, { "QUIT", cmd_quit },
  { "STARTTLS", cmd_starttls }, { "HOARD", cmd_hoard },  { "IGNORE", cmd_ignore },
  { "BINDING", cmd_binding },
};

static WdRun
run_line (Session *self, const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_has_prefix (text, commands[i].name))
      return commands[i].func (self, g_ascii_strtoull (text + strlen (commands[i].name), NULL, 10));
  g_string_append (wd_net_conn_get_output (self->conn), "WHAT\n");
  return WD_RUN_WAIT;
}

// TRUE with a result when the session cannot go on with the next line.
static gboolean
run_lines (Session *self, WdRun *out_run)
{
  const char *line;
  gsize len;
  gsize consume_len;
  gboolean too_long;

  while (wd_net_conn_peek_line (self->conn, LINE_BYTES, &line, &len, &consume_len, &too_long))
    {
      g_autofree char *text = g_strndup (line, len);
      WdRun run;

      wd_net_conn_consume (self->conn, consume_len);
      run = run_line (self, text);
      if (run != WD_RUN_WAIT || self->is_ignoring || self->is_hoarding)
        {
          *out_run = run;
          return TRUE;
        }
      if (wd_net_conn_is_output_full (self->conn))
        {
          *out_run = WD_RUN_MORE;
          return TRUE;
        }
    }
  if (!too_long)
    return FALSE;
  g_string_append (wd_net_conn_get_output (self->conn), "TOO LONG\n");
  *out_run = WD_RUN_CLOSE;
  return TRUE;
}

static WdRun
run (gpointer session, WdConn *conn, WdWhy why)
{
  Session *self = session;
  GString *out = wd_net_conn_get_output (conn);
  WdRun result;

  atomic_fetch_add (&n_runs, 1);
  if (why & WD_WHY_START)
    g_string_append (out, "HELLO\n");
  if (why & WD_WHY_WAKE)
    {
      g_string_append (out, "WOKEN\n");
      self->is_ignoring = FALSE;
    }
  if (why & WD_WHY_DEADLINE)
    {
      g_string_append (out, "LATE\n");
      return WD_RUN_CLOSE;
    }
  if (why & WD_WHY_SHUTDOWN)
    {
      g_string_append (out, "SHUTDOWN\n");
      return WD_RUN_CLOSE;
    }
  if (self->is_ignoring)
    return WD_RUN_WAIT;
  if (self->is_hoarding)
    return hoard (self);
  if (self->big > 0 && send_big (self) == WD_RUN_MORE)
    return WD_RUN_MORE;

  for (;;)
    {
      WdIo io;

      if (run_lines (self, &result))
        return result;
      io = wd_net_conn_fill (conn, 0);
      if (io == WD_IO_WOULD_BLOCK)
        return WD_RUN_WAIT;
      if (io != WD_IO_OK)
        return WD_RUN_CLOSE;
    }
}

static const char *const listeners[] = { "echo", "echos", NULL };
static const char *const tls_listeners[] = { "echos", NULL };

// The section is one that there is.
const WdServiceSpec net_fixture_spec = {
  .name = "lmtp",
  .description = "Answers lines.",
  .listeners = listeners,
  .tls_listeners = tls_listeners,
  .session_new = session_new,
  .run = run,
  .session_free = session_free,
};

static gboolean
has_tls (const char *const *args)
{
  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    if (g_str_has_prefix (args[i], "--set=tls.certificate="))
      return TRUE;
  return FALSE;
}

void
net_fixture_set_up (NetFixture *self, const char *const *args)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  pthread_mutex_lock (&lock);
  n_unblock = 0;
  max_output = 0;
  pthread_mutex_unlock (&lock);
  atomic_store (&n_runs, 0);

  g_ptr_array_add (all, "--listen=echo=127.0.0.1:0");
  g_ptr_array_add (all, "--config=/dev/null");
  if (has_tls (args))
    g_ptr_array_add (all, "--listen=echos=127.0.0.1:0");
  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    g_ptr_array_add (all, (char *) args[i]);
  g_ptr_array_add (all, NULL);

  self->service
      = wd_net_service_start_for_test (&net_fixture_spec, (const char *const *) all->pdata, &error);
  g_assert_no_error (error);
  self->port = wd_net_service_get_port_for_test (self->service, "echo");
  self->tls_port = wd_net_service_get_port_for_test (self->service, "echos");
}

void
net_fixture_tear_down (NetFixture *self)
{
  g_assert_cmpint (wd_net_service_stop_for_test (self->service), ==, 0);
  g_assert_cmpuint (net_fixture_get_n_sessions (), ==, 0);
}

guint
net_fixture_get_n_sessions (void)
{
  guint n;

  pthread_mutex_lock (&lock);
  n = n_sessions;
  pthread_mutex_unlock (&lock);
  return n;
}

guint
net_fixture_get_n_runs (void)
{
  return atomic_load (&n_runs);
}

gsize
net_fixture_get_max_output (void)
{
  gsize max;

  pthread_mutex_lock (&lock);
  max = max_output;
  pthread_mutex_unlock (&lock);
  return max;
}

void
net_fixture_unblock (void)
{
  pthread_mutex_lock (&lock);
  n_unblock++;
  pthread_cond_broadcast (&changed);
  pthread_mutex_unlock (&lock);
}

static void
wait_until (guint *value, guint wanted)
{
  struct timespec until;

  clock_gettime (CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  pthread_mutex_lock (&lock);
  while (*value != wanted)
    if (pthread_cond_timedwait (&changed, &lock, &until) == ETIMEDOUT)
      break;
  g_assert_cmpuint (*value, ==, wanted);
  pthread_mutex_unlock (&lock);
}

void
net_fixture_wait_blocked (guint n)
{
  wait_until (&n_blocked, n);
}

void
net_fixture_wait_sessions (guint n)
{
  wait_until (&n_sessions, n);
}

void
net_fixture_wake_all (void)
{
  pthread_mutex_lock (&lock);
  for (Session *session = sessions; session != NULL; session = session->next)
    wd_net_conn_wake (session->conn);
  pthread_mutex_unlock (&lock);
}

static int
make_socket (int family)
{
  struct timeval timeout = { .tv_sec = 10 };
  int fd = socket (family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  return fd;
}

int
net_client_connect (guint port)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons ((guint16) port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  int fd = make_socket (AF_INET);
  int on = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

int
net_client_connect_unix (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = make_socket (AF_UNIX);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

void
net_client_send (int fd, const char *text)
{
  gsize len = strlen (text);

  g_assert_cmpint (send (fd, text, len, MSG_NOSIGNAL), ==, (gssize) len);
}

void
net_client_expect (int fd, const char *text)
{
  gsize len = strlen (text);
  g_autofree char *got = g_malloc0 (len + 1);
  gsize n_got = 0;

  while (n_got < len)
    {
      gssize n = recv (fd, got + n_got, len - n_got, 0);

      if (n <= 0)
        break;
      n_got += (gsize) n;
    }
  g_assert_cmpstr (got, ==, text);
}

GString *
net_client_read_all (int fd)
{
  GString *all = g_string_new (NULL);
  char data[65536];
  gssize n;

  while ((n = recv (fd, data, sizeof data, 0)) > 0)
    g_string_append_len (all, data, n);
  g_assert_cmpint (n, ==, 0);
  return all;
}

void
net_client_expect_end (int fd)
{
  g_autoptr (GString) all = net_client_read_all (fd);

  g_assert_cmpstr (all->str, ==, "");
}
