// SPDX-License-Identifier: EUPL-1.2
// The inside of a WdAuth, and one attempt to log in by any mechanism.
#pragma once

#include <gsasl.h>
#include <pthread.h>

#include "auth-cache.h"
#include "auth-limit.h"
#include "auth-slots.h"
#include "auth.h"

struct _WdAuth
{
  WdStore *store;
  char *scheme;
  WdAuthCache *cache;
  WdAuthLimit *by_account;
  WdAuthLimit *by_address;
  gint64 window_ms; // Of both.
  WdAuthSlots *slots;
  Gsasl *gsasl;
  pthread_mutex_t lock;   // Guards scram_secret; a leaf.
  WdSecret *scram_secret; // (nullable): read from the store when it is first needed.
};

// One attempt: who wants in, from where. All strings but the keys are borrowed.
typedef struct
{
  WdAuth *auth;
  const char *remote;
  WdLogContext *log;
  const char *mechanism;
  const char *service;
  const char *reason; // Of a failure (nullable): another than the password.
  char *account_key;
  char *address_key;     // (nullable): loopback and unix sockets are not counted.
  WdUser *user;          // (nullable): nobody of that name.
  gboolean is_for_other; // The authorization identity is somebody else.
} WdAuthAttempt;

void wd_auth_attempt_clear (WdAuthAttempt *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdAuthAttempt, wd_auth_attempt_clear)

// Looks the user up and asks the limits. RATE_LIMITED, UNAVAILABLE; an unknown user is no error.
// `out_attempt` is to be cleared in any case.
gboolean wd_auth_attempt_begin (WdAuth *auth,
                                const char *login,
                                const char *mechanism,
                                const char *service,
                                const char *remote,
                                WdLogContext *log,
                                WdAuthAttempt *out_attempt,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The limits again: RATE_LIMITED, which is logged.
gboolean wd_auth_attempt_check_limits (WdAuthAttempt *self, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// TRUE when the user exists and may log in to the service.
gboolean wd_auth_attempt_is_allowed (const WdAuthAttempt *self);

// Ends it: logs, and takes the user out, or counts a failure. FORBIDDEN for a success that was to
// be somebody else. `reason` is for the log.
WdUser *wd_auth_attempt_succeed (WdAuthAttempt *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_attempt_fail (WdAuthAttempt *self, const char *reason, GError **error);

// Checks the password of an attempt that has begun, and ends it.
WdUser *wd_auth_check_attempt (WdAuthAttempt *attempt,
                               const WdSecret *password,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer none): what fake SCRAM salts are made with; kept in the store, so that all
// processes show the same ones. UNAVAILABLE.
const WdSecret *wd_auth_get_scram_secret (WdAuth *self, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full) (nullable): the library, with the callback of auth-sasl.c.
Gsasl *wd_auth_sasl_new_context (void) G_GNUC_WARN_UNUSED_RESULT;

// Turns any error of the store into WD_AUTH_ERROR_UNAVAILABLE.
void wd_auth_take_store_error (GError *store_error, GError **error);
