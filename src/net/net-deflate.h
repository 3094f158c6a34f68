// SPDX-License-Identifier: EUPL-1.2
// DEFLATE (RFC 1951) in both directions of one connection, without any header or end.
#pragma once

#include "net-input.h"
#include "net-output.h"

typedef struct _WdDeflate WdDeflate;

WdDeflate *wd_net_deflate_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_net_deflate_free (WdDeflate *self);

// Moves all of `from`, compressed, to the end of `to`, so that the peer can read it. FALSE: there
// is no memory.
gboolean wd_net_deflate_compress (WdDeflate *self, WdOutput *from, WdOutput *to)
    G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_NET_DEFLATE_OK, // *out_len octets; 0: more input is needed.
  WD_NET_DEFLATE_END,
  WD_NET_DEFLATE_BROKEN,
} WdDeflateResult;

// Expands what is in `raw` to at most `room` octets.
WdDeflateResult
wd_net_deflate_expand (WdDeflate *self, WdInput *raw, char *data, gsize room, gsize *out_len);

// TRUE when more can be expanded without more input.
gboolean wd_net_deflate_has_pending (const WdDeflate *self, const WdInput *raw);

// Frees what an idle connection can do without: the compressor begins anew, and of the expander
// what came last is kept, for the peer may refer to that.
void wd_net_deflate_trim (WdDeflate *self);

// Octets in memory, roughly.
gsize wd_net_deflate_get_size_bytes (const WdDeflate *self);
