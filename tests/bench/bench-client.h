// SPDX-License-Identifier: EUPL-1.2
// A blocking client that costs little itself: LMTP and IMAP, for measuring servers.
// Any failure ends the program with a message: a benchmark has no other use for it.
#pragma once

#include <glib.h>

typedef struct _WdBenchClient WdBenchClient;

// `address` is HOST:PORT, an IPv4 address.
WdBenchClient *bench_client_connect (const char *address);
void bench_client_close (WdBenchClient *self);

void bench_client_send (WdBenchClient *self, const char *data, gsize len);

// SMTP: sends (unless NULL) and reads one reply, which must begin with `expect`.
void bench_client_smtp (WdBenchClient *self, const char *line, char expect);

// LMTP: one message in one transaction to `recipients`.
void
bench_client_deliver (WdBenchClient *self, const char *const *recipients, const GString *message);

// IMAP: sends one command and reads up to its tagged OK. Returns the octets received. What came is
// kept for `peek` up to 64 KiB.
guint64 bench_client_imap (WdBenchClient *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
const char *bench_client_peek (WdBenchClient *self);

// IMAP greeting and LOGIN.
WdBenchClient *bench_client_login (const char *address, const char *user, const char *password);

// Reads one line without its CRLF; valid until the next read.
const char *bench_client_read_line (WdBenchClient *self);
