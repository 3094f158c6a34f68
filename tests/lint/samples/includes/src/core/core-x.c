// SPDX-License-Identifier: EUPL-1.2
// A sample.
#include "config.h"

#include "core-x.h"

#include <stdio.h>

#include "mime-x.h"
