// SPDX-License-Identifier: EUPL-1.2
// A connection: what the protocol calls on it.
#include "config.h"

#include "net-conn.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core-clock.h"
#include "core-limits.h"
#include "net-conn-private.h"

// How often the loop looks whether the peer of a running command is still there.
#define WATCH_SECS 2

gint64
wd_net_conn_from_now_us (guint secs)
{
  return wd_core_clock_monotonic_us () + secs * (gint64) G_USEC_PER_SEC;
}

static void
on_ready (WdSource *source, guint32 events)
{
  WdConn *self = (WdConn *) source;
  guint reasons = 0;

  if (events & (EPOLLHUP | EPOLLERR))
    reasons |= WD_NET_CONN_HUNG_UP | WD_NET_CONN_SENDABLE | WD_WHY_INPUT;
  if (events & EPOLLIN)
    reasons |= WD_WHY_INPUT;
  if (events & EPOLLOUT)
    reasons |= WD_NET_CONN_SENDABLE;
  wd_net_conn_post (self, reasons);
}

// Unique on this machine for as long as anybody reads its log.
static void
make_session_id (char out_id[17])
{
  static _Atomic guint32 counter;
  static _Atomic guint32 process;
  guint32 none = 0;

  if (atomic_load (&process) == 0)
    atomic_compare_exchange_strong (&process, &none, g_random_int () | 1);
  g_snprintf (out_id, 17, "%08x%08x", atomic_load (&process), atomic_fetch_add (&counter, 1));
}

WdConn *
wd_net_conn_new (WdHub *hub, int fd, const char *listener, gboolean is_tls, const WdPeer *peer)
{
  WdConn *self = g_new0 (WdConn, 1);

  self->source.ready = on_ready;
  self->task.func = wd_net_conn_run_task;
  self->hub = hub;
  self->fd = fd;
  self->listener = listener;
  self->peer = *peer;
  self->shown_peer = *peer;
  self->phase = is_tls ? WD_NET_CONN_HANDSHAKE : WD_NET_CONN_OPEN;
  self->net_end_us = is_tls ? wd_net_conn_from_now_us (WD_LIMIT_TLS_HANDSHAKE_SECS) : 0;
  self->alarm_us = WD_NET_LOOP_NEVER;
  make_session_id (self->session_id);
  self->state = WD_NET_CONN_QUEUED | WD_WHY_START;
  self->session = hub->spec->session_new (self, hub->service, hub->data);
  return self;
}

void
wd_net_conn_post (WdConn *self, guint reasons)
{
  guint old = atomic_load (&self->state);
  guint changed;

  do
    {
      changed = old | reasons;
      if ((old & WD_NET_CONN_OWNER_MASK) == WD_NET_CONN_PARKED)
        changed |= WD_NET_CONN_QUEUED;
    }
  while (!atomic_compare_exchange_weak (&self->state, &old, changed));

  if ((old & WD_NET_CONN_OWNER_MASK) == WD_NET_CONN_PARKED)
    wd_net_pool_push (self->hub->pool, &self->task);
}

