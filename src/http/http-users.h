// SPDX-License-Identifier: EUPL-1.2
// Routes: users.
#pragma once

#include "http-route.h"

// Ends with a method of NULL.
extern const WdHttpRoute wd_http_users_routes[];
