// SPDX-License-Identifier: EUPL-1.2
// The strict JSON check against texts that a lax reader takes.
#include "config.h"

#include "http-json.h"

#include <string.h>

#include "core-limits.h"

typedef struct
{
  const char *name;
  const char *text;
  const char *field; // NULL: the text is fine.
  const char *complaint;
} Case;

static const Case cases[] = {
  { "empty-object", "{}", NULL, NULL },
  { "spaces", " \t\r\n{ \"a\" : [ 1 , -2.5e+3 , true , false , null , \"\" ] } \n", NULL, NULL },
  { "escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83e\\udd86\"}", NULL, NULL },
  { "unicode", "{\"ключ\":\"андрис@уайлддак.орг\"}", NULL, NULL },
  { "integer-ends", "[9223372036854775807,-9223372036854775808]", NULL, NULL },
  { "same-name-in-two-objects", "{\"a\":{\"x\":1},\"b\":{\"x\":1}}", NULL, NULL },

  { "nothing", "", "body", "is not valid JSON" },
  { "truncated", "{\"a\":1", "body", "is not valid JSON" },
  { "truncated-value", "{\"password\":\"x", "password", "is not valid JSON" },
  { "truncated-escape", "{\"a\":\"\\", "a", "is not valid JSON" },
  { "truncated-unicode", "{\"a\":\"\\u12", "a", "is not valid JSON" },
  { "two-values", "{} {}", "body", "is not valid JSON" },
  { "comma-at-end", "{\"a\":1,}", "body", "is not valid JSON" },
  { "comma-in-array", "{\"a\":[1,]}", "a", "is not valid JSON" },
  { "no-colon", "{\"a\" 1}", "a", "is not valid JSON" },
  { "bare-name", "{a:1}", "body", "is not valid JSON" },
  { "single-quotes", "{'a':1}", "body", "is not valid JSON" },
  { "comment", "{/* */}", "body", "is not valid JSON" },
  { "assignment", "var a = {};", "body", "is not valid JSON" },
  { "leading-zero", "{\"a\":01}", "body", "is not valid JSON" },
  { "plus", "{\"a\":+1}", "a", "is not valid JSON" },
  { "hexadecimal", "{\"a\":0x10}", "body", "is not valid JSON" },
  { "no-fraction", "{\"a\":1.}", "a", "is not valid JSON" },
  { "no-exponent", "{\"a\":1e}", "a", "is not valid JSON" },
  { "nan", "{\"a\":NaN}", "a", "is not valid JSON" },
  { "upper-case-word", "{\"a\":True}", "a", "is not valid JSON" },
  { "control-character", "{\"a\":\"x\ny\"}", "a", "is not valid JSON" },
  { "unknown-escape", "{\"a\":\"\\x41\"}", "a", "is not valid JSON" },
  { "high-surrogate-alone", "{\"a\":\"\\ud83e\"}", "a", "is not valid JSON" },
  { "low-surrogate-alone", "{\"a\":\"\\udd86\"}", "a", "is not valid JSON" },
  { "two-high-surrogates", "{\"a\":\"\\ud83e\\ud83e\"}", "a", "is not valid JSON" },
  { "not-utf8", "{\"a\":\"\xff\"}", "body", "is not UTF-8" },
  { "nul", "{\"a\":\"x\\u0000y\"}", "a", "must not contain NUL" },
  { "integer-above", "{\"a\":9223372036854775808}", "a", "is out of range" },
  { "integer-below", "{\"a\":-9223372036854775809}", "a", "is out of range" },
  { "infinite", "{\"a\":1e999}", "a", "is out of range" },
  { "twice", "{\"a\":1,\"a\":2}", "a", "is there twice" },
  { "twice-by-escape", "{\"a\":1,\"\\u0061\":2}", "a", "is there twice" },
  { "twice-within", "{\"mailboxes\":{\"sent\":\"x\",\"sent\":\"y\"}}", "mailboxes.sent",
    "is there twice" },
  { "twice-in-array", "{\"a\":[{\"b\":1,\"b\":1}]}", "a.b", "is there twice" },
};

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (JsonObject) details = json_object_new ();
  gboolean is_fine = wd_http_json_check (c->text, strlen (c->text), details);

  g_assert_cmpint (is_fine, ==, c->field == NULL);
  if (c->field == NULL)
    {
      g_assert_cmpuint (json_object_get_size (details), ==, 0);
      return;
    }
  g_assert_true (json_object_has_member (details, c->field));
  g_assert_cmpstr (json_object_get_string_member (details, c->field), ==, c->complaint);
}

// The scanner must not read past the end that it is given.
static void
test_every_prefix (void)
{
  static const char text[] = "{\"a\":[1.5e3,true,null,\"\\u00e9\\ud83e\\udd86\",{\"b\":false}]}";

  for (gsize len = 0; len < strlen (text); len++)
    {
      g_autofree char *prefix = g_memdup2 (text, len);
      g_autoptr (JsonObject) details = json_object_new ();

      g_assert_false (wd_http_json_check (prefix, len, details));
      g_assert_cmpuint (json_object_get_size (details), ==, 1);
    }
}

