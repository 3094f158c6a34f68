// SPDX-License-Identifier: EUPL-1.2
// Address lists of a header as IMAP address structures.
#include "config.h"

#include "mime-address.h"

#include <string.h>

typedef struct
{
  WdMimeAddressReader *scratch;
  const char *p;
  const char *end;
  GString *out;
  guint n;
  guint max;
  gboolean in_group;
  gboolean quotes_are_off;
  // Of the address being read:
  gboolean has_address; // `local` and `domain` are set.
  gsize run_start;      // Where in the phrase the last run of words joined by dots begins,
  gboolean run_is_open; // and whether the next word still belongs to it.
} Parser;

void
wd_mime_address_init (WdMimeAddressReader *self)
{
  self->phrase = g_string_sized_new (64);
  self->local = g_string_sized_new (64);
  self->domain = g_string_sized_new (64);
  self->comment = g_string_sized_new (64);
}

void
wd_mime_address_clear (WdMimeAddressReader *self)
{
  g_string_free (self->phrase, TRUE);
  g_string_free (self->local, TRUE);
  g_string_free (self->domain, TRUE);
  g_string_free (self->comment, TRUE);
}

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

// Unlike strchr, NUL is in no set.
static gboolean
is_one_of (char c, const char *set)
{
  return c != '\0' && strchr (set, c) != NULL;
}

static const guint8 ends_atom[256] = {
  ['\0'] = 1, [' '] = 1, ['\t'] = 1, ['\r'] = 1, ['\n'] = 1, ['"'] = 1, ['('] = 1, [')'] = 1,
  [','] = 1,  ['.'] = 1, [':'] = 1,  [';'] = 1,  ['<'] = 1,  ['>'] = 1, ['@'] = 1,
};

static gsize
atom_length (const char *p, const char *end)
{
  const char *start = p;

  while (p < end && !ends_atom[(guint8) *p])
    p++;
  return (gsize) (p - start);
}

// The last comment is kept: it is the name of an address that has no other (RFC 5322 3.4, end).
static void
skip_comment (Parser *parser)
{
  GString *comment = parser->scratch->comment;
  const char *start = parser->p + 1;
  guint depth = 0;

  for (; parser->p < parser->end; parser->p++)
    {
      if (*parser->p == '\\' && parser->p + 1 < parser->end)
        parser->p++;
      else if (*parser->p == '(')
        depth++;
      else if (*parser->p == ')' && --depth == 0)
        break;
    }
  g_string_truncate (comment, 0);
  wd_mime_nstring_append_clean (comment, start, (gsize) (parser->p - start), TRUE);
  if (parser->p < parser->end)
    parser->p++;
}

// TRUE when there was any.
static gboolean
skip_space (Parser *parser)
{
  const char *start = parser->p;

  while (parser->p < parser->end)
    if (is_space (*parser->p))
      parser->p++;
    else if (*parser->p == '(')
      skip_comment (parser);
    else
      break;
  return parser->p > start;
}

// Appends what the quoted string at hand says to `out`. A quote that none ends is passed over, and
// so are all behind it.
static void
read_quoted (Parser *parser, GString *out)
{
  const char *start = ++parser->p;
  const char *p = start;

  while (p < parser->end && *p != '"' && !parser->quotes_are_off)
    p += *p == '\\' && p + 1 < parser->end ? 2 : 1;
  if (p == parser->end || parser->quotes_are_off)
    {
      parser->quotes_are_off = TRUE;
      return;
    }
  wd_mime_nstring_append_clean (out, start, (gsize) (p - start), TRUE);
  parser->p = p + 1;
}

static void
append_name (Parser *parser)
{
  const WdMimeAddressReader *s = parser->scratch;
  const GString *name = s->phrase->len > 0 ? s->phrase : s->comment;

  if (name->len > 0)
    wd_mime_nstring_append (parser->out, name->str, name->len);
  else
    g_string_append_len (parser->out, "NIL", 3);
}

