// SPDX-License-Identifier: EUPL-1.2
// GMime, initialised once for the process.
#include "config.h"

#include "mime-library.h"

#include <gmime/gmime.h>

void
wd_mime_library_init (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      g_mime_init ();
      g_once_init_leave (&once, 1);
    }
}
