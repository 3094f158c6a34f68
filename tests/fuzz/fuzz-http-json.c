// SPDX-License-Identifier: EUPL-1.2
// Text that the strict check takes is what json-glib takes, reads the same after it was written
// again, and has no member twice; of everything else there is a complaint.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "fuzz.h"
#include "http-json.h"

// json-glib alone forbids the empty name.
static gboolean
has_empty_name (const char *text, gsize len)
{
  g_autofree char *copy = g_strndup (text, len);

  return strstr (copy, "\"\"") != NULL;
}

static void
check_round_trip (JsonObject *object)
{
  g_autofree char *compact = wd_http_json_dup_compact (object);
  g_autofree char *pretty = wd_http_json_dup_pretty (object, NULL);
  g_autofree char *again = NULL;
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (JsonObject) read = NULL;

  g_assert_true (wd_http_json_check (pretty, strlen (pretty), details));
  read = wd_http_json_parse_object (compact, strlen (compact), "body", details);
  g_assert_nonnull (read);
  g_assert_cmpuint (json_object_get_size (details), ==, 0);
  again = wd_http_json_dup_compact (read);
  g_assert_cmpstr (again, ==, compact);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  // A copy of that very length, so that reading past it is seen.
  g_autofree char *text = g_memdup2 (data, size);
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (JsonObject) parse_details = json_object_new ();
  gboolean is_fine = wd_http_json_check (text, size, details);
  g_autoptr (JsonObject) object = wd_http_json_parse_object (text, size, "body", parse_details);

  g_assert_cmpint (is_fine, ==, json_object_get_size (details) == 0);
  g_assert_cmpuint (json_object_get_size (details), <=, WD_LIMIT_HTTP_COMPLAINTS);
  if (object == NULL)
    g_assert_cmpuint (json_object_get_size (parse_details), >, 0);
  if (object == NULL && is_fine && !has_empty_name (text, size))
    g_assert_cmpstr (json_object_get_string_member (parse_details, "body"), ==,
                     "must be an object");
  if (object != NULL && is_fine)
    check_round_trip (object);
  return 0;
}
