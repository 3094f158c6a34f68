// SPDX-License-Identifier: EUPL-1.2
// Command lines, and the arguments of all commands but XCLIENT.
#include "config.h"

#include "lmtp-parse.h"

#include <string.h>

#include "core-limits.h"
#include "lmtp-parse-private.h"

static const char bad_line[] = "500 5.5.2 Not a command line";
static const char bad_sender[] = "501 5.1.7 Syntax: MAIL FROM:<address> [parameters]";
static const char bad_recipient[] = "501 5.1.3 Syntax: RCPT TO:<address>";
static const char bad_parameter[] = "501 5.5.4 Bad parameter";
static const char unknown_parameter[] = "555 5.5.4 Parameter not supported";
static const char too_large[] = "552 5.3.4 Message size exceeds the limit";
static const char not_utf8_sender[] = "553 5.6.7 Such an address needs SMTPUTF8";
static const char not_utf8_recipient[] = "553 5.6.7 Such an address needs SMTPUTF8 with MAIL";

void
wd_lmtp_parse_path_clear (WdLmtpPath *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->address, g_free);
}

const char *
wd_lmtp_parse_line (const char *line, gsize len, WdLmtpLine *out_line)
{
  gsize verb_len = 0;
  gsize start;

  // What no command has: it would end up in a log or in a header line.
  for (gsize i = 0; i < len; i++)
    if ((guchar) line[i] < ' ' || line[i] == 0x7f)
      return bad_line;

  while (verb_len < len && g_ascii_isalpha (line[verb_len]))
    verb_len++;
  if (verb_len == 0 || (verb_len < len && line[verb_len] != ' '))
    return bad_line;

  start = verb_len;
  while (start < len && line[start] == ' ')
    start++;
  while (len > start && line[len - 1] == ' ')
    len--;
  *out_line = (WdLmtpLine){ line, verb_len, line + start, len - start };
  return NULL;
}

// Skips `prefix` in any case, and spaces behind it, which RFC 5321 forbids and many clients send.
static gboolean
skip_prefix (WdLmtpCursor *cursor, const char *prefix)
{
  gsize len = strlen (prefix);

  if ((gsize) (cursor->end - cursor->at) < len
      || g_ascii_strncasecmp (cursor->at, prefix, len) != 0)
    return FALSE;
  cursor->at += len;
  while (cursor->at < cursor->end && *cursor->at == ' ')
    cursor->at++;
  return TRUE;
}

static gboolean
take_char (WdLmtpCursor *cursor, char c)
{
  if (cursor->at == cursor->end || *cursor->at != c)
    return FALSE;
  cursor->at++;
  return TRUE;
}

// RFC 5321 4.1.2 atext, with RFC 6531 3.3.
static gboolean
is_atext (char c)
{
  return g_ascii_isalnum (c) || (guchar) c >= 0x80
         || (c != '\0' && strchr ("!#$%&'*+-/=?^_`{|}~", c));
}

// Dot-string; a dot where it should not be is let through, since such addresses exist.
static gboolean
skip_dot_string (WdLmtpCursor *cursor, GString *address)
{
  const char *start = cursor->at;

  while (cursor->at < cursor->end && (is_atext (*cursor->at) || *cursor->at == '.'))
    cursor->at++;
  g_string_append_len (address, start, cursor->at - start);
  return cursor->at > start;
}

static gboolean
skip_quoted_string (WdLmtpCursor *cursor, GString *address)
{
  cursor->at++;
  while (cursor->at < cursor->end && *cursor->at != '"')
    {
      if (*cursor->at == '\\' && ++cursor->at == cursor->end)
        return FALSE;
      g_string_append_c (address, *cursor->at++);
    }
  return take_char (cursor, '"');
}

// [192.0.2.1] or [IPv6:…]: what is inside, the store judges.
static gboolean
skip_literal (WdLmtpCursor *cursor)
{
  while (cursor->at < cursor->end && *cursor->at > ' ' && *cursor->at != ']' && *cursor->at != '>')
    cursor->at++;
  return take_char (cursor, ']');
}

static gboolean
skip_domain (WdLmtpCursor *cursor)
{
  const char *start = cursor->at;

  if (take_char (cursor, '['))
    return skip_literal (cursor);
  while (cursor->at < cursor->end
         && (g_ascii_isalnum (*cursor->at) || (guchar) *cursor->at >= 0x80 || *cursor->at == '-'
             || *cursor->at == '_' || *cursor->at == '.'))
    cursor->at++;
  return cursor->at > start;
}

