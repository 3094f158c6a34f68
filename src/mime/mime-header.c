// SPDX-License-Identifier: EUPL-1.2
// Walking and filtering the fields of a header.
#include "config.h"

#include "mime-header.h"

#include <string.h>

// The offset behind the line that begins at `offset`.
static gsize
line_end (const char *header, gsize len, gsize offset)
{
  const char *lf = memchr (header + offset, '\n', len - offset);

  return lf == NULL ? len : (gsize) (lf - header) + 1;
}

static gboolean
is_empty_line (const char *line, gsize len)
{
  return line[0] == '\n' || (len >= 2 && line[0] == '\r' && line[1] == '\n');
}

// RFC 5322 3.6.8: printable characters but the colon; white space before it is obsolete but common
// (4.5.3). 8-bit names (RFC 6532 has none) are no fields.
static void
read_name (WdMimeField *field, gsize first_line_len)
{
  gsize i = 0;

  while (i < first_line_len && field->start[i] > ' ' && field->start[i] < 0x7f
         && field->start[i] != ':')
    i++;
  field->name_len = i;
  while (i < first_line_len && (field->start[i] == ' ' || field->start[i] == '\t'))
    i++;
  if (i < first_line_len && field->start[i] == ':')
    field->value_start = i + 1;
  else
    field->name_len = field->value_start = 0;
  if (field->name_len == 0)
    field->value_start = 0;
}

gboolean
wd_mime_header_next (const char *header, gsize len, gsize *inout_offset, WdMimeField *out_field)
{
  gsize start = *inout_offset;
  gsize end;

  if (start >= len || is_empty_line (header + start, len - start))
    return FALSE;

  end = line_end (header, len, start);
  out_field->start = header + start;
  read_name (out_field, end - start);
  while (end < len && (header[end] == ' ' || header[end] == '\t'))
    end = line_end (header, len, end);
  out_field->len = end - start;
  *inout_offset = end;
  return TRUE;
}

gboolean
wd_mime_header_is_named (const WdMimeField *field, const char *name, gsize name_len)
{
  return field->name_len == name_len && g_ascii_strncasecmp (field->start, name, name_len) == 0;
}

static gboolean
is_among (const WdMimeField *field, const char *const *names)
{
  for (; *names != NULL; names++)
    if (wd_mime_header_is_named (field, *names, strlen (*names)))
      return TRUE;
  return FALSE;
}

void
wd_mime_header_filter (
    const char *header, gsize len, const char *const *names, gboolean invert, GString *out)
{
  gboolean wanted = invert;
  gsize offset = 0;
  WdMimeField field;

  while (wd_mime_header_next (header, len, &offset, &field))
    {
      if (field.name_len > 0)
        wanted = is_among (&field, names) != invert;
      if (!wanted)
        continue;
      g_string_append_len (out, field.start, (gssize) field.len);
      if (field.start[field.len - 1] != '\n')
        g_string_append (out, "\r\n");
    }
  g_string_append (out, "\r\n");
}
