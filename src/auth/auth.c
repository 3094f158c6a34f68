// SPDX-License-Identifier: EUPL-1.2
// Logins.
#include "config.h"

#include "auth.h"
