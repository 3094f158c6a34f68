// SPDX-License-Identifier: EUPL-1.2
// Encoded words.
#include "config.h"

#include "mime-word.h"

#include <string.h>

#include "core-limits.h"
#include "mime-charset.h"

typedef struct
{
  char charset[WD_LIMIT_MIME_CHARSET_BYTES + 1];
  char encoding; // 'q' or 'b'.
  const char *text;
  gsize len;
  const char *end; // Behind it.
} Word;

// The octets of words that follow each other, for as long as they have one charset.
typedef struct
{
  char charset[WD_LIMIT_MIME_CHARSET_BYTES + 1];
  GString *octets;
} Pending;

// Reads `charset` or `charset*language` (RFC 2231 5) and the "?" behind it.
static const char *
read_charset (const char *p, const char *end, Word *out)
{
  gsize n = 0;

  while (p < end && *p != '?' && *p != '*' && *p > ' ' && n < WD_LIMIT_MIME_CHARSET_BYTES)
    out->charset[n++] = *p++;
  out->charset[n] = '\0';
  if (p < end && *p == '*')
    for (gsize i = 0; p < end && *p != '?' && *p > ' ' && i < WD_LIMIT_MIME_CHARSET_BYTES; i++)
      p++;
  return n > 0 && p < end && *p == '?' ? p + 1 : NULL;
}

// Reads the word that begins at `p`. Its text may hold spaces, as many senders leave them there.
static gboolean
read_word (const char *p, const char *end, Word *out)
{
  if (end - p < 2 || p[0] != '=' || p[1] != '?')
    return FALSE;
  p = read_charset (p + 2, end, out);
  if (p == NULL || end - p < 2 || p[1] != '?')
    return FALSE;
  out->encoding = g_ascii_tolower (*p);
  if (out->encoding != 'q' && out->encoding != 'b')
    return FALSE;

  p += 2;
  out->text = p;
  // "?" belongs to no encoded text: the first one has to end the word.
  p = memchr (p, '?', (gsize) (end - p));
  if (p == NULL || p + 1 == end || p[1] != '=')
    return FALSE;
  out->len = (gsize) (p - out->text);
  out->end = p + 2;
  return TRUE;
}

static void
append_q (const Word *word, GString *out)
{
  for (gsize i = 0; i < word->len; i++)
    {
      int high = word->text[i] == '=' && i + 2 < word->len
                     ? g_ascii_xdigit_value (word->text[i + 1])
                     : -1;
      int low = high < 0 ? -1 : g_ascii_xdigit_value (word->text[i + 2]);

      if (low >= 0)
        {
          g_string_append_c (out, (char) (high << 4 | low));
          i += 2;
        }
      else
        g_string_append_c (out, word->text[i] == '_' ? ' ' : word->text[i]);
    }
}

static void
append_b (const Word *word, GString *out)
{
  gsize before = out->len;
  int state = 0;
  guint save = 0;

  g_string_set_size (out, before + word->len / 4 * 3 + 3);
  g_string_truncate (out, before
                              + g_base64_decode_step (word->text, word->len,
                                                      (guchar *) out->str + before, &state, &save));
}

static void
flush (Pending *pending, GString *out)
{
  gsize before = out->len;

  if (pending->octets->len == 0)
    return;
  if (!wd_mime_charset_append (pending->charset, pending->octets->str, pending->octets->len, FALSE,
                               out))
    wd_mime_charset_append_guess (pending->octets->str, pending->octets->len, out);
  for (gsize i = before; i < out->len; i++)
    if (out->str[i] == '\r' || out->str[i] == '\n' || out->str[i] == '\0')
      out->str[i] = ' ';
  g_string_truncate (pending->octets, 0);
}

static void
take_word (Pending *pending, const Word *word, GString *out)
{
  if (g_ascii_strcasecmp (pending->charset, word->charset) != 0)
    {
      flush (pending, out);
      memcpy (pending->charset, word->charset, sizeof pending->charset);
    }
  if (word->encoding == 'q')
    append_q (word, pending->octets);
  else
    append_b (word, pending->octets);
}

// The length of what is no encoded word at `p`: up to the next "=?", at least one octet.
static gsize
plain_length (const char *p, const char *end)
{
  const char *next = p;

  do
    next = memchr (next + 1, '=', (gsize) (end - next - 1));
  while (next != NULL && (next + 1 == end || next[1] != '?') && next + 1 < end);
  return next == NULL ? (gsize) (end - p) : (gsize) (next - p);
}

static gboolean
is_blank (const char *p, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (p[i] != ' ' && p[i] != '\t')
      return FALSE;
  return TRUE;
}

void
wd_mime_word_append_decoded (const char *text, gsize len, GString *out)
{
  const char *p = text;
  const char *end = text + len;
  Pending pending = { .octets = g_string_sized_new (len) };
  gboolean after_word = FALSE;
  Word word;

  while (p < end)
    {
      gsize n;

      if (read_word (p, end, &word))
        {
          take_word (&pending, &word, out);
          p = word.end;
          after_word = TRUE;
          continue;
        }
      n = plain_length (p, end);
      // White space between two words is not shown (RFC 2047 6.2).
      if (!after_word || !is_blank (p, n) || !read_word (p + n, end, &word))
        {
          flush (&pending, out);
          wd_mime_charset_append_guess (p, n, out);
        }
      after_word = FALSE;
      p += n;
    }
  flush (&pending, out);
  g_string_free (pending.octets, TRUE);
}

// Of the text in one word: 4 octets of base64 for 3, and "=?utf-8?B?" and "?=" around them.
#define WORD_TEXT_BYTES 45

void
wd_mime_word_append_encoded (const char *text, gsize len, GString *out)
{
  const char *end = text + len;

  while (text < end)
    {
      gsize n = MIN (WORD_TEXT_BYTES, (gsize) (end - text));
      g_autofree char *base64 = NULL;

      while (text + n < end && ((guint8) text[n] & 0xc0) == 0x80)
        n--;
      base64 = g_base64_encode ((const guchar *) text, n);
      g_string_append (out, "=?utf-8?B?");
      g_string_append (out, base64);
      g_string_append (out, text + n < end ? "?= " : "?=");
      text += n;
    }
}
