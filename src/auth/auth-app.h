// SPDX-License-Identifier: EUPL-1.2
// Application passwords, as WildDuck makes them: sixteen letters, each for some services only.
#pragma once

#include "core-secret.h"
#include "store-account.h"

// What the password is as one of them: white space and case do not count. Returns (transfer full)
// (nullable): NULL when it cannot be one.
WdSecret *wd_auth_app_normalize (const WdSecret *password) G_GNUC_WARN_UNUSED_RESULT;

// Takes out of the list those that it cannot be. `password`: normalized.
void wd_auth_app_filter (GPtrArray *passwords, const WdSecret *password);

// Whether it is for the service ("imap", "smtp", "pop").
gboolean wd_auth_app_is_for (const WdAppPassword *self, const char *service);

// What the service is called among the scopes of users and of application passwords.
const char *wd_auth_app_get_scope (const char *service);
