// SPDX-License-Identifier: EUPL-1.2
// Connections.
#include "config.h"

#include "net-conn.h"
