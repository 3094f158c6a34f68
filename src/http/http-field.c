// SPDX-License-Identifier: EUPL-1.2
// The validator: a table of fields against what came in.
#include "config.h"

#include "http-field.h"

#include <string.h>

#include "core-limits.h"
#include "http-field-convert.h"
#include "http-json.h"

// Every route takes these for the log of the caller's own; nothing is made of them.
static gboolean
is_common (WdHttpPlace place, const char *name)
{
  if (place == WD_HTTP_QUERY && strcmp (name, "accessToken") == 0)
    return TRUE;
  return strcmp (name, "sess") == 0 || strcmp (name, "ip") == 0;
}

static JsonObject *
get_place (const WdHttpInput *input, WdHttpPlace place)
{
  switch (place)
    {
    case WD_HTTP_PATH:
      return input->path;
    case WD_HTTP_QUERY:
      return input->query;
    case WD_HTTP_BODY:
      return input->body;
    }
  return NULL;
}

const WdHttpField *
wd_http_field_find (const WdHttpField *fields, const char *name)
{
  for (const WdHttpField *field = fields; field->name != NULL; field++)
    if (strcmp (field->name, name) == 0)
      return field;
  return NULL;
}

static JsonNode *
convert_default (const WdHttpField *field)
{
  g_autoptr (JsonNode) text = json_node_init_string (json_node_alloc (), field->value);

  return wd_http_field_convert_value (field, text, field->name, NULL);
}

// One field's value in `values`, where it is there or has a default.
static void
validate_field (const WdHttpField *field, JsonNode *given, JsonObject *values, JsonObject *details)
{
  g_autoptr (JsonNode) value = NULL;

  if (given != NULL && !wd_http_field_convert_is_absent (field, given))
    {
      value = wd_http_field_convert_value (field, given, field->name, details);
      if (value == NULL)
        return;
    }
  else if (field->flags & WD_HTTP_REQUIRED)
    wd_http_json_complain (details, field->name, "is required");
  else if (field->value != NULL)
    value = convert_default (field);

  if (value != NULL)
    json_object_set_member (values, field->name, g_steal_pointer (&value));
}

static void
refuse_unknown (const WdHttpField *fields,
                WdHttpPlace place,
                JsonObject *given,
                JsonObject *details)
{
  JsonObjectIter iter;
  const char *name;

  if (given == NULL)
    return;
  json_object_iter_init (&iter, given);
  while (json_object_iter_next (&iter, &name, NULL))
    {
      const WdHttpField *field = wd_http_field_find (fields, name);

      if ((field == NULL || field->place != place) && !is_common (place, name))
        wd_http_json_complain (details, name, "is not a field of this request");
    }
}

JsonObject *
wd_http_field_validate (const WdHttpField *fields, const WdHttpInput *input, JsonObject *details)
{
  g_autoptr (JsonObject) values = json_object_new ();

  for (const WdHttpField *field = fields; field->name != NULL; field++)
    {
      JsonObject *place = get_place (input, field->place);

      validate_field (field, place == NULL ? NULL : json_object_get_member (place, field->name),
                      values, details);
    }
  refuse_unknown (fields, WD_HTTP_QUERY, input->query, details);
  refuse_unknown (fields, WD_HTTP_BODY, input->body, details);
  return g_steal_pointer (&values);
}

char *
wd_http_field_unescape (const char *text, gsize len, gboolean plus_is_space)
{
  g_autoptr (GString) out = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    {
      char c = text[i];

      if (c == '%')
        {
          int high = len - i > 2 ? g_ascii_xdigit_value (text[i + 1]) : -1;
          int low = high < 0 ? -1 : g_ascii_xdigit_value (text[i + 2]);

          if (low < 0)
            return NULL;
          c = (char) (high << 4 | low);
          i += 2;
        }
      else if (c == '+' && plus_is_space)
        c = ' ';
      if (c == '\0')
        return NULL;
      g_string_append_c (out, c);
    }

  if (!g_utf8_validate_len (out->str, out->len, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
add_pair (JsonObject *pairs, const char *pair, gsize len, JsonObject *details)
{
  const char *equals = memchr (pair, '=', len);
  gsize name_len = equals == NULL ? len : (gsize) (equals - pair);
  g_autofree char *name = wd_http_field_unescape (pair, name_len, TRUE);
  g_autofree char *value = NULL;

  if (name == NULL)
    {
      wd_http_json_complain (details, "query", "is not valid percent-encoded UTF-8");
      return;
    }
  value = equals == NULL ? g_strdup ("")
                         : wd_http_field_unescape (equals + 1, len - name_len - 1, TRUE);
  if (value == NULL)
    wd_http_json_complain (details, name, "is not valid percent-encoded UTF-8");
  else if (json_object_has_member (pairs, name))
    wd_http_json_complain (details, name, "is there twice");
  else
    json_object_set_string_member (pairs, name, value);
}

JsonObject *
wd_http_field_parse_pairs (const char *text, gsize len, JsonObject *details)
{
  g_autoptr (JsonObject) pairs = json_object_new ();
  const char *end = len == 0 ? text : text + len;

  while (text < end)
    {
      const char *next = memchr (text, '&', (gsize) (end - text));
      gsize pair_len = next == NULL ? (gsize) (end - text) : (gsize) (next - text);

      if (pair_len > 0)
        add_pair (pairs, text, pair_len, details);
      text += pair_len + 1;
    }
  return g_steal_pointer (&pairs);
}
