// SPDX-License-Identifier: EUPL-1.2
// The validator: each type at, below and above its bounds, and all that is wrong at once.
#include "config.h"

#include "http-field.h"

#include <string.h>

#include "core-limits.h"
#include "http-json.h"

static const WdHttpField inner_fields[] = {
  { "sent", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, 3 },
  { NULL },
};

static const WdHttpField fields[] = {
  { "user", WD_HTTP_PATH, WD_HTTP_ID },
  { "text", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 2, 4 },
  { "maybe", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 4 },
  { "lines", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_MULTILINE },
  { "flag", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "number", WD_HTTP_BODY, WD_HTTP_INTEGER, 0, 1, 250 },
  { "big", WD_HTTP_BODY, WD_HTTP_INTEGER, 0, 0, G_MAXINT64 },
  { "id", WD_HTTP_BODY, WD_HTTP_ID },
  { "password", WD_HTTP_BODY, WD_HTTP_PASSWORD, 0, 0, 4 },
  { "texts", WD_HTTP_BODY, WD_HTTP_TEXTS, 0, 0, 3 },
  { "tags", WD_HTTP_BODY, WD_HTTP_TAGS, 0, 0, 10 },
  { "object", WD_HTTP_BODY, WD_HTTP_OBJECT, 0, 0, 0, NULL, inner_fields },
  { "meta", WD_HTTP_BODY, WD_HTTP_META, 0, 0, 12 },
  { NULL },
};

typedef struct
{
  const char *body;
  const char *values;  // What comes out, without spaces; NULL: a complaint.
  const char *field;   // Whom it names.
  const char *details; // What it says.
} Case;

