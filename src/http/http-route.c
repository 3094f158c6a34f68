// SPDX-License-Identifier: EUPL-1.2
// The table of routes.
#include "config.h"

#include "http-route.h"

#include <string.h>

#include "http-addresses.h"
#include "http-health.h"
#include "http-mailboxes.h"
#include "http-users.h"

static const WdHttpRoute *const tables[] = {
  wd_http_users_routes,
  wd_http_addresses_routes,
  wd_http_mailboxes_routes,
  wd_http_health_routes,
};

gboolean
wd_http_route_next (guint *position, const WdHttpRoute **out_route)
{
  guint skip = (*position)++;

  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const WdHttpRoute *route = tables[i]; route->method != NULL; route++)
      if (skip-- == 0)
        {
          *out_route = route;
          return TRUE;
        }
  return FALSE;
}

static gsize
get_level_len (const char *path)
{
  return strcspn (path, "/");
}

// Takes one level of both paths.
static gboolean
match_level (
    const char *pattern, gsize pattern_len, const char *level, gsize level_len, JsonObject *params)
{
  g_autofree char *name = NULL;
  g_autofree char *value = NULL;

  if (*pattern != ':')
    return pattern_len == level_len && memcmp (pattern, level, level_len) == 0;
  value = level_len == 0 ? NULL : wd_http_field_unescape (level, level_len, FALSE);
  if (value == NULL)
    return FALSE;
  name = g_strndup (pattern + 1, pattern_len - 1);
  json_object_set_string_member (params, name, value);
  return TRUE;
}

static gboolean
match (const char *pattern, const char *path, JsonObject *params)
{
  while (*pattern == '/' && *path == '/')
    {
      gsize pattern_len = get_level_len (++pattern);
      gsize path_len = get_level_len (++path);

      if (!match_level (pattern, pattern_len, path, path_len, params))
        return FALSE;
      pattern += pattern_len;
      path += path_len;
    }
  return *pattern == '\0' && *path == '\0';
}

static void
add_allowed (GString *allow, const char *method)
{
  if (strcmp (method, "GET") == 0)
    method = "GET, HEAD";
  if (strstr (allow->str, method) == NULL)
    g_string_append_printf (allow, "%s%s", allow->len > 0 ? ", " : "", method);
}

const WdHttpRoute *
wd_http_route_find (const char *method, const char *path, JsonObject **out_params, char **out_allow)
{
  g_autoptr (GString) allow = g_string_new (NULL);
  const WdHttpRoute *route;

  if (strcmp (method, "HEAD") == 0)
    method = "GET";
  for (guint i = 0; wd_http_route_next (&i, &route);)
    {
      g_autoptr (JsonObject) params = json_object_new ();

      if (!match (route->path, path, params))
        continue;
      if (strcmp (route->method, method) == 0)
        {
          *out_params = g_steal_pointer (&params);
          return route;
        }
      add_allowed (allow, route->method);
    }

  *out_allow = allow->len > 0 ? g_strdup (allow->str) : NULL;
  return NULL;
}
