// SPDX-License-Identifier: EUPL-1.2
// wildduckctl: administers a mail store from the command line.
#include "config.h"

#include <locale.h>

#include "core-log.h"
#include "ctl-command.h"

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  wd_core_log_init ("ctl", FALSE);
  return wd_ctl_command_main (argc, argv);
}
