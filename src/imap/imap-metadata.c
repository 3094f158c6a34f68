// SPDX-License-Identifier: EUPL-1.2
// Annotations on the wire.
#include "config.h"

#include "imap-metadata.h"

#include <string.h>

#include "core-limits.h"
#include "imap-format.h"
#include "imap-name.h"

// RFC 5464 3.1: /private or /shared and at least one more component, none of them empty, no
// wildcards, nothing but printable ASCII.
static gboolean
is_name (const char *name)
{
  gsize len = strlen (name);

  if (!g_str_has_prefix (name, "/private/") && !g_str_has_prefix (name, "/shared/"))
    return FALSE;
  if (len > WD_LIMIT_METADATA_NAME_BYTES || name[len - 1] == '/' || strstr (name, "//") != NULL)
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (*p <= 0x19 || (guchar) *p >= 0x7f || *p == '*' || *p == '%')
      return FALSE;
  return TRUE;
}

gboolean
wd_imap_metadata_parse_name (WdImapParser *parser, char **out_name)
{
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;

  if (!wd_imap_parse_astring (parser, &text))
    return FALSE;
  name = g_ascii_strdown (text, -1);
  if (!is_name (name))
    return wd_imap_parse_fail (parser, "Invalid entry name");
  *out_name = g_steal_pointer (&name);
  return TRUE;
}

gboolean
wd_imap_metadata_parse_names (WdImapParser *parser, GPtrArray **out_names)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gboolean is_list = wd_imap_parse_peek (parser) == '(';

  if (is_list && !wd_imap_parse_open (parser))
    return FALSE;
  do
    {
      char *name;

      if (names->len >= WD_LIMIT_METADATA_ENTRIES)
        return wd_imap_parse_fail (parser, "Too many entries");
      if (!wd_imap_metadata_parse_name (parser, &name))
        return FALSE;
      g_ptr_array_add (names, name);
    }
  while (is_list && wd_imap_parse_skip (parser, ' '));
  if (is_list && !wd_imap_parse_close (parser))
    return FALSE;
  *out_names = g_steal_pointer (&names);
  return TRUE;
}

gboolean
wd_imap_metadata_parse_value (WdImapParser *parser, GBytes **out_value)
{
  g_autofree char *text = NULL;
  WdImapLiteral literal;

  *out_value = NULL;
  if (wd_imap_parse_peek (parser) != '~')
    {
      if (!wd_imap_parse_nstring (parser, &text))
        return FALSE;
      if (text != NULL)
        *out_value = g_bytes_new (text, strlen (text));
      return TRUE;
    }
  if (!wd_imap_parse_literal (parser, &literal))
    return FALSE;
  if (literal.size_bytes > parser->len - parser->pos)
    return wd_imap_parse_fail (parser, "Truncated literal");
  *out_value = g_bytes_new (parser->data + parser->pos, literal.size_bytes);
  parser->pos += literal.size_bytes;
  return TRUE;
}

static gboolean
is_asked_for (const char *entry, const char *name, guint depth)
{
  gsize len = strlen (name);
  const char *below;

  if (strncmp (entry, name, len) != 0 || (entry[len] != '\0' && entry[len] != '/'))
    return FALSE;
  if (entry[len] == '\0')
    return TRUE;
  below = strchr (entry + len + 1, '/');
  return depth == G_MAXUINT || (depth == 1 && below == NULL);
}

static void
append_value (GString *out, GBytes *value)
{
  gsize len;
  const char *data = g_bytes_get_data (value, &len);
  gboolean is_binary = len > 0 && memchr (data, '\0', len) != NULL;

  g_string_append_printf (out, "%s{%" G_GSIZE_FORMAT "}\r\n", is_binary ? "~" : "", len);
  g_string_append_len (out, data, (gssize) len);
}

static void
append_entry (GString *out, gboolean *inout_is_first, const char *name, GBytes *value)
{
  g_string_append (out, *inout_is_first ? "" : " ");
  *inout_is_first = FALSE;
  wd_imap_format_astring (out, name);
  g_string_append_c (out, ' ');
  if (value != NULL)
    append_value (out, value);
  else
    g_string_append (out, "NIL");
}

// All below one name. TRUE: there was one with the very name.
static gboolean
append_below (GString *out,
              gboolean *inout_is_first,
              const char *name,
              const WdImapMetadataOptions *options,
              const GPtrArray *entries,
              guint64 *inout_longest)
{
  gboolean is_there = FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const WdMetadata *entry = g_ptr_array_index (entries, i);
      gsize size_bytes = g_bytes_get_size (entry->value);

      if (!is_asked_for (entry->name, name, options->depth))
        continue;
      is_there |= strcmp (entry->name, name) == 0;
      if (size_bytes > options->max_bytes)
        *inout_longest = MAX (*inout_longest, size_bytes);
      else
        append_entry (out, inout_is_first, entry->name, entry->value);
    }
  return is_there;
}

guint64
wd_imap_metadata_write (WdImapSession *session,
                        const char *path,
                        const GPtrArray *names,
                        const WdImapMetadataOptions *options,
                        const GPtrArray *entries)
{
  GString *out = wd_imap_session_get_output (session);
  gsize start = out->len;
  gboolean is_first = TRUE;
  guint64 longest = 0;

  g_string_append (out, "* METADATA ");
  wd_imap_name_append (out, path, wd_imap_session_is_utf8 (session));
  g_string_append (out, " (");
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (!append_below (out, &is_first, name, options, entries, &longest) && options->depth == 0)
        append_entry (out, &is_first, name, NULL);
    }
  g_string_append (out, ")\r\n");
  if (is_first)
    g_string_truncate (out, start);
  return longest;
}
