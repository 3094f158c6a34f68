// SPDX-License-Identifier: EUPL-1.2
// A request of any octets against every route: the first line is "METHOD PATH?QUERY", the rest is
// the body. Values come out of the types of their fields, or a complaint does.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "fuzz.h"
#include "http-access.h"
#include "http-route.h"

static gboolean
is_text (JsonNode *value)
{
  return JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING;
}

static void
check_value (const WdHttpField *field, JsonNode *value)
{
  switch (field->type)
    {
    case WD_HTTP_TEXT:
    case WD_HTTP_PASSWORD:
      g_assert_true (is_text (value));
      g_assert_true (g_utf8_validate (json_node_get_string (value), -1, NULL));
      break;
    case WD_HTTP_ID:
      g_assert_true (is_text (value));
      g_assert_cmpuint (strlen (json_node_get_string (value)), ==, WD_CORE_ID_HEX_LEN);
      break;
    case WD_HTTP_BOOLEAN:
      g_assert_true (json_node_get_value_type (value) == G_TYPE_BOOLEAN);
      break;
    case WD_HTTP_INTEGER:
      g_assert_true (json_node_get_value_type (value) == G_TYPE_INT64);
      g_assert_cmpint (json_node_get_int (value), >=, field->min);
      g_assert_true (field->max == 0 || json_node_get_int (value) <= field->max);
      break;
    case WD_HTTP_TEXTS:
    case WD_HTTP_TAGS:
      g_assert_true (JSON_NODE_HOLDS_ARRAY (value));
      g_assert_cmpuint (json_array_get_length (json_node_get_array (value)), <=,
                        WD_LIMIT_HTTP_ARRAY_ITEMS);
      break;
    case WD_HTTP_OBJECT:
    case WD_HTTP_META:
      g_assert_true (JSON_NODE_HOLDS_OBJECT (value));
      break;
    }
}

static void
check_route (const WdHttpRoute *route, const WdHttpRaw *raw)
{
  WdHttpReply *reply = NULL;
  g_autoptr (JsonObject) values = wd_http_request_read (raw, route->fields, &reply);

  g_assert_cmpint (values == NULL, ==, reply != NULL);
  if (reply != NULL)
    {
      g_assert_cmpuint (reply->status, ==, 400);
      g_assert_cmpuint (
          json_object_get_size (json_object_get_object_member (reply->body, "details")), >, 0);
      wd_http_reply_free (reply);
      return;
    }
  for (const WdHttpField *field = route->fields; field->name != NULL; field++)
    {
      JsonNode *value = json_object_get_member (values, field->name);

      g_assert_true (value != NULL || !(field->flags & WD_HTTP_REQUIRED));
      if (value != NULL)
        check_value (field, value);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const uint8_t *line_end = size == 0 ? NULL : memchr (data, '\n', size);
  gsize line_len = line_end == NULL ? size : (gsize) (line_end - data);
  g_autofree char *line = g_strndup ((const char *) data, line_len);
  g_autoptr (GBytes) body
      = line_end == NULL ? NULL : g_bytes_new (line_end + 1, size - line_len - 1);
  char *query = strchr (line, '?');
  char *path = strchr (line, ' ');
  g_autoptr (JsonObject) params = NULL;
  g_autofree char *allow = NULL;
  g_autofree char *token = NULL;
  const WdHttpRoute *route;

  if (query != NULL)
    *query++ = '\0';
  path = path == NULL || (query != NULL && path >= query) ? NULL : path;
  if (path != NULL)
    *path++ = '\0';
  token = wd_http_access_dup_token (query, NULL, path);
  g_assert_true (token == NULL || path != NULL || query != NULL);

  route = wd_http_route_find (line, path == NULL ? "" : path, &params, &allow);
  if (route != NULL)
    check_route (route, &(WdHttpRaw){ .path = params, .query = query, .body = body });
  for (guint i = 0; route == NULL && wd_http_route_next (&i, &route); route = NULL)
    check_route (route, &(WdHttpRaw){ .query = query,
                                      .body = body,
                                      .content_type = "application/x-www-form-urlencoded" });
  return 0;
}
