// SPDX-License-Identifier: EUPL-1.2
// What only auth/ and its tests know of password hashes.
#pragma once

#include <glib.h>

// A hash by `scheme` that no password has, for users that are not there: verifying against it costs
// what a real one does. Returns (transfer full).
char *wd_auth_password_dup_dummy (const char *scheme) G_GNUC_WARN_UNUSED_RESULT;

// Hashes made or verified by this process so far. Any thread.
guint wd_auth_password_count_hashes (void);
