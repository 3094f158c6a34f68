// SPDX-License-Identifier: EUPL-1.2
// BODY and BODYSTRUCTURE of a part tree.
#include "config.h"

#include "mime-structure.h"

#include <string.h>

static void
append_span (GString *out, const GString *text, WdMimeSpan span)
{
  g_string_append_len (out, text->str + span.start, (gssize) span.len);
}

// A type or subtype: a token, whose 8-bit octets, if it has any, make it a literal.
static void
append_word (GString *out, const char *word, gsize len)
{
  wd_mime_nstring_append (out, word, len);
}

static void
append_number (GString *out, guint64 n)
{
  char digits[24];
  char *p = digits + sizeof digits;

  do
    *--p = (char) ('0' + n % 10);
  while ((n /= 10) > 0);
  *--p = ' ';
  g_string_append_len (out, p, digits + sizeof digits - p);
}

static void
append_multipart (const WdMimeIndexPart *parts,
                  guint32 index,
                  gboolean is_extended,
                  const GString *text,
                  GString *out)
{
  const WdMimeEntity *entity = &parts[index].entity;
  const char *type = text->str + entity->type.start;
  const char *slash = memchr (type, '/', entity->type.len);

  for (guint32 i = parts[index].part.first_child; i != 0; i = parts[i].part.next_sibling)
    wd_mime_structure_append (parts, i, is_extended, text, out);
  g_string_append_c (out, ' ');
  append_word (out, slash + 1, (gsize) (type + entity->type.len - slash - 1));
  if (!is_extended)
    return;
  g_string_append_c (out, ' ');
  append_span (out, text, entity->params);
  g_string_append_c (out, ' ');
  append_span (out, text, entity->dsp_to_loc);
}

static void
append_single (const WdMimeIndexPart *parts,
               guint32 index,
               gboolean is_extended,
               const GString *text,
               GString *out)
{
  const WdMimePart *part = &parts[index].part;
  const WdMimeEntity *entity = &parts[index].entity;
  const char *type = text->str + entity->type.start;
  const char *slash = memchr (type, '/', entity->type.len);

  append_word (out, type, (gsize) (slash - type));
  g_string_append_c (out, ' ');
  append_word (out, slash + 1, (gsize) (type + entity->type.len - slash - 1));
  g_string_append_c (out, ' ');
  append_span (out, text, entity->params);
  g_string_append_c (out, ' ');
  append_span (out, text, entity->id_to_enc);
  append_number (out, part->body_end - part->body_start);
  if (part->kind == WD_MIME_MESSAGE)
    {
      g_string_append_c (out, ' ');
      append_span (out, text, parts[part->first_child].envelope);
      g_string_append_c (out, ' ');
      wd_mime_structure_append (parts, part->first_child, is_extended, text, out);
    }
  if (part->kind == WD_MIME_MESSAGE || (slash - type == 4 && memcmp (type, "text", 4) == 0))
    append_number (out, part->body_lines);
  if (!is_extended)
    return;
  g_string_append_c (out, ' ');
  append_span (out, text, entity->md5);
  g_string_append_c (out, ' ');
  append_span (out, text, entity->dsp_to_loc);
}

void
wd_mime_structure_append (const WdMimeIndexPart *parts,
                          guint32 index,
                          gboolean is_extended,
                          const GString *text,
                          GString *out)
{
  g_string_append_c (out, '(');
  if (parts[index].part.kind == WD_MIME_MULTIPART)
    append_multipart (parts, index, is_extended, text, out);
  else
    append_single (parts, index, is_extended, text, out);
  g_string_append_c (out, ')');
}
