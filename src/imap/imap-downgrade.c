// SPDX-License-Identifier: EUPL-1.2
// Lists of internationalized messages in ASCII.
#include "config.h"

#include "imap-downgrade.h"

#include <string.h>

#include "core-limits.h"
#include "mime-header.h"
#include "mime-word.h"

// Lists within each other that are followed: each part of a message is one, and an embedded message
// has one more.
#define MAX_DEPTH (2 * WD_LIMIT_MIME_DEPTH + 8)

typedef struct
{
  const char *p;
  const char *end;
  GString *out;
  guint depth;
} Writer;

// A string, NIL, number or atom.
typedef struct
{
  const char *raw; // All of it.
  gsize raw_len;
  const char *text; // What is in the string; (nullable) of NIL.
  gsize len;
  gboolean is_quoted;
  gboolean is_foreign; // UTF-8 that is not ASCII.
} Token;

// How a string that is not ASCII is told.
typedef void (*TellFunc) (const Token *token, GString *out);

static gboolean
is_ascii (const char *text, gsize len)
{
  guint8 seen = 0;

  for (gsize i = 0; i < len; i++)
    seen |= (guint8) text[i];
  return seen < 0x80;
}

gboolean
wd_imap_downgrade_is_needed (const char *list, gsize len)
{
  // Such octets stand in literals alone.
  return list != NULL && memchr (list, '{', len) != NULL && !is_ascii (list, len);
}

static gboolean
is_next (const Writer *writer, char c)
{
  return writer->p < writer->end && *writer->p == c;
}

static gboolean
take (Writer *writer, char c)
{
  if (!is_next (writer, c))
    return FALSE;
  g_string_append_c (writer->out, c);
  writer->p++;
  return TRUE;
}

// The same, but it is not written.
static gboolean
skip (Writer *writer, char c)
{
  if (!is_next (writer, c))
    return FALSE;
  writer->p++;
  return TRUE;
}

static const char *
find_quote (const char *p, const char *end)
{
  while (p < end && *p != '"')
    p += *p == '\\' && p + 1 < end ? 2 : 1;
  return p < end ? p : NULL;
}

static gboolean
read_literal (Writer *writer, Token *out)
{
  const char *p = writer->p + 1;
  gsize len = 0;

  for (; p < writer->end && g_ascii_isdigit (*p) && len < G_MAXSIZE / 16; p++)
    len = len * 10 + (gsize) (*p - '0');
  if (writer->end - p < 3 || memcmp (p, "}\r\n", 3) != 0 || len > (gsize) (writer->end - p - 3))
    return FALSE;
  out->text = p + 3;
  out->len = len;
  writer->p = out->text + len;
  return TRUE;
}

static gboolean
read_token (Writer *writer, Token *out)
{
  const char *start = writer->p;

  *out = (Token){ .raw = start };
  if (is_next (writer, '{'))
    {
      if (!read_literal (writer, out))
        return FALSE;
    }
  else if (is_next (writer, '"'))
    {
      const char *quote = find_quote (start + 1, writer->end);

      if (quote == NULL)
        return FALSE;
      out->is_quoted = TRUE;
      out->text = start + 1;
      out->len = (gsize) (quote - out->text);
      writer->p = quote + 1;
    }
  else
    while (writer->p < writer->end && g_ascii_isalnum (*writer->p))
      writer->p++;
  out->raw_len = (gsize) (writer->p - start);
  out->is_foreign
      = !is_ascii (out->text, out->len) && g_utf8_validate_len (out->text, out->len, NULL);
  return out->raw_len > 0;
}

static void
append_token (const Token *token, TellFunc tell, GString *out)
{
  if (token->is_foreign)
    tell (token, out);
  else
    g_string_append_len (out, token->raw, (gssize) token->raw_len);
}

// What the string says.
static void
append_text (const Token *token, GString *out)
{
  for (gsize i = 0; i < token->len; i++)
    {
      if (token->is_quoted && token->text[i] == '\\' && i + 1 < token->len)
        i++;
      g_string_append_c (out, token->text[i]);
    }
}

// As encoded words (RFC 2047); those that are in it already are not encoded twice.
static void
append_words (const char *text, gsize len, GString *out)
{
  g_autofree char *decoded = wd_mime_header_dup_text (text, len);

  g_string_append_c (out, '"');
  wd_mime_word_append_encoded (decoded, strlen (decoded), out);
  g_string_append_c (out, '"');
}

