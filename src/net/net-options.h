// SPDX-License-Identifier: EUPL-1.2
// The command line that every service has.
#pragma once

#include "net-service.h"

typedef struct
{
  char **listen;     // NAME=ADDRESS (nullable)
  char **set;        // SECTION.KEY=VALUE (nullable)
  char *config_file; // (nullable)
  gboolean version;
} WdOptions;

// --help is answered here, and ends the process. FALSE with a G_OPTION_ERROR.
gboolean wd_net_options_parse (WdOptions *out_self,
                               const WdServiceSpec *spec,
                               int argc,
                               char **argv,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

void wd_net_options_clear (WdOptions *self);
