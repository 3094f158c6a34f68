// SPDX-License-Identifier: EUPL-1.2
// Dots at the beginning of lines.
#include "config.h"

#include "lmtp-data.h"

#include <string.h>

typedef enum
{
  DOT_NONE,
  DOT_STUFFED,
  DOT_END,
  DOT_UNKNOWN, // More input must tell.
} Dot;

// What the beginning of a line is.
static Dot
judge_line (const char *line, gsize len)
{
  if (len == 0)
    return DOT_UNKNOWN;
  if (line[0] != '.')
    return DOT_NONE;
  if (len >= 2 && line[1] != '\r')
    return DOT_STUFFED;
  if (len < 3)
    return DOT_UNKNOWN;
  return line[2] == '\n' ? DOT_END : DOT_STUFFED;
}

// Where the line ends that goes on at `from`: behind its CRLF, or 0 when that is not there yet.
static gsize
find_line_end (const char *data, gsize from, gsize len)
{
  const char *newline;

  while ((newline = memchr (data + from, '\n', len - from)) != NULL)
    {
      from = (gsize) (newline - data) + 1;
      if (from >= 2 && newline[-1] == '\r')
        return from;
    }
  return 0;
}

gsize
wd_lmtp_data_feed (WdLmtpData *self,
                   const char *data,
                   gsize len,
                   WdLmtpDataFunc func,
                   gpointer user_data,
                   gboolean *out_is_end)
{
  gsize piece = 0; // Where the octets begin that were not given yet.
  gsize at = 0;
  gsize taken;

  *out_is_end = FALSE;
  if (len == 0)
    return 0;
  for (;;)
    {
      Dot dot = self->is_inside_line ? DOT_NONE : judge_line (data + at, len - at);
      gsize end;

      if (dot == DOT_UNKNOWN || dot == DOT_END)
        {
          *out_is_end = dot == DOT_END;
          taken = at;
          break;
        }
      if (dot == DOT_STUFFED)
        {
          if (at > piece)
            func (data + piece, at - piece, user_data);
          piece = ++at;
        }

      end = find_line_end (data, at, len);
      self->is_inside_line = end == 0;
      if (end == 0)
        {
          // A CR at the end may be half of a line's end: it waits for the other half.
          taken = len > at && data[len - 1] == '\r' ? len - 1 : len;
          break;
        }
      at = end;
    }

  if (taken > piece)
    func (data + piece, taken - piece, user_data);
  return *out_is_end ? taken + 3 : taken;
}
