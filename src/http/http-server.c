// SPDX-License-Identifier: EUPL-1.2
// The HTTP API.
#include "config.h"

#include "net-service.h"
