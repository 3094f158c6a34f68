// SPDX-License-Identifier: EUPL-1.2
// What a handler answers: a status and a JSON object.
#pragma once

#include <json-glib/json-glib.h>

typedef struct
{
  guint status;
  JsonObject *body;
  guint retry_after_secs; // 0: no such field in the head.
  char *allow;            // For 405 (nullable).
  char *cause;            // For the log alone (nullable).
} WdHttpReply;

// 200 with "success": true. Returns (transfer full): add the rest to its body.
WdHttpReply *wd_http_reply_new_success (void) G_GNUC_WARN_UNUSED_RESULT;

// With "error" and "code". Returns (transfer full).
WdHttpReply *wd_http_reply_new_error (guint status, const char *code, const char *text)
    G_GNUC_WARN_UNUSED_RESULT;

void wd_http_reply_free (WdHttpReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdHttpReply, wd_http_reply_free)
