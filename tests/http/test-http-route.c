// SPDX-License-Identifier: EUPL-1.2
// Routes by method and path, and the rules of their tables.
#include "config.h"

#include "http-route.h"

#include <string.h>

#define USER "0123456789abcdef01234567"

static const struct
{
  const char *method;
  const char *path;
  const char *pattern; // NULL: no route.
  const char *allow;   // Then: what the path does have.
  const char *param;
  const char *value;
} cases[] = {
  { "GET", "/health", "/health" },
  { "HEAD", "/health", "/health" },
  { "POST", "/user/create", "/user/create" },
  { "GET", "/users", "/users" },
  { "POST", "/users", "/users" },
  { "GET", "/users/" USER, "/users/:user", NULL, "user", USER },
  { "GET", "/users/resolve/a%40b", "/users/resolve/:username", NULL, "username", "a@b" },
  { "GET", "/users/resolve/a+b%2Fc", "/users/resolve/:username", NULL, "username", "a+b/c" },
  { "GET", "/users/" USER "/mailboxes/resolve", "/users/:user/mailboxes/resolve" },
  { "GET", "/users/" USER "/mailboxes/x", "/users/:user/mailboxes/:mailbox", NULL, "mailbox", "x" },
  { "PUT", "/users/" USER "/addresses/x", "/users/:user/addresses/:id", NULL, "id", "x" },
  { "DELETE", "/health", NULL, "GET, HEAD" },
  { "PATCH", "/users", NULL, "GET, HEAD, POST" },
  { "POST", "/users/x", NULL, "GET, HEAD, PUT, DELETE" },
  { "get", "/health", NULL, "GET, HEAD" },
  { "GET", "/", NULL, NULL },
  { "GET", "", NULL, NULL },
  { "GET", "/users/", NULL, NULL },
  { "GET", "/users/x/", NULL, NULL },
  { "GET", "//users", NULL, NULL },
  { "GET", "/health/x", NULL, NULL },
  { "GET", "/healthy", NULL, NULL },
  { "GET", "/users/%", NULL, NULL },
  { "GET", "/users/%00", NULL, NULL },
  { "GET", "/users/%ff", NULL, NULL },
};

static void
test_find (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) params = NULL;
      g_autofree char *allow = NULL;
      const WdHttpRoute *route
          = wd_http_route_find (cases[i].method, cases[i].path, &params, &allow);

      g_test_message ("%s %s", cases[i].method, cases[i].path);
      g_assert_cmpstr (route == NULL ? NULL : route->path, ==, cases[i].pattern);
      g_assert_cmpstr (allow, ==, cases[i].allow);
      if (cases[i].param != NULL)
        g_assert_cmpstr (json_object_get_string_member (params, cases[i].param), ==,
                         cases[i].value);
    }
}

// Each level with a colon has its field, and the other way round; names are there once.
static void
test_tables (void)
{
  const WdHttpRoute *route;

  for (guint i = 0; wd_http_route_next (&i, &route);)
    {
      g_autofree char *path = g_strconcat (route->path, "/", NULL);

      g_test_message ("%s %s", route->method, route->path);
      g_assert_nonnull (route->handler);
      g_assert_cmpstr (route->summary, !=, "");
      for (const WdHttpField *field = route->fields; field->name != NULL; field++)
        {
          g_autofree char *level = g_strdup_printf ("/:%s/", field->name);

          g_assert_true (wd_http_field_find (route->fields, field->name) == field);
          g_assert_cmpint (field->place == WD_HTTP_PATH, ==, strstr (path, level) != NULL);
          g_assert_cmpint (field->type == WD_HTTP_OBJECT, ==, field->children != NULL);
          g_assert_true (field->max == 0 || field->max >= field->min);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/route/find", test_find);
  g_test_add_func ("/http/route/tables", test_tables);
  return g_test_run ();
}
