// SPDX-License-Identifier: EUPL-1.2
// A service that speaks a small line protocol, and blocking clients of it.
#pragma once

#include <glib.h>

#include "net-service-private.h"

// The lines that it knows:
//   PING            PONG
//   BIG n           n octets of text, by WD_RUN_MORE
//   CHUNK n         n octets in one chunk, framed by "<" and ">"
//   BLOCK           waits in `run` for net_fixture_unblock, then says UNBLOCKED or CANCELLED
//   SLEEP n         says SLEEPING, and n ms later SLEPT, without leaving `run`
//   QUIET n         quiet deadline of n seconds;  PHASE n  likewise, of the phase
//   STARTTLS        GO, or NO
//   WHO             remote, listener, loopback and the TLS name
//   BINDING         the channel binding in hex
//   IGNORE          reads no more input until it is woken
//   HOARD           takes input without consuming it; says how much it has when the buffer is full
//   QUIT            BYE, and closes
// A wake says WOKEN, a deadline LATE (and closes), the shutdown SHUTDOWN (and closes).
extern const WdServiceSpec net_fixture_spec;

typedef struct
{
  WdService *service;
  guint port;
  guint tls_port;
} NetFixture;

// `args` are further ones of the command line (nullable). Listens on loopback TCP, of any port.
void net_fixture_set_up (NetFixture *self, const char *const *args);
void net_fixture_tear_down (NetFixture *self);

// Sessions that were made and are not freed yet, and sessions that were begun at all.
guint net_fixture_get_n_sessions (void);
guint net_fixture_get_n_runs (void);
// The greatest number of octets that were held for one client.
gsize net_fixture_get_max_output (void);
void net_fixture_unblock (void);
// Waits until so many are in BLOCK.
void net_fixture_wait_blocked (guint n);
// Wakes every session.
void net_fixture_wake_all (void);

// Waits, for at most ten seconds, until so many sessions are there.
void net_fixture_wait_sessions (guint n);

// A blocking client socket with a receive timeout of ten seconds.
int net_client_connect (guint port);
int net_client_connect_unix (const char *path);
void net_client_send (int fd, const char *text);
// Reads exactly this.
void net_client_expect (int fd, const char *text);
// Reads up to the end of the stream. Returns (transfer full).
GString *net_client_read_all (int fd);
// Reads the end of the stream, and nothing before it.
void net_client_expect_end (int fd);
