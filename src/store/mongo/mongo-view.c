// SPDX-License-Identifier: EUPL-1.2
// Making texts to show.
#include "config.h"

#include "mongo-view.h"

#include <string.h>

#include "mime-charset.h"
#include "mime-text.h"

typedef struct
{
  const WdMimePart *parts;
  guint n_parts;
  const guint8 *octets;
  gsize len;
  WdMongoViewFindFunc find;
  gpointer user_data;
  GString *text;
  GPtrArray *html;
  gsize html_len;
} Making;

static const struct
{
  const char *name;
  const char *text;
} entities[] = {
  { "amp;", "&" },   { "lt;", "<" },   { "gt;", ">" },
  { "quot;", "\"" }, { "apos;", "'" }, { "nbsp;", " " },
};

// Elements whose end is the end of a line, and those whose contents are not shown.
static const char *const blocks[]
    = { "p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", NULL };
static const char *const hidden[] = { "style", "script", "head", "title", NULL };

static gboolean
is_named (const char *name, gsize len, const char *const *names)
{
  for (gsize i = 0; names[i] != NULL; i++)
    if (strlen (names[i]) == len && g_ascii_strncasecmp (names[i], name, len) == 0)
      return TRUE;
  return FALSE;
}

// Past what is hidden: `at` is behind its start tag.
static const char *
skip_hidden (const char *at, const char *name, gsize name_len)
{
  while ((at = strstr (at, "</")) != NULL)
    {
      at += 2;
      if (g_ascii_strncasecmp (at, name, name_len) == 0)
        return at + name_len;
    }
  return "";
}

static const char *
skip_tag (const char *at, GString *out)
{
  gboolean is_end = at[1] == '/';
  const char *name = at + 1 + is_end;
  gsize name_len = strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
  const char *close;

  if (g_str_has_prefix (name, "!--"))
    {
      close = strstr (name, "-->");
      return close == NULL ? "" : close + 3;
    }
  if (!is_end && is_named (name, name_len, hidden))
    at = skip_hidden (name, name, name_len);
  if (is_named (name, name_len, blocks) && (is_end || name[0] == 'b' || name[0] == 'B'))
    g_string_append_c (out, '\n');
  close = strchr (at, '>');
  return close == NULL ? "" : close + 1;
}

static const char *
read_entity (const char *at, GString *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
    if (g_str_has_prefix (at + 1, entities[i].name))
      {
        g_string_append (out, entities[i].text);
        return at + 1 + strlen (entities[i].name);
      }
  if (at[1] == '#')
    {
      gboolean is_hex = at[2] == 'x' || at[2] == 'X';
      char *end;
      guint64 code = g_ascii_strtoull (at + 2 + is_hex, &end, is_hex ? 16 : 10);

      if (code > 0 && code <= 0x10ffff && g_unichar_validate ((gunichar) code))
        {
          g_string_append_unichar (out, (gunichar) code);
          return end + (*end == ';');
        }
    }
  g_string_append_c (out, '&');
  return at + 1;
}

static void
append_stripped (GString *out, const char *html)
{
  while (*html != '\0')
    if (*html == '<' && (g_ascii_isalpha (html[1]) || html[1] == '/' || html[1] == '!'))
      html = skip_tag (html, out);
    else if (*html == '&')
      html = read_entity (html, out);
    else
      g_string_append_c (out, *html++);
}

static void
append_escaped (GString *out, const char *text)
{
  g_string_append (out, "<p>");
  for (const char *at = text; *at != '\0'; at++)
    switch (*at)
      {
      case '\r':
        break;
      case '\n':
        if (at[1] == '\n')
          g_string_append (out, "</p><p>");
        else if (at[1] != '\0' && (at == text || at[-1] != '\n'))
          g_string_append (out, "<br/>");
        break;
      case '<':
        g_string_append (out, "&lt;");
        break;
      case '>':
        g_string_append (out, "&gt;");
        break;
      case '&':
        g_string_append (out, "&amp;");
        break;
      default:
        g_string_append_c (out, *at);
      }
  g_string_append (out, "</p>");
}

static gsize
measure_cid (const char *at)
{
  return strcspn (at, "\"'<> \t\r\n)");
}

