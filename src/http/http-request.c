// SPDX-License-Identifier: EUPL-1.2
// Reading a request, and its values.
#include "config.h"

#include "http-request.h"

#include <string.h>

#include "http-error.h"
#include "http-json.h"

static gboolean
is_blank (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isspace (text[i]))
      return FALSE;
  return TRUE;
}

// What the body is, is told by its looks: curl -d calls JSON a form.
static gboolean
is_form (const WdHttpRaw *raw, const char *text, gsize len)
{
  if (g_strcmp0 (raw->content_type, "application/x-www-form-urlencoded") != 0)
    return FALSE;
  while (len > 0 && g_ascii_isspace (*text))
    text++, len--;
  return len > 0 && *text != '{' && *text != '[';
}

static JsonObject *
read_body (const WdHttpRaw *raw, JsonObject *details, gboolean *out_is_there)
{
  gsize len = 0;
  const char *text = raw->body == NULL ? NULL : g_bytes_get_data (raw->body, &len);

  *out_is_there = !is_blank (text, len);
  if (!*out_is_there)
    return NULL;
  if (is_form (raw, text, len))
    return wd_http_field_parse_pairs (text, len, details);
  return wd_http_json_parse_object (text, len, "body", details);
}

JsonObject *
wd_http_request_read (const WdHttpRaw *raw, const WdHttpField *fields, WdHttpReply **out_reply)
{
  g_autoptr (JsonObject) details = json_object_new ();
  gboolean has_body;
  g_autoptr (JsonObject) body = read_body (raw, details, &has_body);
  g_autoptr (JsonObject) query = NULL;
  g_autoptr (JsonObject) values = NULL;

  if (raw->query != NULL)
    query = wd_http_field_parse_pairs (raw->query, strlen (raw->query), details);
  // Of a body that could not be read nothing is known to be missing.
  if (body != NULL || !has_body)
    values = wd_http_field_validate (
        fields, &(WdHttpInput){ .path = raw->path, .query = query, .body = body }, details);

  if (json_object_get_size (details) > 0)
    {
      *out_reply = wd_http_error_new_invalid_fields (details);
      return NULL;
    }
  return g_steal_pointer (&values);
}

static JsonNode *
get_value (const WdHttpRequest *self, const char *name)
{
  g_return_val_if_fail (wd_http_field_find (self->fields, name) != NULL, NULL);

  return json_object_get_member (self->values, name);
}

gboolean
wd_http_request_has (const WdHttpRequest *self, const char *name)
{
  return get_value (self, name) != NULL;
}

const char *
wd_http_request_get_text (const WdHttpRequest *self, const char *name)
{
  JsonNode *value = get_value (self, name);

  return value == NULL ? NULL : json_node_get_string (value);
}

gboolean
wd_http_request_get_boolean (const WdHttpRequest *self, const char *name)
{
  JsonNode *value = get_value (self, name);

  return value != NULL && json_node_get_boolean (value);
}

gint64
wd_http_request_get_integer (const WdHttpRequest *self, const char *name)
{
  JsonNode *value = get_value (self, name);

  return value == NULL ? 0 : json_node_get_int (value);
}

JsonObject *
wd_http_request_get_object (const WdHttpRequest *self, const char *name)
{
  JsonNode *value = get_value (self, name);

  return value == NULL ? NULL : json_node_get_object (value);
}

GStrv
wd_http_request_dup_texts (const WdHttpRequest *self, const char *name)
{
  JsonNode *value = get_value (self, name);
  g_autoptr (GStrvBuilder) texts = NULL;
  JsonArray *array;

  if (value == NULL)
    return NULL;
  array = json_node_get_array (value);
  texts = g_strv_builder_new ();
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_strv_builder_add (texts, json_array_get_string_element (array, i));
  return g_strv_builder_end (texts);
}

void
wd_http_request_get_id (const WdHttpRequest *self, const char *name, WdId *out_id)
{
  JsonNode *value = get_value (self, name);

  if (value != NULL && !wd_core_id_from_hex (json_node_get_string (value), out_id))
    g_return_if_reached ();
}

gboolean
wd_http_request_has_kept (const WdHttpRequest *self)
{
  for (const WdHttpField *field = self->fields; field->name != NULL; field++)
    if ((field->flags & WD_HTTP_KEPT) && json_object_has_member (self->values, field->name))
      return TRUE;
  return FALSE;
}

char *
wd_http_request_dup_kept (const WdHttpRequest *self, const char *old_json)
{
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (old_json);

  for (const WdHttpField *field = self->fields; field->name != NULL; field++)
    {
      JsonNode *value = json_object_get_member (self->values, field->name);

      if ((field->flags & WD_HTTP_KEPT) && value != NULL)
        json_object_set_member (kept, field->name, json_node_copy (value));
    }
  return json_object_get_size (kept) == 0 ? NULL : wd_http_json_dup_compact (kept);
}

static void
show_default (const WdHttpField *field, JsonObject *out)
{
  if (field->type == WD_HTTP_BOOLEAN)
    json_object_set_boolean_member (out, field->name, g_strcmp0 (field->value, "true") == 0);
  else if (field->type == WD_HTTP_INTEGER)
    {
      gint64 number = 0;

      if (field->value != NULL)
        (void) g_ascii_string_to_signed (field->value, 10, G_MININT64, G_MAXINT64, &number, NULL);
      json_object_set_int_member (out, field->name, number);
    }
  else if (field->type == WD_HTTP_TEXTS)
    json_object_set_array_member (out, field->name, json_array_new ());
}

void
wd_http_request_show_kept (const WdHttpField *fields,
                           const char *const *names,
                           JsonObject *kept,
                           JsonObject *out)
{
  for (; *names != NULL; names++)
    {
      const WdHttpField *field = wd_http_field_find (fields, *names);
      JsonNode *value = json_object_get_member (kept, *names);

      g_return_if_fail (field != NULL);
      if (value != NULL)
        json_object_set_member (out, *names, json_node_copy (value));
      else
        show_default (field, out);
    }
}
