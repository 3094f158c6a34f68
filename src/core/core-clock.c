// SPDX-License-Identifier: EUPL-1.2
// Time.
#include "config.h"

#include "core-clock.h"

#include <stdatomic.h>

static _Atomic gint64 offset_us;

gint64
wd_core_clock_now_us (void)
{
  return g_get_real_time () + atomic_load_explicit (&offset_us, memory_order_relaxed);
}

gint64
wd_core_clock_monotonic_us (void)
{
  return g_get_monotonic_time () + atomic_load_explicit (&offset_us, memory_order_relaxed);
}

void
wd_core_clock_advance_for_test (gint64 us)
{
  atomic_fetch_add (&offset_us, us);
}
