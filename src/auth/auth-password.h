// SPDX-License-Identifier: EUPL-1.2
// Password hashes: crypt(3) by libxcrypt (yescrypt, bcrypt, sha512, …) and PBKDF2 as WildDuck
// writes it ($pbkdf2-sha256$…, $pbkdf2-sha512$…).
#pragma once

#include <glib.h>

#include "core-secret.h"

// Scheme: "yescrypt", "bcrypt", "sha512" or "pbkdf2-sha256". Returns (transfer full).
char *wd_auth_password_hash (const char *scheme, const WdSecret *password, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// FALSE for a wrong password and for a hash that is not understood. Takes the hash's time. The
// comparison is constant-time.
gboolean wd_auth_password_verify (const char *hash, const WdSecret *password);

// TRUE for a hash that `verify` understands.
gboolean wd_auth_password_is_hash (const char *hash);

// TRUE when `hash` is not of `scheme` with today's cost: rehash at login.
gboolean wd_auth_password_needs_rehash (const char *hash, const char *scheme);
