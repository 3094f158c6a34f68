// SPDX-License-Identifier: EUPL-1.2
// A sample.
#pragma once

size_t wd_core_y_get (void);
