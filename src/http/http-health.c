// SPDX-License-Identifier: EUPL-1.2
// Routes that tell about the service.
#include "config.h"

#include "http-health.h"

#include "http-error.h"
#include "http-openapi.h"

static const WdHttpField no_fields[] = { { NULL } };

static WdHttpReply *
check_health (const WdHttpRequest *request)
{
  g_autoptr (GError) error = NULL;

  if (!wd_store_check_health (request->store, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_SERVICE);
  return wd_http_reply_new_success ();
}

const WdHttpRoute wd_http_health_routes[] = {
  { "GET", "/health", "Check that the store answers and can be written to", no_fields,
    check_health },
  { "GET", "/openapi.json", "Describe the API (OpenAPI 3.0)", no_fields, wd_http_openapi_get },
  { NULL },
};
