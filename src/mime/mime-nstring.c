// SPDX-License-Identifier: EUPL-1.2
// Octets of a header as an IMAP string.
#include "config.h"

#include "mime-nstring.h"

enum
{
  PLAIN,
  ESCAPED, // " and \ of a quoted string.
  DIRTY,   // NUL, CR, LF: no string has them.
  LITERAL, // Above 127.
};

static const guint8 classes[256] = {
  ['\0'] = DIRTY,  ['\n'] = DIRTY,   ['\r'] = DIRTY,
  ['"'] = ESCAPED, ['\\'] = ESCAPED, [128 ... 255] = LITERAL,
};

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

WdMimeSlice
wd_mime_nstring_trim (const char *data, gsize len)
{
  while (len > 0 && is_space (data[len - 1]))
    len--;
  while (len > 0 && is_space (*data))
    {
      data++;
      len--;
    }
  return (WdMimeSlice){ data, len };
}

// The number of octets of a folding's line end at `p`: CRLF or LF that white space follows.
static gsize
fold_length (const char *p, const char *end)
{
  gsize n = end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : *p == '\n' ? 1 : 0;

  if (n == 0 || (gsize) (end - p) == n)
    return 0;
  return p[n] == ' ' || p[n] == '\t' ? n : 0;
}

void
wd_mime_nstring_append_clean (GString *out, const char *data, gsize len, gboolean quoted)
{
  const char *p = data;
  const char *end = data + len;

  while (p < end)
    {
      const char *run = p;
      gsize fold;

      while (p < end && classes[(guint8) *p] != DIRTY && !(quoted && *p == '\\'))
        p++;
      g_string_append_len (out, run, p - run);
      if (p == end)
        return;
      fold = fold_length (p, end);
      if (fold > 0)
        {
          p += fold;
          continue;
        }
      if (*p == '\\')
        {
          p++;
          if (p < end && classes[(guint8) *p] != DIRTY)
            g_string_append_c (out, *p++);
          continue;
        }
      if (*p != '\0')
        g_string_append_c (out, ' ');
      p++;
    }
}

// A bit for each class that is there.
static guint
classify (const char *data, gsize len)
{
  guint seen = 0;

  for (gsize i = 0; i < len; i++)
    seen |= 1u << classes[(guint8) data[i]];
  return seen;
}

static void
append_quoted (GString *out, const char *data, gsize len)
{
  g_string_append_c (out, '"');
  for (gsize i = 0; i < len; i++)
    {
      if (classes[(guint8) data[i]] == ESCAPED)
        g_string_append_c (out, '\\');
      g_string_append_c (out, data[i]);
    }
  g_string_append_c (out, '"');
}

static void
append_literal (GString *out, const char *data, gsize len)
{
  char head[32];

  g_snprintf (head, sizeof head, "{%" G_GSIZE_FORMAT "}\r\n", len);
  g_string_append (out, head);
  g_string_append_len (out, data, len);
}

static void
append_string (GString *out, const char *data, gsize len, gboolean quoted)
{
  WdMimeSlice value = wd_mime_nstring_trim (data, len);
  guint seen = classify (value.data, value.len);
  g_autoptr (GString) clean = NULL;

  if ((seen & ~(1u << PLAIN)) == 0)
    {
      g_string_append_c (out, '"');
      g_string_append_len (out, value.data, value.len);
      g_string_append_c (out, '"');
      return;
    }
  if ((seen & (1u << DIRTY)) != 0 || (quoted && (seen & (1u << ESCAPED)) != 0))
    {
      clean = g_string_sized_new (value.len);
      wd_mime_nstring_append_clean (clean, value.data, value.len, quoted);
      value = (WdMimeSlice){ clean->str, clean->len };
    }
  if ((seen & (1u << LITERAL)) != 0)
    append_literal (out, value.data, value.len);
  else
    append_quoted (out, value.data, value.len);
}

void
wd_mime_nstring_append (GString *out, const char *data, gsize len)
{
  append_string (out, data, len, FALSE);
}

void
wd_mime_nstring_append_quoted (GString *out, const char *data, gsize len)
{
  append_string (out, data, len, TRUE);
}

void
wd_mime_nstring_append_slice (GString *out, WdMimeSlice slice)
{
  if (slice.data == NULL)
    g_string_append_len (out, "NIL", 3);
  else
    append_string (out, slice.data, slice.len, FALSE);
}
