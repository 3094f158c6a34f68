// SPDX-License-Identifier: EUPL-1.2
// Replies.
#include "config.h"

#include "http-reply.h"

WdHttpReply *
wd_http_reply_new_success (void)
{
  WdHttpReply *self = g_new0 (WdHttpReply, 1);

  self->status = 200;
  self->body = json_object_new ();
  json_object_set_boolean_member (self->body, "success", TRUE);
  return self;
}

WdHttpReply *
wd_http_reply_new_error (guint status, const char *code, const char *text)
{
  WdHttpReply *self = g_new0 (WdHttpReply, 1);

  self->status = status;
  self->body = json_object_new ();
  json_object_set_string_member (self->body, "error", text);
  json_object_set_string_member (self->body, "code", code);
  return self;
}

void
wd_http_reply_free (WdHttpReply *self)
{
  if (self == NULL)
    return;

  json_object_unref (self->body);
  g_free (self->allow);
  g_free (self->cause);
  g_free (self);
}
