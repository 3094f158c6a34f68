// SPDX-License-Identifier: EUPL-1.2
// Log entries as text that a client's octets cannot break out of.
#include "config.h"

#include "core-log-private.h"

#include <string.h>

#include "core-limits.h"

#define ELLIPSIS "\xe2\x80\xa6"
// Longer than any escape below.
#define MAX_ESCAPE 16

// Types of characters that can move, hide or end text.
#define HARMFUL_TYPES                                                                              \
  (1U << G_UNICODE_CONTROL | 1U << G_UNICODE_FORMAT | 1U << G_UNICODE_UNASSIGNED                   \
   | 1U << G_UNICODE_PRIVATE_USE | 1U << G_UNICODE_SURROGATE | 1U << G_UNICODE_LINE_SEPARATOR      \
   | 1U << G_UNICODE_PARAGRAPH_SEPARATOR)

static gboolean
is_harmless (gunichar c)
{
  return (1U << g_unichar_type (c) & HARMFUL_TYPES) == 0;
}

// Writes the escaped form of the character at `at` and returns where the next one begins.
static const char *
escape_one (const char *at, gsize left, char out[MAX_ESCAPE])
{
  gunichar c = g_utf8_get_char_validated (at, (gssize) left);

  if (c == (gunichar) -1 || c == (gunichar) -2)
    {
      g_snprintf (out, MAX_ESCAPE, "\\x%02x", (guint8) *at);
      return at + 1;
    }
  if (is_harmless (c))
    out[g_unichar_to_utf8 (c, out)] = '\0';
  else if (c < 0x80)
    g_snprintf (out, MAX_ESCAPE, "\\x%02x", c);
  else
    g_snprintf (out, MAX_ESCAPE, "\\u{%x}", c);
  return g_utf8_next_char (at);
}

void
wd_core_log_text_append (GString *out, const char *text, gssize len, gsize max_bytes)
{
  const char *end = text + (len < 0 ? strlen (text) : (gsize) len);
  gsize limit = out->len + max_bytes;
  gsize fits = out->len; // The last length at which the ellipsis still had room.

  while (text < end)
    {
      char escaped[MAX_ESCAPE];

      text = escape_one (text, (gsize) (end - text), escaped);
      if (out->len + strlen (ELLIPSIS) <= limit)
        fits = out->len;
      if (out->len + strlen (escaped) > limit)
        {
          g_string_truncate (out, fits);
          g_string_append (out, ELLIPSIS);
          return;
        }
      g_string_append (out, escaped);
    }
}

void
wd_core_log_text_append_value (GString *out, const char *value, gsize max_bytes)
{
  gsize start = out->len;

  wd_core_log_text_append (out, value, -1, max_bytes);
  if (value[0] != '\0' && strpbrk (out->str + start, " \"=[]") == NULL)
    return;
  for (gsize i = start; i < out->len; i++)
    if (out->str[i] == '"')
      g_string_insert_c (out, (gssize) i++, '\\');
  g_string_insert_c (out, (gssize) start, '"');
  g_string_append_c (out, '"');
}

// The words of the plain line; information is what needs none.
static const struct
{
  GLogLevelFlags level;
  const char *word;
} level_words[] = {
  { G_LOG_LEVEL_ERROR, "fatal: " },
  { G_LOG_LEVEL_CRITICAL, "error: " },
  { G_LOG_LEVEL_WARNING, "warning: " },
  { G_LOG_LEVEL_MESSAGE, "notice: " },
  { G_LOG_LEVEL_INFO, "" },
  { G_LOG_LEVEL_DEBUG, "debug: " },
};

static const char *
get_level_word (GLogLevelFlags level)
{
  for (gsize i = 0; i < G_N_ELEMENTS (level_words); i++)
    if ((level & level_words[i].level) != 0)
      return level_words[i].word;
  return "";
}

static void
append_field (GString *out, const GLogField *field)
{
  g_autofree char *name = g_ascii_strdown (field->key + strlen ("WD_"), -1);

  g_string_append_printf (out, " %s=", name);
  wd_core_log_text_append_value (out, field->value, WD_LIMIT_LOG_FIELD_BYTES);
}

static const GLogField *
find_field (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, key) == 0)
      return &fields[i];
  return NULL;
}

static gboolean
is_shown (const GLogField *field)
{
  return g_str_has_prefix (field->key, "WD_") && strcmp (field->key, "WD_SERVICE") != 0;
}

// The length of the message without a field at its end: " remote=192.0.2.7"; the same when the end
// is none, or not just what the field says.
static gsize
strip_field (const char *message, gsize len, const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (is_shown (&fields[i]))
      {
        g_autofree char *name = g_ascii_strdown (fields[i].key + strlen ("WD_"), -1);
        g_autofree char *end = g_strconcat (" ", name, "=", (const char *) fields[i].value, NULL);
        gsize end_len = strlen (end);

        if (len >= end_len && memcmp (message + len - end_len, end, end_len) == 0)
          return len - end_len;
      }
  return len;
}

// A message may end with some of its fields, for who reads nothing else of the journal's. Here all
// come behind it anyway.
static void
append_message (GString *out, const GLogField *message, const GLogField *fields, gsize n_fields)
{
  const char *text = message->value;
  gsize len = message->length < 0 ? strlen (text) : (gsize) message->length;
  gsize before;

  do
    {
      before = len;
      len = strip_field (text, len, fields, n_fields);
    }
  while (len < before);
  wd_core_log_text_append (out, text, (gssize) len, WD_LIMIT_LOG_MESSAGE_BYTES);
}

void
wd_core_log_text_append_line (GString *out,
                              GLogLevelFlags level,
                              const char *service,
                              const GLogField *fields,
                              gsize n_fields)
{
  const GLogField *message = find_field (fields, n_fields, "MESSAGE");
  const GLogField *remote = find_field (fields, n_fields, "WD_REMOTE");

  g_string_append_printf (out, "%s: %s", service, get_level_word (level));
  if (message != NULL)
    append_message (out, message, fields, n_fields);
  for (gsize i = 0; i < n_fields; i++)
    if (is_shown (&fields[i]) && &fields[i] != remote)
      append_field (out, &fields[i]);
  // Last, where a filter that bans addresses can rely on it: the end of the line is not the
  // client's.
  if (remote != NULL)
    append_field (out, remote);
  g_string_append_c (out, '\n');
}
