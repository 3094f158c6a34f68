// SPDX-License-Identifier: EUPL-1.2
// Input buffers.
#include "config.h"

#include "net-input.h"

#include <string.h>

#define FIRST_SIZE 4096

void
wd_net_input_clear (WdInput *self)
{
  g_free (self->data);
  *self = (WdInput){ 0 };
}

static void
move_to_front (WdInput *self)
{
  if (self->start == 0)
    return;

  memmove (self->data, self->data + self->start, self->end - self->start);
  self->end -= self->start;
  self->scanned -= self->start;
  self->start = 0;
}

char *
wd_net_input_reserve (WdInput *self, gsize max_bytes, gsize *out_room)
{
  gsize len = wd_net_input_get_len (self);

  if (len >= max_bytes)
    return NULL;

  // Moving what is left pays only when the room behind it has become small.
  if (self->size - self->end < self->size / 2)
    move_to_front (self);
  if (self->size - self->end < self->size / 2 || self->size == 0 || self->was_filled)
    {
      gsize size = self->size == 0 ? FIRST_SIZE : self->size * 4;

      size = MIN (size, MAX (max_bytes, FIRST_SIZE));
      if (size > self->size)
        {
          self->data = g_realloc (self->data, size);
          self->size = size;
        }
    }
  if (self->end == self->size)
    move_to_front (self);

  *out_room = MIN (self->size - self->end, max_bytes - len);
  return self->data + self->end;
}

void
wd_net_input_commit (WdInput *self, gsize len)
{
  self->end += len;
  self->was_filled = self->end == self->size;
}

void
wd_net_input_consume (WdInput *self, gsize len)
{
  g_return_if_fail (len <= wd_net_input_get_len (self));

  self->start += len;
  self->scanned = MAX (self->scanned, self->start);
  if (self->start == self->end)
    self->start = self->end = self->scanned = 0;
}

gboolean
wd_net_input_peek_line (WdInput *self,
                        gsize max_bytes,
                        const char **out_line,
                        gsize *out_len,
                        gsize *out_consume_len,
                        gboolean *out_too_long)
{
  const char *line;
  const char *end;
  gsize len;

  *out_too_long = FALSE;
  if (self->end == self->start)
    return FALSE;

  line = self->data + self->start;
  end = memchr (self->data + self->scanned, '\n', self->end - self->scanned);
  if (end == NULL)
    {
      self->scanned = self->end;
      len = wd_net_input_get_len (self);
      if (len > 0 && line[len - 1] == '\r')
        len--;
      *out_too_long = len > max_bytes;
      return FALSE;
    }

  self->scanned = (gsize) (end - self->data);
  len = (gsize) (end - line);
  *out_consume_len = len + 1;
  if (len > 0 && line[len - 1] == '\r')
    len--;
  if (len > max_bytes)
    {
      *out_too_long = TRUE;
      return FALSE;
    }
  *out_line = line;
  *out_len = len;
  return TRUE;
}