static const Case cases[] = {
  { "{}", "{}" },
  { "{\"text\":\"ab\"}", "{\"text\":\"ab\"}" },
  { "{\"text\":\"абвг\"}", "{\"text\":\"абвг\"}" },
  { "{\"text\":\"\"}", "{}" },
  { "{\"text\":\"a\"}", NULL, "text", "must have at least 2 characters" },
  { "{\"text\":\"абвгд\"}", NULL, "text", "must have at most 4 characters" },
  { "{\"text\":1}", NULL, "text", "must be a string" },
  { "{\"text\":null}", NULL, "text", "must not be null" },
  { "{\"text\":[]}", NULL, "text", "must be a string" },
  { "{\"text\":{}}", NULL, "text", "must be a string" },
  { "{\"text\":\"a\\nb\"}", NULL, "text", "must not contain control characters" },
  { "{\"text\":\"a\\u0085\"}", NULL, "text", "must not contain control characters" },
  { "{\"maybe\":\"\"}", "{\"maybe\":\"\"}" },
  { "{\"lines\":\"a\\r\\n\\tb\"}", "{\"lines\":\"a\\r\\n\\tb\"}" },
  { "{\"lines\":\"a\\u0001\"}", NULL, "lines", "must not contain control characters" },

  { "{\"flag\":true}", "{\"flag\":true}" },
  { "{\"flag\":0}", "{\"flag\":false}" },
  { "{\"flag\":\"Yes\"}", "{\"flag\":true}" },
  { "{\"flag\":\"on\"}", "{\"flag\":true}" },
  { "{\"flag\":\"Y\"}", "{\"flag\":true}" },
  { "{\"flag\":\"1\"}", "{\"flag\":true}" },
  { "{\"flag\":\"OFF\"}", "{\"flag\":false}" },
  { "{\"flag\":\"n\"}", "{\"flag\":false}" },
  { "{\"flag\":\"no\"}", "{\"flag\":false}" },
  { "{\"flag\":\"false\"}", "{\"flag\":false}" },
  { "{\"flag\":\"\"}", "{}" },
  { "{\"flag\":2}", NULL, "flag", "must be a boolean" },
  { "{\"flag\":\"maybe\"}", NULL, "flag", "must be a boolean" },
  { "{\"flag\":[true]}", NULL, "flag", "must be a boolean" },

  { "{\"number\":1}", "{\"number\":1}" },
  { "{\"number\":250}", "{\"number\":250}" },
  { "{\"number\":\"25\"}", "{\"number\":25}" },
  { "{\"number\":2.5e1}", "{\"number\":25}" },
  { "{\"number\":0}", NULL, "number", "must be at least 1" },
  { "{\"number\":251}", NULL, "number", "must be at most 250" },
  { "{\"number\":1.5}", NULL, "number", "must be a whole number" },
  { "{\"number\":\"1x\"}", NULL, "number", "must be a whole number" },
  { "{\"number\":true}", NULL, "number", "must be a whole number" },
  { "{\"big\":9223372036854775807}", "{\"big\":9223372036854775807}" },
  { "{\"big\":9007199254740992.0}", "{\"big\":9007199254740992}" },
  { "{\"big\":1e18}", NULL, "big", "must be a whole number" },
  { "{\"big\":-1}", NULL, "big", "must be at least 0" },

  { "{\"id\":\"0123456789ABCDEF01234567\"}", "{\"id\":\"0123456789abcdef01234567\"}" },
  { "{\"id\":\"0123456789abcdef0123456\"}", NULL, "id", "must be 24 hexadecimal digits" },
  { "{\"id\":\"0123456789abcdef012345678\"}", NULL, "id", "must be 24 hexadecimal digits" },
  { "{\"id\":\"0123456789abcdef0123456g\"}", NULL, "id", "must be 24 hexadecimal digits" },
  { "{\"id\":5}", NULL, "id", "must be 24 hexadecimal digits" },

  { "{\"password\":false}", "{\"password\":\"\"}" },
  { "{\"password\":\"a\\nbc\"}", "{\"password\":\"a\\nbc\"}" },
  { "{\"password\":\"\"}", "{}" },
  { "{\"password\":true}", NULL, "password", "must be a string, or false" },
  { "{\"password\":\"абв\"}", NULL, "password", "must have at most 4 octets" },

  { "{\"texts\":[\"a\",\"\",\"bcd\"]}", "{\"texts\":[\"a\",\"bcd\"]}" },
  { "{\"texts\":\"a\"}", NULL, "texts", "must be an array of strings" },
  { "{\"texts\":[1]}", NULL, "texts", "must be an array of strings" },
  { "{\"texts\":[\"abcd\"]}", NULL, "texts", "must have at most 3 characters" },
  { "{\"tags\":\" a, b,,c\"}", "{\"tags\":[\"a\",\"b\",\"c\"]}" },
  { "{\"tags\":[\"a\",\"b,c\"]}", "{\"tags\":[\"a\",\"b,c\"]}" },
  { "{\"tags\":1}", NULL, "tags", "must be an array of strings" },

  { "{\"object\":{\"sent\":\"abc\"}}", "{\"object\":{\"sent\":\"abc\"}}" },
  { "{\"object\":{\"sent\":\"\"}}", "{\"object\":{}}" },
  { "{\"object\":{\"sent\":\"abcd\"}}", NULL, "object.sent", "must have at most 3 characters" },
  { "{\"object\":{\"inbox\":\"a\"}}", NULL, "object.inbox", "is not a field of this request" },
  { "{\"object\":[]}", NULL, "object", "must be an object" },

  { "{\"meta\":{\"a\":[1]}}", "{\"meta\":{\"a\":[1]}}" },
  { "{\"meta\":\"{\\\"a\\\":1}\"}", "{\"meta\":{\"a\":1}}" },
  { "{\"meta\":\"{\\\"a\\\":1,\\\"a\\\":1}\"}", NULL, "meta",
    "must be an object, or a string with one in JSON" },
  { "{\"meta\":\"x\"}", NULL, "meta", "must be an object, or a string with one in JSON" },
  { "{\"meta\":[1]}", NULL, "meta", "must be an object, or a string with one in JSON" },
  { "{\"meta\":{\"a\":123456}}", "{\"meta\":{\"a\":123456}}" },
  { "{\"meta\":{\"a\":1234567}}", NULL, "meta", "must have at most 12 octets" },

  { "{\"sess\":\"x\",\"ip\":\"127.0.0.1\"}", "{}" },
  { "{\"accessToken\":\"x\"}", NULL, "accessToken", "is not a field of this request" },
  { "{\"user\":\"0123456789abcdef01234567\"}", NULL, "user", "is not a field of this request" },
  { "{\"Text\":\"ab\"}", NULL, "Text", "is not a field of this request" },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (JsonObject) body
      = wd_http_json_parse_object (c->body, strlen (c->body), "body", details);
  g_autoptr (JsonObject) values = NULL;
  g_autofree char *text = NULL;

  g_assert_nonnull (body);
  values = wd_http_field_validate (fields, &(WdHttpInput){ .body = body }, details);
  text = wd_http_json_dup_compact (c->values == NULL ? details : values);
  if (c->values != NULL)
    {
      g_assert_cmpuint (json_object_get_size (details), ==, 0);
      g_assert_cmpstr (text, ==, c->values);
      return;
    }
  g_assert_cmpuint (json_object_get_size (details), ==, 1);
  g_assert_true (json_object_has_member (details, c->field));
  g_assert_cmpstr (json_object_get_string_member (details, c->field), ==, c->details);
}

