// SPDX-License-Identifier: EUPL-1.2
// The worker's part of a request.
#include "config.h"

#include "http-task.h"

#include <string.h>

#include "http-access.h"
#include "http-error.h"
#include "http-show.h"

// What went wrong here goes to the log with a name that the client has, too.
static void
log_failure (WdLogContext *log, WdHttpReply *reply)
{
  gboolean is_internal = reply->status == 500;
  char reference[WD_CORE_ID_HEX_LEN + 1];
  WdId id;

  if (reply->status < 500)
    return;
  wd_core_id_new (&id);
  wd_core_id_to_hex (&id, reference);
  json_object_set_string_member (reply->body, "reference", reference);
  wd_log_notice (log, is_internal ? WD_MSG_INTERNAL_ERROR : WD_MSG_STORE_UNAVAILABLE,
                 "WD_REFERENCE", reference, NULL, "request failed with %u: %s", reply->status,
                 reply->cause == NULL ? "" : reply->cause);
}

// What was changed: what the reply names, or else what the path does, the innermost last.
static const char *
get_object_id (const WdHttpTask *self)
{
  g_autoptr (GList) names = json_object_get_members (self->params);
  GList *last = g_list_last (names);
  const char *path_id
      = last == NULL ? NULL : json_object_get_string_member (self->params, last->data);

  return json_object_get_string_member_with_default (self->reply->body, "id", path_id);
}

// One line for each change: the route and the ids, nothing of the body.
static void
log_change (WdLogContext *log, const WdHttpTask *self)
{
  const char *id = get_object_id (self);
  const char *user = json_object_get_string_member_with_default (self->params, "user", id);

  if (self->reply->status != 200 || strcmp (self->route->method, "GET") == 0)
    return;
  wd_core_log_context_set (log, "WD_USER", user);
  wd_log_info (log, WD_MSG_API_CHANGED, "WD_OBJECT", id, NULL, "%s %s", self->route->method,
               self->route->path);
}

static WdHttpReply *
handle (const WdHttpTask *self, WdLogContext *log)
{
  const WdHttpRaw raw = { .path = self->params,
                          .query = self->query,
                          .body = self->body,
                          .content_type = self->content_type };
  WdHttpRequest request = { .store = self->store,
                            .auth = self->auth,
                            .config = self->config,
                            .log = log,
                            .cancellable = self->cancellable,
                            .fields = self->route->fields };
  g_autoptr (JsonObject) values = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  gboolean is_granted = FALSE;

  if (!wd_http_access_check (self->store, self->config, self->token, &is_granted, self->cancellable,
                             &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_SERVICE);
  if (!is_granted)
    return wd_http_reply_new_error (403, "InvalidToken", "Invalid accessToken value");

  values = wd_http_request_read (&raw, self->route->fields, &reply);
  if (values == NULL)
    return reply;
  request.values = values;
  return self->route->handler (&request);
}

void
wd_http_task_run (WdHttpTask *self)
{
  g_autoptr (WdLogContext) log = wd_core_log_context_new (NULL);

  wd_core_log_context_set (log, "WD_REMOTE", self->remote);
  self->reply = handle (self, log);
  log_failure (log, self->reply);
  log_change (log, self);
}

void
wd_http_task_clear (WdHttpTask *self)
{
  g_clear_pointer (&self->config, wd_core_config_unref);
  g_clear_pointer (&self->params, json_object_unref);
  g_clear_pointer (&self->query, g_free);
  g_clear_pointer (&self->content_type, g_free);
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_clear_pointer (&self->token, g_free);
  g_clear_pointer (&self->remote, g_free);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->reply, wd_http_reply_free);
}
