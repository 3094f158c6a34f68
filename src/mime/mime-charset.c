// SPDX-License-Identifier: EUPL-1.2
// Conversion to UTF-8 by iconv.
#include "config.h"

#include "mime-charset.h"

#include <errno.h>
#include <string.h>

#include "core-limits.h"

#define REPLACEMENT "\xef\xbf\xbd"

// A text with more wrong octets is not in the charset; what follows is guessed.
#define MAX_WRONG 1000

// Names that mail has and iconv has not, or where mail means the larger set.
static const struct
{
  const char *name;
  const char *iconv_name;
} aliases[] = {
  { "ascii", "US-ASCII" },
  { "cp-1252", "CP1252" },
  { "gb2312", "GBK" },
  { "iso-8859-8-e", "ISO-8859-8" },
  { "iso-8859-8-i", "ISO-8859-8" },
  { "ks_c_5601-1987", "CP949" },
  { "shift-jis", "CP932" },
  { "shift_jis", "CP932" },
  { "unicode-1-1-utf-7", "UTF-7" },
  { "us-ascii", "US-ASCII" },
  { "utf8", "UTF-8" },
  { "x-gbk", "GBK" },
  { "x-sjis", "CP932" },
};

// Names go to iconv_open, where a slash would begin options and could name files.
static gboolean
is_name (const char *charset)
{
  gsize len = strlen (charset);

  if (len == 0 || len > WD_LIMIT_MIME_CHARSET_BYTES)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (charset[i]) && strchr ("-_.:+()", charset[i]) == NULL)
      return FALSE;
  return TRUE;
}

static const char *
get_iconv_name (const char *charset)
{
  for (gsize i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (g_ascii_strcasecmp (charset, aliases[i].name) == 0)
      return aliases[i].iconv_name;
  return charset;
}

// FALSE: only when strict.
static gboolean
convert (GIConv converter, const char *data, gsize len, gboolean is_strict, GString *out)
{
  char *in = (char *) data;
  guint n_wrong = 0;

  while (len > 0)
    {
      char buffer[4096];
      char *at = buffer;
      gsize room = sizeof buffer;
      gsize result = g_iconv (converter, &in, &len, &at, &room);
      int error = errno;

      g_string_append_len (out, buffer, at - buffer);
      if (result != (gsize) -1 || (error == E2BIG && at > buffer))
        continue;
      if (is_strict)
        return FALSE;
      if (error != EILSEQ || n_wrong == MAX_WRONG)
        break;
      n_wrong++;
      g_string_append (out, REPLACEMENT);
      in++;
      len--;
    }
  // An incomplete character at the end (one replacement), or a text in another charset.
  if (len > 0 && n_wrong < MAX_WRONG)
    g_string_append (out, REPLACEMENT);
  else
    wd_mime_charset_append_guess (in, len, out);
  return TRUE;
}

static void
flush (GIConv converter, GString *out)
{
  char buffer[64];
  char *at = buffer;
  gsize room = sizeof buffer;

  (void) g_iconv (converter, NULL, NULL, &at, &room);
  g_string_append_len (out, buffer, at - buffer);
}

// US-ASCII with octets above 127 is in truth something else.
static gboolean
append_ascii (const char *data, gsize len, gboolean is_strict, GString *out)
{
  for (gsize i = 0; is_strict && i < len; i++)
    if ((guint8) data[i] >= 0x80)
      return FALSE;
  wd_mime_charset_append_guess (data, len, out);
  return TRUE;
}

static gboolean
append_utf8 (const char *data, gsize len, gboolean is_strict, GString *out)
{
  if (is_strict && !g_utf8_validate_len (data, len, NULL))
    return FALSE;
  g_string_append_len (out, data, (gssize) len);
  return TRUE;
}

gboolean
wd_mime_charset_append (
    const char *charset, const char *data, gsize len, gboolean is_strict, GString *out)
{
  gsize before = out->len;
  const char *name;
  GIConv converter;
  gboolean is_done;

  if (!is_name (charset))
    return FALSE;
  name = get_iconv_name (charset);
  if (g_ascii_strcasecmp (name, "UTF-8") == 0)
    return append_utf8 (data, len, is_strict, out);
  if (strcmp (name, "US-ASCII") == 0)
    return append_ascii (data, len, is_strict, out);
  converter = g_iconv_open ("UTF-8", name);
  if (converter == (GIConv) -1)
    return FALSE;

  is_done = convert (converter, data, len, is_strict, out);
  flush (converter, out);
  (void) g_iconv_close (converter);
  if (!is_done)
    g_string_truncate (out, before);
  return is_done;
}

void
wd_mime_charset_append_guess (const char *data, gsize len, GString *out)
{
  if (g_utf8_validate_len (data, len, NULL))
    {
      g_string_append_len (out, data, (gssize) len);
      return;
    }
  for (gsize i = 0; i < len; i++)
    {
      guint8 c = (guint8) data[i];

      if (c >= 0x80)
        g_string_append_c (out, (char) (0xc0 | c >> 6));
      g_string_append_c (out, c < 0x80 ? (char) c : (char) (0x80 | (c & 0x3f)));
    }
}

char *
wd_mime_charset_finish (GString *text)
{
  char *valid;

  if (g_utf8_validate_len (text->str, text->len, NULL))
    return g_string_free (text, FALSE);

  valid = g_utf8_make_valid (text->str, (gssize) text->len);
  g_string_free (text, TRUE);
  return valid;
}
