// SPDX-License-Identifier: EUPL-1.2
// The life of a connection: parked, queued, run by a worker, gone.
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core-clock.h"
#include "core-limits.h"
#include "net-conn-private.h"

#define WHY_MASK                                                                                   \
  (WD_WHY_START | WD_WHY_INPUT | WD_WHY_WRITABLE | WD_WHY_WAKE | WD_WHY_DEADLINE | WD_WHY_SHUTDOWN)

// A command that waits for its output goes on when so much is left.
#define LOW_WATER_BYTES (WD_LIMIT_OUTPUT_HIGH_WATER_BYTES / 4)
// Runs in a row, before others that wait for a worker have their turn.
#define RUNS_PER_TURN 8
// Short against a round trip on any network, and long against one on loopback.
#define DALLY_US 50
#define FLUSH_SECS 10
#define LINGER_SECS 2
#define LINGER_BYTES (1024 * 1024)

// How a worker goes on with the connection.
typedef enum
{
  NEXT_AGAIN, // Another phase, or more reasons: step again, soon.
  NEXT_PARK,  // Until `wait_events`.
  NEXT_GONE,
} Next;

static gint64
get_end_us (const WdConn *self)
{
  gint64 end_us = WD_NET_LOOP_NEVER;

  if (self->net_end_us != 0)
    return self->net_end_us;
  if (self->quiet_end_us != 0)
    end_us = self->quiet_end_us;
  if (self->phase_end_us != 0)
    end_us = MIN (end_us, self->phase_end_us);
  return end_us;
}

static void
renew_quiet_time (WdConn *self)
{
  if (self->has_progress && self->quiet_secs > 0)
    self->quiet_end_us = wd_net_conn_from_now_us (self->quiet_secs);
  self->has_progress = FALSE;
}

static void
free_session (WdConn *self)
{
  gpointer session = g_steal_pointer (&self->session);

  if (session != NULL)
    self->hub->spec->session_free (session);
}

static void
wire_free (WdConnWire *wire)
{
  wd_net_input_clear (&wire->input);
  wd_net_output_clear (&wire->output);
  wd_net_deflate_free (wire->deflate);
  g_free (wire);
}

// The worker's last act. The loop may hold an event of it yet, so the loop frees it.
static void
finish (WdConn *self)
{
  free_session (self);
  g_clear_pointer (&self->tls, wd_net_tls_session_free);
  close (self->fd);
  wd_net_input_clear (&self->input);
  wd_net_output_clear (&self->output);
  g_clear_pointer (&self->wire, wire_free);
  g_clear_pointer (&self->log, wd_core_log_context_free);
  g_clear_pointer (&self->remote, g_free);
  self->task.func = wd_net_conn_reap;
  wd_net_loop_post (self->hub->loop, &self->task);
}

static Next
wait_for (WdConn *self, guint32 events)
{
  self->wait_events = events;
  return NEXT_PARK;
}

static Next
enter (WdConn *self, WdConnPhase phase, guint secs)
{
  self->phase = phase;
  self->net_end_us = secs > 0 ? wd_net_conn_from_now_us (secs) : 0;
  return NEXT_AGAIN;
}

static Next
fail_handshake (WdConn *self)
{
  wd_log_info (wd_net_conn_get_log (self), WD_MSG_CLIENT_MISBEHAVED, NULL,
               "TLS handshake failed: %s", wd_net_tls_session_get_failure (self->tls));
  return NEXT_GONE;
}

static Next
step_handshake (WdConn *self)
{
  if (self->held & (WD_WHY_DEADLINE | WD_WHY_SHUTDOWN))
    return NEXT_GONE;

  if (self->tls == NULL)
    {
      WdIo io = wd_net_conn_flush (self);

      if (io == WD_IO_WOULD_BLOCK)
        return wait_for (self, EPOLLOUT);
      if (io != WD_IO_OK)
        return NEXT_GONE;
      self->tls = wd_net_tls_session_new (self->hub->tls, self->fd);
      if (self->tls == NULL)
        return NEXT_GONE;
    }

  switch (wd_net_tls_session_handshake (self->tls))
    {
    case WD_NET_TLS_WANT_READ:
      return wait_for (self, EPOLLIN);
    case WD_NET_TLS_WANT_WRITE:
      return wait_for (self, EPOLLOUT);
    case WD_NET_TLS_FAILED:
      return fail_handshake (self);
    case WD_NET_TLS_DONE:
      break;
    }
  self->wants_tls = FALSE;
  self->has_progress = TRUE;
  if (self->has_started)
    self->held |= WD_WHY_INPUT;
  return enter (self, WD_NET_CONN_OPEN, 0);
}

