// SPDX-License-Identifier: EUPL-1.2
// Creating a user.
#pragma once

#include "http-request.h"

// Handlers for wd_http_user_create_fields. The reply of the first has the user name beside the id,
// as the original's own route has.
WdHttpReply *wd_http_user_create_named (const WdHttpRequest *request) G_GNUC_WARN_UNUSED_RESULT;
WdHttpReply *wd_http_user_create (const WdHttpRequest *request) G_GNUC_WARN_UNUSED_RESULT;
