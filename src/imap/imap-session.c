// SPDX-License-Identifier: EUPL-1.2
// IMAP sessions.
#include "config.h"

#include "net-service.h"
