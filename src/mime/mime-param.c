// SPDX-License-Identifier: EUPL-1.2
// The parameters of Content-Type and Content-Disposition.
#include "config.h"

#include "mime-param.h"

#include <string.h>

// Pieces of one value that are put together (RFC 2231 3); what has more is cut.
#define MAX_PIECES 16

static void
cut (WdMimeSlice *rest, gsize n)
{
  rest->data += n;
  rest->len -= n;
}

static gsize
comment_length (const char *data, gsize len)
{
  guint depth = 0;

  for (gsize i = 0; i < len; i++)
    {
      if (data[i] == '\\')
        i++;
      else if (data[i] == '(')
        depth++;
      else if (data[i] == ')' && --depth == 0)
        return i + 1;
    }
  return len;
}

static void
skip_space (WdMimeSlice *rest)
{
  while (rest->len > 0)
    switch (*rest->data)
      {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        cut (rest, 1);
        break;
      case '(':
        cut (rest, comment_length (rest->data, rest->len));
        break;
      default:
        return;
      }
}

// RFC 2045 5.1: any but SPACE, CTLs and tspecials. Octets above 127 pass: mail has them.
static gboolean
is_token_char (char c)
{
  return (guint8) c > ' ' && c != 0x7f && strchr ("()<>@,;:\\\"/[]?=", c) == NULL;
}

WdMimeSlice
wd_mime_param_read_token (WdMimeSlice *inout_rest)
{
  WdMimeSlice token;

  skip_space (inout_rest);
  token = (WdMimeSlice){ inout_rest->data, 0 };
  while (token.len < inout_rest->len && is_token_char (token.data[token.len]))
    token.len++;
  cut (inout_rest, token.len);
  return token;
}

gboolean
wd_mime_param_skip (WdMimeSlice *inout_rest, char c)
{
  skip_space (inout_rest);
  if (inout_rest->len == 0 || *inout_rest->data != c)
    return FALSE;
  cut (inout_rest, 1);
  return TRUE;
}

static void
read_quoted (WdMimeSlice *rest, WdMimeParam *out)
{
  gsize i = 1;

  while (i < rest->len && rest->data[i] != '"')
    i += rest->data[i] == '\\' ? 2 : 1;
  i = MIN (i, rest->len);
  out->value = (WdMimeSlice){ rest->data + 1, i - 1 };
  out->quoted = TRUE;
  cut (rest, i == rest->len ? i : i + 1);
}

// Not only a token: names with spaces and slashes are often sent without quotes.
static void
read_unquoted (WdMimeSlice *rest, WdMimeParam *out)
{
  gsize i = 0;

  while (i < rest->len && rest->data[i] != ';'
         && !(rest->data[i] == '(' && i > 0 && strchr (" \t\r\n", rest->data[i - 1]) != NULL))
    i++;
  out->value = wd_mime_nstring_trim (rest->data, i);
  out->quoted = FALSE;
  cut (rest, i);
}

static void
skip_to_semicolon (WdMimeSlice *rest)
{
  gsize i = 0;

  while (i < rest->len && rest->data[i] != ';')
    {
      if (rest->data[i] == '"')
        {
          WdMimeSlice quoted = { rest->data + i, rest->len - i };
          WdMimeParam param;

          read_quoted (&quoted, &param);
          i = rest->len - quoted.len;
        }
      else if (rest->data[i] == '(')
        i += comment_length (rest->data + i, rest->len - i);
      else
        i++;
    }
  cut (rest, i);
}

gboolean
wd_mime_param_next (WdMimeSlice *inout_rest, WdMimeParam *out_param)
{
  while (inout_rest->len > 0)
    {
      skip_to_semicolon (inout_rest);
      if (!wd_mime_param_skip (inout_rest, ';'))
        return FALSE;
      out_param->name = wd_mime_param_read_token (inout_rest);
      if (out_param->name.len == 0 || !wd_mime_param_skip (inout_rest, '='))
        continue;
      skip_space (inout_rest);
      if (inout_rest->len > 0 && *inout_rest->data == '"')
        read_quoted (inout_rest, out_param);
      else
        read_unquoted (inout_rest, out_param);
      return TRUE;
    }
  return FALSE;
}

gboolean
wd_mime_param_is_named (const WdMimeParam *param, const char *name)
{
  gsize len = strlen (name);

  return param->name.len == len && g_ascii_strncasecmp (param->name.data, name, len) == 0;
}

// Reads `name*`, `name*N` and `name*N*`. Returns N (0 for the first), -1 when it is none of them.
static int
piece_number (const WdMimeParam *param, const char *name, gboolean *out_encoded)
{
  gsize name_len = strlen (name);
  const char *p = param->name.data + name_len;
  const char *end = param->name.data + param->name.len;
  int number = 0;

  if (param->name.len <= name_len || g_ascii_strncasecmp (param->name.data, name, name_len) != 0
      || *p++ != '*')
    return -1;
  *out_encoded = p == end;
  for (; p < end && g_ascii_isdigit (*p); p++)
    if ((number = number * 10 + (*p - '0')) >= MAX_PIECES)
      return -1;
  if (p < end)
    *out_encoded = *p++ == '*';
  return p == end ? number : -1;
}

static void
append_percent_decoded (GString *out, WdMimeSlice value, gboolean is_first)
{
  // charset'language'text
  for (int i = 0; is_first && i < 2; i++)
    {
      const char *quote = memchr (value.data, '\'', value.len);

      if (quote == NULL)
        break;
      cut (&value, (gsize) (quote + 1 - value.data));
    }
  for (gsize i = 0; i < value.len; i++)
    {
      int high = value.data[i] == '%' && i + 2 < value.len
                     ? g_ascii_xdigit_value (value.data[i + 1])
                     : -1;
      int low = high < 0 ? -1 : g_ascii_xdigit_value (value.data[i + 2]);

      if (low < 0)
        g_string_append_c (out, value.data[i]);
      else
        {
          g_string_append_c (out, (char) (high << 4 | low));
          i += 2;
        }
    }
}

gboolean
wd_mime_param_get (WdMimeSlice params, const char *name, GString *out)
{
  WdMimeParam pieces[MAX_PIECES] = { 0 };
  gboolean encoded[MAX_PIECES];
  WdMimeParam param;

  while (wd_mime_param_next (&params, &param))
    {
      gboolean is_encoded = FALSE;
      int number = piece_number (&param, name, &is_encoded);

      if (wd_mime_param_is_named (&param, name))
        {
          wd_mime_nstring_append_clean (out, param.value.data, param.value.len, param.quoted);
          return TRUE;
        }
      if (number >= 0 && pieces[number].name.data == NULL)
        {
          pieces[number] = param;
          encoded[number] = is_encoded;
        }
    }
  if (pieces[0].name.data == NULL)
    return FALSE;
  for (int i = 0; i < MAX_PIECES && pieces[i].name.data != NULL; i++)
    if (encoded[i])
      append_percent_decoded (out, pieces[i].value, i == 0);
    else
      wd_mime_nstring_append_clean (out, pieces[i].value.data, pieces[i].value.len,
                                    pieces[i].quoted);
  return TRUE;
}
