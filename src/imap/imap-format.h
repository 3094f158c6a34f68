// SPDX-License-Identifier: EUPL-1.2
// Writing responses: strings by the shortest form that is safe, and numbers without printf.
#pragma once

#include <string.h>

#include <glib.h>

// Appends a quoted string, or a literal where one is needed (CR, LF, 8-bit octets).
void wd_imap_format_string (GString *out, const char *text);
// A quoted string of UTF-8 without CR and LF, for who has asked for that (RFC 6855 3).
void wd_imap_format_quoted (GString *out, const char *text);
// As wd_imap_format_string, NIL for NULL.
void wd_imap_format_nstring (GString *out, const char *text);
// An atom where that is possible, else as above.
void wd_imap_format_astring (GString *out, const char *text);

void wd_imap_format_number (GString *out, guint64 number);

// Room for `n` more octets. Write there, then end with wd_imap_format_commit.
static inline char *
wd_imap_format_reserve (GString *out, gsize n)
{
  gsize len = out->len;

  if (out->allocated_len - len <= n)
    {
      g_string_set_size (out, len + n);
      out->len = len;
    }
  return out->str + len;
}

static inline void
wd_imap_format_commit (GString *out, const char *end)
{
  out->len = (gsize) (end - out->str);
  out->str[out->len] = '\0';
}

#define WD_IMAP_FORMAT_NUMBER_LEN 20

// Writes decimal digits, at most WD_IMAP_FORMAT_NUMBER_LEN, and returns their end.
char *wd_imap_format_write_number (char *p, guint64 number);

static inline char *
wd_imap_format_write (char *p, const char *text, gsize len)
{
  memcpy (p, text, len);
  return p + len;
}

#define WD_IMAP_FORMAT_WRITE_LITERAL(p, text) wd_imap_format_write ((p), "" text, sizeof text - 1)
