// SPDX-License-Identifier: EUPL-1.2
// Previews: decoding, markup and white space in one pass that stops when it has enough.
#include "config.h"

#include "mime-preview.h"

#include <string.h>

#include "mime-text.h"

// What most texts need is there in the first octets; the rest is decoded only for those that need
// more.
static const gsize steps_bytes[] = { 1024, 4 * 1024, WD_MIME_PREVIEW_READ_BYTES };

typedef struct
{
  GString *out;
  guint n; // Characters.
  gboolean has_space;
} Preview;

static const struct
{
  const char *name;
  const char *text;
} entities[] = {
  { "amp;", "&" },   { "lt;", "<" },    { "gt;", ">" },     { "quot;", "\"" },
  { "apos;", "'" },  { "nbsp;", " " },  { "zwnj;", "" },    { "shy;", "" },
  { "ndash;", "–" }, { "mdash;", "—" }, { "hellip;", "…" },
};

// Elements whose text is not shown.
static const char *const hidden[] = { "head", "style", "script", "title" };

static gboolean
is_full (const Preview *self)
{
  return self->n >= WD_MIME_PREVIEW_CHARS;
}

static gboolean
is_white (gunichar c)
{
  return c < 0x80 ? c <= ' ' || c == 0x7f : c == 0xa0 || g_unichar_isspace (c) || c < 0xa0;
}

// White space and controls become one space, none at either end.
static void
add (Preview *self, gunichar c)
{
  if (is_white (c))
    {
      self->has_space = self->n > 0;
      return;
    }
  if (self->has_space)
    {
      self->has_space = FALSE;
      if (++self->n >= WD_MIME_PREVIEW_CHARS)
        return;
      g_string_append_c (self->out, ' ');
    }
  if (c < 0x80)
    g_string_append_c (self->out, (char) c);
  else
    g_string_append_unichar (self->out, c);
  self->n++;
}

static void
add_text (Preview *self, const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    add (self, g_utf8_get_char (text));
}

// What follows '&', as text. Returns what is behind it.
static const char *
add_entity (Preview *self, const char *p)
{
  char *end;
  guint64 code;

  for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
    if (g_str_has_prefix (p, entities[i].name))
      {
        add_text (self, entities[i].text);
        return p + strlen (entities[i].name);
      }
  if (*p == '#')
    {
      gboolean is_hex = p[1] == 'x' || p[1] == 'X';

      code = g_ascii_strtoull (p + (is_hex ? 2 : 1), &end, is_hex ? 16 : 10);
      if (*end == ';' && code >= ' ' && code <= 0x10ffff && g_unichar_validate ((gunichar) code))
        {
          add (self, (gunichar) code);
          return end + 1;
        }
    }
  add (self, '&');
  return p;
}

// Behind the end tag of an element whose text is not shown, or at the end.
static const char *
skip_element (const char *p, const char *name)
{
  gsize len = strlen (name);

  while ((p = strchr (p, '<')) != NULL)
    {
      p++;
      if (*p == '/' && g_ascii_strncasecmp (p + 1, name, len) == 0 && !g_ascii_isalnum (p[1 + len]))
        return p + 1 + len;
    }
  return NULL;
}

// From behind '<'. Returns what follows the tag, or the comment, or the element (nullable).
static const char *
skip_tag (const char *p)
{
  if (g_str_has_prefix (p, "!--"))
    {
      const char *end = strstr (p + 3, "-->");

      return end != NULL ? end + 3 : NULL;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    {
      gsize len = strlen (hidden[i]);

      if (g_ascii_strncasecmp (p, hidden[i], len) == 0 && !g_ascii_isalnum (p[len]))
        {
          p = skip_element (p, hidden[i]);
          break;
        }
    }
  p = p != NULL ? strchr (p, '>') : NULL;
  return p != NULL ? p + 1 : NULL;
}

// The text between the tags. Markup is never executed or trusted here: what is left is only text.
// Returns where it stopped (nullable).
static const char *
add_html (Preview *self, const char *p)
{
  while (p != NULL && *p != '\0' && !is_full (self))
    if (*p == '<' && (g_ascii_isalpha (p[1]) || p[1] == '/' || p[1] == '!' || p[1] == '?'))
      {
        p = skip_tag (p + 1);
        add (self, ' ');
      }
    else if (*p == '&')
      p = add_entity (self, p + 1);
    else
      {
        add (self, g_utf8_get_char (p));
        p = g_utf8_next_char (p);
      }
  return p;
}

// What the sender quotes is not news.
static const char *
skip_quoted (const char *line)
{
  while (*line == '>')
    {
      line = strchr (line, '\n');
      if (line == NULL)
        return "";
      line++;
    }
  return line;
}

static const char *
add_plain (Preview *self, const char *p)
{
  p = skip_quoted (p);
  while (*p != '\0' && !is_full (self))
    {
      gboolean is_end = *p == '\n';

      add (self, g_utf8_get_char (p));
      p = g_utf8_next_char (p);
      if (is_end)
        p = skip_quoted (p);
    }
  return p;
}

// `out_is_enough`: more text would change nothing. The last character may be a broken one.
static char *
make (const char *text, gboolean is_html, gboolean *out_is_enough)
{
  Preview self = { .out = g_string_sized_new (WD_MIME_PREVIEW_CHARS) };
  const char *end = is_html ? add_html (&self, text) : add_plain (&self, text);

  *out_is_enough = is_full (&self) && end != NULL && *end != '\0';
  return g_string_free (self.out, FALSE);
}

char *
wd_mime_preview_of_text (const char *text, gboolean is_html)
{
  gboolean is_enough;

  return make (text, is_html, &is_enough);
}

const WdMimePart *
wd_mime_preview_find_part (const WdMimeTree *tree)
{
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n_parts);
  const WdMimePart *html = NULL;

  for (guint i = 0; i < n_parts; i++)
    {
      if (parts[i].kind != WD_MIME_LEAF || (parts[i].flags & WD_MIME_PART_ATTACHMENT) != 0)
        continue;
      if (strcmp (parts[i].type, "text/plain") == 0)
        return &parts[i];
      if (html == NULL && strcmp (parts[i].type, "text/html") == 0)
        html = &parts[i];
    }
  return html;
}

// Where the text breaks off in its middle, it shall be between two lines, not in a character.
static gsize
cut_at_line (const char *body, gsize len)
{
  const char *end = memrchr (body, '\n', len);

  return end != NULL ? (gsize) (end - body) + 1 : len;
}

char *
wd_mime_preview_make (const WdMimePart *part, const char *body, gsize len)
{
  gboolean is_html = strcmp (part->type, "text/html") == 0;
  gboolean is_enough = FALSE;
  char *preview = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (steps_bytes) && !is_enough; i++)
    {
      gsize n = MIN (len, steps_bytes[i]);
      g_autofree char *text = NULL;

      if (n < part->body_end - part->body_start)
        n = cut_at_line (body, n);
      text = wd_mime_text_dup (part, body, n);
      g_free (preview);
      preview = make (text, is_html, &is_enough);
      is_enough = is_enough || len <= steps_bytes[i];
    }
  return preview;
}

char *
wd_mime_preview_of_message (const WdMimeTree *tree, const char *octets, gsize len)
{
  const WdMimePart *part = wd_mime_preview_find_part (tree);

  if (part == NULL || part->body_end > len)
    return g_strdup ("");
  return wd_mime_preview_make (
      part, octets + part->body_start,
      (gsize) MIN (part->body_end - part->body_start, WD_MIME_PREVIEW_READ_BYTES));
}
