// SPDX-License-Identifier: EUPL-1.2
// A sample.
#include "core-x.h"
#include "core-x-private.h"
#include "core-z.h"
