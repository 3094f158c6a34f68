// SPDX-License-Identifier: EUPL-1.2
// Who is it: checks a login against the store. One WdAuth a process, any number of workers.
//
// A password that was verified is remembered for [auth] cache-time under a keyed hash that takes in
// the stored hash too, so that a changed password or a disabled user counts at once. A failure
// takes the time of a hash, whatever its reason, and counts against address and account.
#pragma once

#include <gio/gio.h>

#include "core-config.h"
#include "core-log.h"
#include "core-secret.h"
#include "store.h"

typedef enum
{
  WD_AUTH_ERROR_FAILED,       // Unknown user, wrong password, disabled: never told apart outside.
  WD_AUTH_ERROR_RATE_LIMITED, // Too many failures: not even looked at.
  WD_AUTH_ERROR_UNAVAILABLE,  // The store does not answer: try later.
  WD_AUTH_ERROR_INVALID,      // The exchange or the hash is malformed.
  WD_AUTH_ERROR_FORBIDDEN,    // Authorization identity of somebody else.
} WdAuthError;

#define WD_AUTH_ERROR (wd_auth_error_quark ())
GQuark wd_auth_error_quark (void);

typedef struct _WdAuth WdAuth;

WdAuth *wd_auth_new (WdStore *store, const WdConfig *config) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_free (WdAuth *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAuth, wd_auth_free)

// Checks a password, the user's own or one for applications. `service`: "imap", "smtp" or "pop";
// `remote` is the peer's address; `log` (nullable) gets the LOGIN or
// LOGIN_FAILED event. Returns (transfer full): the user, whose id the session acts as. Worker
// thread; costs a password hash unless remembered.
WdUser *wd_auth_check_password (WdAuth *self,
                                const char *login,
                                const WdSecret *password,
                                const char *service,
                                const char *remote,
                                WdLogContext *log,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Makes what the store keeps of a new password: its hash by [auth] password-scheme, and its
// SCRAM-SHA-256 keys. LIMIT-length and empty passwords are WD_AUTH_ERROR_INVALID.
gboolean wd_auth_make_credentials (WdAuth *self,
                                   const WdSecret *password,
                                   char **out_hash,
                                   char **out_scram,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
