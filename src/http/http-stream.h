// SPDX-License-Identifier: EUPL-1.2
// A connection as libsoup reads and writes it, with what libsoup's server lacks: a deadline for
// each phase, and a bound for the head of a request. Main thread only.
#pragma once

#include <gio/gio.h>

#define WD_TYPE_HTTP_STREAM (wd_http_stream_get_type ())
G_DECLARE_FINAL_TYPE (WdHttpStream, wd_http_stream, WD, HTTP_STREAM, GIOStream)

typedef enum
{
  WD_HTTP_PHASE_HEAD, // Waiting for the next request, or for the rest of its head.
  WD_HTTP_PHASE_BODY,
  WD_HTTP_PHASE_WORK, // A worker has it: no deadline.
  WD_HTTP_PHASE_SEND,
} WdHttpPhase;

// Over `base`, whose streams must be pollable. `remote` names the peer in the log. Closing it
// closes `base`. Begins in WD_HTTP_PHASE_HEAD. Returns (transfer full).
WdHttpStream *wd_http_stream_new (GIOStream *base, const char *remote, guint timeout_ms)
    G_GNUC_WARN_UNUSED_RESULT;

// The next phase, with a deadline of `timeout_ms` of its own (not in WD_HTTP_PHASE_WORK). Past it
// reads and writes fail with G_IO_ERROR_TIMED_OUT; in WD_HTTP_PHASE_HEAD the input ends.
void wd_http_stream_set_phase (WdHttpStream *self, WdHttpPhase phase, guint timeout_ms);
WdHttpPhase wd_http_stream_get_phase (WdHttpStream *self);

// Lets the deadline pass now.
void wd_http_stream_expire (WdHttpStream *self);

const char *wd_http_stream_get_remote (WdHttpStream *self);