// @one,@two: in front of a mailbox is taken and thrown away (RFC 5321 F.2).
static gboolean
skip_source_route (WdLmtpCursor *cursor)
{
  if (cursor->at == cursor->end || *cursor->at != '@')
    return TRUE;
  while (take_char (cursor, '@') && skip_domain (cursor))
    {
      if (take_char (cursor, ':'))
        return TRUE;
      if (!take_char (cursor, ','))
        return FALSE;
    }
  return FALSE;
}

static gboolean
parse_mailbox (WdLmtpCursor *cursor, GString *address)
{
  gboolean is_quoted = cursor->at < cursor->end && *cursor->at == '"';

  if (!(is_quoted ? skip_quoted_string (cursor, address) : skip_dot_string (cursor, address)))
    return FALSE;
  // A name without a domain is this machine's: Postmaster (RFC 5321 4.5.1), and local users.
  if (take_char (cursor, '@'))
    {
      const char *domain = cursor->at;

      if (!skip_domain (cursor))
        return FALSE;
      g_string_append_c (address, '@');
      g_string_append_len (address, domain, cursor->at - domain);
    }
  return TRUE;
}

static gboolean
is_ascii (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if ((guchar) text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

// <path>, which ends the arguments or is followed by a space.
static gboolean
parse_path (WdLmtpCursor *cursor, WdLmtpPath *out_path)
{
  g_autoptr (GString) address = g_string_new (NULL);
  const char *start;
  gsize len;

  if (!take_char (cursor, '<') || !skip_source_route (cursor))
    return FALSE;
  start = cursor->at;
  if (cursor->at < cursor->end && *cursor->at != '>' && !parse_mailbox (cursor, address))
    return FALSE;
  len = (gsize) (cursor->at - start);
  if (!take_char (cursor, '>') || len > WD_LIMIT_ADDRESS_BYTES
      || !g_utf8_validate (start, (gssize) len, NULL)
      || (cursor->at < cursor->end && *cursor->at != ' '))
    return FALSE;

  out_path->text = g_strndup (start, len);
  out_path->address = g_string_free (g_steal_pointer (&address), FALSE);
  out_path->is_utf8 = !is_ascii (start, len);
  return TRUE;
}

// The next word behind spaces. FALSE at the end.
gboolean
wd_lmtp_parse_next_word (WdLmtpCursor *cursor, WdLmtpWord *out_word)
{
  const char *equals;

  while (take_char (cursor, ' '))
    ;
  if (cursor->at == cursor->end)
    return FALSE;

  *out_word = (WdLmtpWord){ .key = cursor->at };
  while (cursor->at < cursor->end && *cursor->at != ' ')
    cursor->at++;
  out_word->key_len = (gsize) (cursor->at - out_word->key);
  equals = memchr (out_word->key, '=', out_word->key_len);
  if (equals != NULL)
    {
      out_word->value = equals + 1;
      out_word->value_len = (gsize) (cursor->at - equals - 1);
      out_word->key_len = (gsize) (equals - out_word->key);
    }
  return TRUE;
}

gboolean
wd_lmtp_parse_is_text (const char *data, gsize len, const char *text)
{
  return len == strlen (text) && g_ascii_strncasecmp (data, text, len) == 0;
}

static gboolean
parse_number (const char *data, gsize len, guint64 *out_value)
{
  char text[21];

  if (len == 0 || len >= sizeof text)
    return FALSE;
  memcpy (text, data, len);
  text[len] = '\0';
  return g_ascii_isdigit (text[0])
         && g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, out_value, NULL);
}

static const char *
take_size (const WdLmtpWord *word, guint64 max_size_bytes, WdLmtpMail *mail)
{
  // RFC 1870 4: up to twenty digits; more than can be counted is more than is taken.
  if (word->value_len == 0 || word->value_len > 20)
    return bad_parameter;
  for (gsize i = 0; i < word->value_len; i++)
    if (!g_ascii_isdigit (word->value[i]))
      return bad_parameter;
  if (!parse_number (word->value, word->value_len, &mail->size_bytes)
      || mail->size_bytes > max_size_bytes)
    return too_large;
  return NULL;
}

static const char *
take_body (const WdLmtpWord *word, guint64 max_size_bytes, WdLmtpMail *mail)
{
  static const char *const names[] = { "7BIT", "8BITMIME", "BINARYMIME" };

  for (gsize i = 0; word->value != NULL && i < G_N_ELEMENTS (names); i++)
    if (wd_lmtp_parse_is_text (word->value, word->value_len, names[i]))
      {
        mail->body = (WdLmtpBody) i;
        return NULL;
      }
  return bad_parameter;
}

static const char *
take_smtputf8 (const WdLmtpWord *word, guint64 max_size_bytes, WdLmtpMail *mail)
{
  mail->is_smtputf8 = TRUE;
  return word->value == NULL ? NULL : bad_parameter;
}

static const struct
{
  const char *name;
  const char *(*take) (const WdLmtpWord *word, guint64 max_size_bytes, WdLmtpMail *mail);
} mail_parameters[] = {
  { "SIZE", take_size },
  { "BODY", take_body },
  { "SMTPUTF8", take_smtputf8 },
};

static const char *
parse_mail_parameters (WdLmtpCursor *cursor, guint64 max_size_bytes, WdLmtpMail *mail)
{
  WdLmtpWord word;
  guint seen = 0;

  while (wd_lmtp_parse_next_word (cursor, &word))
    {
      const char *reply = unknown_parameter;

      for (guint i = 0; i < G_N_ELEMENTS (mail_parameters); i++)
        if (wd_lmtp_parse_is_text (word.key, word.key_len, mail_parameters[i].name))
          {
            reply = (seen & 1u << i) != 0 ? bad_parameter
                                          : mail_parameters[i].take (&word, max_size_bytes, mail);
            seen |= 1u << i;
          }
      if (reply != NULL)
        return reply;
    }
  return NULL;
}

// No octets may have no address.
static WdLmtpCursor
begin (const char *args, gsize len)
{
  return len == 0 ? (WdLmtpCursor){ "", "" } : (WdLmtpCursor){ args, args + len };
}

const char *
wd_lmtp_parse_mail (const char *args, gsize len, guint64 max_size_bytes, WdLmtpMail *out_mail)
{
  WdLmtpCursor cursor = begin (args, len);
  WdLmtpMail mail = { .body = WD_LMTP_BODY_7BIT };
  const char *reply = bad_sender;

  if (skip_prefix (&cursor, "FROM:") && parse_path (&cursor, &mail.path))
    reply = parse_mail_parameters (&cursor, max_size_bytes, &mail);
  if (reply == NULL && mail.path.is_utf8 && !mail.is_smtputf8)
    reply = not_utf8_sender;

  if (reply != NULL)
    wd_lmtp_parse_path_clear (&mail.path);
  else
    *out_mail = mail;
  return reply;
}

const char *
wd_lmtp_parse_rcpt (const char *args, gsize len, gboolean is_smtputf8, WdLmtpPath *out_path)
{
  WdLmtpCursor cursor = begin (args, len);
  WdLmtpPath path = { 0 };
  const char *reply = NULL;

  if (!skip_prefix (&cursor, "TO:") || !parse_path (&cursor, &path) || path.text[0] == '\0')
    reply = bad_recipient;
  else if (cursor.at != cursor.end)
    reply = unknown_parameter;
  else if (path.is_utf8 && !is_smtputf8)
    reply = not_utf8_recipient;

  if (reply != NULL)
    wd_lmtp_parse_path_clear (&path);
  else
    *out_path = path;
  return reply;
}

const char *
wd_lmtp_parse_bdat (const char *args, gsize len, guint64 *out_size_bytes, gboolean *out_is_last)
{
  WdLmtpCursor cursor = begin (args, len);
  WdLmtpWord size;
  WdLmtpWord last = { 0 };
  WdLmtpWord more;
  guint64 value;

  if (!wd_lmtp_parse_next_word (&cursor, &size) || size.value != NULL
      || !parse_number (size.key, size.key_len, &value)
      || (wd_lmtp_parse_next_word (&cursor, &last)
          && (last.value != NULL || !wd_lmtp_parse_is_text (last.key, last.key_len, "LAST")))
      || wd_lmtp_parse_next_word (&cursor, &more))
    return "501 5.5.4 Syntax: BDAT size [LAST]";

  *out_size_bytes = value;
  *out_is_last = last.key != NULL;
  return NULL;
}

const char *
wd_lmtp_parse_hello (const char *args, gsize len, char **out_name)
{
  // Liberal in what a name is, but it must fit a Received line as it is.
  if (len == 0 || len > 255)
    return "501 5.5.4 Syntax: a name of this client is needed";
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (args[i]) && strchr (".-_:[]", args[i]) == NULL)
      return "501 5.5.4 Not a name or an address literal";
  *out_name = g_strndup (args, len);
  return NULL;
}
