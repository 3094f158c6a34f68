// SPDX-License-Identifier: EUPL-1.2
// One client connection, in the clear or under TLS.
//
// A connection is parked in the event loop (no thread, no buffers) until it is readable, writable,
// woken or past its deadline; then one worker owns it and calls the protocol's `run`, which reads,
// works and writes without blocking on the client, and says how it goes on. All functions here are
// for that worker, but for wd_net_conn_wake.
#pragma once

#include <gio/gio.h>

#include "core-log.h"

typedef struct _WdConn WdConn;

typedef enum
{
  WD_IO_OK,
  WD_IO_WOULD_BLOCK,
  WD_IO_EOF,   // The peer ended its side.
  WD_IO_ERROR, // The connection is broken, or its TLS is.
} WdIo;

// What `run` returns.
typedef enum
{
  WD_RUN_WAIT, // Done for now: send what is left, park, come back with input, a wake or a deadline.
  WD_RUN_MORE, // The output is past its mark: send it, then call `run` again.
  WD_RUN_CLOSE, // Send what is left, then close.
} WdRun;

// Why `run` is called; bits, since several may be true.
typedef enum
{
  WD_WHY_START = 1 << 0,    // First call: greet.
  WD_WHY_INPUT = 1 << 1,    // There may be input.
  WD_WHY_WRITABLE = 1 << 2, // The output of WD_RUN_MORE is out, or nearly.
  WD_WHY_WAKE = 1 << 3,     // wd_net_conn_wake was called.
  WD_WHY_DEADLINE = 1 << 4, // A deadline has passed; it is gone unless set anew.
  WD_WHY_SHUTDOWN = 1 << 5, // The service stops: say goodbye and close.
                            // Input, wakes and the shutdown wait for the end of WD_RUN_MORE.
} WdWhy;

// Wakes a parked connection, or makes a running one run again afterwards. Any thread, never blocks.
// Holding a WdConn that may be freed meanwhile is the caller's matter: unhook before session_free
// returns.
void wd_net_conn_wake (WdConn *self);

// Input. `fill` reads what is there into the buffer (bounded by WD_LIMIT_INPUT_BUFFER_BYTES, or by
// a line of `max_bytes` when that is more): WD_IO_OK when something came, WD_IO_WOULD_BLOCK when
// nothing did or the buffer is full. After WD_IO_EOF, WD_RUN_WAIT is as good as WD_RUN_CLOSE.
// `peek` shows the buffer, and `consume` takes from its front.
WdIo wd_net_conn_fill (WdConn *self, gsize max_bytes);
const char *wd_net_conn_peek (WdConn *self, gsize *out_len);
void wd_net_conn_consume (WdConn *self, gsize len);

// TRUE with one whole line (without its CRLF or LF) at the front of the buffer, which `consume_len`
// takes away. `out_too_long`: no line end within `max_bytes`.
gboolean wd_net_conn_peek_line (WdConn *self,
                                gsize max_bytes,
                                const char **out_line,
                                gsize *out_len,
                                gsize *out_consume_len,
                                gboolean *out_too_long);

// Output. Returns (transfer none): append to it freely; `is_output_full` past the high-water mark.
// What is there when `run` returns is sent. `flush` sends what the socket takes now.
GString *wd_net_conn_get_output (WdConn *self);
gboolean wd_net_conn_is_output_full (WdConn *self);
WdIo wd_net_conn_flush (WdConn *self);

// Output that goes out as it is after what is in the buffer, without a copy.
void wd_net_conn_take_bytes (WdConn *self, GBytes *bytes);

// `run` is called with WD_WHY_DEADLINE after `secs` in which the client did nothing: neither sent
// anything that was consumed (half a line is not), nor took output that was waiting for it. Counted
// from this call at first. Set anew for each phase; 0: none. Granularity one second.
void wd_net_conn_set_deadline_secs (WdConn *self, guint secs);

// The same, `secs` from this call, whatever the client does: the time to log in. Runs beside the
// other; 0: none.
void wd_net_conn_set_phase_deadline_secs (WdConn *self, guint secs);

// After the reply to STARTTLS is in the output: throws away all input that came before, the line of
// the command included (consuming it then does nothing); once `run` returns WD_RUN_WAIT the reply
// is sent, and the handshake begins. The next call is with WD_WHY_INPUT after it; a handshake that
// fails ends the connection without one. FALSE when there is no certificate.
gboolean wd_net_conn_start_tls (WdConn *self);
gboolean wd_net_conn_can_start_tls (WdConn *self);

// After the reply that says so is in the output: what is written and read from here on is
// compressed with DEFLATE (RFC 4978), and so is what the client has sent already. TLS cannot be
// begun any more. Once only.
void wd_net_conn_start_deflate (WdConn *self);
gboolean wd_net_conn_is_deflated (WdConn *self);

gboolean wd_net_conn_is_tls (WdConn *self);
// "TLSv1.3 TLS_AES_256_GCM_SHA384" (nullable): for Received lines and the log.
const char *wd_net_conn_get_tls_name (WdConn *self);
// tls-exporter channel binding (RFC 9266), 32 octets. FALSE without TLS.
gboolean wd_net_conn_get_channel_binding (WdConn *self, guint8 out_binding[32]);

// The peer: "192.0.2.1", "2001:db8::1" or "unix". XCLIENT sets it anew.
const char *wd_net_conn_get_remote (WdConn *self);
void wd_net_conn_set_remote (WdConn *self, const char *address);
// TRUE for 127/8, ::1 and unix sockets.
gboolean wd_net_conn_is_loopback (WdConn *self);
// In the networks of `cidrs`, such as [lmtp] xclient-from.
gboolean wd_net_conn_is_in_networks (WdConn *self, const char *const *cidrs);

// Name of the listener that it came in by: "imap", "imaps", "lmtp", …
const char *wd_net_conn_get_listener (WdConn *self);
// "a3f09c…": names the session in the log and in replies.
const char *wd_net_conn_get_session_id (WdConn *self);
// Returns (transfer none): carries WD_SESSION and WD_REMOTE.
WdLogContext *wd_net_conn_get_log (WdConn *self);
// Returns (transfer none): cancelled when the peer is gone (noticed within seconds; one that only
// ended its side is still there) or the service must stop now: for long store calls.
GCancellable *wd_net_conn_get_cancellable (WdConn *self);
// TRUE once the service stops.
gboolean wd_net_conn_is_stopping (WdConn *self);
