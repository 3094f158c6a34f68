// SPDX-License-Identifier: EUPL-1.2
// Puts commands together from octets as they come.
#include "config.h"

#include "imap-reader.h"

#include <string.h>

#include "core-limits.h"

void
wd_imap_reader_clear (WdImapReader *self)
{
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  *self = (WdImapReader){ .is_trusted = self->is_trusted };
}

gboolean
wd_imap_reader_is_idle (const WdImapReader *self)
{
  return self->mode == WD_IMAP_READER_IN_LINE && (self->text == NULL || self->text->len == 0);
}

void
wd_imap_reader_reset (WdImapReader *self)
{
  if (self->text != NULL)
    g_string_truncate (self->text, 0);
  self->line_start = 0;
  if (self->mode != WD_IMAP_READER_IN_REFUSED_LINE
      && self->mode != WD_IMAP_READER_IN_REFUSED_LITERAL)
    self->mode = WD_IMAP_READER_IN_LINE;
}

void
wd_imap_reader_trim (WdImapReader *self)
{
  if (self->text == NULL || self->text->len > 0)
    return;
  g_string_free (self->text, TRUE);
  self->text = NULL;
}

// The line in `text` is whole, without its line end.
static WdImapReaderEvent
end_line (WdImapReader *self)
{
  gsize start;

  if (!wd_imap_parse_ends_in_literal (self->text->str + self->line_start,
                                      self->text->len - self->line_start, &self->literal, &start))
    {
      self->n_swallowed = 0;
      return WD_IMAP_READER_COMMAND;
    }
  g_string_append (self->text, "\r\n");
  return WD_IMAP_READER_LITERAL;
}

static gsize
get_line_limit (const WdImapReader *self)
{
  return self->is_trusted ? WD_LIMIT_IMAP_LINE_BYTES : WD_LIMIT_IMAP_LOGIN_BYTES;
}

static WdImapReaderEvent
feed_line (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  const char *end = memchr (data, '\n', len);
  gsize n = end != NULL ? (gsize) (end - data) : len;
  gsize limit = get_line_limit (self);
  gsize room;

  if (self->text == NULL)
    self->text = g_string_sized_new (128);
  // One more for the CR that may come before the line end.
  room = limit + 1 - (self->text->len - self->line_start);
  g_string_append_len (self->text, data, (gssize) MIN (n, room));
  *out_used = n;
  if (n > room
      || (end == NULL && self->text->len - self->line_start > limit
          && self->text->str[self->text->len - 1] != '\r'))
    {
      self->mode = WD_IMAP_READER_IN_REFUSED_LINE;
      return WD_IMAP_READER_TOO_LONG;
    }
  if (end == NULL)
    return WD_IMAP_READER_NEED_INPUT;
  *out_used = n + 1;
  if (self->text->len > self->line_start && self->text->str[self->text->len - 1] == '\r')
    g_string_truncate (self->text, self->text->len - 1);
  if (self->text->len - self->line_start > limit)
    {
      wd_imap_reader_reset (self);
      return WD_IMAP_READER_TOO_LONG;
    }
  return end_line (self);
}

// Whether the end of a refused line, of which `self->text` has the last octets, is that of the
// command too.
static void
end_refused_line (WdImapReader *self)
{
  gsize start;
  gboolean goes_on
      = wd_imap_parse_ends_in_literal (self->text->str, self->text->len, &self->literal, &start);

  g_string_truncate (self->text, 0);
  // A client that waits for a continuation sees the tagged answer instead (RFC 3501 7.5).
  if (!goes_on || self->literal.is_sync)
    {
      self->mode = WD_IMAP_READER_IN_LINE;
      return;
    }
  self->left = self->literal.size_bytes;
  self->mode = WD_IMAP_READER_IN_REFUSED_LITERAL;
}

// Keeps the last octets, since they may be a literal's header.
static void
feed_refused_line (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  const char *end = memchr (data, '\n', len);
  gsize n = end != NULL ? (gsize) (end - data) : len;

  enum
  {
    TAIL = 32
  };

  if (self->text == NULL)
    self->text = g_string_sized_new (128);
  if (n >= TAIL)
    {
      g_string_truncate (self->text, 0);
      g_string_append_len (self->text, data + n - TAIL, TAIL);
    }
  else
    {
      g_string_append_len (self->text, data, (gssize) n);
      if (self->text->len > 2 * TAIL)
        g_string_erase (self->text, 0, (gssize) (self->text->len - TAIL));
    }
  *out_used = end != NULL ? n + 1 : n;
  if (end == NULL)
    return;
  if (self->text->len > 0 && self->text->str[self->text->len - 1] == '\r')
    g_string_truncate (self->text, self->text->len - 1);
  end_refused_line (self);
}

