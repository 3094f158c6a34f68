// SPDX-License-Identifier: EUPL-1.2
// Conversion by type: one function each, chosen by table.
#include "config.h"

#include "http-field-convert.h"

#include <math.h>
#include <string.h>

#include "core-id.h"
#include "core-limits.h"
#include "http-json.h"

typedef struct
{
  const WdHttpField *field;
  const char *path;
  JsonObject *details;
} Target;

// Always NULL, so that the caller can return it.
static JsonNode *complain (const Target *target, const char *format, ...) G_GNUC_PRINTF (2, 3);

static JsonNode *
complain (const Target *target, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (target->details == NULL)
    return NULL;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  wd_http_json_complain (target->details, target->path, text);
  return NULL;
}

// The text of a node, or NULL where it is something else.
static const char *
peek_text (JsonNode *value)
{
  return JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING
             ? json_node_get_string (value)
             : NULL;
}

static JsonNode *
new_text (const char *text)
{
  return json_node_init_string (json_node_alloc (), text);
}

// Line ends and tabs only where the field has several lines: no text from here can then break a
// header or a log line.
static gboolean
has_control (const char *text, gboolean multiline)
{
  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)) && !(multiline && strchr ("\t\r\n", *c) != NULL))
      return TRUE;
  return FALSE;
}

static gboolean
is_text_fine (const Target *target, const char *text)
{
  const WdHttpField *field = target->field;
  glong n_chars = g_utf8_strlen (text, -1);

  if (n_chars < field->min)
    (void) complain (target, "must have at least %" G_GINT64_FORMAT " characters", field->min);
  else if (field->max > 0 && n_chars > field->max)
    (void) complain (target, "must have at most %" G_GINT64_FORMAT " characters", field->max);
  else if (has_control (text, (field->flags & WD_HTTP_MULTILINE) != 0))
    (void) complain (target, "must not contain control characters");
  else
    return TRUE;
  return FALSE;
}

static JsonNode *
convert_text (const Target *target, JsonNode *value)
{
  const char *text = peek_text (value);

  if (text == NULL)
    return complain (target, "must be a string");
  return is_text_fine (target, text) ? new_text (text) : NULL;
}

static JsonNode *
convert_id (const Target *target, JsonNode *value)
{
  const char *text = peek_text (value);
  WdId id;
  char hex[WD_CORE_ID_HEX_LEN + 1];

  if (text == NULL || !wd_core_id_from_hex (text, &id))
    return complain (target, "must be 24 hexadecimal digits");
  wd_core_id_to_hex (&id, hex);
  return new_text (hex);
}

// FALSE stands for "no password"; it becomes an empty text.
static JsonNode *
convert_password (const Target *target, JsonNode *value)
{
  const char *text = peek_text (value);

  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_BOOLEAN
      && !json_node_get_boolean (value))
    return new_text ("");
  if (text == NULL)
    return complain (target, "must be a string, or false");
  if (target->field->max > 0 && strlen (text) > (gsize) target->field->max)
    return complain (target, "must have at most %" G_GINT64_FORMAT " octets", target->field->max);
  return new_text (text);
}

static gboolean
is_one_of (const char *text, const char *const *words)
{
  for (; *words != NULL; words++)
    if (g_ascii_strcasecmp (text, *words) == 0)
      return TRUE;
  return FALSE;
}

static JsonNode *
convert_boolean (const Target *target, JsonNode *value)
{
  static const char *const yes[] = { "y", "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "n", "false", "no", "off", "0", NULL };
  const char *text = peek_text (value);

  if (text != NULL && is_one_of (text, yes))
    return json_node_init_boolean (json_node_alloc (), TRUE);
  if (text != NULL && is_one_of (text, no))
    return json_node_init_boolean (json_node_alloc (), FALSE);
  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_BOOLEAN)
    return json_node_copy (value);
  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_INT64
      && (json_node_get_int (value) == 0 || json_node_get_int (value) == 1))
    return json_node_init_boolean (json_node_alloc (), json_node_get_int (value) == 1);
  return complain (target, "must be a boolean");
}

static gboolean
read_integer (JsonNode *value, gint64 *out_number)
{
  const char *text = peek_text (value);

  if (text != NULL)
    return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, out_number, NULL);
  if (!JSON_NODE_HOLDS_VALUE (value))
    return FALSE;
  if (json_node_get_value_type (value) == G_TYPE_INT64)
    {
      *out_number = json_node_get_int (value);
      return TRUE;
    }
  // 1e9 and 5.0 are whole numbers; 2^53 is where doubles stop to hold each of them.
  if (json_node_get_value_type (value) == G_TYPE_DOUBLE)
    {
      double number = json_node_get_double (value);

      *out_number = fabs (number) <= 9007199254740992.0 ? (gint64) number : 0;
      return fabs (number) <= 9007199254740992.0 && floor (number) == number;
    }
  return FALSE;
}

static JsonNode *
convert_integer (const Target *target, JsonNode *value)
{
  const WdHttpField *field = target->field;
  gint64 number;

  if (!read_integer (value, &number))
    return complain (target, "must be a whole number");
  if (number < field->min)
    return complain (target, "must be at least %" G_GINT64_FORMAT, field->min);
  if (field->max > 0 && number > field->max)
    return complain (target, "must be at most %" G_GINT64_FORMAT, field->max);
  return json_node_init_int (json_node_alloc (), number);
}

