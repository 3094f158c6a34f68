// SPDX-License-Identifier: EUPL-1.2
// The commands that show users, for the family's table.
#pragma once

#include "ctl-context.h"

extern const GOptionEntry wd_ctl_user_list_options[];
extern const GOptionEntry wd_ctl_user_show_options[];

WdCtlStatus wd_ctl_user_list (WdCtl *ctl, char **arguments, GError **error);
WdCtlStatus wd_ctl_user_show (WdCtl *ctl, char **arguments, GError **error);

// Prints "1.5M of 2G used", by the quota that holds for the user.
void wd_ctl_user_print_quota (WdCtl *ctl, const WdUser *user);
