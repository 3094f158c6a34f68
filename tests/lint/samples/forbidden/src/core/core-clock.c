// SPDX-License-Identifier: EUPL-1.2
// A sample.
at = g_get_monotonic_time ();