// Whether the peer of a running connection went away. Its descriptor may be closed meanwhile, and
// be another file's: then the answer is wrong, and of no account.
static gboolean
has_lost_peer (const WdConn *self)
{
  struct pollfd poll_fd = { .fd = self->fd };

  return poll (&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

static gint64
look_after_running (WdConn *self, gint64 now_us)
{
  gint64 never = WD_NET_LOOP_NEVER;
  gint64 next_us = now_us + WATCH_SECS * (gint64) G_USEC_PER_SEC;
  GCancellable *cancellable = atomic_load (&self->cancellable);

  if (cancellable != NULL && has_lost_peer (self))
    {
      g_cancellable_cancel (cancellable);
      return WD_NET_LOOP_NEVER;
    }
  // Should it be parked by now, that is one run for nothing.
  return atomic_compare_exchange_strong (&self->alarm_us, &never, next_us) ? next_us
                                                                           : WD_NET_LOOP_NEVER;
}

gint64
wd_net_conn_check_alarm (WdConn *self, gint64 now_us)
{
  gint64 alarm_us = atomic_load (&self->alarm_us);

  if (alarm_us > now_us)
    return alarm_us;
  // It may be taken, and parked again with another alarm, meanwhile.
  if (!atomic_compare_exchange_strong (&self->alarm_us, &alarm_us, WD_NET_LOOP_NEVER))
    return alarm_us;
  if ((atomic_load (&self->state) & WD_NET_CONN_OWNER_MASK) == WD_NET_CONN_RUNNING)
    return look_after_running (self, now_us);
  wd_net_conn_post (self, WD_WHY_DEADLINE);
  return WD_NET_LOOP_NEVER;
}

void
wd_net_conn_cancel (WdConn *self)
{
  GCancellable *cancellable = atomic_load (&self->cancellable);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  wd_net_conn_post (self, WD_NET_CONN_KILL);
}

void
wd_net_conn_reap (WdTask *task)
{
  WdConn *self = (WdConn *) ((char *) task - G_STRUCT_OFFSET (WdConn, task));
  GCancellable *cancellable = atomic_load (&self->cancellable);

  if (self->prev != NULL)
    self->prev->next = self->next;
  else
    self->hub->conns = self->next;
  if (self->next != NULL)
    self->next->prev = self->prev;

  wd_net_hub_release (self->hub, &self->peer);
  g_clear_object (&cancellable);
  g_free (self);
}

void
wd_net_conn_wake (WdConn *self)
{
  wd_net_conn_post (self, WD_WHY_WAKE);
}

// One read. Octets, 0 for would block or the end (is_eof), -1.
static gssize
receive (WdConn *self, char *data, gsize room)
{
  gboolean is_eof = FALSE;
  gssize n;

  if (self->tls != NULL)
    {
      n = wd_net_tls_session_recv (self->tls, data, room, &is_eof);
      self->is_eof = is_eof ? 1 : 0;
      return n;
    }

  // A read that got less than it asked for took all there was; what came since is told by epoll.
  if (self->is_drained)
    return 0;
  do
    n = recv (self->fd, data, room, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    self->is_eof = TRUE;
  self->is_drained = n > 0 && (gsize) n < room ? 1 : 0;
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return 0;
  return n;
}

gsize
wd_net_conn_get_unsent (const WdConn *self)
{
  return wd_net_output_get_len (&self->output)
         + (self->wire != NULL ? wd_net_output_get_len (&self->wire->output) : 0);
}

static gboolean
has_deflated (const WdConn *self)
{
  return self->wire != NULL && wd_net_deflate_has_pending (self->wire->deflate, &self->wire->input);
}

gboolean
wd_net_conn_has_pending (const WdConn *self)
{
  if (has_deflated (self))
    return TRUE;
  return self->tls != NULL && wd_net_tls_session_has_pending (self->tls);
}

// Reads into `input` up to `bound` octets. Octets, 0 for would block, the end or a full buffer, -1.
static gssize
read_into (WdConn *self, WdInput *input, gsize bound)
{
  gsize n_filled = 0;
  gssize n;

  do
    {
      gsize room = 0;
      char *data = wd_net_input_reserve (input, bound, &room);

      if (data == NULL)
        {
          // What is compressed waits for room when it is expanded.
          self->is_stuffed = input == &self->input;
          break;
        }
      n = receive (self, data, room);
      if (n < 0)
        return -1;
      wd_net_input_commit (input, (gsize) n);
      n_filled += (gsize) n;
    }
  while (n > 0 && self->tls != NULL && wd_net_tls_session_has_pending (self->tls));
  return (gssize) n_filled;
}

// Expands what has come until there is no more of it or no room. Octets, -1.
static gssize
expand (WdConn *self, gsize bound)
{
  WdDeflateResult result = WD_NET_DEFLATE_OK;
  gsize n_filled = 0;
  gsize n;

  do
    {
      gsize room = 0;
      char *data = wd_net_input_reserve (&self->input, bound, &room);

      if (data == NULL)
        {
          self->is_stuffed = TRUE;
          break;
        }
      result = wd_net_deflate_expand (self->wire->deflate, &self->wire->input, data, room, &n);
      if (result == WD_NET_DEFLATE_BROKEN)
        return -1;
      if (result == WD_NET_DEFLATE_END)
        {
          self->is_eof = TRUE;
          wd_net_input_clear (&self->wire->input);
        }
      wd_net_input_commit (&self->input, n);
      n_filled += n;
    }
  while (n > 0 && result == WD_NET_DEFLATE_OK);
  return (gssize) n_filled;
}

// Octets can expand to nothing: after so many reads it is another's turn.
#define EXPAND_ROUNDS 16

static gssize
read_and_expand (WdConn *self, gsize bound)
{
  for (guint i = 0; i < EXPAND_ROUNDS; i++)
    {
      gssize n = expand (self, bound);

      if (n != 0 || self->is_eof || self->is_stuffed)
        return n;
      n = read_into (self, &self->wire->input, WD_LIMIT_DEFLATED_INPUT_BYTES);
      if (n <= 0)
        return n;
    }
  return expand (self, bound);
}

WdIo
wd_net_conn_fill (WdConn *self, gsize max_bytes)
{
  // A line comes with its CRLF.
  gsize bound = MAX (WD_LIMIT_INPUT_BUFFER_BYTES, max_bytes) + 2;
  gssize n;

  self->has_tried = TRUE;
  if (self->is_eof && !has_deflated (self))
    return WD_IO_EOF;
  if (self->wants_tls)
    return WD_IO_WOULD_BLOCK;

  n = self->wire != NULL ? read_and_expand (self, bound) : read_into (self, &self->input, bound);
  if (n < 0)
    return WD_IO_ERROR;
  if (n > 0)
    {
      self->has_filled = TRUE;
      return WD_IO_OK;
    }
  return self->is_eof ? WD_IO_EOF : WD_IO_WOULD_BLOCK;
}

const char *
wd_net_conn_peek (WdConn *self, gsize *out_len)
{
  *out_len = wd_net_input_get_len (&self->input);
  return *out_len > 0 ? self->input.data + self->input.start : "";
}

void
wd_net_conn_consume (WdConn *self, gsize len)
{
  // The STARTTLS line itself went with the rest.
  if (len == 0 || self->wants_tls)
    return;
  self->has_progress = TRUE;
  self->is_stuffed = FALSE;
  wd_net_input_consume (&self->input, len);
}

gboolean
wd_net_conn_peek_line (WdConn *self,
                       gsize max_bytes,
                       const char **out_line,
                       gsize *out_len,
                       gsize *out_consume_len,
                       gboolean *out_too_long)
{
  return wd_net_input_peek_line (&self->input, max_bytes, out_line, out_len, out_consume_len,
                                 out_too_long);
}

GString *
wd_net_conn_get_output (WdConn *self)
{
  return wd_net_output_get_text (&self->output);
}

gboolean
wd_net_conn_is_output_full (WdConn *self)
{
  return wd_net_conn_get_unsent (self) >= WD_LIMIT_OUTPUT_HIGH_WATER_BYTES;
}

WdIo
wd_net_conn_flush (WdConn *self)
{
  gboolean was_waiting = self->is_blocked;
  gboolean sent_any = FALSE;
  WdOutput *output = &self->output;
  WdOutputResult result;

  if (self->wire != NULL)
    {
      if (wd_net_output_get_len (&self->output) > 0
          && !wd_net_deflate_compress (self->wire->deflate, &self->output, &self->wire->output))
        return WD_IO_ERROR;
      output = &self->wire->output;
    }
  result = wd_net_output_flush (output, self->fd, self->tls, &sent_any);
  self->is_blocked = result == WD_NET_OUTPUT_BLOCKED ? 1 : 0;
  // Taking what had to wait is a sign of life. Room in the kernel's buffer is none.
  if (sent_any && was_waiting)
    self->has_progress = TRUE;
  if (result == WD_NET_OUTPUT_BROKEN)
    return WD_IO_ERROR;
  return result == WD_NET_OUTPUT_SENT ? WD_IO_OK : WD_IO_WOULD_BLOCK;
}

void
wd_net_conn_take_bytes (WdConn *self, GBytes *bytes)
{
  wd_net_output_take (&self->output, bytes);
}

void
wd_net_conn_set_deadline_secs (WdConn *self, guint secs)
{
  self->quiet_secs = secs;
  self->quiet_end_us = 0;
  self->has_progress = TRUE;
}

void
wd_net_conn_set_phase_deadline_secs (WdConn *self, guint secs)
{
  self->phase_end_us = secs > 0 ? wd_net_conn_from_now_us (secs) : 0;
}

gboolean
wd_net_conn_can_start_tls (WdConn *self)
{
  return self->tls == NULL && !self->wants_tls && self->wire == NULL
         && wd_net_tls_is_loaded (self->hub->tls);
}

// What was sent before the reply to STARTTLS could be read was not under TLS, and whoever put it
// there must not have it obeyed as if it were (RFC 3207 4.2, CVE-2011-0411): the buffer goes, and
// what the kernel has. What comes later still is no TLS record and ends the handshake.
static void
throw_away_input (WdConn *self)
{
  char junk[4096];
  gssize n;

  wd_net_input_clear (&self->input);
  self->is_stuffed = self->is_drained = FALSE;
  for (gsize sum = 0; sum < WD_LIMIT_INPUT_BUFFER_BYTES; sum += (gsize) n)
    {
      n = receive (self, junk, sizeof junk);
      if (n <= 0)
        return;
    }
}

gboolean
wd_net_conn_start_tls (WdConn *self)
{
  if (!wd_net_conn_can_start_tls (self))
    return FALSE;

  throw_away_input (self);
  self->wants_tls = TRUE;
  return TRUE;
}

void
wd_net_conn_start_deflate (WdConn *self)
{
  g_return_if_fail (self->wire == NULL && !self->wants_tls);

  self->wire = g_new0 (WdConnWire, 1);
  self->wire->deflate = wd_net_deflate_new ();
  self->wire->input = self->input;
  self->input = (WdInput){ 0 };
  self->wire->output = self->output;
  self->output = (WdOutput){ 0 };
  self->is_stuffed = FALSE;
}

gboolean
wd_net_conn_is_deflated (WdConn *self)
{
  return self->wire != NULL;
}

gboolean
wd_net_conn_is_tls (WdConn *self)
{
  return self->tls != NULL;
}

const char *
wd_net_conn_get_tls_name (WdConn *self)
{
  return self->tls != NULL ? wd_net_tls_session_get_name (self->tls) : NULL;
}

gboolean
wd_net_conn_get_channel_binding (WdConn *self, guint8 out_binding[32])
{
  return self->tls != NULL && wd_net_tls_session_get_channel_binding (self->tls, out_binding);
}

const char *
wd_net_conn_get_remote (WdConn *self)
{
  if (self->remote == NULL)
    self->remote = wd_net_peer_dup_text (&self->shown_peer);
  return self->remote;
}

void
wd_net_conn_set_remote (WdConn *self, const char *address)
{
  g_free (self->remote);
  self->remote = g_strdup (address);
  wd_net_peer_from_text (&self->shown_peer, address);
  if (self->log != NULL)
    wd_core_log_context_set (self->log, "WD_REMOTE", address);
}

gboolean
wd_net_conn_is_loopback (WdConn *self)
{
  return wd_net_peer_is_loopback (&self->shown_peer);
}

gboolean
wd_net_conn_is_in_networks (WdConn *self, const char *const *cidrs)
{
  return wd_net_peer_is_in_networks (&self->shown_peer, cidrs);
}

const char *
wd_net_conn_get_listener (WdConn *self)
{
  return self->listener;
}

const char *
wd_net_conn_get_session_id (WdConn *self)
{
  return self->session_id;
}

WdLogContext *
wd_net_conn_get_log (WdConn *self)
{
  if (self->log == NULL)
    {
      self->log = wd_core_log_context_new (NULL);
      wd_core_log_context_set (self->log, "WD_SESSION", self->session_id);
      wd_core_log_context_set (self->log, "WD_REMOTE", wd_net_conn_get_remote (self));
    }
  return self->log;
}

// Has the loop look after the peer, once a run.
static void
watch_peer (WdConn *self)
{
  gint64 until_us;

  if (atomic_load (&self->alarm_us) != WD_NET_LOOP_NEVER)
    return;
  until_us = wd_net_conn_from_now_us (WATCH_SECS);
  atomic_store (&self->alarm_us, until_us);
  wd_net_loop_need_by (self->hub->loop, until_us);
}

GCancellable *
wd_net_conn_get_cancellable (WdConn *self)
{
  GCancellable *cancellable = atomic_load (&self->cancellable);

  watch_peer (self);
  if (cancellable != NULL)
    return cancellable;

  cancellable = g_cancellable_new ();
  atomic_store (&self->cancellable, cancellable);
  // Whoever cancels all sets the mark first and looks for this afterwards; one of us sees the
  // other.
  if (atomic_load (&self->hub->is_cancelled))
    g_cancellable_cancel (cancellable);
  return cancellable;
}

gboolean
wd_net_conn_is_stopping (WdConn *self)
{
  return atomic_load (&self->hub->is_stopping);
}