// (name adl mailbox host)
static void
append_mailbox (Parser *parser, WdMimeSlice route)
{
  const WdMimeAddressReader *s = parser->scratch;

  if (parser->n >= parser->max)
    return;
  parser->n++;
  g_string_append_c (parser->out, '(');
  append_name (parser);
  g_string_append_c (parser->out, ' ');
  wd_mime_nstring_append_slice (parser->out, route);
  g_string_append_c (parser->out, ' ');
  wd_mime_nstring_append (parser->out, s->local->str, s->local->len);
  g_string_append_c (parser->out, ' ');
  wd_mime_nstring_append (parser->out, s->domain->str, s->domain->len);
  g_string_append_c (parser->out, ')');
}

static void
begin_group (Parser *parser)
{
  const GString *name = parser->scratch->phrase;

  if (parser->n >= parser->max)
    return;
  parser->n++;
  parser->in_group = TRUE;
  g_string_append (parser->out, "(NIL NIL ");
  wd_mime_nstring_append (parser->out, name->str, name->len);
  g_string_append (parser->out, " NIL)");
}

static void
end_group (Parser *parser)
{
  if (parser->in_group)
    g_string_append (parser->out, "(NIL NIL NIL NIL)");
  parser->in_group = FALSE;
}

static void
begin_address (Parser *parser)
{
  WdMimeAddressReader *s = parser->scratch;

  g_string_truncate (s->phrase, 0);
  g_string_truncate (s->local, 0);
  g_string_truncate (s->domain, 0);
  g_string_truncate (s->comment, 0);
  parser->has_address = FALSE;
  parser->run_start = 0;
  parser->run_is_open = FALSE;
}

// A word, or a run of dots, becomes part of the phrase, and of what may turn out a local part.
static void
read_word (Parser *parser, gboolean space_before)
{
  WdMimeAddressReader *s = parser->scratch;
  gboolean is_dot = *parser->p == '.';
  gsize local_len, n;

  if (!parser->has_address && !is_dot && !parser->run_is_open
      && (space_before || s->phrase->len == 0))
    {
      parser->run_start = s->phrase->len;
      g_string_truncate (s->local, 0);
    }
  parser->run_is_open = is_dot;
  if (space_before && s->phrase->len > 0)
    g_string_append_c (s->phrase, ' ');

  local_len = s->phrase->len;
  if (*parser->p == '"')
    read_quoted (parser, s->phrase);
  else
    {
      n = is_dot ? 1 : atom_length (parser->p, parser->end);
      g_string_append_len (s->phrase, parser->p, (gssize) n);
      parser->p += n;
    }
  if (!parser->has_address)
    g_string_append_len (s->local, s->phrase->str + local_len,
                         (gssize) (s->phrase->len - local_len));
}

// Up to its bracket, or to what cannot stand in one.
static gsize
literal_length (const char *p, const char *end)
{
  gsize n = 1;

  while (p + n < end && !is_space (p[n]) && !is_one_of (p[n], "[],;<>"))
    n++;
  return p + n < end && p[n] == ']' ? n + 1 : n;
}

// A domain, or a domain literal with its brackets; white space around dots is dropped.
static void
read_domain (Parser *parser)
{
  GString *domain = parser->scratch->domain;
  gboolean after_dot = TRUE;

  g_string_truncate (domain, 0);
  for (;;)
    {
      gboolean space = skip_space (parser);
      gsize n;

      if (parser->p == parser->end || (space && !after_dot && *parser->p != '.'))
        return;
      if (*parser->p == '[')
        n = literal_length (parser->p, parser->end);
      else if (*parser->p == '.')
        n = 1;
      else
        n = atom_length (parser->p, parser->end);
      if (n == 0)
        return;
      after_dot = *parser->p == '.';
      wd_mime_nstring_append_clean (domain, parser->p, n, FALSE);
      parser->p += n;
    }
}

// The source route of <@a,@b:local@domain> (RFC 5322 4.4), without its colon.
static WdMimeSlice
read_route (Parser *parser)
{
  const char *start = parser->p;

  while (parser->p < parser->end && !is_one_of (*parser->p, ":<>;\"("))
    parser->p++;
  if (parser->p == parser->end || *parser->p != ':')
    {
      parser->p = start;
      return (WdMimeSlice){ NULL, 0 };
    }
  parser->p++;
  return (WdMimeSlice){ start, (gsize) (parser->p - 1 - start) };
}

