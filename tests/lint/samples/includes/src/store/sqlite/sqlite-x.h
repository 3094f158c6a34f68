// SPDX-License-Identifier: EUPL-1.2
// A sample.
#include "store-backend.h"
#include "imap-x.h"