static char *
dup_linked (const Making *self, const char *html)
{
  GString *out = g_string_new (NULL);
  const char *at;

  while ((at = strstr (html, "cid:")) != NULL)
    {
      gsize n = measure_cid (at + 4);
      g_autofree char *cid = g_strndup (at + 4, n);
      const char *id = self->find == NULL ? NULL : self->find (cid, self->user_data);

      g_string_append_len (out, html, at - html);
      if (id != NULL)
        g_string_append_printf (out, "attachment:%s", id);
      else
        g_string_append_len (out, at, (gssize) (n + 4));
      html = at + 4 + n;
    }
  g_string_append (out, html);
  return g_string_free (out, FALSE);
}

// Valid UTF-8 without CR.
static char *
dup_body (const Making *self, const WdMimePart *part)
{
  gsize len = (gsize) MIN (part->body_end - part->body_start, WD_MONGO_VIEW_BYTES_MAX);
  char *text = wd_mime_text_dup (part, (const char *) self->octets + part->body_start, len);
  char *to = text;

  for (const char *from = text; *from != '\0'; from++)
    if (*from != '\r')
      *to++ = *from;
  *to = '\0';
  return text;
}

static void
add_html (Making *self, char *html)
{
  self->html_len += strlen (html);
  g_ptr_array_add (self->html, html);
}

static void
add_plain (Making *self, const WdMimePart *part, gboolean with_html)
{
  g_autofree char *text = g_strstrip (dup_body (self, part));

  if (self->text->len > 0)
    g_string_append_c (self->text, '\n');
  g_string_append (self->text, text);
  if (with_html)
    {
      GString *html = g_string_new (NULL);

      append_escaped (html, text);
      add_html (self, g_string_free (html, FALSE));
    }
}

static void
add_marked_up (Making *self, const WdMimePart *part, gboolean with_text)
{
  g_autofree char *html = dup_body (self, part);

  if (with_text)
    append_stripped (self->text, html);
  add_html (self, dup_linked (self, g_strchomp (html)));
}

static gboolean
is_shown (const Making *self, const WdMimePart *part, const char *type)
{
  return part->kind == WD_MIME_LEAF && (part->flags & WD_MIME_PART_ATTACHMENT) == 0
         && part->body_end <= self->len && g_strcmp0 (part->type, type) == 0;
}

// Whether a sibling among alternatives says the same in that form.
static gboolean
has_alternative (const Making *self, const WdMimePart *part, const char *type)
{
  const WdMimePart *parent = &self->parts[part->parent];

  if (parent == part || g_strcmp0 (parent->type, "multipart/alternative") != 0)
    return FALSE;
  for (guint32 i = parent->first_child; i != 0; i = self->parts[i].next_sibling)
    {
      const WdMimePart *sibling = &self->parts[i];

      if (is_shown (self, sibling, type))
        return TRUE;
      // multipart/related around the HTML.
      for (guint32 k = sibling->first_child; k != 0 && sibling->kind == WD_MIME_MULTIPART;
           k = self->parts[k].next_sibling)
        if (is_shown (self, &self->parts[k], type))
          return TRUE;
    }
  return FALSE;
}

// A text within multipart/related within alternatives.
static gboolean
has_outer_text (const Making *self, const WdMimePart *part)
{
  return has_alternative (self, part, "text/plain")
         || has_alternative (self, &self->parts[part->parent], "text/plain");
}

void
wd_mongo_view_init (WdMongoView *self,
                    const WdMimeTree *tree,
                    const guint8 *octets,
                    gsize len,
                    WdMongoViewFindFunc find,
                    gpointer user_data)
{
  Making making = { .octets = octets, .len = len, .find = find, .user_data = user_data };

  making.parts = wd_mime_tree_get_parts (tree, &making.n_parts);
  making.text = g_string_new (NULL);
  making.html = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < making.n_parts; i++)
    {
      const WdMimePart *part = &making.parts[i];

      if (making.text->len + making.html_len > WD_MONGO_VIEW_BYTES_MAX)
        break;
      if (is_shown (&making, part, "text/plain"))
        add_plain (&making, part, !has_alternative (&making, part, "text/html"));
      else if (is_shown (&making, part, "text/html"))
        add_marked_up (&making, part, !has_outer_text (&making, part));
    }
  self->text = g_strstrip (g_string_free (making.text, FALSE));
  self->html = making.html;
}

void
wd_mongo_view_clear (WdMongoView *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->html, g_ptr_array_unref);
}
