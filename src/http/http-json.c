// SPDX-License-Identifier: EUPL-1.2
// Strict JSON.
#include "config.h"

#include "http-json.h"

#include <math.h>
#include <string.h>

#include "core-limits.h"

typedef struct
{
  const char *at;
  const char *end;
  GString *path; // Of the value that is being read.
  guint depth;
  JsonObject *details;
  gboolean is_sound; // Nothing was complained about.
} Scan;

void
wd_http_json_complain (JsonObject *details, const char *path, const char *complaint)
{
  g_autofree char *name = NULL;

  // The name may be as long as the body.
  if (strlen (path) > WD_LIMIT_HTTP_FIELD_NAME_BYTES)
    {
      const char *end = path + WD_LIMIT_HTTP_FIELD_NAME_BYTES;

      while ((*end & 0xc0) == 0x80)
        end--;
      name = g_strndup (path, (gsize) (end - path));
      path = name;
    }
  if (!json_object_has_member (details, path)
      && json_object_get_size (details) < WD_LIMIT_HTTP_COMPLAINTS)
    json_object_set_string_member (details, path, complaint);
}

static void
complain (Scan *self, const char *complaint)
{
  self->is_sound = FALSE;
  wd_http_json_complain (self->details, self->path->len > 0 ? self->path->str : "body", complaint);
}

// A syntax error: always FALSE, so that the caller can return it.
static gboolean
fail (Scan *self)
{
  complain (self, "is not valid JSON");
  return FALSE;
}

static void
skip_space (Scan *self)
{
  while (self->at < self->end && strchr (" \t\r\n", *self->at) != NULL && *self->at != '\0')
    self->at++;
}

static gboolean
take (Scan *self, char c)
{
  if (self->at >= self->end || *self->at != c)
    return FALSE;
  self->at++;
  return TRUE;
}

static gboolean
scan_hex4 (Scan *self, gunichar *out_unit)
{
  gunichar unit = 0;

  if (self->end - self->at < 4)
    return fail (self);
  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*self->at++);

      if (digit < 0)
        return fail (self);
      unit = unit << 4 | (gunichar) digit;
    }
  *out_unit = unit;
  return TRUE;
}

// What follows "\u", a surrogate pair (RFC 8259 7) included.
static gboolean
scan_unicode_escape (Scan *self, gunichar *out_char)
{
  gunichar high, low;

  if (!scan_hex4 (self, &high))
    return FALSE;
  if (high == 0)
    {
      complain (self, "must not contain NUL");
      high = 0xfffd;
    }
  if (high < 0xd800 || high > 0xdfff)
    {
      *out_char = high;
      return TRUE;
    }
  if (high > 0xdbff || !take (self, '\\') || !take (self, 'u') || !scan_hex4 (self, &low)
      || low < 0xdc00 || low > 0xdfff)
    return fail (self);
  *out_char = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  return TRUE;
}

static gboolean
scan_escape (Scan *self, GString *out)
{
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  const char *found;
  gunichar c;

  if (self->at >= self->end)
    return fail (self);
  if (take (self, 'u'))
    {
      if (!scan_unicode_escape (self, &c))
        return FALSE;
      if (out != NULL)
        g_string_append_unichar (out, c);
      return TRUE;
    }

  found = *self->at == '\0' ? NULL : strchr (from, *self->at);
  if (found == NULL)
    return fail (self);
  if (out != NULL)
    g_string_append_c (out, to[found - from]);
  self->at++;
  return TRUE;
}

// A string, whose opening quote is next. `out` (nullable) gets what it means.
static gboolean
scan_string (Scan *self, GString *out)
{
  if (!take (self, '"'))
    return fail (self);

  while (self->at < self->end && *self->at != '"')
    {
      if ((guchar) *self->at < 0x20)
        return fail (self);
      if (take (self, '\\'))
        {
          if (!scan_escape (self, out))
            return FALSE;
          continue;
        }
      if (out != NULL)
        g_string_append_c (out, *self->at);
      self->at++;
    }
  return take (self, '"') ? TRUE : fail (self);
}

static gboolean
scan_digits (Scan *self)
{
  const char *begin = self->at;

  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return self->at > begin ? TRUE : fail (self);
}

static gboolean
scan_number (Scan *self)
{
  const char *begin = self->at;
  gboolean is_integer = TRUE;
  g_autofree char *text = NULL;

  (void) take (self, '-');
  if (!take (self, '0') && !scan_digits (self))
    return FALSE;
  if (take (self, '.'))
    {
      is_integer = FALSE;
      if (!scan_digits (self))
        return FALSE;
    }
  if (take (self, 'e') || take (self, 'E'))
    {
      is_integer = FALSE;
      if (!take (self, '+'))
        (void) take (self, '-');
      if (!scan_digits (self))
        return FALSE;
    }

  text = g_strndup (begin, (gsize) (self->at - begin));
  if (is_integer ? !g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, NULL, NULL)
                 : !isfinite (g_ascii_strtod (text, NULL)))
    complain (self, "is out of range");
  return TRUE;
}

