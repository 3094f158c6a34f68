// SPDX-License-Identifier: EUPL-1.2
// PREVIEW.
#include "config.h"

#include "imap-preview.h"

#include <string.h>

#include "mime-text.h"

// Octets of the part that are looked at: in HTML, what comes before the text can be long.
#define READ_BYTES (16 * 1024)

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

// What follows '&', as text; *inout_p is moved behind it.
static void
append_entity (GString *out, const char **inout_p)
{
  const char *p = *inout_p;
  char *end;
  guint64 code;

  for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
    if (g_str_has_prefix (p, entities[i].name))
      {
        g_string_append (out, entities[i].text);
        *inout_p = p + strlen (entities[i].name);
        return;
      }
  if (*p == '#')
    {
      gboolean is_hex = p[1] == 'x' || p[1] == 'X';

      code = g_ascii_strtoull (p + (is_hex ? 2 : 1), &end, is_hex ? 16 : 10);
      if (*end == ';' && code >= ' ' && code <= 0x10ffff && g_unichar_validate ((gunichar) code))
        {
          g_string_append_unichar (out, (gunichar) code);
          *inout_p = end + 1;
          return;
        }
    }
  g_string_append_c (out, '&');
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
static char *
strip_html (const char *html)
{
  GString *out = g_string_new (NULL);
  const char *p = html;

  while (p != NULL && *p != '\0')
    {
      char c = *p++;

      if (c == '<' && (g_ascii_isalpha (*p) || *p == '/' || *p == '!' || *p == '?'))
        {
          p = skip_tag (p);
          g_string_append_c (out, ' ');
        }
      else if (c == '&')
        append_entity (out, &p);
      else
        g_string_append_c (out, c);
    }
  return g_string_free (out, FALSE);
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

char *
wd_imap_preview_of_text (const char *text, gboolean is_html)
{
  g_autofree char *stripped = is_html ? strip_html (text) : NULL;
  GString *out = g_string_new (NULL);
  gboolean is_line_start = !is_html;
  gboolean has_space = FALSE;
  guint n = 0;

  for (const char *p = is_html ? stripped : text; *p != '\0' && n < WD_IMAP_PREVIEW_CHARS;)
    {
      gunichar c;

      if (is_line_start)
        p = skip_quoted (p);
      is_line_start = FALSE;
      if (*p == '\0')
        break;
      c = g_utf8_get_char (p);
      p = g_utf8_next_char (p);
      is_line_start = c == '\n' && !is_html;
      if (g_unichar_isspace (c) || c == 0xa0 || g_unichar_iscntrl (c))
        {
          has_space = out->len > 0;
          continue;
        }
      if (has_space)
        {
          g_string_append_c (out, ' ');
          has_space = FALSE;
          if (++n >= WD_IMAP_PREVIEW_CHARS)
            break;
        }
      g_string_append_unichar (out, c);
      n++;
    }
  return g_string_free (out, FALSE);
}

// The first plain text, else the first HTML, that is no attachment. (nullable)
static const WdMimePart *
find_part (const WdMimeTree *tree)
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
cut_at_line (const GString *body, gboolean is_whole)
{
  const char *end = is_whole ? NULL : g_strrstr_len (body->str, (gssize) body->len, "\n");

  return end != NULL ? (gsize) (end - body->str) + 1 : body->len;
}

char *
wd_imap_preview_make (WdContent *content, GError **error)
{
  const WdMimePart *part = find_part (wd_content_get_tree (content));
  g_autoptr (GString) body = NULL;
  g_autofree char *text = NULL;
  guint64 size_bytes;

  if (part == NULL)
    return g_strdup ("");
  size_bytes = part->body_end - part->body_start;
  body = g_string_new (NULL);
  if (!wd_content_read (content, part->body_start, (gsize) MIN (size_bytes, READ_BYTES), body,
                        error))
    return NULL;
  text = wd_mime_text_dup (part, body->str, cut_at_line (body, size_bytes <= READ_BYTES));
  return wd_imap_preview_of_text (text, strcmp (part->type, "text/html") == 0);
}
