// SPDX-License-Identifier: EUPL-1.2
// The octets that are to go out: text that is appended to, and chunks that lie between without
// being copied.
#pragma once

#include <glib.h>

#include "net-tls.h"

typedef enum
{
  WD_NET_OUTPUT_SENT,    // All is out.
  WD_NET_OUTPUT_BLOCKED, // The socket takes no more now.
  WD_NET_OUTPUT_BROKEN,
} WdOutputResult;

// All zero is an empty one without memory.
typedef struct
{
  GString *text;     // Stays the same object until wd_net_output_clear.
  gsize sent;        // Octets of `text` that are out.
  GArray *chunks;    // Of WdOutputChunk, each with its place in `text`.
  guint first;       // Chunks before it are out.
  gsize chunk_bytes; // What the chunks still have to send.
  gsize tls_part;    // Octets of a record that GnuTLS holds and the socket did not take.
} WdOutput;

void wd_net_output_clear (WdOutput *self);

GString *wd_net_output_get_text (WdOutput *self);
// Consumes `bytes`.
void wd_net_output_take (WdOutput *self, GBytes *bytes);

// The next octets in one piece, FALSE when there are none; and takes so many of them away.
gboolean wd_net_output_peek (const WdOutput *self, const char **out_data, gsize *out_len);
void wd_net_output_skip (WdOutput *self, gsize len);

// Octets that are not out yet.
gsize wd_net_output_get_len (const WdOutput *self);

// Sends what the socket takes, in the clear or by `tls`. `out_any` is set when any octet went out.
WdOutputResult wd_net_output_flush (WdOutput *self, int fd, WdTlsSession *tls, gboolean *out_any);