static gboolean
scan_word (Scan *self, const char *word)
{
  gsize len = strlen (word);

  if ((gsize) (self->end - self->at) < len || memcmp (self->at, word, len) != 0)
    return fail (self);
  self->at += len;
  return TRUE;
}

static gboolean scan_value (Scan *self);

static gboolean
scan_member (Scan *self, GHashTable *names)
{
  gsize path_len = self->path->len;
  g_autoptr (GString) name = g_string_new (NULL);
  gboolean is_done;

  skip_space (self);
  if (!scan_string (self, name))
    return FALSE;
  if (path_len > 0)
    g_string_append_c (self->path, '.');
  g_string_append_len (self->path, name->str, (gssize) name->len);

  if (!g_hash_table_add (names, g_strdup (name->str)))
    complain (self, "is there twice");
  skip_space (self);
  is_done = take (self, ':') ? scan_value (self) : fail (self);
  g_string_truncate (self->path, path_len);
  return is_done;
}

static gboolean
scan_object (Scan *self)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  skip_space (self);
  if (take (self, '}'))
    return TRUE;
  do
    {
      if (!scan_member (self, names))
        return FALSE;
      skip_space (self);
    }
  while (take (self, ','));
  return take (self, '}') ? TRUE : fail (self);
}

static gboolean
scan_array (Scan *self)
{
  skip_space (self);
  if (take (self, ']'))
    return TRUE;
  do
    {
      if (!scan_value (self))
        return FALSE;
      skip_space (self);
    }
  while (take (self, ','));
  return take (self, ']') ? TRUE : fail (self);
}

// Recurses once a level, WD_LIMIT_HTTP_JSON_DEPTH times at most.
static gboolean
scan_nested (Scan *self, gboolean (*scan) (Scan *))
{
  gboolean is_done;

  if (self->depth >= WD_LIMIT_HTTP_JSON_DEPTH)
    {
      complain (self, "is nested too deeply");
      return FALSE;
    }
  self->depth++;
  self->at++;
  is_done = scan (self);
  self->depth--;
  return is_done;
}

static gboolean
scan_value (Scan *self)
{
  skip_space (self);
  if (self->at >= self->end)
    return fail (self);

  switch (*self->at)
    {
    case '{':
      return scan_nested (self, scan_object);
    case '[':
      return scan_nested (self, scan_array);
    case '"':
      return scan_string (self, NULL);
    case 't':
      return scan_word (self, "true");
    case 'f':
      return scan_word (self, "false");
    case 'n':
      return scan_word (self, "null");
    default:
      return scan_number (self);
    }
}

// TRUE when the syntax is right; `out_is_sound` tells whether that is all.
static gboolean
scan_text (const char *text, gsize len, JsonObject *details, gboolean *out_is_sound)
{
  g_autoptr (GString) path = g_string_new (NULL);
  Scan scan = {
    .at = text,
    .end = len == 0 ? text : text + len, // No octets may have no address.
    .path = path,
    .details = details,
    .is_sound = TRUE,
  };

  if (!g_utf8_validate_len (text, len, NULL))
    {
      complain (&scan, "is not UTF-8");
      return FALSE;
    }
  if (!scan_value (&scan))
    return FALSE;
  skip_space (&scan);
  if (scan.at < scan.end)
    return fail (&scan);
  *out_is_sound = scan.is_sound;
  return TRUE;
}

gboolean
wd_http_json_check (const char *text, gsize len, JsonObject *details)
{
  gboolean is_sound;

  return scan_text (text, len, details, &is_sound) && is_sound;
}

JsonObject *
wd_http_json_parse_object (const char *text, gsize len, const char *field, JsonObject *details)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gboolean is_sound;
  JsonNode *root;

  if (!scan_text (text, len, details, &is_sound))
    return NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) len, NULL))
    {
      wd_http_json_complain (details, field, "is not valid JSON");
      return NULL;
    }

  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      wd_http_json_complain (details, field, "must be an object");
      return NULL;
    }
  return json_node_dup_object (root);
}

JsonObject *
wd_http_json_parse_kept (const char *text)
{
  g_autoptr (JsonNode) root = text == NULL ? NULL : json_from_string (text, NULL);

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return json_object_new ();
  return json_node_dup_object (root);
}