static void
tell_words (const Token *token, GString *out)
{
  append_words (token->text, token->len, out);
}

// RFC 6858 2.4: what has no form in ASCII is left out.
static void
tell_nil (const Token *token, GString *out)
{
  g_string_append (out, "NIL");
}

// The same where there has to be a string.
static void
tell_empty (const Token *token, GString *out)
{
  g_string_append (out, "\"\"");
}

static gboolean
write_token (Writer *writer, TellFunc tell)
{
  Token token;

  if (!read_token (writer, &token))
    return FALSE;
  append_token (&token, tell, writer->out);
  return TRUE;
}

// Name, adl, mailbox and host.
typedef Token Address[4];

// RFC 6858 2.1: nobody has the address, and its name says which it was.
static void
append_invalid (const Address address, GString *out)
{
  g_autoptr (GString) text = g_string_new (NULL);

  append_text (&address[0], text);
  g_string_append (text, text->len > 0 ? " <" : "");
  append_text (&address[2], text);
  if (address[3].len > 0)
    g_string_append_c (text, '@');
  append_text (&address[3], text);
  g_string_append (text, address[0].len > 0 ? ">" : "");
  append_words (text->str, text->len, out);
  g_string_append (out, " NIL \"invalid\" \"internationalized-address.invalid\"");
}

// The host in ASCII (RFC 5891). Returns (transfer full) (nullable).
static char *
dup_host (const Token *host)
{
  g_autofree char *text = NULL;

  if (host->len > WD_LIMIT_ADDRESS_BYTES)
    return NULL;
  text = g_strndup (host->text, host->len);
  return g_hostname_to_ascii (text);
}

static void
append_address (const Address address, GString *out)
{
  g_autofree char *host = address[3].is_foreign ? dup_host (&address[3]) : NULL;

  // A group has a name in place of the mailbox, and no host.
  if ((address[2].is_foreign && address[3].text != NULL)
      || (address[3].is_foreign && (host == NULL || !is_ascii (host, strlen (host)))))
    {
      append_invalid (address, out);
      return;
    }
  append_token (&address[0], tell_words, out);
  g_string_append_c (out, ' ');
  append_token (&address[1], tell_nil, out);
  g_string_append_c (out, ' ');
  append_token (&address[2], tell_words, out);
  g_string_append_c (out, ' ');
  if (host != NULL)
    g_string_append_printf (out, "\"%s\"", host);
  else
    append_token (&address[3], tell_nil, out);
}

static gboolean
write_address (Writer *writer)
{
  Address address;

  if (!take (writer, '('))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (address); i++)
    if ((i > 0 && !skip (writer, ' ')) || !read_token (writer, &address[i]))
      return FALSE;
  append_address (address, writer->out);
  return take (writer, ')');
}

static gboolean
write_addresses (Writer *writer)
{
  if (!take (writer, '('))
    return write_token (writer, tell_nil);
  while (is_next (writer, '('))
    if (!write_address (writer))
      return FALSE;
  return take (writer, ')');
}

static gboolean
write_envelope (Writer *writer)
{
  // RFC 3501 7.4.2: date and subject, six lists of addresses, in-reply-to and message-id.
  if (!take (writer, '(') || !write_token (writer, tell_nil) || !take (writer, ' ')
      || !write_token (writer, tell_words))
    return FALSE;
  for (guint i = 0; i < 6; i++)
    if (!take (writer, ' ') || !write_addresses (writer))
      return FALSE;
  return take (writer, ' ') && write_token (writer, tell_nil) && take (writer, ' ')
         && write_token (writer, tell_nil) && take (writer, ')');
}

