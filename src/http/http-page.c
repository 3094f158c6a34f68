// SPDX-License-Identifier: EUPL-1.2
// Pages. A cursor is the id at the end of a page.
#include "config.h"

#include "http-page.h"

#include "http-show.h"

void
wd_http_page_init (WdHttpPage *self, const WdHttpRequest *request)
{
  *self = (WdHttpPage){ .tags = wd_http_request_dup_texts (request, "tags"),
                        .required_tags = wd_http_request_dup_texts (request, "requiredTags") };
  self->query.query = wd_http_request_get_text (request, "query");
  self->query.tags = (const char *const *) self->tags;
  self->query.required_tags = (const char *const *) self->required_tags;
  self->query.limit = (guint) wd_http_request_get_integer (request, "limit");
  wd_http_request_get_id (request, "next", &self->query.after);
  // Both cursors at once make no page; the one ahead wins.
  if (wd_core_id_is_none (&self->query.after))
    wd_http_request_get_id (request, "previous", &self->query.before);
}

void
wd_http_page_clear (WdHttpPage *self)
{
  g_clear_pointer (&self->tags, g_strfreev);
  g_clear_pointer (&self->required_tags, g_strfreev);
}

static void
show_cursor (JsonObject *out, const char *name, const WdId *id)
{
  if (id == NULL)
    json_object_set_boolean_member (out, name, FALSE);
  else
    wd_http_show_id (out, name, id);
}

void
wd_http_page_show (const WdHttpPage *self,
                   const WdHttpRequest *request,
                   guint64 total,
                   gboolean has_more,
                   const WdId *first,
                   const WdId *last,
                   JsonArray *results,
                   JsonObject *out)
{
  gboolean is_backward = !wd_core_id_is_none (&self->query.before);
  gboolean is_start = !is_backward && wd_core_id_is_none (&self->query.after);
  gboolean has_previous = is_backward ? has_more : !is_start;
  gboolean has_next = is_backward || has_more;

  wd_http_show_text (out, "query", self->query.query);
  json_object_set_int_member (out, "total", (gint64) total);
  // The number is the caller's own count along the cursors; without one it is the first page.
  json_object_set_int_member (out, "page",
                              is_start ? 1 : wd_http_request_get_integer (request, "page"));
  show_cursor (out, "previousCursor", has_previous ? first : NULL);
  show_cursor (out, "nextCursor", has_next ? last : NULL);
  json_object_set_array_member (out, "results", results);
}
