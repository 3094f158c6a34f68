// SPDX-License-Identifier: EUPL-1.2
// Output buffers.
#include "config.h"

#include "net-output.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "core-limits.h"
#include "net-conn.h"

#define PIECES_PER_SEND 64
// One TLS record. What is smaller is gathered into one.
#define RECORD_BYTES ((gsize) 16384)
// A smaller chunk is copied: that costs less than a piece of its own.
#define COPY_BYTES 2048
// What is out in front of the text, and is less than this, is not worth the move.
#define DROP_TEXT_BYTES 16384
// The text of a large answer is kept for its next piece: a connection that is parked gives it back.
#define KEEP_TEXT_BYTES (4 * (gsize) WD_LIMIT_OUTPUT_HIGH_WATER_BYTES)

typedef struct
{
  gsize at;   // Comes before the octet of `text` with this index.
  gsize sent; // Octets of it that are out.
  GBytes *bytes;
} WdOutputChunk;

typedef struct
{
  const char *data;
  gsize len;
} Piece;

static void
clear_chunk (gpointer data)
{
  WdOutputChunk *chunk = data;

  g_clear_pointer (&chunk->bytes, g_bytes_unref);
}

void
wd_net_output_clear (WdOutput *self)
{
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  if (self->chunks != NULL)
    g_array_unref (self->chunks);
  *self = (WdOutput){ 0 };
}

GString *
wd_net_output_get_text (WdOutput *self)
{
  if (self->text == NULL)
    self->text = g_string_sized_new (512);
  return self->text;
}

void
wd_net_output_take (WdOutput *self, GBytes *bytes)
{
  GString *text = wd_net_output_get_text (self);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);
  WdOutputChunk chunk = { .at = text->len, .bytes = bytes };

  if (len < COPY_BYTES)
    {
      g_string_append_len (text, data, (gssize) len);
      g_bytes_unref (bytes);
      return;
    }
  if (self->chunks == NULL)
    {
      self->chunks = g_array_new (FALSE, FALSE, sizeof (WdOutputChunk));
      g_array_set_clear_func (self->chunks, clear_chunk);
    }
  g_array_append_val (self->chunks, chunk);
  self->chunk_bytes += len;
}

static guint
get_n_chunks (const WdOutput *self)
{
  return self->chunks != NULL ? self->chunks->len : 0;
}

gsize
wd_net_output_get_len (const WdOutput *self)
{
  return self->text != NULL ? self->text->len - self->sent + self->chunk_bytes : 0;
}

// The next pieces in their order, at most `max` of them.
static guint
list_pieces (const WdOutput *self, Piece *pieces, guint max)
{
  gsize at = self->sent;
  guint n = 0;

  for (guint i = self->first; i < get_n_chunks (self) && n + 2 <= max; i++)
    {
      const WdOutputChunk *chunk = &g_array_index (self->chunks, WdOutputChunk, i);
      gsize len;
      const char *data = g_bytes_get_data (chunk->bytes, &len);

      if (chunk->at > at)
        pieces[n++] = (Piece){ self->text->str + at, chunk->at - at };
      at = chunk->at;
      pieces[n++] = (Piece){ data + chunk->sent, len - chunk->sent };
    }
  if (n < max && get_n_chunks (self) - self->first <= n && at < self->text->len)
    pieces[n++] = (Piece){ self->text->str + at, self->text->len - at };
  return n;
}

static void
start_over (WdOutput *self)
{
  if (self->text->allocated_len > KEEP_TEXT_BYTES)
    {
      g_free (self->text->str);
      self->text->str = g_malloc (512);
      self->text->allocated_len = 512;
    }
  self->text->len = 0;
  self->text->str[0] = '\0';
  self->sent = 0;
  self->first = 0;
  if (self->chunks != NULL)
    g_array_set_size (self->chunks, 0);
}

// What is out in front goes away once it is more than what is left, so that a peer that never
// drains all of it does not make the buffer grow.
static void
drop_sent (WdOutput *self)
{
  if (self->sent > DROP_TEXT_BYTES && self->sent > self->text->len / 2)
    {
      g_string_erase (self->text, 0, (gssize) self->sent);
      for (guint i = self->first; i < get_n_chunks (self); i++)
        g_array_index (self->chunks, WdOutputChunk, i).at -= self->sent;
      self->sent = 0;
    }
  if (self->first > 16 && self->first > get_n_chunks (self) / 2)
    {
      g_array_remove_range (self->chunks, 0, self->first);
      self->first = 0;
    }
}

