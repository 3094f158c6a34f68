// SPDX-License-Identifier: EUPL-1.2
// A sample.
static gboolean
helper (void)
{
  return TRUE;
}

static void
wd_core_x_helper (void)
{
}

void
wd_core_x_run (int (*func) (void),
               int more)
{
}

void
wd_core_xy (void)
{
}

void
wd_core_run (void);
