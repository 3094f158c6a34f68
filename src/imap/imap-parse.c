// SPDX-License-Identifier: EUPL-1.2
// The tokens of RFC 3501 section 9.
#include "config.h"

#include "imap-parse.h"

#include <string.h>

#include "core-limits.h"

void
wd_imap_parse_init (WdImapParser *self, const char *data, gsize len)
{
  *self = (WdImapParser){ .data = data, .len = len };
}

gboolean
wd_imap_parse_fail (WdImapParser *self, const char *error)
{
  if (self->error == NULL)
    self->error = error;
  return FALSE;
}

int
wd_imap_parse_peek (const WdImapParser *self)
{
  return self->pos < self->len ? (guchar) self->data[self->pos] : -1;
}

gboolean
wd_imap_parse_is_at_end (const WdImapParser *self)
{
  return self->pos >= self->len;
}

// ATOM-CHAR of RFC 3501: no atom-specials, and 7 bits.
static gboolean
is_atom_octet (int c)
{
  return c > 0x20 && c < 0x7f && strchr ("(){%*\"\\]", c) == NULL;
}

static gboolean
is_astring_octet (int c)
{
  return is_atom_octet (c) || c == ']';
}

static gboolean
is_list_octet (int c)
{
  return is_astring_octet (c) || c == '%' || c == '*';
}

static gboolean
is_tag_octet (int c)
{
  return is_astring_octet (c) && c != '+';
}

gboolean
wd_imap_parse_is_atom (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (!is_atom_octet ((guchar) text[i]))
      return FALSE;
  return len > 0;
}

gboolean
wd_imap_parse_skip (WdImapParser *self, char c)
{
  if (self->pos >= self->len || self->data[self->pos] != c)
    return FALSE;
  self->pos++;
  return TRUE;
}

gboolean
wd_imap_parse_skip_word (WdImapParser *self, const char *word)
{
  gsize len = strlen (word);

  if (self->len - self->pos < len || g_ascii_strncasecmp (self->data + self->pos, word, len) != 0)
    return FALSE;
  if (self->pos + len < self->len && is_atom_octet ((guchar) self->data[self->pos + len]))
    return FALSE;
  self->pos += len;
  return TRUE;
}

gboolean
wd_imap_parse_expect (WdImapParser *self, char c)
{
  if (wd_imap_parse_skip (self, c))
    return TRUE;
  return wd_imap_parse_fail (self, c == '('   ? "Expected ("
                                   : c == ')' ? "Expected )"
                                   : c == ']' ? "Expected ]"
                                              : "Unexpected character");
}

gboolean
wd_imap_parse_space (WdImapParser *self)
{
  if (wd_imap_parse_skip (self, ' '))
    return TRUE;
  return wd_imap_parse_fail (self, wd_imap_parse_is_at_end (self) ? "Missing argument"
                                                                  : "Expected a space");
}

gboolean
wd_imap_parse_end (WdImapParser *self)
{
  return wd_imap_parse_is_at_end (self) || wd_imap_parse_fail (self, "Too many arguments");
}

gboolean
wd_imap_parse_open (WdImapParser *self)
{
  if (!wd_imap_parse_expect (self, '('))
    return FALSE;
  if (++self->depth > WD_LIMIT_IMAP_NESTING)
    return wd_imap_parse_fail (self, "Too many nested parentheses");
  return TRUE;
}

gboolean
wd_imap_parse_close (WdImapParser *self)
{
  if (!wd_imap_parse_expect (self, ')'))
    return FALSE;
  self->depth--;
  return TRUE;
}

static gboolean
take_run (WdImapParser *self,
          gboolean (*is_octet) (int c),
          const char *error,
          const char **out_text,
          gsize *out_len)
{
  gsize end = self->pos;

  while (end < self->len && is_octet ((guchar) self->data[end]))
    end++;
  if (end == self->pos)
    return wd_imap_parse_fail (self, error);
  *out_text = self->data + self->pos;
  *out_len = end - self->pos;
  self->pos = end;
  return TRUE;
}