static JsonNode *
convert_array (const Target *target, JsonNode *value, guint max_items)
{
  g_autoptr (JsonArray) texts = json_array_new ();
  JsonArray *given;

  if (!JSON_NODE_HOLDS_ARRAY (value))
    return complain (target, "must be an array of strings");
  given = json_node_get_array (value);
  if (json_array_get_length (given) > max_items)
    return complain (target, "must have at most %u items", max_items);
  for (guint i = 0; i < json_array_get_length (given); i++)
    {
      const char *text = peek_text (json_array_get_element (given, i));

      if (text == NULL)
        return complain (target, "must be an array of strings");
      if (!is_text_fine (target, text))
        return NULL;
      if (*text != '\0')
        json_array_add_string_element (texts, text);
    }
  return json_node_init_array (json_node_alloc (), texts);
}

static JsonNode *
convert_texts (const Target *target, JsonNode *value)
{
  return convert_array (target, value, WD_LIMIT_HTTP_ARRAY_ITEMS);
}

static JsonNode *
convert_tags (const Target *target, JsonNode *value)
{
  const char *text = peek_text (value);
  g_autoptr (JsonArray) tags = json_array_new ();
  g_auto (GStrv) words = NULL;

  if (text == NULL)
    return convert_array (target, value, WD_LIMIT_TAGS);
  if (!is_text_fine (target, text))
    return NULL;
  words = g_strsplit (text, ",", -1);
  for (char **word = words; *word != NULL; word++)
    if (*g_strstrip (*word) != '\0')
      json_array_add_string_element (tags, *word);
  if (json_array_get_length (tags) > WD_LIMIT_TAGS)
    return complain (target, "must have at most %d items", WD_LIMIT_TAGS);
  return json_node_init_array (json_node_alloc (), tags);
}

static JsonNode *
convert_object (const Target *target, JsonNode *value)
{
  g_autoptr (JsonObject) out = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  gboolean is_fine = TRUE;

  if (!JSON_NODE_HOLDS_OBJECT (value))
    return complain (target, "must be an object");

  json_object_iter_init (&iter, json_node_get_object (value));
  while (json_object_iter_next (&iter, &name, &member))
    {
      const WdHttpField *field = wd_http_field_find (target->field->children, name);
      g_autofree char *path = g_strdup_printf ("%s.%s", target->path, name);
      const Target inner = { field, path, target->details };
      JsonNode *converted;

      if (field != NULL && wd_http_field_convert_is_absent (field, member))
        continue;
      converted = field == NULL
                      ? complain (&inner, "is not a field of this request")
                      : wd_http_field_convert_value (field, member, path, target->details);
      if (converted == NULL)
        is_fine = FALSE;
      else
        json_object_set_member (out, name, converted);
    }
  return is_fine ? json_node_init_object (json_node_alloc (), out) : NULL;
}

static JsonNode *
convert_meta (const Target *target, JsonNode *value)
{
  const char *text = peek_text (value);
  g_autoptr (JsonObject) object = NULL;
  g_autofree char *compact = NULL;

  if (text != NULL)
    {
      g_autoptr (JsonObject) complaints = json_object_new ();

      object = wd_http_json_parse_object (text, strlen (text), target->path, complaints);
      if (json_object_get_size (complaints) > 0)
        g_clear_pointer (&object, json_object_unref);
    }
  else if (JSON_NODE_HOLDS_OBJECT (value))
    object = json_node_dup_object (value);
  if (object == NULL)
    return complain (target, "must be an object, or a string with one in JSON");

  compact = wd_http_json_dup_compact (object);
  if (target->field->max > 0 && strlen (compact) > (gsize) target->field->max)
    return complain (target, "must have at most %" G_GINT64_FORMAT " octets", target->field->max);
  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *(*const converters[]) (const Target *target, JsonNode *value) = {
  [WD_HTTP_TEXT] = convert_text,         [WD_HTTP_BOOLEAN] = convert_boolean,
  [WD_HTTP_INTEGER] = convert_integer,   [WD_HTTP_ID] = convert_id,
  [WD_HTTP_PASSWORD] = convert_password, [WD_HTTP_TEXTS] = convert_texts,
  [WD_HTTP_TAGS] = convert_tags,         [WD_HTTP_OBJECT] = convert_object,
  [WD_HTTP_META] = convert_meta,
};

gboolean
wd_http_field_convert_is_absent (const WdHttpField *field, JsonNode *value)
{
  const char *text = peek_text (value);

  return text != NULL && *text == '\0' && !(field->flags & WD_HTTP_EMPTY_OK);
}

JsonNode *
wd_http_field_convert_value (const WdHttpField *field,
                             JsonNode *value,
                             const char *path,
                             JsonObject *details)
{
  const Target target = { field, path, details };

  if (JSON_NODE_HOLDS_NULL (value))
    return complain (&target, "must not be null");
  return converters[field->type](&target, value);
}
