// SPDX-License-Identifier: EUPL-1.2
// BODY[section]<partial> of FETCH.
#include "config.h"

#include "imap-section.h"

#include <string.h>

#include "core-limits.h"
#include "imap-format.h"

static const struct
{
  const char *name;
  WdImapSectionKind kind;
} kinds[] = {
  { "HEADER", WD_IMAP_SECTION_HEADER },
  { "HEADER.FIELDS", WD_IMAP_SECTION_HEADER_FIELDS },
  { "HEADER.FIELDS.NOT", WD_IMAP_SECTION_HEADER_FIELDS_NOT },
  { "TEXT", WD_IMAP_SECTION_TEXT },
  { "MIME", WD_IMAP_SECTION_MIME },
};

void
wd_imap_section_free (WdImapSection *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->path, g_array_unref);
  g_strfreev (self->fields);
  g_free (self->label);
  g_free (self);
}

WdImapSection *
wd_imap_section_new (const char *label, WdImapSectionKind kind, gboolean peek)
{
  WdImapSection *self = g_new0 (WdImapSection, 1);

  self->kind = kind;
  self->path = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->peek = peek;
  self->label = g_strdup (label);
  return self;
}

gboolean
wd_imap_section_is_filtered (const WdImapSection *self)
{
  return self->kind == WD_IMAP_SECTION_HEADER_FIELDS
         || self->kind == WD_IMAP_SECTION_HEADER_FIELDS_NOT;
}

// header-fld-name is an astring; a field is called by printable ASCII without a colon (RFC 5322
// 3.6.8), so that it can be repeated in the response.
static gboolean
is_field_name (const char *name)
{
  for (const char *p = name; *p != '\0'; p++)
    if (*p <= 0x20 || *p > 0x7e || *p == ':')
      return FALSE;
  return *name != '\0';
}

static gboolean
parse_fields (WdImapParser *parser, WdImapSection *section)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  guint n = 0;

  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  do
    {
      g_autofree char *name = NULL;

      if (++n > WD_LIMIT_IMAP_HEADER_FIELDS)
        return wd_imap_parse_fail (parser, "Too many header fields");
      if (!wd_imap_parse_astring (parser, &name))
        return FALSE;
      if (!is_field_name (name))
        return wd_imap_parse_fail (parser, "Invalid header field name");
      g_strv_builder_add (names, name);
    }
  while (wd_imap_parse_skip (parser, ' '));
  if (!wd_imap_parse_close (parser))
    return FALSE;
  section->fields = g_strv_builder_end (names);
  return TRUE;
}

// Part numbers, up to the text behind them or the end. *out_goes_on: a dot came last.
static gboolean
parse_path (WdImapParser *parser, WdImapSection *section, gboolean *out_goes_on)
{
  *out_goes_on = FALSE;
  while (g_ascii_isdigit (wd_imap_parse_peek (parser)))
    {
      guint32 number;

      if (section->path->len >= WD_LIMIT_MIME_DEPTH * 2)
        return wd_imap_parse_fail (parser, "Section too deep");
      if (!wd_imap_parse_nz_number (parser, &number))
        return FALSE;
      g_array_append_val (section->path, number);
      *out_goes_on = wd_imap_parse_skip (parser, '.');
      if (!*out_goes_on)
        return TRUE;
    }
  return TRUE;
}

static gboolean
parse_kind (WdImapParser *parser, WdImapSection *section)
{
  char name[32];

  if (!wd_imap_parse_name (parser, name))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (strcmp (kinds[i].name, name) != 0)
        continue;
      section->kind = kinds[i].kind;
      // MIME needs a part (RFC 3501 section-spec).
      if (section->kind == WD_IMAP_SECTION_MIME && section->path->len == 0)
        break;
      return !wd_imap_section_is_filtered (section) || parse_fields (parser, section);
    }
  return wd_imap_parse_fail (parser, "Unknown section");
}

static gboolean
parse_partial (WdImapParser *parser, WdImapSection *section)
{
  if (!wd_imap_parse_skip (parser, '<'))
    return TRUE;
  section->has_partial = TRUE;
  return wd_imap_parse_number (parser, &section->first) && wd_imap_parse_expect (parser, '.')
         && wd_imap_parse_nz_number (parser, &section->max_bytes)
         && wd_imap_parse_expect (parser, '>');
}

