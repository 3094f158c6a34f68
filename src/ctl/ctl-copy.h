// SPDX-License-Identifier: EUPL-1.2
// wildduckctl store copy.
#pragma once

#include "ctl-context.h"

extern const GOptionEntry wd_ctl_copy_options[];

WdCtlStatus wd_ctl_copy_users (WdCtl *ctl, char **arguments, GError **error);
