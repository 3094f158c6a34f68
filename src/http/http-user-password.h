// SPDX-License-Identifier: EUPL-1.2
// The password fields of a user.
#pragma once

#include "http-request.h"

// Makes of "password" (and "hashedPassword") what the store keeps, in `user`. Returns (transfer
// full) (nullable): what is wrong. Costs a password hash.
WdHttpReply *wd_http_user_password_set (const WdHttpRequest *request, WdUser *user)
    G_GNUC_WARN_UNUSED_RESULT;

// Checks "existingPassword", where there is one, against the user's. Returns (transfer full)
// (nullable): what is wrong.
WdHttpReply *wd_http_user_password_check_existing (const WdHttpRequest *request, const WdUser *user)
    G_GNUC_WARN_UNUSED_RESULT;
