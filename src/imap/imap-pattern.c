// SPDX-License-Identifier: EUPL-1.2
// Mailbox name patterns of LIST: all positions of the pattern that can be reached, as bits.
#include "config.h"

#include "imap-pattern.h"

#include <string.h>

#include "core-limits.h"
#include "imap-name.h"

struct _WdImapPattern
{
  guint n;           // Octets of the pattern, runs of wildcards taken as one.
  guint n_words;     // 0: matches nothing.
  guint64 *equal;    // [256][n_words]: positions that such an octet passes.
  guint64 *star;     // [n_words]: positions of '*'.
  guint64 *per_cent; // [n_words]: positions of '%'.
};

static gboolean
is_wild (char c)
{
  return c == '*' || c == '%';
}

// "*%" is "*", "%%" is "%": one step over a wildcard is then enough.
static GString *
collapse (const char *pattern)
{
  GString *text = g_string_new (NULL);

  for (const char *p = pattern; *p != '\0'; p++)
    {
      if (is_wild (*p) && text->len > 0 && is_wild (text->str[text->len - 1]))
        {
          if (*p == '*')
            text->str[text->len - 1] = '*';
          continue;
        }
      g_string_append_c (text, *p);
    }
  return text;
}

static void
set_bit (guint64 *words, gsize i)
{
  words[i / 64] |= (guint64) 1 << (i % 64);
}

WdImapPattern *
wd_imap_pattern_new (const char *pattern)
{
  WdImapPattern *self = g_new0 (WdImapPattern, 1);
  g_autofree char *canonical = wd_imap_name_canonicalize (pattern);
  g_autoptr (GString) text = collapse (canonical);

  // No path is long enough for this: each of its octets that is not a wildcard takes one.
  if (text->len > 2 * WD_LIMIT_MAILBOX_PATH_BYTES + 1)
    return self;
  self->n = (guint) text->len;
  self->n_words = self->n / 64 + 1;
  self->equal = g_new0 (guint64, (gsize) 256 * self->n_words);
  self->star = g_new0 (guint64, self->n_words);
  self->per_cent = g_new0 (guint64, self->n_words);
  for (gsize i = 0; i < text->len; i++)
    {
      char c = text->str[i];

      if (is_wild (c))
        set_bit (c == '*' ? self->star : self->per_cent, i);
      else
        set_bit (self->equal + (gsize) (guchar) c * self->n_words, i);
    }
  return self;
}

void
wd_imap_pattern_free (WdImapPattern *self)
{
  if (self == NULL)
    return;
  g_free (self->equal);
  g_free (self->star);
  g_free (self->per_cent);
  g_free (self);
}

// A wildcard may be empty.
static void
pass_wildcards (const WdImapPattern *self, guint64 *at)
{
  guint64 carry = 0;

  for (guint i = 0; i < self->n_words; i++)
    {
      guint64 wild = at[i] & (self->star[i] | self->per_cent[i]);

      at[i] |= wild << 1 | carry;
      carry = wild >> 63;
    }
}

static void
step (const WdImapPattern *self, guint64 *at, char c)
{
  const guint64 *equal = self->equal + (gsize) (guchar) c * self->n_words;
  guint64 carry = 0;

  for (guint i = 0; i < self->n_words; i++)
    {
      guint64 passed = at[i] & equal[i];
      guint64 stays = at[i] & (self->star[i] | (c != '/' ? self->per_cent[i] : 0));

      at[i] = stays | passed << 1 | carry;
      carry = passed >> 63;
    }
}

gboolean
wd_imap_pattern_matches (const WdImapPattern *self, const char *path)
{
  guint64 at[2 * WD_LIMIT_MAILBOX_PATH_BYTES / 64 + 2] = { 0 };

  if (self->n_words == 0)
    return FALSE;
  at[0] = 1;
  pass_wildcards (self, at);
  for (const char *p = path; *p != '\0'; p++)
    {
      step (self, at, *p);
      pass_wildcards (self, at);
    }
  return (at[self->n / 64] >> (self->n % 64) & 1) != 0;
}
