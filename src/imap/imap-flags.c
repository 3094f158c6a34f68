// SPDX-License-Identifier: EUPL-1.2
// Flags in commands and responses.
#include "config.h"

#include "imap-flags.h"

#include "core-limits.h"

static const struct
{
  const char *name;
  WdFlags flag;
} system_flags[] = {
  { "\\Answered", WD_FLAG_ANSWERED }, { "\\Flagged", WD_FLAG_FLAGGED },
  { "\\Deleted", WD_FLAG_DELETED },   { "\\Seen", WD_FLAG_SEEN },
  { "\\Draft", WD_FLAG_DRAFT },
};

void
wd_imap_flags_clear (WdImapFlags *self)
{
  g_clear_pointer (&self->keywords, g_ptr_array_unref);
}

static gboolean
take_system (WdImapParser *parser, WdImapFlags *flags)
{
  char name[WD_LIMIT_KEYWORD_BYTES + 2];
  const char *atom;
  gsize len;

  if (!wd_imap_parse_atom (parser, &atom, &len))
    return FALSE;
  if (len > WD_LIMIT_KEYWORD_BYTES)
    return wd_imap_parse_fail (parser, "Invalid system flag");
  g_snprintf (name, sizeof name, "\\%.*s", (int) len, atom);
  if (g_ascii_strcasecmp (name, "\\Recent") == 0)
    {
      flags->has_recent = TRUE;
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (system_flags); i++)
    if (g_ascii_strcasecmp (system_flags[i].name, name) == 0)
      {
        flags->system |= system_flags[i].flag;
        return TRUE;
      }
  return wd_imap_parse_fail (parser, "Invalid system flag");
}

static gboolean
take_flag (WdImapParser *parser, WdImapFlags *flags)
{
  const char *atom;
  gsize len;

  if (wd_imap_parse_skip (parser, '\\'))
    return take_system (parser, flags);
  if (!wd_imap_parse_atom (parser, &atom, &len))
    return FALSE;
  if (len > WD_LIMIT_KEYWORD_BYTES)
    return wd_imap_parse_fail (parser, "Keyword too long");
  g_ptr_array_add (flags->keywords, g_strndup (atom, len));
  return TRUE;
}

// Flags up to `end`, or to the end of the command with 0.
static gboolean
take_flags (WdImapParser *parser, char end, WdImapFlags *flags)
{
  if (end != 0 && wd_imap_parse_peek (parser) == end)
    return TRUE;
  do
    {
      // Far more than a mailbox can have, so that the store's limit answers for what is near.
      if (flags->keywords->len > 4 * WD_LIMIT_KEYWORDS)
        return wd_imap_parse_fail (parser, "Too many flags");
      if (!take_flag (parser, flags))
        return FALSE;
    }
  while (wd_imap_parse_skip (parser, ' '));
  return TRUE;
}

gboolean
wd_imap_flags_parse (WdImapParser *parser, gboolean allow_bare, WdImapFlags *out_flags)
{
  g_auto (WdImapFlags) flags = { .keywords = g_ptr_array_new_with_free_func (g_free) };

  if (wd_imap_parse_peek (parser) == '(' || !allow_bare)
    {
      if (!wd_imap_parse_open (parser) || !take_flags (parser, ')', &flags)
          || !wd_imap_parse_close (parser))
        return FALSE;
    }
  else if (!take_flags (parser, 0, &flags))
    return FALSE;
  g_ptr_array_add (flags.keywords, NULL);
  *out_flags = flags;
  flags.keywords = NULL;
  return TRUE;
}

void
wd_imap_flags_append_system (GString *out, WdFlags flags)
{
  gsize start = out->len;

  for (gsize i = 0; i < G_N_ELEMENTS (system_flags); i++)
    {
      if ((flags & system_flags[i].flag) == 0)
        continue;
      if (out->len > start)
        g_string_append_c (out, ' ');
      g_string_append (out, system_flags[i].name);
    }
}
