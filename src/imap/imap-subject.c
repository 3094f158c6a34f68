// SPDX-License-Identifier: EUPL-1.2
// Base subjects, and the collation of texts.
#include "config.h"

#include "imap-subject.h"

#include <string.h>

#include "core-limits.h"

// A subject being cut from both ends.
typedef struct
{
  const char *start;
  const char *end;
  gboolean is_reply;
} Subject;

static gboolean
starts_with (const Subject *self, const char *word)
{
  gsize len = strlen (word);

  return (gsize) (self->end - self->start) >= len
         && g_ascii_strncasecmp (self->start, word, len) == 0;
}

static gboolean
ends_with (const Subject *self, const char *word)
{
  gsize len = strlen (word);

  return (gsize) (self->end - self->start) >= len
         && g_ascii_strncasecmp (self->end - len, word, len) == 0;
}

static const char *
skip_spaces (const char *p, const char *end)
{
  while (p < end && *p == ' ')
    p++;
  return p;
}

// Step 1: white space of any kind becomes single spaces.
static char *
dup_collapsed (const char *text)
{
  GString *out = g_string_sized_new (strlen (text));

  for (const char *p = text; *p != '\0'; p++)
    {
      char c = *p == '\t' || *p == '\r' || *p == '\n' ? ' ' : *p;

      if (c != ' ' || out->len == 0 || out->str[out->len - 1] != ' ')
        g_string_append_c (out, c);
    }
  return g_string_free (out, FALSE);
}

// Step 2: subj-trailer = "(fwd)" / WSP.
static void
cut_trailers (Subject *self)
{
  for (;;)
    {
      if (self->end > self->start && self->end[-1] == ' ')
        self->end--;
      else if (ends_with (self, "(fwd)"))
        {
          self->end -= 5;
          self->is_reply = TRUE;
        }
      else
        return;
    }
}

// subj-blob = "[" *BLOBCHAR "]" *WSP. Returns what is behind it, or `p` when there is none.
static const char *
skip_blob (const char *p, const char *end)
{
  const char *q = p;

  if (q >= end || *q != '[')
    return p;
  for (q++; q < end && *q != '[' && *q != ']'; q++)
    ;
  return q < end && *q == ']' ? skip_spaces (q + 1, end) : p;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":". Returns NULL when there is none.
static const char *
skip_refwd (const char *p, const char *end)
{
  gsize len = (gsize) (end - p);

  if (len >= 3 && g_ascii_strncasecmp (p, "fwd", 3) == 0)
    p += 3;
  else if (len >= 2
           && (g_ascii_strncasecmp (p, "re", 2) == 0 || g_ascii_strncasecmp (p, "fw", 2) == 0))
    p += 2;
  else
    return NULL;
  p = skip_blob (skip_spaces (p, end), end);
  return p < end && *p == ':' ? p + 1 : NULL;
}

// Step 3: subj-leader = (*subj-blob subj-refwd) / WSP.
static gboolean
cut_leader (Subject *self)
{
  const char *p = self->start;
  const char *next;

  if (p < self->end && *p == ' ')
    {
      self->start = p + 1;
      return TRUE;
    }
  while ((next = skip_blob (p, self->end)) != p)
    p = next;
  next = skip_refwd (p, self->end);
  if (next == NULL)
    return FALSE;
  self->start = next;
  self->is_reply = TRUE;
  return TRUE;
}

// Steps 3 to 5. A blob goes only when something is left behind it. Where no leader was found behind
// all the blobs, there is none behind some of them either.
static void
cut_leaders (Subject *self)
{
  const char *next;

  while (cut_leader (self))
    ;
  while ((next = skip_blob (self->start, self->end)) != self->start && next < self->end)
    self->start = next;
}

// Step 6: "[fwd: … ]".
static gboolean
cut_wrapping (Subject *self)
{
  if (!starts_with (self, "[fwd:") || !ends_with (self, "]"))
    return FALSE;
  self->start += 5;
  self->end--;
  self->is_reply = TRUE;
  return TRUE;
}

char *
wd_imap_subject_dup_base (const char *subject, gboolean *out_is_reply)
{
  g_autofree char *text = dup_collapsed (subject);
  Subject self = { .start = text, .end = text + strlen (text) };

  do
    {
      cut_trailers (&self);
      cut_leaders (&self);
    }
  while (cut_wrapping (&self));
  *out_is_reply = self.is_reply;
  return g_strndup (self.start, (gsize) (self.end - self.start));
}

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((guchar) *text > 0x7f)
      return FALSE;
  return TRUE;
}

char *
wd_imap_subject_dup_key (const char *text)
{
  gsize len = strnlen (text, WD_LIMIT_IMAP_SORT_KEY_BYTES);
  g_autofree char *cut = NULL;
  g_autofree char *valid = NULL;
  g_autoptr (GString) title = NULL;
  char *key;

  cut = g_strndup (text, len);
  if (is_ascii (cut))
    return g_ascii_strup (cut, -1);
  valid = g_utf8_make_valid (cut, -1);
  title = g_string_sized_new (len);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    g_string_append_unichar (title, g_unichar_totitle (g_utf8_get_char (p)));
  key = g_utf8_normalize (title->str, -1, G_NORMALIZE_NFKD);
  return key != NULL ? key : g_steal_pointer (&valid);
}
