// SPDX-License-Identifier: EUPL-1.2
// XCLIENT, as Postfix sends it: NAME=value pairs in xtext (RFC 3461 4).
#include "config.h"

#include "lmtp-parse.h"

#include <gio/gio.h>
#include <string.h>

#include "lmtp-parse-private.h"

static const char bad_xclient[] = "501 5.5.4 Bad XCLIENT attribute";

void
wd_lmtp_parse_xclient_clear (WdLmtpXclient *self)
{
  g_clear_pointer (&self->addr, g_free);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->helo, g_free);
}

// Returns (transfer full) (nullable): NULL for bad xtext, and for what must not get into a header
// line or a log.
static char *
decode_xtext (const char *text, gsize len)
{
  g_autoptr (GString) value = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    {
      int c = (guchar) text[i];

      if (c == '+')
        {
          int high = i + 2 < len ? g_ascii_xdigit_value (text[i + 1]) : -1;
          int low = high < 0 ? -1 : g_ascii_xdigit_value (text[i + 2]);

          if (low < 0)
            return NULL;
          c = high << 4 | low;
          i += 2;
        }
      if (c <= ' ' || c >= 0x7f || strchr ("()<>\\\"", c) != NULL)
        return NULL;
      g_string_append_c (value, (char) c);
    }
  return g_string_free (g_steal_pointer (&value), FALSE);
}

static gboolean
set_addr (WdLmtpXclient *xclient, char *value)
{
  const char *address = g_ascii_strncasecmp (value, "IPV6:", 5) == 0 ? value + 5 : value;
  g_autoptr (GInetAddress) parsed = g_inet_address_new_from_string (address);

  g_free (xclient->addr);
  xclient->addr = parsed != NULL ? g_inet_address_to_string (parsed) : NULL;
  g_free (value);
  return parsed != NULL;
}

static gboolean
set_name (WdLmtpXclient *xclient, char *value)
{
  g_free (xclient->name);
  xclient->name = value;
  return TRUE;
}

static gboolean
set_helo (WdLmtpXclient *xclient, char *value)
{
  g_free (xclient->helo);
  xclient->helo = value;
  return TRUE;
}

static gboolean
ignore (WdLmtpXclient *xclient, char *value)
{
  g_free (value);
  return TRUE;
}

// Each takes its value.
static const struct
{
  const char *key;
  gboolean (*take) (WdLmtpXclient *xclient, char *value);
} attributes[] = {
  { "ADDR", set_addr }, { "NAME", set_name }, { "HELO", set_helo },   { "PORT", ignore },
  { "PROTO", ignore },  { "LOGIN", ignore },  { "DESTADDR", ignore }, { "DESTPORT", ignore },
};

static gboolean
take_attribute (const WdLmtpWord *word, WdLmtpXclient *xclient)
{
  if (word->value == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (attributes); i++)
    {
      char *value;

      if (!wd_lmtp_parse_is_text (word->key, word->key_len, attributes[i].key))
        continue;
      if (wd_lmtp_parse_is_text (word->value, word->value_len, "[UNAVAILABLE]")
          || wd_lmtp_parse_is_text (word->value, word->value_len, "[TEMPUNAVAIL]"))
        return TRUE;
      value = decode_xtext (word->value, word->value_len);
      return value != NULL && attributes[i].take (xclient, value);
    }
  return FALSE;
}

const char *
wd_lmtp_parse_xclient (const char *args, gsize len, WdLmtpXclient *out_xclient)
{
  WdLmtpCursor cursor = { args, args + len };
  WdLmtpXclient xclient = { 0 };
  WdLmtpWord word;

  if (len == 0)
    return bad_xclient;
  while (wd_lmtp_parse_next_word (&cursor, &word))
    if (!take_attribute (&word, &xclient))
      {
        wd_lmtp_parse_xclient_clear (&xclient);
        return bad_xclient;
      }
  *out_xclient = xclient;
  return NULL;
}
