// SPDX-License-Identifier: EUPL-1.2
// The store interface.
#include "config.h"

#include "store-backend.h"
