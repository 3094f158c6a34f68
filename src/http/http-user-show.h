// SPDX-License-Identifier: EUPL-1.2
// Showing a user.
#pragma once

#include "http-request.h"

// All of a user that wd_store_get_user gave.
void wd_http_user_show (const WdHttpRequest *request, const WdUser *user, JsonObject *out);

// The fields of a list, appended. The store is asked what the user's mail takes.
void wd_http_user_show_listed (const WdHttpRequest *request, const WdUser *user, JsonArray *out);
