// SPDX-License-Identifier: EUPL-1.2
// A sample.
int
main (void)
{
  g_assert_true (TRUE);
  g_usleep (20 * 1000);
  g_usleep (20 * 1001);
  g_usleep (n);
  sleep (1);
  // The clock of the kernel is what is measured.
  sleep (2);
}
