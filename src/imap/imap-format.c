// SPDX-License-Identifier: EUPL-1.2
// Writing responses.
#include "config.h"

#include "imap-format.h"

#include "imap-parse.h"

void
wd_imap_format_string (GString *out, const char *text)
{
  gsize len = strlen (text);

  for (gsize i = 0; i < len; i++)
    if (text[i] == '\r' || text[i] == '\n' || (guchar) text[i] > 0x7f)
      {
        g_string_append_printf (out, "{%" G_GSIZE_FORMAT "}\r\n", len);
        g_string_append_len (out, text, (gssize) len);
        return;
      }
  wd_imap_format_quoted (out, text);
}

void
wd_imap_format_quoted (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

void
wd_imap_format_nstring (GString *out, const char *text)
{
  if (text == NULL)
    g_string_append (out, "NIL");
  else
    wd_imap_format_string (out, text);
}

void
wd_imap_format_astring (GString *out, const char *text)
{
  // NIL would be read as an nstring by a careless client.
  if (wd_imap_parse_is_atom (text, strlen (text)) && g_ascii_strcasecmp (text, "NIL") != 0)
    g_string_append (out, text);
  else
    wd_imap_format_string (out, text);
}

void
wd_imap_format_number (GString *out, guint64 number)
{
  char *p = wd_imap_format_reserve (out, WD_IMAP_FORMAT_NUMBER_LEN);

  wd_imap_format_commit (out, wd_imap_format_write_number (p, number));
}

char *
wd_imap_format_write_number (char *p, guint64 number)
{
  // Two digits at a time.
  static const char pairs[] = "0001020304050607080910111213141516171819"
                              "2021222324252627282930313233343536373839"
                              "4041424344454647484950515253545556575859"
                              "6061626364656667686970717273747576777879"
                              "8081828384858687888990919293949596979899";
  char digits[WD_IMAP_FORMAT_NUMBER_LEN];
  char *d = digits + sizeof digits;

  while (number >= 100)
    {
      d -= 2;
      memcpy (d, pairs + 2 * (number % 100), 2);
      number /= 100;
    }
  if (number >= 10)
    {
      d -= 2;
      memcpy (d, pairs + 2 * number, 2);
    }
  else
    *--d = (char) ('0' + number);
  gsize len = (gsize) (digits + sizeof digits - d);
  memcpy (p, d, len);
  return p + len;
}
