// SPDX-License-Identifier: EUPL-1.2
// DEFLATE by zlib. Both directions together take some 110 KiB while they work, and what the peer
// sent last, at most 32 KiB, when they do not.
#include "config.h"

#include "net-deflate.h"

#define ZLIB_CONST
#include <zlib.h>

// Ours: 2^13 octets to look back at, in (1 << 15) + (1 << 15) octets of memory. More costs memory
// in every session and gains little on mail.
#define WINDOW_BITS 13
#define MEMORY_LEVEL 6
// The peer's, which may be the largest.
#define PEER_WINDOW_BITS 15
#define PEER_WINDOW_BYTES (1u << PEER_WINDOW_BITS)
// What zlib needs besides the windows.
#define STATE_BYTES 8192

#define STEP_BYTES 4096

struct _WdDeflate
{
  z_stream out;
  z_stream in;
  gboolean has_out;
  gboolean has_in;
  gboolean is_full; // The last expansion took all the room there was.
  guint8 *history;  // (nullable) What the expander saw last, while there is none.
  guint history_len;
};

WdDeflate *
wd_net_deflate_new (void)
{
  return g_new0 (WdDeflate, 1);
}

static void
drop_out (WdDeflate *self)
{
  if (self->has_out)
    deflateEnd (&self->out);
  self->has_out = FALSE;
}

static void
drop_in (WdDeflate *self)
{
  if (self->has_in)
    inflateEnd (&self->in);
  self->has_in = FALSE;
}

void
wd_net_deflate_free (WdDeflate *self)
{
  if (self == NULL)
    return;
  drop_out (self);
  drop_in (self);
  g_free (self->history);
  g_free (self);
}

static gboolean
need_out (WdDeflate *self)
{
  if (self->has_out)
    return TRUE;
  self->out = (z_stream){ 0 };
  self->has_out = deflateInit2 (&self->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS,
                                MEMORY_LEVEL, Z_DEFAULT_STRATEGY)
                  == Z_OK;
  return self->has_out;
}

static gboolean
need_in (WdDeflate *self)
{
  if (self->has_in)
    return TRUE;
  self->in = (z_stream){ 0 };
  self->has_in = inflateInit2 (&self->in, -PEER_WINDOW_BITS) == Z_OK;
  if (!self->has_in)
    return FALSE;
  if (self->history != NULL
      && inflateSetDictionary (&self->in, self->history, self->history_len) != Z_OK)
    return FALSE;
  g_clear_pointer (&self->history, g_free);
  self->history_len = 0;
  return TRUE;
}

// Compresses until zlib has taken all and, with a flush, given all.
static void
press (WdDeflate *self, const char *data, gsize len, int flush, GString *out)
{
  self->out.next_in = (const Bytef *) data;
  self->out.avail_in = (uInt) len;
  do
    {
      gsize start = out->len;

      g_string_set_size (out, start + STEP_BYTES);
      self->out.next_out = (Bytef *) out->str + start;
      self->out.avail_out = STEP_BYTES;
      // Fails only when there is nothing to do.
      deflate (&self->out, flush);
      g_string_set_size (out, start + STEP_BYTES - self->out.avail_out);
    }
  while (self->out.avail_out == 0);
}

gboolean
wd_net_deflate_compress (WdDeflate *self, WdOutput *from, WdOutput *to)
{
  GString *out = wd_net_output_get_text (to);
  const char *data;
  gsize len;

  if (!need_out (self))
    return FALSE;
  while (wd_net_output_peek (from, &data, &len))
    {
      len = MIN (len, G_MAXINT32);
      press (self, data, len, Z_NO_FLUSH, out);
      wd_net_output_skip (from, len);
    }
  press (self, NULL, 0, Z_SYNC_FLUSH, out);
  return TRUE;
}

WdDeflateResult
wd_net_deflate_expand (WdDeflate *self, WdInput *raw, char *data, gsize room, gsize *out_len)
{
  gsize len = wd_net_input_get_len (raw);
  int result;

  *out_len = 0;
  if (len == 0 && !self->is_full)
    return WD_NET_DEFLATE_OK;
  if (!need_in (self))
    return WD_NET_DEFLATE_BROKEN;
  self->in.next_in = (const Bytef *) raw->data + raw->start;
  self->in.avail_in = (uInt) len;
  self->in.next_out = (Bytef *) data;
  self->in.avail_out = (uInt) room;
  result = inflate (&self->in, Z_SYNC_FLUSH);
  wd_net_input_consume (raw, len - self->in.avail_in);
  *out_len = room - self->in.avail_out;
  self->is_full = self->in.avail_out == 0;
  if (result == Z_STREAM_END)
    return WD_NET_DEFLATE_END;
  // Z_BUF_ERROR: nothing was to be done.
  return result == Z_OK || result == Z_BUF_ERROR ? WD_NET_DEFLATE_OK : WD_NET_DEFLATE_BROKEN;
}

gboolean
wd_net_deflate_has_pending (const WdDeflate *self, const WdInput *raw)
{
  return self->is_full || wd_net_input_get_len (raw) > 0;
}

// Between two blocks, with no bits left over, what was expanded last is all that the state is.
static gboolean
is_between_blocks (const WdDeflate *self)
{
  return self->in.data_type == 128 && !self->is_full;
}

void
wd_net_deflate_trim (WdDeflate *self)
{
  guint8 window[PEER_WINDOW_BYTES];
  guint len = 0;

  // All that was given to it is flushed: a new one goes on at a whole octet.
  drop_out (self);
  if (!self->has_in || !is_between_blocks (self)
      || inflateGetDictionary (&self->in, window, &len) != Z_OK)
    return;
  self->history = g_memdup2 (window, len);
  self->history_len = len;
  drop_in (self);
}

gsize
wd_net_deflate_get_size_bytes (const WdDeflate *self)
{
  return sizeof *self + self->history_len
         + (self->has_out ? (4u << WINDOW_BITS) + (512u << MEMORY_LEVEL) + STATE_BYTES : 0)
         + (self->has_in ? PEER_WINDOW_BYTES + STATE_BYTES : 0);
}