// The deadline that has passed is gone. One that was set anew since the clock looked has not.
static void
check_deadline (WdConn *self)
{
  gint64 now_us;

  if (!(self->held & WD_WHY_DEADLINE))
    return;

  renew_quiet_time (self);
  now_us = wd_core_clock_monotonic_us ();
  if (get_end_us (self) > now_us)
    self->held &= ~(guint) WD_WHY_DEADLINE;
  else if (self->net_end_us == 0)
    {
      if (self->phase_end_us != 0 && self->phase_end_us <= now_us)
        self->phase_end_us = 0;
      if (self->quiet_end_us != 0 && self->quiet_end_us <= now_us)
        self->quiet_end_us = self->quiet_secs = 0;
    }
}

// What may be told the protocol now. One that waits for its output is told nothing but that its
// time is over, and so is one that goes on answering a client that does not read.
static guint
take_reasons (WdConn *self)
{
  gboolean is_full = wd_net_conn_get_unsent (self) > LOW_WATER_BYTES;
  guint reasons = self->held & WHY_MASK;

  if (self->is_more && !is_full)
    {
      self->is_more = FALSE;
      reasons = (self->held & WD_WHY_DEADLINE) | WD_WHY_WRITABLE;
    }
  else if (is_full)
    {
      reasons &= WD_WHY_DEADLINE;
    }
  self->held &= ~reasons;
  return reasons;
}

// Parks an open connection. Not for input while the protocol does not take what is there, or owes
// the client more than a little output: the loop would report it again and again.
static Next
wait_open (WdConn *self, gboolean is_stalled)
{
  gsize unsent = wd_net_conn_get_unsent (self);
  guint32 events = unsent > 0 ? EPOLLOUT : 0;

  if (unsent > LOW_WATER_BYTES || is_stalled || self->is_stuffed)
    return wait_for (self, events);
  if (wd_net_conn_has_pending (self))
    {
      self->held |= WD_WHY_INPUT;
      return NEXT_AGAIN;
    }
  return wait_for (self, events | EPOLLIN);
}

static Next
run_protocol (WdConn *self, guint reasons)
{
  WdRun run;

  self->has_tried = self->has_filled = self->is_drained = FALSE;
  self->has_started |= (reasons & WD_WHY_START) != 0;
  run = self->hub->spec->run (self->session, self, reasons);
  // Before the answer is out: the client's time begins no later than it knows.
  renew_quiet_time (self);
  if (wd_net_conn_flush (self) == WD_IO_ERROR)
    return NEXT_GONE;

  self->is_more = run == WD_RUN_MORE ? 1 : 0;
  if (self->is_more)
    return NEXT_AGAIN;
  if (run == WD_RUN_CLOSE || self->is_eof || (self->is_hung_up && !self->has_filled))
    {
      free_session (self);
      return enter (self, WD_NET_CONN_FLUSH, FLUSH_SECS);
    }
  if (self->wants_tls)
    return enter (self, WD_NET_CONN_HANDSHAKE, WD_LIMIT_TLS_HANDSHAKE_SECS);
  if ((self->held & WHY_MASK) && wd_net_conn_get_unsent (self) <= LOW_WATER_BYTES)
    return NEXT_AGAIN;
  return wait_open (self, (reasons & WD_WHY_INPUT) && !self->has_tried);
}

static Next
step_open (WdConn *self)
{
  guint reasons;

  if (!self->is_blocked && wd_net_conn_get_unsent (self) > 0
      && wd_net_conn_flush (self) == WD_IO_ERROR)
    return NEXT_GONE;

  reasons = take_reasons (self);
  return reasons != 0 ? run_protocol (self, reasons) : wait_open (self, FALSE);
}

static Next
step_flush (WdConn *self)
{
  char junk[256];
  WdIo io;

  if (self->held & WD_WHY_DEADLINE)
    return NEXT_GONE;
  io = wd_net_conn_flush (self);
  if (io == WD_IO_WOULD_BLOCK)
    return wait_for (self, EPOLLOUT);
  if (io != WD_IO_OK)
    return NEXT_GONE;

  if (self->tls != NULL)
    wd_net_tls_session_bye (self->tls);
  // A socket closed with unread input resets the connection, and the reset may overtake what was
  // said last.
  if (self->is_eof || recv (self->fd, junk, sizeof junk, MSG_DONTWAIT) <= 0)
    return NEXT_GONE;
  shutdown (self->fd, SHUT_WR);
  return enter (self, WD_NET_CONN_LINGER, LINGER_SECS);
}

static Next
step_linger (WdConn *self)
{
  char junk[4096];
  gssize n;

  if (self->held & WD_WHY_DEADLINE)
    return NEXT_GONE;
  while ((n = recv (self->fd, junk, sizeof junk, MSG_DONTWAIT)) > 0)
    {
      self->linger_bytes += (guint) n;
      if (self->linger_bytes > LINGER_BYTES)
        return NEXT_GONE;
    }
  // What was unread is read; a service that stops does not wait for more.
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !atomic_load (&self->hub->is_stopping))
    return wait_for (self, EPOLLIN);
  return NEXT_GONE;
}

