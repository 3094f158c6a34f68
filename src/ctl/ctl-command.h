// SPDX-License-Identifier: EUPL-1.2
// The commands of wildduckctl: each family has a table of them, and this finds and runs them.
#pragma once

#include "ctl-context.h"

typedef struct
{
  const char *name;      // One word or two: "user create".
  const char *arguments; // For the help: "NAME [SIZE]".
  guint min_arguments;
  guint max_arguments;
  const GOptionEntry *options; // Beside --help, --config and --set (nullable).
  const char *summary;         // One sentence.
  // Runs it with the arguments that are left. With `error` set the status follows from it.
  WdCtlStatus (*run) (WdCtl *ctl, char **arguments, GError **error);
} WdCtlCommand;

// A family ends with a command whose name is NULL.
extern const WdCtlCommand wd_ctl_config_commands[];
extern const WdCtlCommand wd_ctl_user_commands[];
extern const WdCtlCommand wd_ctl_store_commands[];
extern const WdCtlCommand wd_ctl_token_commands[];

// Runs the command that the command line asks for. Returns the exit status.
int wd_ctl_command_main (int argc, char **argv);
