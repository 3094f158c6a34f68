// SPDX-License-Identifier: EUPL-1.2
// Asking for a password, which never stands on a command line.
#pragma once

#include "core-secret.h"

// Reads a password: the first line of `file` ("-": of stdin) when it is given; else, on a terminal,
// by asking twice without echo; else the first line of stdin. Returns (transfer full): NULL with
// WD_CTL_ERROR for one that is empty, too long or not the same twice.
WdSecret *wd_ctl_password_read (const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
