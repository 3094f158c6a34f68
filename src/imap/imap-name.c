// SPDX-License-Identifier: EUPL-1.2
// Mailbox names.
#include "config.h"

#include "imap-name.h"

#include <string.h>

#include "imap-format.h"
#include "imap-utf7.h"

char *
wd_imap_name_canonicalize (const char *path)
{
  char *copy = g_strdup (path);

  if (g_ascii_strncasecmp (copy, "INBOX", 5) == 0 && (copy[5] == '\0' || copy[5] == '/'))
    memcpy (copy, "INBOX", 5);
  return copy;
}

char *
wd_imap_name_decode (const char *name, gboolean is_utf8)
{
  g_autofree char *text = is_utf8 ? g_strdup (name) : wd_imap_utf7_decode (name);
  g_autofree char *composed = NULL;

  if (text == NULL || (is_utf8 && !g_utf8_validate (text, -1, NULL)))
    return NULL;
  composed = g_utf8_normalize (text, -1, G_NORMALIZE_NFC);
  return composed != NULL ? wd_imap_name_canonicalize (composed) : NULL;
}

gboolean
wd_imap_name_parse (WdImapParser *parser, char **out_path, gboolean *out_is_parent)
{
  g_autofree char *name = NULL;
  g_autofree char *path = NULL;
  gsize len;

  if (!wd_imap_parse_astring (parser, &name))
    return FALSE;
  path = wd_imap_name_decode (name, parser->is_utf8);
  len = path != NULL ? strlen (path) : 0;
  if (out_is_parent != NULL)
    *out_is_parent = len > 1 && path[len - 1] == '/';
  if (len > 1 && path[len - 1] == '/')
    path[--len] = '\0';
  *out_path = len > 0 ? g_steal_pointer (&path) : NULL;
  return TRUE;
}

char *
wd_imap_name_dup_other (WdImapParser parser, const char *path)
{
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  if (!wd_imap_parse_astring (&parser, &name))
    return NULL;
  text = parser.is_utf8 ? g_steal_pointer (&name) : wd_imap_utf7_decode (name);
  return text != NULL && strcmp (text, path) != 0 ? g_steal_pointer (&text) : NULL;
}

void
wd_imap_name_append (GString *out, const char *path, gboolean is_utf8)
{
  g_autoptr (GString) name = NULL;

  if (is_utf8)
    {
      wd_imap_format_quoted (out, path);
      return;
    }
  name = g_string_new (NULL);
  wd_imap_utf7_encode (path, name);
  wd_imap_format_string (out, name->str);
}