static void
advance (WdOutput *self, gsize len)
{
  while (self->first < get_n_chunks (self))
    {
      WdOutputChunk *chunk = &g_array_index (self->chunks, WdOutputChunk, self->first);
      gsize text_len = MIN (len, chunk->at - self->sent);
      gsize chunk_len;

      self->sent += text_len;
      len -= text_len;
      if (self->sent < chunk->at)
        return;
      chunk_len = MIN (len, g_bytes_get_size (chunk->bytes) - chunk->sent);
      chunk->sent += chunk_len;
      self->chunk_bytes -= chunk_len;
      len -= chunk_len;
      if (chunk->sent < g_bytes_get_size (chunk->bytes))
        return;
      g_clear_pointer (&chunk->bytes, g_bytes_unref);
      self->first++;
    }
  self->sent += len;
}

static gssize
send_clear (WdOutput *self, int fd)
{
  Piece pieces[PIECES_PER_SEND];
  struct iovec vec[PIECES_PER_SEND];
  struct msghdr msg = { .msg_iov = vec };
  gssize n;

  msg.msg_iovlen = list_pieces (self, pieces, PIECES_PER_SEND);
  for (gsize i = 0; i < msg.msg_iovlen; i++)
    vec[i] = (struct iovec){ .iov_base = (char *) pieces[i].data, .iov_len = pieces[i].len };
  do
    n = sendmsg (fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  return n;
}

// GnuTLS encrypts a record and keeps it when the socket does not take it; it must then be asked to
// go on (no data), and the octets count as sent once it is out.
static gssize
send_tls (WdOutput *self, WdTlsSession *tls)
{
  Piece pieces[PIECES_PER_SEND];
  char record[RECORD_BYTES];
  const char *data = record;
  gsize len = 0;
  guint n_pieces;
  gssize n;

  if (self->tls_part > 0)
    {
      n = wd_net_tls_session_send (tls, NULL, 0);
      if (n > 0)
        {
          n = (gssize) self->tls_part;
          self->tls_part = 0;
        }
      return n;
    }

  n_pieces = list_pieces (self, pieces, PIECES_PER_SEND);
  if (pieces[0].len >= RECORD_BYTES || n_pieces == 1)
    {
      data = pieces[0].data;
      len = MIN (pieces[0].len, RECORD_BYTES);
    }
  else
    {
      for (guint i = 0; i < n_pieces && len < RECORD_BYTES; i++)
        {
          gsize part = MIN (pieces[i].len, RECORD_BYTES - len);

          memcpy (record + len, pieces[i].data, part);
          len += part;
        }
    }
  n = wd_net_tls_session_send (tls, data, len);
  if (n == 0)
    self->tls_part = len;
  return n;
}

static gboolean
is_sent (const WdOutput *self)
{
  return self->sent >= self->text->len && self->first >= get_n_chunks (self);
}

gboolean
wd_net_output_peek (const WdOutput *self, const char **out_data, gsize *out_len)
{
  Piece pieces[4];

  if (self->text == NULL || is_sent (self))
    return FALSE;
  list_pieces (self, pieces, G_N_ELEMENTS (pieces));
  *out_data = pieces[0].data;
  *out_len = pieces[0].len;
  return TRUE;
}

void
wd_net_output_skip (WdOutput *self, gsize len)
{
  advance (self, len);
  if (is_sent (self))
    start_over (self);
}

WdOutputResult
wd_net_output_flush (WdOutput *self, int fd, WdTlsSession *tls, gboolean *out_any)
{
  if (self->text == NULL)
    return WD_NET_OUTPUT_SENT;

  while (!is_sent (self))
    {
      gssize n = tls != NULL ? send_tls (self, tls) : send_clear (self, fd);

      if (n < 0)
        return WD_NET_OUTPUT_BROKEN;
      if (n == 0)
        {
          drop_sent (self);
          return WD_NET_OUTPUT_BLOCKED;
        }
      *out_any = TRUE;
      advance (self, (gsize) n);
    }
  start_over (self);
  return WD_NET_OUTPUT_SENT;
}