static Next
step (WdConn *self, guint reasons)
{
  static Next (*const steps[WD_NET_CONN_N_PHASES]) (WdConn *self) = {
    [WD_NET_CONN_HANDSHAKE] = step_handshake,
    [WD_NET_CONN_OPEN] = step_open,
    [WD_NET_CONN_FLUSH] = step_flush,
    [WD_NET_CONN_LINGER] = step_linger,
  };

  if (reasons & WD_NET_CONN_KILL)
    return NEXT_GONE;
  if (reasons & WD_NET_CONN_SENDABLE)
    self->is_blocked = FALSE;
  if (reasons & WD_NET_CONN_HUNG_UP)
    self->is_hung_up = TRUE;
  self->held |= reasons & WHY_MASK;
  check_deadline (self);
  return steps[self->phase](self);
}

// Takes the reasons that came while it ran.
static guint
take_news (WdConn *self)
{
  return atomic_fetch_and (&self->state, WD_NET_CONN_OWNER_MASK) & ~WD_NET_CONN_OWNER_MASK;
}

// Idle connections are to be small.
static void
shrink (WdConn *self)
{
  if (wd_net_input_get_len (&self->input) == 0)
    wd_net_input_clear (&self->input);
  if (wd_net_output_get_len (&self->output) == 0)
    wd_net_output_clear (&self->output);
  if (self->wire == NULL)
    return;
  if (wd_net_input_get_len (&self->wire->input) == 0)
    wd_net_input_clear (&self->wire->input);
  if (wd_net_output_get_len (&self->wire->output) == 0)
    wd_net_output_clear (&self->wire->output);
  wd_net_deflate_trim (self->wire->deflate);
  if (self->tls != NULL)
    wd_net_tls_session_shrink (self->tls);
}

static gint64
set_alarm (WdConn *self)
{
  gint64 alarm_us;

  renew_quiet_time (self);
  alarm_us = get_end_us (self);
  atomic_store (&self->alarm_us, alarm_us);
  return alarm_us;
}

// FALSE when reasons came meanwhile and it is still the worker's. Epoll is armed before the
// connection is let go, because afterwards it may be another worker's, or gone.
static gboolean
park (WdConn *self)
{
  WdLoop *loop = self->hub->loop;
  guint owner = WD_NET_CONN_RUNNING;
  gint64 alarm_us;

  shrink (self);
  alarm_us = set_alarm (self);
  if (!wd_net_loop_arm (loop, self->fd, &self->source, self->wait_events, !self->is_registered))
    {
      wd_net_conn_post (self, WD_NET_CONN_KILL);
      return FALSE;
    }
  self->is_registered = TRUE;
  if (!atomic_compare_exchange_strong (&self->state, &owner, WD_NET_CONN_PARKED))
    return FALSE;
  wd_net_loop_need_by (loop, alarm_us);
  return TRUE;
}

static void
queue_again (WdConn *self)
{
  atomic_fetch_xor (&self->state, WD_NET_CONN_RUNNING ^ WD_NET_CONN_QUEUED);
  wd_net_pool_push (self->hub->pool, &self->task);
}

// A client that sends one command after the other is waited for a moment before the connection is
// parked, while there is a worker to spare: that saves the way through the loop and the queue.
static guint
dally (WdConn *self)
{
  struct pollfd poll_fd = { .fd = self->fd, .events = POLLIN };
  struct timespec span = { .tv_nsec = DALLY_US * 1000 };

  if (self->phase != WD_NET_CONN_OPEN || self->wait_events != EPOLLIN || !self->has_filled
      || !wd_net_pool_is_slack (self->hub->pool))
    return 0;
  return ppoll (&poll_fd, 1, &span, NULL) == 1 ? WD_WHY_INPUT : 0;
}

void
wd_net_conn_run_task (WdTask *task)
{
  WdConn *self = (WdConn *) ((char *) task - G_STRUCT_OFFSET (WdConn, task));
  guint reasons = atomic_exchange (&self->state, WD_NET_CONN_RUNNING) & ~WD_NET_CONN_OWNER_MASK;

  atomic_store (&self->alarm_us, WD_NET_LOOP_NEVER);
  for (guint n_runs = 1;; n_runs++)
    {
      Next next = step (self, reasons);

      if (next == NEXT_GONE)
        {
          finish (self);
          return;
        }
      reasons = take_news (self);
      if (next == NEXT_PARK && reasons == 0)
        {
          reasons = dally (self);
          if (reasons != 0)
            continue;
          if (park (self))
            return;
          atomic_store (&self->alarm_us, WD_NET_LOOP_NEVER);
          reasons = take_news (self);
        }
      else if (next != NEXT_PARK && n_runs >= RUNS_PER_TURN
               && !wd_net_pool_is_slack (self->hub->pool))
        {
          wd_net_conn_post (self, reasons);
          queue_again (self);
          return;
        }
    }
}
