// SPDX-License-Identifier: EUPL-1.2
// The stored form of SCRAM-SHA-256 keys (RFC 5803): SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER.
#pragma once

#include <glib.h>

#include "core-secret.h"

#define WD_AUTH_SCRAM_KEY_BYTES 32

typedef struct
{
  guint iterations;
  char *salt;       // Base64.
  char *stored_key; // Base64 of 32 octets.
  char *server_key;
} WdScramKeys;

void wd_auth_scram_keys_clear (WdScramKeys *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdScramKeys, wd_auth_scram_keys_clear)

// Makes the keys of a password with a new salt. Returns (transfer full) (nullable): NULL for a
// password that SASLprep forbids (RFC 5802 2.2), which then works with the other mechanisms only.
char *wd_auth_scram_make (const WdSecret *password) G_GNUC_WARN_UNUSED_RESULT;

// The same with this salt and count: for tests with published vectors.
char *
wd_auth_scram_make_with (const WdSecret *password, guint iterations, const void *salt, gsize len)
    G_GNUC_WARN_UNUSED_RESULT;

// FALSE for anything but a well-formed stored form; then `out_keys` is left alone.
gboolean wd_auth_scram_parse (const char *stored, WdScramKeys *out_keys) G_GNUC_WARN_UNUSED_RESULT;

// Keys of a user that is not there: always the same salt for one `login` and `secret`, so that two
// tries do not tell; no password has them.
void wd_auth_scram_fake (const WdSecret *secret, const char *login, WdScramKeys *out_keys);
