// SPDX-License-Identifier: EUPL-1.2
// The octets that came in and were not taken yet.
#pragma once

#include <glib.h>

// All zero is an empty one without memory.
typedef struct
{
  char *data;
  gsize start; // Taken up to here ...
  gsize end;   // ... and filled up to here.
  gsize size;
  gboolean was_filled; // The last read took all the room there was: a message on its way.
  gsize scanned; // No line end from `start` up to here, so that a long line is looked through once.
} WdInput;

void wd_net_input_clear (WdInput *self);

static inline gsize
wd_net_input_get_len (const WdInput *self)
{
  return self->end - self->start;
}

// Room for at least one more octet and at most `max_bytes` in all, or NULL when it is full. What is
// written there is added by wd_net_input_commit.
char *wd_net_input_reserve (WdInput *self, gsize max_bytes, gsize *out_room);
void wd_net_input_commit (WdInput *self, gsize len);

void wd_net_input_consume (WdInput *self, gsize len);

// As wd_net_conn_peek_line.
gboolean wd_net_input_peek_line (WdInput *self,
                                 gsize max_bytes,
                                 const char **out_line,
                                 gsize *out_len,
                                 gsize *out_consume_len,
                                 gboolean *out_too_long);