static void
test_all_at_once (void)
{
  static const WdHttpField required[] = {
    { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
    { "name", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_REQUIRED },
    { "empty", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_REQUIRED },
    { "limit", WD_HTTP_QUERY, WD_HTTP_INTEGER, 0, 1, 250, "20" },
    { "flag", WD_HTTP_QUERY, WD_HTTP_BOOLEAN, 0, 0, 0, "true" },
    { "page", WD_HTTP_QUERY, WD_HTTP_INTEGER, 0, 1, 9 },
    { NULL },
  };
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (JsonObject) path = wd_http_json_parse_kept ("{\"user\":\"me\"}");
  g_autoptr (JsonObject) query = wd_http_json_parse_kept ("{\"page\":\"0\",\"name\":\"x\"}");
  g_autoptr (JsonObject) body = wd_http_json_parse_kept ("{\"empty\":\"\",\"other\":1}");
  const WdHttpInput input = { path, query, body };
  g_autoptr (JsonObject) values = wd_http_field_validate (required, &input, details);
  g_autofree char *text = wd_http_json_dup_compact (details);
  g_autofree char *values_text = wd_http_json_dup_compact (values);

  g_assert_cmpstr (text, ==,
                   "{\"user\":\"must be 24 hexadecimal digits\",\"name\":\"is required\","
                   "\"empty\":\"is required\",\"page\":\"must be at least 1\","
                   "\"other\":\"is not a field of this request\"}");
  g_assert_cmpstr (values_text, ==, "{\"limit\":20,\"flag\":true}");
}

static void
check_items (const char *name, guint n, gboolean is_fine)
{
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (JsonObject) body = json_object_new ();
  g_autoptr (JsonObject) values = NULL;
  JsonArray *texts = json_array_new ();

  for (guint i = 0; i < n; i++)
    json_array_add_string_element (texts, "a");
  json_object_set_array_member (body, name, texts);
  values = wd_http_field_validate (fields, &(WdHttpInput){ .body = body }, details);
  g_assert_cmpint (json_object_has_member (details, name), ==, !is_fine);
}

static void
test_array_items (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      check_items ("texts", (guint) (WD_LIMIT_HTTP_ARRAY_ITEMS + extra), extra <= 0);
      check_items ("tags", (guint) (WD_LIMIT_TAGS + extra), extra <= 0);
    }
}

static const struct
{
  const char *text;
  const char *values;
  const char *field; // In question.
} pairs[] = {
  { "", "{}", NULL },
  { "a=b", "{\"a\":\"b\"}", NULL },
  { "a=b&&c=%D1%84+%2B&d", "{\"a\":\"b\",\"c\":\"ф +\",\"d\":\"\"}", NULL },
  { "a=b=c", "{\"a\":\"b=c\"}", NULL },
  { "a=1&a=2", NULL, "a" },
  { "a=1&%61=2", NULL, "a" },
  { "a=%", NULL, "a" },
  { "a=%4", NULL, "a" },
  { "a=%4z", NULL, "a" },
  { "a=%00", NULL, "a" },
  { "a=%ff", NULL, "a" },
  { "%ff=a", NULL, "query" },
};

static void
test_pairs (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      gsize len = strlen (pairs[i].text);
      g_autofree char *exact = g_memdup2 (pairs[i].text, len);
      g_autoptr (JsonObject) details = json_object_new ();
      g_autoptr (JsonObject) values = wd_http_field_parse_pairs (exact, len, details);
      g_autofree char *text = wd_http_json_dup_compact (values);

      g_assert_cmpuint (json_object_get_size (details), ==, pairs[i].field == NULL ? 0 : 1);
      if (pairs[i].field == NULL)
        g_assert_cmpstr (text, ==, pairs[i].values);
      else
        g_assert_true (json_object_has_member (details, pairs[i].field));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/http/field/case/%02zu", i);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/http/field/all-at-once", test_all_at_once);
  g_test_add_func ("/http/field/array-items", test_array_items);
  g_test_add_func ("/http/field/pairs", test_pairs);
  return g_test_run ();
}
