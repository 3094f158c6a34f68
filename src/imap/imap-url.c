// SPDX-License-Identifier: EUPL-1.2
// Reading IMAP URLs.
#include "config.h"

#include "imap-url.h"

#include <string.h>

#include "imap-name.h"

void
wd_imap_url_clear (WdImapUrl *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->section, wd_imap_section_free);
}

// Takes `name` in any case.
static gboolean
skip_name (const char **inout_p, const char *name)
{
  gsize len = strlen (name);

  if (g_ascii_strncasecmp (*inout_p, name, len) != 0)
    return FALSE;
  *inout_p += len;
  return TRUE;
}

static gboolean
take_number (const char **inout_p, guint64 max, guint64 *out_number)
{
  gsize len = strspn (*inout_p, "0123456789");
  g_autofree char *digits = g_strndup (*inout_p, len);

  *inout_p += len;
  return g_ascii_string_to_unsigned (digits, 10, 0, max, out_number, NULL);
}

static gboolean
take_nz_number (const char **inout_p, guint32 *out_number)
{
  guint64 number;

  if (!take_number (inout_p, G_MAXUINT32, &number) || number == 0)
    return FALSE;
  *out_number = (guint32) number;
  return TRUE;
}

// Up to `end`, with its %hh decoded. Returns (transfer full) (nullable).
static char *
dup_decoded (const char *text, const char *end)
{
  return g_uri_unescape_segment (text, end, NULL);
}

// enc-mailbox [";UIDVALIDITY=" nz-number] "/", behind the first slash.
static gboolean
take_mailbox (const char **inout_p, WdImapUrl *url)
{
  const char *end = strstr (*inout_p, "/;");
  const char *name_end;
  g_autofree char *name = NULL;

  if (end == NULL)
    return FALSE;
  name_end = memchr (*inout_p, ';', (gsize) (end - *inout_p));
  name = dup_decoded (*inout_p, name_end != NULL ? name_end : end);
  if (name == NULL || *name == '\0' || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  url->path = wd_imap_name_canonicalize (name);
  *inout_p = name_end;
  if (name_end != NULL
      && (!skip_name (inout_p, ";UIDVALIDITY=") || !take_nz_number (inout_p, &url->uidvalidity)
          || *inout_p != end))
    return FALSE;
  *inout_p = end + 1;
  return TRUE;
}

static gboolean
take_section (const char **inout_p, WdImapUrl *url)
{
  const char *end = strstr (*inout_p, "/;");
  g_autofree char *text = NULL;
  g_autofree char *bracketed = NULL;
  WdImapParser parser;

  end = end != NULL ? end : *inout_p + strlen (*inout_p);
  text = dup_decoded (*inout_p, end);
  if (text == NULL || *text == '\0')
    return FALSE;
  bracketed = g_strconcat ("[", text, "]", NULL);
  *inout_p = end;
  wd_imap_parse_init (&parser, bracketed, strlen (bracketed));
  return wd_imap_section_parse (&parser, TRUE, &url->section) && wd_imap_parse_is_at_end (&parser);
}

static gboolean
take_partial (const char **inout_p, WdImapUrl *url)
{
  if (!take_number (inout_p, G_MAXINT64, &url->first))
    return FALSE;
  if (**inout_p != '.')
    return TRUE;
  ++*inout_p;
  return take_number (inout_p, G_MAXINT64, &url->max_bytes) && url->max_bytes > 0;
}

gboolean
wd_imap_url_parse (const char *text, WdImapUrl *out_url)
{
  g_auto (WdImapUrl) url = { .max_bytes = G_MAXUINT64 };
  const char *p = text;

  if (*p == '/' && p[1] == ';')
    p++;
  else if (*p == '/')
    {
      p++;
      // A second slash: a server is named.
      if (*p == '/' || !take_mailbox (&p, &url))
        return FALSE;
    }
  if (!skip_name (&p, ";UID=") || !take_nz_number (&p, &url.uid))
    return FALSE;
  if (skip_name (&p, "/;SECTION=") && !take_section (&p, &url))
    return FALSE;
  if (skip_name (&p, "/;PARTIAL=") && !take_partial (&p, &url))
    return FALSE;
  if (*p != '\0')
    return FALSE;
  *out_url = url;
  url.path = NULL;
  url.section = NULL;
  return TRUE;
}
