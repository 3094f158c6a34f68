// SPDX-License-Identifier: EUPL-1.2
// A sample.
#include "store-backend.h"
#include "sqlite-x.h"
// As MongoDB does it.
