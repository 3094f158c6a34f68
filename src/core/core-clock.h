// SPDX-License-Identifier: EUPL-1.2
// The only source of time, so that a test can set it instead of waiting.
#pragma once

#include <glib.h>

// Wall clock, microseconds since 1970-01-01 UTC. Any thread.
gint64 wd_core_clock_now_us (void);

// Monotonic clock in microseconds. Any thread.
gint64 wd_core_clock_monotonic_us (void);

// For tests: moves both clocks forward by `us` for this process, from now on.
void wd_core_clock_advance_for_test (gint64 us);