static gboolean
is_attribute_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$&+-.^_`{}|~", c) != NULL);
}

// Name and value in the form of RFC 2231. A name may say that the value is in that form ('*' at its
// end), and that it is a piece ("*0" and so on), of which the first names the charset.
static void
append_param (const Token *name, const Token *value, GString *out)
{
  const char *star = memchr (name->text, '*', name->len);
  gboolean is_extended = name->text[name->len - 1] == '*';
  gboolean is_first = star == NULL || (name->text + name->len - star == 2 && star[1] == '0');

  g_string_append_c (out, '"');
  g_string_append_len (out, name->text, (gssize) name->len);
  g_string_append (out, is_extended ? "\" \"" : "*\" \"");
  if (is_first && !is_extended)
    g_string_append (out, "utf-8''");
  for (gsize i = 0; i < value->len; i++)
    {
      char c = value->text[i];

      if (is_attribute_char (c) || (is_extended && (guint8) c < 0x80 && c != '"' && c != '\\'))
        g_string_append_c (out, c);
      else
        g_string_append_printf (out, "%%%02X", (guint8) c);
    }
  g_string_append_c (out, '"');
}

// A parameter whose name is not ASCII, and so not in quotes, is left out (RFC 6858 2.2).
static gboolean
write_param (Writer *writer, gboolean *inout_any)
{
  Token name;
  Token value;

  if (!read_token (writer, &name) || !skip (writer, ' ') || !read_token (writer, &value))
    return FALSE;
  if (!name.is_quoted || name.len == 0)
    return TRUE;
  g_string_append (writer->out, *inout_any ? " " : "(");
  *inout_any = TRUE;
  if (value.is_foreign)
    append_param (&name, &value, writer->out);
  else
    {
      append_token (&name, tell_empty, writer->out);
      g_string_append_c (writer->out, ' ');
      append_token (&value, tell_empty, writer->out);
    }
  return TRUE;
}

static gboolean
write_params (Writer *writer)
{
  gboolean any = FALSE;

  if (!is_next (writer, '('))
    return write_token (writer, tell_nil);
  do
    {
      writer->p++;
      if (!write_param (writer, &any))
        return FALSE;
    }
  while (is_next (writer, ' '));
  g_string_append (writer->out, any ? ")" : "NIL");
  return skip (writer, ')');
}

// What may stand at the end: a string, a disposition with its parameters, or languages.
static gboolean
write_extension (Writer *writer)
{
  if (!take (writer, '('))
    return write_token (writer, tell_nil);
  if (!write_token (writer, tell_empty))
    return FALSE;
  while (take (writer, ' '))
    if (is_next (writer, '(') ? !write_params (writer) : !write_token (writer, tell_empty))
      return FALSE;
  return take (writer, ')');
}

static gboolean write_body (Writer *writer);

static gboolean
write_multipart (Writer *writer)
{
  while (is_next (writer, '('))
    if (!write_body (writer))
      return FALSE;
  if (!take (writer, ' ') || !write_token (writer, tell_empty))
    return FALSE;
  return !take (writer, ' ') || write_params (writer);
}

static gboolean
write_single (Writer *writer)
{
  // Type, subtype, parameters, id, description, encoding, octets.
  if (!write_token (writer, tell_empty) || !take (writer, ' ') || !write_token (writer, tell_empty)
      || !take (writer, ' ') || !write_params (writer) || !take (writer, ' ')
      || !write_token (writer, tell_nil) || !take (writer, ' ') || !write_token (writer, tell_words)
      || !take (writer, ' ') || !write_token (writer, tell_empty) || !take (writer, ' ')
      || !write_token (writer, tell_nil))
    return FALSE;
  // Only a message goes on with a list: its envelope, and its body.
  if (writer->end - writer->p < 2 || memcmp (writer->p, " (", 2) != 0)
    return TRUE;
  return take (writer, ' ') && write_envelope (writer) && take (writer, ' ') && write_body (writer);
}

static gboolean
write_body (Writer *writer)
{
  if (writer->depth == MAX_DEPTH || !take (writer, '('))
    return FALSE;
  writer->depth++;
  if (is_next (writer, '(') ? !write_multipart (writer) : !write_single (writer))
    return FALSE;
  while (take (writer, ' '))
    if (!write_extension (writer))
      return FALSE;
  writer->depth--;
  return take (writer, ')');
}

static void
write_list (const char *list, gsize len, gboolean (*write) (Writer *writer), GString *out)
{
  Writer writer = { .p = list, .out = out };
  gsize start = out->len;

  // Of nothing there may be no address, either.
  if (len == 0)
    return;
  writer.end = list + len;
  if (write (&writer) && writer.p == writer.end)
    return;
  g_string_truncate (out, start);
  g_string_append_len (out, list, (gssize) len);
}

void
wd_imap_downgrade_envelope (const char *list, gsize len, GString *out)
{
  write_list (list, len, write_envelope, out);
}

void
wd_imap_downgrade_structure (const char *list, gsize len, GString *out)
{
  write_list (list, len, write_body, out);
}
