// SPDX-License-Identifier: EUPL-1.2
// Walking, filtering and decoding the fields of a header.
#include "config.h"

#include "mime-header.h"

#include <string.h>

#include "mime-charset.h"
#include "mime-nstring.h"
#include "mime-word.h"

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

static void
append_text (const char *value, gsize len, GString *out)
{
  WdMimeSlice trimmed = wd_mime_nstring_trim (value, len);
  g_autoptr (GString) unfolded = g_string_sized_new (trimmed.len);

  wd_mime_nstring_append_clean (unfolded, trimmed.data, trimmed.len, FALSE);
  wd_mime_word_append_decoded (unfolded->str, unfolded->len, out);
}

char *
wd_mime_header_dup_text (const char *value, gsize len)
{
  GString *out = g_string_sized_new (len);

  append_text (value, len, out);
  return wd_mime_charset_finish (out);
}

char *
wd_mime_header_dup_values (const char *header, gsize len, const char *name)
{
  gsize name_len = strlen (name);
  GString *out = NULL;
  gsize offset = 0;
  WdMimeField field;

  while (wd_mime_header_next (header, len, &offset, &field))
    {
      if (!wd_mime_header_is_named (&field, name, name_len))
        continue;
      if (out == NULL)
        out = g_string_sized_new (field.len);
      else
        g_string_append_c (out, '\n');
      append_text (field.start + field.value_start, field.len - field.value_start, out);
    }
  return out == NULL ? NULL : wd_mime_charset_finish (out);
}
