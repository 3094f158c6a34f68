// SPDX-License-Identifier: EUPL-1.2
// From routes and fields to an OpenAPI document.
#include "config.h"

#include "http-openapi.h"

#include <string.h>

#include "http-json.h"
#include "http-route.h"

static const struct
{
  const char *type;
  const char *min; // What the field's bounds are called (nullable).
  const char *max;
} types[] = {
  [WD_HTTP_TEXT] = { "string", "minLength", "maxLength" },
  [WD_HTTP_BOOLEAN] = { "boolean", NULL, NULL },
  [WD_HTTP_INTEGER] = { "integer", "minimum", "maximum" },
  [WD_HTTP_ID] = { "string", NULL, NULL },
  [WD_HTTP_PASSWORD] = { "string", NULL, "maxLength" },
  [WD_HTTP_TEXTS] = { "array", NULL, NULL },
  [WD_HTTP_TAGS] = { "array", NULL, NULL },
  [WD_HTTP_META] = { "object", NULL, NULL },
};

static JsonObject *describe_object (const WdHttpField *fields);

static JsonObject *
describe_type (const WdHttpField *field)
{
  // In a query tags are one text.
  const char *type = field->place == WD_HTTP_QUERY && field->type == WD_HTTP_TAGS
                         ? "string"
                         : types[field->type].type;
  JsonObject *schema;

  if (field->type == WD_HTTP_OBJECT)
    return describe_object (field->children);
  schema = json_object_new ();
  json_object_set_string_member (schema, "type", type);
  if (types[field->type].min != NULL)
    json_object_set_int_member (schema, types[field->type].min, field->min);
  if (types[field->type].max != NULL && field->max > 0)
    json_object_set_int_member (schema, types[field->type].max, field->max);
  if (field->type == WD_HTTP_ID)
    json_object_set_string_member (schema, "pattern", "^[0-9a-fA-F]{24}$");
  if (strcmp (type, "array") == 0)
    json_object_set_object_member (schema, "items",
                                   wd_http_json_parse_kept ("{\"type\":\"string\"}"));
  // It is a number or a boolean, and reads as JSON.
  if (field->value != NULL)
    json_object_set_member (schema, "default", json_from_string (field->value, NULL));
  return schema;
}

// An object of the fields in a body.
static JsonObject *
describe_object (const WdHttpField *fields)
{
  JsonObject *schema = wd_http_json_parse_kept (
      "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}");
  JsonObject *properties = json_object_get_object_member (schema, "properties");
  g_autoptr (JsonArray) required = json_array_new ();

  for (const WdHttpField *field = fields; field->name != NULL; field++)
    if (field->place == WD_HTTP_BODY)
      {
        json_object_set_object_member (properties, field->name, describe_type (field));
        if (field->flags & WD_HTTP_REQUIRED)
          json_array_add_string_element (required, field->name);
      }
  if (json_array_get_length (required) > 0)
    json_object_set_array_member (schema, "required", g_steal_pointer (&required));
  return schema;
}

static JsonArray *
describe_parameters (const WdHttpField *fields)
{
  JsonArray *parameters = json_array_new ();

  for (const WdHttpField *field = fields; field->name != NULL; field++)
    {
      JsonObject *parameter;

      if (field->place == WD_HTTP_BODY)
        continue;
      parameter = json_object_new ();
      json_object_set_string_member (parameter, "name", field->name);
      json_object_set_string_member (parameter, "in",
                                     field->place == WD_HTTP_PATH ? "path" : "query");
      json_object_set_boolean_member (parameter, "required",
                                      (field->flags & WD_HTTP_REQUIRED) != 0);
      json_object_set_object_member (parameter, "schema", describe_type (field));
      json_array_add_object_element (parameters, parameter);
    }
  return parameters;
}

static JsonObject *
describe_body (JsonObject *schema)
{
  JsonObject *body = wd_http_json_parse_kept ("{\"content\":{\"application/json\":{}}}");
  JsonObject *content = json_object_get_object_member (body, "content");

  json_object_set_object_member (json_object_get_object_member (content, "application/json"),
                                 "schema", schema);
  return body;
}

static void
describe_route (const WdHttpRoute *route, JsonObject *paths)
{
  g_autoptr (GRegex) level = g_regex_new (":([a-z]+)", 0, 0, NULL);
  g_autofree char *path = g_regex_replace (level, route->path, -1, 0, "{\\1}", 0, NULL);
  g_autofree char *method = g_ascii_strdown (route->method, -1);
  JsonObject *operation = json_object_new ();

  json_object_set_string_member (operation, "summary", route->summary);
  json_object_set_array_member (operation, "parameters", describe_parameters (route->fields));
  if (strcmp (method, "post") == 0 || strcmp (method, "put") == 0)
    json_object_set_object_member (operation, "requestBody",
                                   describe_body (describe_object (route->fields)));
  json_object_set_object_member (
      operation, "responses",
      wd_http_json_parse_kept ("{\"default\":{\"description\":\"Done, or an error\"}}"));
  if (!json_object_has_member (paths, path))
    json_object_set_object_member (paths, path, json_object_new ());
  json_object_set_object_member (json_object_get_object_member (paths, path), method, operation);
}

WdHttpReply *
wd_http_openapi_get (const WdHttpRequest *request)
{
  WdHttpReply *reply = wd_http_reply_new_success ();
  JsonObject *paths = json_object_new ();
  const WdHttpRoute *route;

  for (guint i = 0; wd_http_route_next (&i, &route);)
    describe_route (route, paths);
  json_object_unref (reply->body);
  reply->body = wd_http_json_parse_kept (
      "{\"openapi\":\"3.0.3\",\"info\":{\"title\":\"Wild Duck\",\"version\":\"" WD_VERSION "\"},"
      "\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"apiKey\",\"in\":\"header\","
      "\"name\":\"X-Access-Token\"}}},\"security\":[{\"token\":[]}]}");
  json_object_set_object_member (reply->body, "paths", paths);
  return reply;
}