gboolean
wd_imap_parse_tag (WdImapParser *self, const char **out_tag, gsize *out_len)
{
  return take_run (self, is_tag_octet, "Missing or invalid tag", out_tag, out_len);
}

gboolean
wd_imap_parse_atom (WdImapParser *self, const char **out_atom, gsize *out_len)
{
  return take_run (self, is_atom_octet, "Expected an atom", out_atom, out_len);
}

gboolean
wd_imap_parse_name (WdImapParser *self, char out_name[32])
{
  gsize len = 0;

  while (self->pos + len < self->len)
    {
      char c = self->data[self->pos + len];

      if (!g_ascii_isalnum (c) && c != '.' && c != '-' && c != '=')
        break;
      if (len == 31)
        return wd_imap_parse_fail (self, "Unknown name");
      out_name[len++] = g_ascii_toupper (c);
    }
  if (len == 0)
    return wd_imap_parse_fail (self, wd_imap_parse_is_at_end (self) ? "Missing argument"
                                                                    : "Expected a name");
  out_name[len] = '\0';
  self->pos += len;
  return TRUE;
}

static gboolean
take_digits (WdImapParser *self, guint64 max, guint64 *out_number)
{
  guint64 number = 0;
  gsize pos = self->pos;

  for (; pos < self->len && g_ascii_isdigit (self->data[pos]); pos++)
    {
      guint digit = (guint) (self->data[pos] - '0');

      if (number > (max - digit) / 10)
        return wd_imap_parse_fail (self, "Number too large");
      number = number * 10 + digit;
    }
  if (pos == self->pos)
    return wd_imap_parse_fail (self, "Expected a number");
  self->pos = pos;
  *out_number = number;
  return TRUE;
}

gboolean
wd_imap_parse_number (WdImapParser *self, guint32 *out_number)
{
  guint64 number;

  if (!take_digits (self, G_MAXUINT32, &number))
    return FALSE;
  *out_number = (guint32) number;
  return TRUE;
}

gboolean
wd_imap_parse_nz_number (WdImapParser *self, guint32 *out_number)
{
  guint32 number;

  if (!wd_imap_parse_number (self, &number))
    return FALSE;
  if (number == 0)
    return wd_imap_parse_fail (self, "Zero is not allowed here");
  *out_number = number;
  return TRUE;
}

gboolean
wd_imap_parse_number64 (WdImapParser *self, guint64 *out_number)
{
  return take_digits (self, G_MAXINT64, out_number);
}

gboolean
wd_imap_parse_literal (WdImapParser *self, WdImapLiteral *out_literal)
{
  WdImapLiteral literal = { .is_sync = TRUE };

  literal.is_literal8 = wd_imap_parse_skip (self, '~');
  if (!wd_imap_parse_skip (self, '{'))
    return wd_imap_parse_fail (self, "Expected a literal");
  if (!wd_imap_parse_number64 (self, &literal.size_bytes))
    return FALSE;
  // {n-} is what some write for LITERAL-; RFC 7888 has {n+} for both.
  if (wd_imap_parse_skip (self, '+') || wd_imap_parse_skip (self, '-'))
    literal.is_sync = FALSE;
  if (!wd_imap_parse_skip (self, '}'))
    return wd_imap_parse_fail (self, "Invalid literal");
  wd_imap_parse_skip (self, '\r');
  if (!wd_imap_parse_skip (self, '\n'))
    return wd_imap_parse_fail (self, "Invalid literal");
  *out_literal = literal;
  return TRUE;
}

