// SPDX-License-Identifier: EUPL-1.2
// Routes: addresses.
#pragma once

#include "http-route.h"

// Ends with a method of NULL.
extern const WdHttpRoute wd_http_addresses_routes[];
