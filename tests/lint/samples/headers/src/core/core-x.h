// SPDX-License-Identifier: EUPL-1.2
// A sample.
#pragma once

#include <stddef.h>
size_t wd_core_x_get (void);
