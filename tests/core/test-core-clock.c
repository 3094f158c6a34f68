// SPDX-License-Identifier: EUPL-1.2
// The clock, and setting it.
#include "config.h"

#include "core-clock.h"

#define SECONDS(n) ((gint64) (n) * G_USEC_PER_SEC)

static void
test_is_the_time (void)
{
  gint64 before = g_get_real_time ();
  gint64 now = wd_core_clock_now_us ();

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, g_get_real_time ());
}

static void
test_advance (void)
{
  gint64 wall = wd_core_clock_now_us ();
  gint64 monotonic = wd_core_clock_monotonic_us ();

  wd_core_clock_advance_for_test (SECONDS (3600));
  g_assert_cmpint (wd_core_clock_now_us () - wall, >=, SECONDS (3600));
  g_assert_cmpint (wd_core_clock_monotonic_us () - monotonic, >=, SECONDS (3600));
  g_assert_cmpint (wd_core_clock_now_us () - wall, <, SECONDS (3660));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/clock/is-the-time", test_is_the_time);
  g_test_add_func ("/core/clock/advance", test_advance);
  return g_test_run ();
}
