// SPDX-License-Identifier: EUPL-1.2
// LMTP and SMTP sessions.
#include "config.h"

#include "net-service.h"
