// SPDX-License-Identifier: EUPL-1.2
// The API's description for machines, made from the table of routes.
#pragma once

#include "http-request.h"

// A handler without fields: an OpenAPI 3.0 document.
WdHttpReply *wd_http_openapi_get (const WdHttpRequest *request) G_GNUC_WARN_UNUSED_RESULT;
