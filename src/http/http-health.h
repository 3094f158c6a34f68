// SPDX-License-Identifier: EUPL-1.2
// Routes: health.
#pragma once

#include "http-route.h"

// Ends with a method of NULL.
extern const WdHttpRoute wd_http_health_routes[];
