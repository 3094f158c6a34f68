// SPDX-License-Identifier: EUPL-1.2
// The inside of a connection, for the hub and for tests.
#pragma once

#include "net-deflate.h"
#include "net-hub.h"
#include "net-input.h"
#include "net-output.h"

// `state`: who owns the connection, and below it the reasons that came meanwhile.
#define WD_NET_CONN_PARKED (0u << 30)  // Nobody; epoll, a wake or the clock queue it.
#define WD_NET_CONN_QUEUED (1u << 30)  // The queue of the pool.
#define WD_NET_CONN_RUNNING (2u << 30) // One worker; at the end the loop, which frees it.
#define WD_NET_CONN_OWNER_MASK (3u << 30)

// Reasons beside those of WdWhy: what happened to the socket.
#define WD_NET_CONN_SENDABLE (1u << 8)
#define WD_NET_CONN_HUNG_UP (1u << 9)
#define WD_NET_CONN_KILL (1u << 10) // Close it now, whatever it does.

typedef enum
{
  WD_NET_CONN_HANDSHAKE, // TLS, or what is to go out in the clear before it.
  WD_NET_CONN_OPEN,      // The protocol's.
  WD_NET_CONN_FLUSH,     // The session is over; the rest goes out.
  WD_NET_CONN_LINGER,    // All is out; input is thrown away, so that no reset overtakes it.
  WD_NET_CONN_N_PHASES,
} WdConnPhase;

// What came in and is to go out as it is on the wire.
typedef struct
{
  WdDeflate *deflate;
  WdInput input;
  WdOutput output;
} WdConnWire;

struct _WdConn
{
  WdSource source; // First: epoll's pointer.
  WdTask task;     // In the queue of the pool, or at the end in that of the loop.
  WdHub *hub;

  // Of the loop.
  WdConn *prev;
  WdConn *next;

  // Who owns it, and what happened meanwhile: see docs/architecture.md.
  _Atomic guint state;
  int fd;
  // When the loop must report WD_WHY_DEADLINE, or, while a worker owns it, look after the peer.
  _Atomic gint64 alarm_us;
  GCancellable *_Atomic cancellable;

  // From here on of the owner.
  gpointer session;
  WdTlsSession *tls;
  WdInput input;
  WdOutput output;
  WdConnWire *wire; // (nullable) Once the connection is compressed.
  WdLogContext *log;
  char *remote;
  const char *listener; // Of the listener, which outlives it.
  gint64 quiet_end_us;  // 0: none, as for the next two.
  gint64 phase_end_us;
  gint64 net_end_us; // Of the handshake, the flush and the linger; overrides the others.
  guint quiet_secs;
  guint held; // Reasons that could not be delivered yet.
  guint phase : 3;
  guint is_registered : 1; // With epoll.
  guint is_blocked : 1;    // The socket takes nothing until it is reported to.
  guint is_hung_up : 1;
  guint is_eof : 1;
  guint is_stuffed : 1;   // The input buffer is full.
  guint is_more : 1;      // The last run was WD_RUN_MORE.
  guint has_started : 1;  // WD_WHY_START was delivered.
  guint wants_tls : 1;    // From wd_net_conn_start_tls to the handshake's end.
  guint has_progress : 1; // The quiet time begins anew.
  guint is_drained : 1;   // In this run the socket had no more to read.
  guint has_tried : 1;    // In this run, to fill ...
  guint has_filled : 1;   // ... and something came.
  guint linger_bytes;
  guint32 wait_events; // What to wait for when parked.
  WdPeer peer;         // Who connected; counted under this.
  WdPeer shown_peer;   // Who it is said to be.
  char session_id[17];
};

// Makes a connection that is queued for its first run. Loop.
WdConn *
wd_net_conn_new (WdHub *hub, int fd, const char *listener, gboolean is_tls, const WdPeer *peer)
    G_GNUC_WARN_UNUSED_RESULT;

// Adds reasons, and queues it if it is parked. Any thread.
void wd_net_conn_post (WdConn *self, guint reasons);

// Posts WD_WHY_DEADLINE if it has come. Returns when to look again. Loop.
gint64 wd_net_conn_check_alarm (WdConn *self, gint64 now_us);

// Takes it out of the hub, uncounts and frees it. Loop.
void wd_net_conn_reap (WdTask *task);

// The worker's part, of net-conn-run.c: runs a queued connection until it is parked or gone.
void wd_net_conn_run_task (WdTask *task);

// Octets of output that are not out yet.
gsize wd_net_conn_get_unsent (const WdConn *self);
// TRUE with input that no epoll will tell of.
gboolean wd_net_conn_has_pending (const WdConn *self);

gint64 wd_net_conn_from_now_us (guint secs);

// Cancels what it runs, and closes it if it runs nothing. Any thread that knows it to be alive.
void wd_net_conn_cancel (WdConn *self);