static WdImapReaderEvent
feed_refused (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  if (self->mode == WD_IMAP_READER_IN_REFUSED_LITERAL)
    {
      *out_used = (gsize) MIN (self->left, len);
      self->left -= *out_used;
      if (self->left == 0)
        self->mode = WD_IMAP_READER_IN_REFUSED_LINE;
    }
  else
    feed_refused_line (self, data, len, out_used);
  self->n_swallowed += *out_used;
  if (self->n_swallowed > WD_LIMIT_IMAP_SWALLOW_BYTES)
    return WD_IMAP_READER_HOPELESS;
  return WD_IMAP_READER_NEED_INPUT;
}

static WdImapReaderEvent
feed_literal (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  *out_used = (gsize) MIN (self->left, len);
  g_string_append_len (self->text, data, (gssize) *out_used);
  self->left -= *out_used;
  if (self->left == 0)
    {
      self->mode = WD_IMAP_READER_IN_LINE;
      self->line_start = self->text->len;
    }
  return WD_IMAP_READER_NEED_INPUT;
}

static WdImapReaderEvent
feed_stream (WdImapReader *self, gsize len, gsize *out_used)
{
  if (self->left == 0)
    {
      self->mode = WD_IMAP_READER_IN_LINE;
      self->line_start = self->text->len;
      return WD_IMAP_READER_DATA_END;
    }
  *out_used = (gsize) MIN (self->left, len);
  self->left -= *out_used;
  return *out_used > 0 ? WD_IMAP_READER_DATA : WD_IMAP_READER_NEED_INPUT;
}

static WdImapReaderEvent
feed_once (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  *out_used = 0;
  switch (self->mode)
    {
    case WD_IMAP_READER_IN_LINE:
      return len > 0 ? feed_line (self, data, len, out_used) : WD_IMAP_READER_NEED_INPUT;
    case WD_IMAP_READER_IN_LITERAL:
      return feed_literal (self, data, len, out_used);
    case WD_IMAP_READER_IN_STREAM:
      return feed_stream (self, len, out_used);
    case WD_IMAP_READER_IN_REFUSED_LINE:
    case WD_IMAP_READER_IN_REFUSED_LITERAL:
      return feed_refused (self, data, len, out_used);
    }
  g_return_val_if_reached (WD_IMAP_READER_HOPELESS);
}

WdImapReaderEvent
wd_imap_reader_feed (WdImapReader *self, const char *data, gsize len, gsize *out_used)
{
  gsize used = 0;
  WdImapReaderEvent event;

  do
    {
      gsize n;

      event = feed_once (self, data + used, len - used, &n);
      used += n;
    }
  while (event == WD_IMAP_READER_NEED_INPUT && used < len);
  *out_used = used;
  return event;
}

gboolean
wd_imap_reader_may_keep (const WdImapReader *self)
{
  gsize limit = self->is_trusted ? WD_LIMIT_IMAP_COMMAND_BYTES : WD_LIMIT_IMAP_LOGIN_BYTES;

  return self->literal.size_bytes <= WD_LIMIT_IMAP_LITERAL_BYTES
         && self->text->len + self->literal.size_bytes <= limit;
}

void
wd_imap_reader_keep (WdImapReader *self)
{
  self->left = self->literal.size_bytes;
  self->line_start = self->text->len;
  self->mode = self->left > 0 ? WD_IMAP_READER_IN_LITERAL : WD_IMAP_READER_IN_LINE;
}

void
wd_imap_reader_stream (WdImapReader *self)
{
  self->left = self->literal.size_bytes;
  self->mode = WD_IMAP_READER_IN_STREAM;
}

gboolean
wd_imap_reader_refuse (WdImapReader *self)
{
  if (self->literal.is_sync)
    {
      self->mode = WD_IMAP_READER_IN_LINE;
      wd_imap_reader_reset (self);
      return TRUE;
    }
  self->left = self->literal.size_bytes;
  self->mode = self->left > 0 ? WD_IMAP_READER_IN_REFUSED_LITERAL : WD_IMAP_READER_IN_REFUSED_LINE;
  wd_imap_reader_reset (self);
  return self->n_swallowed + self->left <= WD_LIMIT_IMAP_SWALLOW_BYTES;
}