static void
test_all_duplicates (void)
{
  static const char text[] = "{\"a\":1,\"b\":1,\"a\":2,\"b\":2,\"c\":1}";
  g_autoptr (JsonObject) details = json_object_new ();

  g_assert_false (wd_http_json_check (text, strlen (text), details));
  g_assert_cmpuint (json_object_get_size (details), ==, 2);
  g_assert_true (json_object_has_member (details, "a"));
  g_assert_true (json_object_has_member (details, "b"));
}

static char *
nest (guint depth)
{
  GString *text = g_string_new ("{\"a\":");

  for (guint i = 1; i < depth; i++)
    g_string_append_c (text, '[');
  for (guint i = 1; i < depth; i++)
    g_string_append_c (text, ']');
  g_string_append_c (text, '}');
  if (depth == 1)
    g_string_assign (text, "{}");
  return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
  const guint depths[] = { WD_LIMIT_HTTP_JSON_DEPTH - 1, WD_LIMIT_HTTP_JSON_DEPTH,
                           WD_LIMIT_HTTP_JSON_DEPTH + 1, 500000 };

  for (gsize i = 0; i < G_N_ELEMENTS (depths); i++)
    {
      g_autofree char *text = nest (depths[i]);
      g_autoptr (JsonObject) details = json_object_new ();
      g_autoptr (JsonObject) object
          = wd_http_json_parse_object (text, strlen (text), "body", details);

      if (depths[i] <= WD_LIMIT_HTTP_JSON_DEPTH)
        g_assert_nonnull (object);
      else
        g_assert_cmpstr (json_object_get_string_member (details, "a"), ==, "is nested too deeply");
    }
}

static void
test_complaints (void)
{
  g_autoptr (JsonObject) details = json_object_new ();
  g_autofree char *name = g_strnfill (WD_LIMIT_HTTP_FIELD_NAME_BYTES - 1, 'x');
  g_autofree char *long_name = g_strconcat (name, "é", NULL);

  // The cut is not within a character.
  wd_http_json_complain (details, long_name, "is long");
  g_assert_true (json_object_has_member (details, name));
  for (guint i = 0; i < 2 * WD_LIMIT_HTTP_COMPLAINTS; i++)
    {
      g_autofree char *field = g_strdup_printf ("field%u", i);

      wd_http_json_complain (details, field, "is one more");
    }
  g_assert_cmpuint (json_object_get_size (details), ==, WD_LIMIT_HTTP_COMPLAINTS);
  wd_http_json_complain (details, "field0", "is another matter");
  g_assert_cmpstr (json_object_get_string_member (details, "field0"), ==, "is one more");
}

static void
test_not_an_object (void)
{
  static const char *const texts[] = { "[]", "1", "\"x\"", "null", "true" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JsonObject) details = json_object_new ();

      g_assert_null (wd_http_json_parse_object (texts[i], strlen (texts[i]), "body", details));
      g_assert_cmpstr (json_object_get_string_member (details, "body"), ==, "must be an object");
    }
}

static void
test_kept (void)
{
  static const char *const texts[] = { NULL, "", "[]", "no", "{\"a\":" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (JsonObject) kept = wd_http_json_parse_kept (texts[i]);

      g_assert_cmpuint (json_object_get_size (kept), ==, 0);
    }
}

static const struct
{
  const char *text;
  const char *compact; // NULL: the same.
} rewrites[] = {
  { "{\"a\":[1,-2.5,0.1,true,false,null,\"\",{},[]]}", NULL },
  { "{\"a\":[1e20,1E+308,5.0,-0.0,1e-320]}",
    "{\"a\":[1e+20,1e+308,5.0,-0.0,9.99988867182683e-321]}" },
  { "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001f\\u007fф\"}",
    "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\\u007fф\"}" },
  { "{\"z\":1,\"a\":2,\"9\":-9223372036854775808}", NULL },
};

static void
test_write (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rewrites); i++)
    {
      g_autoptr (JsonObject) details = json_object_new ();
      g_autoptr (JsonObject) object = wd_http_json_parse_object (
          rewrites[i].text, strlen (rewrites[i].text), "body", details);
      g_autofree char *compact = wd_http_json_dup_compact (object);

      g_assert_cmpstr (compact, ==,
                       rewrites[i].compact == NULL ? rewrites[i].text : rewrites[i].compact);
    }
}

static void
test_write_pretty (void)
{
  g_autoptr (JsonObject) object
      = wd_http_json_parse_kept ("{\"a\":[],\"b\":{},\"c\":[1,{\"d\":2}]}");
  gsize len;
  g_autofree char *pretty = wd_http_json_dup_pretty (object, &len);

  g_assert_cmpuint (strlen (pretty), ==, len);
  g_assert_cmpstr (pretty, ==,
                   "{\n"
                   "  \"a\": [],\n"
                   "  \"b\": {},\n"
                   "  \"c\": [\n"
                   "    1,\n"
                   "    {\n"
                   "      \"d\": 2\n"
                   "    }\n"
                   "  ]\n"
                   "}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http/json/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/http/json/every-prefix", test_every_prefix);
  g_test_add_func ("/http/json/all-duplicates", test_all_duplicates);
  g_test_add_func ("/http/json/depth", test_depth);
  g_test_add_func ("/http/json/complaints", test_complaints);
  g_test_add_func ("/http/json/not-an-object", test_not_an_object);
  g_test_add_func ("/http/json/kept", test_kept);
  g_test_add_func ("/http/json/write", test_write);
  g_test_add_func ("/http/json/write-pretty", test_write_pretty);
  return g_test_run ();
}