gboolean
wd_imap_parse_ends_in_literal (const char *line,
                               gsize len,
                               WdImapLiteral *out_literal,
                               gsize *out_start)
{
  gsize i = len;
  gboolean is_sync = TRUE;
  WdImapParser digits;

  if (i < 3 || line[--i] != '}')
    return FALSE;
  if (line[i - 1] == '+' || line[i - 1] == '-')
    {
      is_sync = FALSE;
      i--;
    }
  gsize end = i;
  while (i > 0 && g_ascii_isdigit (line[i - 1]))
    i--;
  if (i == end || i == 0 || line[i - 1] != '{')
    return FALSE;
  wd_imap_parse_init (&digits, line + i, end - i);
  out_literal->is_sync = is_sync;
  // A number past 63 bits is a literal still, and as far too large as the largest one.
  if (!wd_imap_parse_number64 (&digits, &out_literal->size_bytes))
    out_literal->size_bytes = G_MAXINT64;
  i--;
  out_literal->is_literal8 = i > 0 && line[i - 1] == '~';
  *out_start = out_literal->is_literal8 ? i - 1 : i;
  return TRUE;
}

// The quoted string at its opening quote.
static gboolean
take_quoted (WdImapParser *self, char **out_text)
{
  g_autoptr (GString) text = g_string_sized_new (32);
  gsize pos = self->pos + 1;

  for (; pos < self->len && self->data[pos] != '"'; pos++)
    {
      char c = self->data[pos];

      if (c == '\\')
        {
          if (++pos >= self->len || (self->data[pos] != '"' && self->data[pos] != '\\'))
            return wd_imap_parse_fail (self, "Invalid escape in a quoted string");
          c = self->data[pos];
        }
      if (c == '\0' || c == '\r' || c == '\n')
        return wd_imap_parse_fail (self, "Invalid character in a quoted string");
      g_string_append_c (text, c);
    }
  if (pos >= self->len)
    return wd_imap_parse_fail (self, "Unterminated quoted string");
  self->pos = pos + 1;
  *out_text = g_string_free (g_steal_pointer (&text), FALSE);
  return TRUE;
}

static gboolean
take_literal (WdImapParser *self, char **out_text)
{
  WdImapLiteral literal;

  if (!wd_imap_parse_literal (self, &literal))
    return FALSE;
  if (literal.is_literal8)
    return wd_imap_parse_fail (self, "A binary literal is not allowed here");
  if (literal.size_bytes > self->len - self->pos)
    return wd_imap_parse_fail (self, "Truncated literal");
  if (memchr (self->data + self->pos, '\0', literal.size_bytes) != NULL)
    return wd_imap_parse_fail (self, "NUL in a literal");
  *out_text = g_strndup (self->data + self->pos, literal.size_bytes);
  self->pos += literal.size_bytes;
  return TRUE;
}

gboolean
wd_imap_parse_string (WdImapParser *self, char **out_text)
{
  switch (wd_imap_parse_peek (self))
    {
    case '"':
      return take_quoted (self, out_text);
    case '{':
    case '~':
      return take_literal (self, out_text);
    default:
      return wd_imap_parse_fail (self, wd_imap_parse_is_at_end (self) ? "Missing argument"
                                                                      : "Expected a string");
    }
}

static gboolean
take_string_or_run (WdImapParser *self, gboolean (*is_octet) (int c), char **out_text)
{
  const char *text;
  gsize len;
  int c = wd_imap_parse_peek (self);

  // '~' begins a literal8, but is an atom octet too.
  if (c == '"' || c == '{'
      || (c == '~' && self->pos + 1 < self->len && self->data[self->pos + 1] == '{'))
    return wd_imap_parse_string (self, out_text);
  if (!take_run (self, is_octet, c < 0 ? "Missing argument" : "Expected a string", &text, &len))
    return FALSE;
  *out_text = g_strndup (text, len);
  return TRUE;
}

gboolean
wd_imap_parse_astring (WdImapParser *self, char **out_text)
{
  return take_string_or_run (self, is_astring_octet, out_text);
}

gboolean
wd_imap_parse_list_mailbox (WdImapParser *self, char **out_text)
{
  return take_string_or_run (self, is_list_octet, out_text);
}

gboolean
wd_imap_parse_nstring (WdImapParser *self, char **out_text)
{
  if (wd_imap_parse_skip_word (self, "NIL"))
    {
      *out_text = NULL;
      return TRUE;
    }
  return wd_imap_parse_string (self, out_text);
}