static char *
make_label (const WdImapSection *section)
{
  GString *label = g_string_new (section->is_size     ? "BINARY.SIZE["
                                 : section->is_binary ? "BINARY["
                                                      : "BODY[");
  const char *name = NULL;

  for (guint i = 0; i < section->path->len; i++)
    g_string_append_printf (label, "%s%u", i > 0 ? "." : "",
                            g_array_index (section->path, guint32, i));
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == section->kind)
      name = kinds[i].name;
  if (name != NULL)
    g_string_append_printf (label, "%s%s", section->path->len > 0 ? "." : "", name);
  for (guint i = 0; section->fields != NULL && section->fields[i] != NULL; i++)
    {
      g_string_append (label, i == 0 ? " (" : " ");
      wd_imap_format_astring (label, section->fields[i]);
    }
  g_string_append (label, section->fields != NULL ? ")]" : "]");
  if (section->has_partial)
    g_string_append_printf (label, "<%u>", section->first);
  return g_string_free (label, FALSE);
}

gboolean
wd_imap_section_parse (WdImapParser *parser, gboolean peek, WdImapSection **out_section)
{
  g_autoptr (WdImapSection) section = wd_imap_section_new (NULL, WD_IMAP_SECTION_ALL, peek);
  gboolean goes_on;

  if (!wd_imap_parse_expect (parser, '[') || !parse_path (parser, section, &goes_on))
    return FALSE;
  if ((goes_on || (section->path->len == 0 && wd_imap_parse_peek (parser) != ']'))
      && !parse_kind (parser, section))
    return FALSE;
  if (!wd_imap_parse_expect (parser, ']') || !parse_partial (parser, section))
    return FALSE;
  section->label = make_label (section);
  *out_section = g_steal_pointer (&section);
  return TRUE;
}

gboolean
wd_imap_section_parse_binary (WdImapParser *parser,
                              gboolean peek,
                              gboolean is_size,
                              WdImapSection **out_section)
{
  g_autoptr (WdImapSection) section = wd_imap_section_new (NULL, WD_IMAP_SECTION_ALL, peek);
  gboolean goes_on;

  section->is_binary = TRUE;
  section->is_size = is_size;
  if (!wd_imap_parse_expect (parser, '[') || !parse_path (parser, section, &goes_on))
    return FALSE;
  // Only parts by their number, no HEADER, TEXT or MIME.
  if (goes_on)
    return wd_imap_parse_fail (parser, "Expected a part number");
  if (!wd_imap_parse_expect (parser, ']') || (!is_size && !parse_partial (parser, section)))
    return FALSE;
  section->label = make_label (section);
  *out_section = g_steal_pointer (&section);
  return TRUE;
}

gboolean
wd_imap_section_find (const WdImapSection *self,
                      const WdMimeTree *tree,
                      guint64 *out_start,
                      guint64 *out_end)
{
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n_parts);
  const WdMimePart *part
      = wd_mime_tree_find (tree, (const guint32 *) self->path->data, self->path->len);

  if (part == NULL)
    return FALSE;
  if (self->kind == WD_IMAP_SECTION_MIME)
    {
      *out_start = part->header_start;
      *out_end = part->body_start;
      return TRUE;
    }
  if (self->kind != WD_IMAP_SECTION_ALL && self->path->len > 0)
    {
      // HEADER and TEXT of a part are those of the message in it (RFC 3501 6.4.5).
      if (part->kind != WD_MIME_MESSAGE || part->first_child == 0)
        return FALSE;
      part = parts + part->first_child;
    }
  if (self->kind == WD_IMAP_SECTION_ALL || self->kind == WD_IMAP_SECTION_TEXT)
    {
      *out_start = self->kind == WD_IMAP_SECTION_ALL && self->path->len == 0 ? 0 : part->body_start;
      *out_end = part->body_end;
      return TRUE;
    }
  *out_start = part->header_start;
  *out_end = part->body_start;
  return TRUE;
}

void
wd_imap_section_cut (const WdImapSection *self, guint64 *inout_start, guint64 *inout_end)
{
  guint64 len = *inout_end - *inout_start;

  if (!self->has_partial)
    return;
  *inout_start += MIN (len, self->first);
  *inout_end = MIN (*inout_end, *inout_start + self->max_bytes);
}
