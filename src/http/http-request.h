// SPDX-License-Identifier: EUPL-1.2
// A request whose fields were checked: what a handler gets. Worker thread.
#pragma once

#include <json-glib/json-glib.h>

#include "auth.h"
#include "core-config.h"
#include "core-log.h"
#include "http-field.h"
#include "http-reply.h"
#include "store.h"

typedef struct
{
  // All borrowed.
  WdStore *store;
  WdAuth *auth;
  const WdConfig *config;
  WdLogContext *log;
  GCancellable *cancellable;
  const WdHttpField *fields;
  JsonObject *values; // From wd_http_field_validate.
} WdHttpRequest;

// What the wire brought, not looked at yet. A handler never sees it.
typedef struct
{
  JsonObject *path;         // Parameters of the route, decoded.
  const char *query;        // As it stands in the URI (nullable).
  GBytes *body;             // (nullable)
  const char *content_type; // Without parameters, in lower case (nullable).
} WdHttpRaw;

// Reads the query and the body, whatever it is called: an object in JSON, or a form. Returns
// (transfer full): the values, or NULL with `out_reply` saying all that is wrong.
JsonObject *wd_http_request_read (const WdHttpRaw *raw,
                                  const WdHttpField *fields,
                                  WdHttpReply **out_reply) G_GNUC_WARN_UNUSED_RESULT;

// The value of a field. For one that is not there NULL, FALSE and 0. A name that is not in the
// table is a programming error. All (transfer none), but for `dup_texts` (nullable).
gboolean wd_http_request_has (const WdHttpRequest *self, const char *name);
const char *wd_http_request_get_text (const WdHttpRequest *self, const char *name);
gboolean wd_http_request_get_boolean (const WdHttpRequest *self, const char *name);
gint64 wd_http_request_get_integer (const WdHttpRequest *self, const char *name);
JsonObject *wd_http_request_get_object (const WdHttpRequest *self, const char *name);
GStrv wd_http_request_dup_texts (const WdHttpRequest *self, const char *name)
    G_GNUC_WARN_UNUSED_RESULT;

// An id is one by now. `out_id` is left alone when the field is not there.
void wd_http_request_get_id (const WdHttpRequest *self, const char *name, WdId *out_id);

// The fields with WD_HTTP_KEPT, over those of `old_json` (nullable). Returns (transfer full)
// (nullable): NULL when there are none at all.
char *wd_http_request_dup_kept (const WdHttpRequest *self, const char *old_json)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_http_request_has_kept (const WdHttpRequest *self);

// Copies kept fields from `kept` to `out`, or what `fields` say of one that is not there: its
// default, FALSE, 0, an empty array; texts and objects are left out. `names` ends with NULL.
void wd_http_request_show_kept (const WdHttpField *fields,
                                const char *const *names,
                                JsonObject *kept,
                                JsonObject *out);
