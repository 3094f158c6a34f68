// SPDX-License-Identifier: EUPL-1.2
// The client of the HTTP tests.
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "http-fixture.h"

void
http_reply_free (HttpReply *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->json, json_object_unref);
  g_free (self->head);
  g_free (self->body);
  g_free (self);
}

GSocketConnection *
http_client_new (HttpFixture *fixture)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  // A test that waits for something that never comes is to fail, not to hang.
  g_socket_client_set_timeout (client, 30);
  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", fixture->port, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

gboolean
http_client_send (GSocketConnection *client, const char *data, gssize len)
{
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (client));

  return g_output_stream_write_all (output, data, len < 0 ? strlen (data) : (gsize) len, NULL, NULL,
                                    NULL);
}

// Octet by octet: a test is not in a hurry, and what follows the head must stay in the socket.
static char *
read_head (GInputStream *input)
{
  g_autoptr (GString) head = g_string_new (NULL);

  while (!g_str_has_suffix (head->str, "\r\n\r\n"))
    {
      char c;

      if (g_input_stream_read (input, &c, 1, NULL, NULL) != 1)
        return NULL;
      g_string_append_c (head, c);
    }
  return g_string_free (g_steal_pointer (&head), FALSE);
}

static gsize
get_content_length (const char *head)
{
  const char *field = strstr (head, "Content-Length: ");

  return field == NULL ? 0
                       : (gsize) g_ascii_strtoull (field + strlen ("Content-Length: "), NULL, 10);
}

HttpReply *
http_client_receive (GSocketConnection *client, gboolean is_head_only)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (client));
  HttpReply *reply = g_new0 (HttpReply, 1);
  g_autoptr (JsonNode) root = NULL;
  gsize len, n_read;

  reply->head = read_head (input);
  if (reply->head == NULL)
    return reply;
  g_assert_true (g_str_has_prefix (reply->head, "HTTP/1."));
  reply->status = (guint) g_ascii_strtoull (reply->head + strlen ("HTTP/1.1 "), NULL, 10);
  if (reply->status == 100)
    {
      http_reply_free (reply);
      return http_client_receive (client, is_head_only);
    }
  len = is_head_only ? 0 : get_content_length (reply->head);
  reply->body = g_malloc0 (len + 1);
  g_assert_true (g_input_stream_read_all (input, reply->body, len, &n_read, NULL, NULL));
  g_assert_cmpuint (n_read, ==, len);
  root = json_from_string (reply->body, NULL);
  if (root != NULL)
    reply->json = json_node_dup_object (root);
  return reply;
}

gboolean
http_client_is_closed (GSocketConnection *client)
{
  char c;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (client)), &c, 1, NULL,
                                  &error);

  return n == 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

HttpReply *
http_client_call_on (GSocketConnection *client,
                     const char *method,
                     const char *path,
                     const char *headers,
                     const char *body)
{
  g_autoptr (GString) request = g_string_new (NULL);

  g_string_append_printf (request, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path,
                          headers == NULL ? "" : headers);
  if (body != NULL)
    g_string_append_printf (request, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                            strchr ("{[", *body) != NULL ? "application/json"
                                                         : "application/x-www-form-urlencoded",
                            strlen (body));
  g_string_append_printf (request, "\r\n%s", body == NULL ? "" : body);
  (void) http_client_send (client, request->str, (gssize) request->len);
  return http_client_receive (client, strcmp (method, "HEAD") == 0);
}

HttpReply *
http_client_call (HttpFixture *fixture, const char *method, const char *path, const char *body)
{
  g_autoptr (GSocketConnection) client = http_client_new (fixture);

  return http_client_call_on (client, method, path, NULL, body);
}

// A name may have dots, as those of details do: the whole rest of the path comes first.
static JsonNode *
find_at (JsonNode *node, const char *path)
{
  gsize len = strcspn (path, ".");
  g_autofree char *level = g_strndup (path, len);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);

      if (json_object_has_member (object, path))
        return json_object_get_member (object, path);
      node = json_object_get_member (object, level);
    }
  else if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      guint index = (guint) g_ascii_strtoull (level, NULL, 10);

      node = index < json_array_get_length (array) ? json_array_get_element (array, index) : NULL;
    }
  else
    node = NULL;
  return node == NULL || path[len] == '\0' ? node : find_at (node, path + len + 1);
}

char *
http_json_dup_at (JsonObject *object, const char *path)
{
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), object);
  JsonNode *node = find_at (root, path);

  return node == NULL ? g_strdup ("-") : json_to_string (node, FALSE);
}
