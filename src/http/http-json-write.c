// SPDX-License-Identifier: EUPL-1.2
// Writing JSON: json-glib's own generator writes 1e20 as "1e+20.0", which nothing reads.
#include "config.h"

#include <string.h>

#include "http-json.h"

typedef struct
{
  GString *out;
  gboolean is_pretty;
  guint depth;
} Writer;

static void write_node (Writer *self, JsonNode *node);

static void
write_text (GString *out, const char *text)
{
  static const char special[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";

  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    {
      const char *found = strchr (special, *text);

      if (found != NULL)
        g_string_append_printf (out, "\\%c", letters[found - special]);
      else if ((guchar) *text < 0x20 || *text == 0x7f)
        g_string_append_printf (out, "\\u%04x", (guint) (guchar) *text);
      else
        g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

// The shortest text that reads as the same number.
static void
write_double (GString *out, double number)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      double again;

      again = g_ascii_strtod (g_ascii_formatd (text, sizeof text, formats[i], number), NULL);
      if (memcmp (&again, &number, sizeof again) == 0)
        break;
    }
  g_string_append (out, text);
  // So that it stays a double when it is read.
  if (strpbrk (text, ".e") == NULL)
    g_string_append (out, ".0");
}

static void
write_value (GString *out, JsonNode *node)
{
  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      write_text (out, json_node_get_string (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      break;
    case G_TYPE_INT64:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
      break;
    case G_TYPE_DOUBLE:
      write_double (out, json_node_get_double (node));
      break;
    default:
      g_return_if_reached ();
    }
}

static void
write_line_end (Writer *self)
{
  if (!self->is_pretty)
    return;
  g_string_append_c (self->out, '\n');
  for (guint i = 0; i < self->depth; i++)
    g_string_append (self->out, "  ");
}

// What goes before the n-th item, and behind the last one of n.
static void
write_item_start (Writer *self, guint n)
{
  if (n > 0)
    g_string_append_c (self->out, ',');
  else
    self->depth++;
  write_line_end (self);
}

static void
write_items_end (Writer *self, guint n)
{
  if (n == 0)
    return;
  self->depth--;
  write_line_end (self);
}

static void
write_object (Writer *self, JsonObject *object)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;
  guint n = 0;

  g_string_append_c (self->out, '{');
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &member))
    {
      write_item_start (self, n++);
      write_text (self->out, name);
      g_string_append (self->out, self->is_pretty ? ": " : ":");
      write_node (self, member);
    }
  write_items_end (self, n);
  g_string_append_c (self->out, '}');
}

static void
write_array (Writer *self, JsonArray *array)
{
  guint n = json_array_get_length (array);

  g_string_append_c (self->out, '[');
  for (guint i = 0; i < n; i++)
    {
      write_item_start (self, i);
      write_node (self, json_array_get_element (array, i));
    }
  write_items_end (self, n);
  g_string_append_c (self->out, ']');
}

// Recurses as deep as what was read, WD_LIMIT_HTTP_JSON_DEPTH, and the few levels of a reply.
static void
write_node (Writer *self, JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      write_object (self, json_node_get_object (node));
      break;
    case JSON_NODE_ARRAY:
      write_array (self, json_node_get_array (node));
      break;
    case JSON_NODE_VALUE:
      write_value (self->out, node);
      break;
    case JSON_NODE_NULL:
      g_string_append (self->out, "null");
      break;
    }
}

static char *
write_all (JsonObject *object, gboolean is_pretty, gsize *out_len)
{
  Writer writer = { .out = g_string_new (NULL), .is_pretty = is_pretty };

  write_object (&writer, object);
  if (out_len != NULL)
    *out_len = writer.out->len;
  return g_string_free (writer.out, FALSE);
}

char *
wd_http_json_dup_compact (JsonObject *object)
{
  return write_all (object, FALSE, NULL);
}

char *
wd_http_json_dup_pretty (JsonObject *object, gsize *out_len)
{
  return write_all (object, TRUE, out_len);
}
