// SPDX-License-Identifier: EUPL-1.2
// A sample.
void
wd_core_x_copy (char *to, const char *from)
{
  strcpy (to, from);
  // strcpy (in, a comment) is fine, and so is
  g_strlcpy (to, "sprintf (to)", 3);
  self->time (NULL);
  g_error ("x");
  n = atoi (from);
  now = time (NULL);
  at = g_get_monotonic_time ();
  g_assert_not_reached ();
  g_print ("x");
}