static void
read_angle (Parser *parser)
{
  GString *local = parser->scratch->local;
  WdMimeSlice route = { NULL, 0 };

  parser->p++;
  g_string_truncate (local, 0);
  g_string_truncate (parser->scratch->domain, 0);
  (void) skip_space (parser);
  if (parser->p < parser->end && *parser->p == '@')
    route = read_route (parser);
  while (skip_space (parser), parser->p < parser->end && !is_one_of (*parser->p, "@>,;"))
    {
      gsize n = atom_length (parser->p, parser->end);

      if (*parser->p == '"')
        {
          read_quoted (parser, local);
          continue;
        }
      n = MAX (n, 1);
      g_string_append_len (local, parser->p, (gssize) n);
      parser->p += n;
    }
  if (parser->p < parser->end && *parser->p == '@')
    {
      parser->p++;
      read_domain (parser);
    }
  while (parser->p < parser->end && !is_one_of (*parser->p, ">,"))
    parser->p++;
  if (parser->p < parser->end && *parser->p == '>')
    parser->p++;
  // What stands between it and the next comma is looked at for a comment only.
  while (skip_space (parser), parser->p < parser->end && !is_one_of (*parser->p, ",;"))
    parser->p++;
  if (local->len > 0 || parser->scratch->domain->len > 0 || parser->scratch->phrase->len > 0)
    append_mailbox (parser, route);
}

static void
read_at (Parser *parser)
{
  WdMimeAddressReader *s = parser->scratch;

  parser->p++;
  if (parser->has_address)
    {
      g_string_append_c (s->phrase, '@');
      return;
    }
  read_domain (parser);
  parser->has_address = TRUE;
  // Before an angle address it was a name all the same: a@b <a@b>.
  g_string_append_c (s->phrase, '@');
  g_string_append_len (s->phrase, s->domain->str, (gssize) s->domain->len);
}

// The end of an address that had no angle brackets.
static void
end_plain (Parser *parser)
{
  WdMimeAddressReader *s = parser->scratch;

  if (!parser->has_address)
    {
      // No domain: all of it is the mailbox.
      g_string_assign (s->local, s->phrase->str);
      parser->run_start = 0;
    }
  g_string_truncate (s->phrase, parser->run_start);
  if (s->local->len > 0 || s->domain->len > 0)
    append_mailbox (parser, (WdMimeSlice){ NULL, 0 });
}

// Reads up to and without the comma or semicolon behind an address.
static void
read_address (Parser *parser)
{
  begin_address (parser);
  for (;;)
    {
      gboolean space_before = skip_space (parser);

      if (parser->p == parser->end || *parser->p == ',' || *parser->p == ';')
        {
          end_plain (parser);
          return;
        }
      switch (*parser->p)
        {
        case '<':
          read_angle (parser);
          return;
        case ':':
          parser->p++;
          if (!parser->in_group && !parser->has_address && parser->scratch->phrase->len > 0)
            {
              begin_group (parser);
              return;
            }
          break;
        case '@':
          read_at (parser);
          break;
        case '>':
        case ')':
          parser->p++;
          break;
        default:
          read_word (parser, space_before);
        }
    }
}

guint
wd_mime_address_append_list (WdMimeAddressReader *self, WdMimeSlice value, guint max, GString *out)
{
  Parser parser = { .scratch = self, .p = value.data, .end = value.data + value.len };

  parser.out = out;
  parser.max = max;
  while (parser.p < parser.end && parser.n < max)
    {
      (void) skip_space (&parser);
      if (parser.p == parser.end)
        break;
      if (*parser.p == ',')
        parser.p++;
      else if (*parser.p == ';')
        {
          end_group (&parser);
          parser.p++;
        }
      else
        read_address (&parser);
    }
  end_group (&parser);
  return parser.n;
}
