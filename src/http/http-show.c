// SPDX-License-Identifier: EUPL-1.2
// Values of replies.
#include "config.h"

#include "http-show.h"

void
wd_http_show_id (JsonObject *out, const char *name, const WdId *id)
{
  char hex[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (id, hex);
  json_object_set_string_member (out, name, hex);
}

void
wd_http_show_text (JsonObject *out, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (out, name, text);
}

void
wd_http_show_texts (JsonObject *out, const char *name, const char *const *texts)
{
  JsonArray *array = json_array_new ();

  for (; texts != NULL && *texts != NULL; texts++)
    json_array_add_string_element (array, *texts);
  json_object_set_array_member (out, name, array);
}

void
wd_http_show_date (JsonObject *out, const char *name, gint64 ms)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (ms / 1000);
  g_autofree char *secs = date == NULL ? NULL : g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *text = NULL;

  if (secs == NULL)
    return;
  text = g_strdup_printf ("%s.%03dZ", secs, (int) (ms % 1000));
  json_object_set_string_member (out, name, text);
}
