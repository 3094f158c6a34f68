// SPDX-License-Identifier: EUPL-1.2
// Logins by password.
#include "config.h"

#include "auth.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "auth-app.h"
#include "auth-password-private.h"
#include "auth-password.h"
#include "auth-private.h"
#include "auth-scram.h"
#include "core-limits.h"

#define SCRAM_SECRET_SETTING "auth-scram-secret"
#define SCRAM_SECRET_BYTES 32

G_DEFINE_QUARK (wd - auth - error - quark, wd_auth_error)

// The default beside WildDuck, which does not verify yescrypt, is what it writes itself.
static const char *
choose_scheme (const WdConfig *config)
{
  const char *scheme = wd_core_config_get_string (config, "auth", "password-scheme");
  WdStoreOptions options;

  wd_store_options_init (&options, config);
  return wd_store_options_is_shared (&options) && strcmp (scheme, "yescrypt") == 0 ? "pbkdf2-sha256"
                                                                                   : scheme;
}

WdAuth *
wd_auth_new (WdStore *store, const WdConfig *config)
{
  WdAuth *self = g_new0 (WdAuth, 1);
  gint64 window_ms = wd_core_config_get_duration_ms (config, "auth", "failure-window");
  guint max_failures = (guint) wd_core_config_get_integer (config, "auth", "max-failures");
  guint max_per_address
      = (guint) wd_core_config_get_integer (config, "auth", "max-failures-per-address");

  self->store = g_object_ref (store);
  self->scheme = g_strdup (choose_scheme (config));
  self->cache = wd_auth_cache_new (wd_core_config_get_duration_ms (config, "auth", "cache-time"),
                                   WD_LIMIT_AUTH_CACHE_ENTRIES);
  self->by_account = wd_auth_limit_new (max_failures, window_ms, WD_LIMIT_AUTH_FAILURE_ENTRIES);
  self->by_address = wd_auth_limit_new (max_per_address, window_ms, WD_LIMIT_AUTH_FAILURE_ENTRIES);
  self->window_ms = window_ms;
  self->slots = wd_auth_slots_new (g_get_num_processors (),
                                   g_get_num_processors () * WD_LIMIT_AUTH_WAITING_PER_PROCESSOR);
  // Without a context no mechanism is on offer; passwords still work.
  self->gsasl = wd_auth_sasl_new_context ();
  pthread_mutex_init (&self->lock, NULL);
  return self;
}

void
wd_auth_free (WdAuth *self)
{
  if (self == NULL)
    return;

  if (self->gsasl != NULL)
    gsasl_done (self->gsasl);
  pthread_mutex_destroy (&self->lock);
  wd_core_secret_free (self->scram_secret);
  wd_auth_slots_free (self->slots);
  wd_auth_limit_free (self->by_address);
  wd_auth_limit_free (self->by_account);
  wd_auth_cache_free (self->cache);
  g_free (self->scheme);
  g_object_unref (self->store);
  g_free (self);
}

gboolean
wd_auth_make_credentials (
    WdAuth *self, const WdSecret *password, char **out_hash, char **out_scram, GError **error)
{
  char *hash = wd_auth_password_hash (self->scheme, password, error);

  if (hash == NULL)
    return FALSE;
  *out_hash = hash;
  *out_scram = wd_auth_scram_make (password);
  return TRUE;
}

// Stores a hash of today's kind and the SCRAM keys, where they are missing. What fails here is
// tried again at the next login.
static void
renew_credentials (WdAuth *self, WdUser *user, const WdSecret *password)
{
  gboolean is_old = wd_auth_password_needs_rehash (user->password_hash, self->scheme);
  g_autofree char *hash = NULL;
  g_autofree char *scram = NULL;
  WdUser changes = { 0 };

  if (!is_old && user->scram != NULL)
    return;
  if (is_old)
    hash = wd_auth_password_hash (self->scheme, password, NULL);
  scram = wd_auth_scram_make (password);
  if (hash == NULL && scram == NULL)
    return;

  if (hash == NULL)
    hash = g_strdup (user->password_hash);
  changes.password_hash = hash;
  // Not over a password that was set while this one was hashed.
  changes.if_password_hash = user->password_hash;
  changes.scram = scram;
  if (wd_store_update_user (self->store, &user->id, &changes, WD_USER_FIELD_PASSWORD, NULL, NULL))
    {
      g_free (user->password_hash);
      user->password_hash = g_steal_pointer (&hash);
    }
}

// Runs the one hash of an attempt, with a slot. An attempt that cannot succeed takes the time of
// one that could.
static gboolean
verify_in_slot (WdAuthAttempt *attempt, const WdSecret *password)
{
  WdAuth *self = attempt->auth;
  WdUser *user = attempt->user;
  gboolean has_hash = user != NULL && user->password_hash != NULL
                      && wd_auth_password_is_hash (user->password_hash);
  g_autofree char *dummy = has_hash ? NULL : wd_auth_password_dup_dummy (self->scheme);
  gboolean is_right = wd_auth_password_verify (has_hash ? user->password_hash : dummy, password)
                      && has_hash && wd_core_secret_get_len (password) > 0;

  if (!is_right || !wd_auth_attempt_is_allowed (attempt))
    return FALSE;
  renew_credentials (self, user, password);
  wd_auth_cache_add (self->cache, &user->id, user->password_hash, password);
  return TRUE;
}

static gboolean
is_remembered (const WdAuthAttempt *attempt, const WdSecret *password)
{
  const WdUser *user = attempt->user;

  return wd_auth_attempt_is_allowed (attempt) && user->password_hash != NULL
         && wd_auth_cache_has (attempt->auth->cache, &user->id, user->password_hash, password);
}

// What the password may be beside the user's own.
typedef struct
{
  WdSecret *password;   // (nullable): nothing.
  GPtrArray *passwords; // (element-type WdAppPassword)
} Apps;

static void
apps_clear (Apps *self)
{
  g_clear_pointer (&self->password, wd_core_secret_free);
  g_clear_pointer (&self->passwords, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Apps, apps_clear)

static gboolean
find_apps (WdAuthAttempt *attempt,
           const WdSecret *password,
           Apps *out_apps,
           GCancellable *cancellable,
           GError **error)
{
  GError *store_error = NULL;

  if (!wd_auth_attempt_is_allowed (attempt)
      || (out_apps->password = wd_auth_app_normalize (password)) == NULL)
    return TRUE;
  out_apps->passwords = wd_store_list_app_passwords (attempt->auth->store, &attempt->user->id,
                                                     cancellable, &store_error);
  if (out_apps->passwords == NULL)
    {
      wd_auth_take_store_error (store_error, error);
      return FALSE;
    }
  wd_auth_app_filter (out_apps->passwords, out_apps->password);
  return TRUE;
}

// The right one of them. With `may_hash` in a slot; without, only what is remembered is known.
static const WdAppPassword *
find_right (const WdAuthAttempt *attempt, const Apps *apps, gboolean may_hash)
{
  WdAuthCache *cache = attempt->auth->cache;
  const WdId *user = apps->password == NULL ? NULL : &attempt->user->id;

  for (guint i = 0; apps->password != NULL && i < apps->passwords->len; i++)
    {
      const WdAppPassword *one = apps->passwords->pdata[i];

      if (wd_auth_cache_has (cache, user, one->hash, apps->password))
        return one;
      if (may_hash && wd_auth_password_is_hash (one->hash)
          && wd_auth_password_verify (one->hash, apps->password))
        {
          wd_auth_cache_add (cache, user, one->hash, apps->password);
          return one;
        }
    }
  return NULL;
}

// One that is not for the service is as good as none.
static gboolean
is_app (WdAuthAttempt *attempt, const Apps *apps, gboolean may_hash)
{
  const WdAppPassword *right = find_right (attempt, apps, may_hash);

  if (right == NULL)
    return FALSE;
  if (!wd_auth_app_is_for (right, attempt->service))
    {
      attempt->reason = "scope";
      return FALSE;
    }
  // That it was used is worth no failure.
  (void) !wd_store_use_app_password (attempt->auth->store, right, attempt->remote, NULL, NULL);
  return TRUE;
}

static const char *
get_failure_reason (const WdAuthAttempt *attempt)
{
  if (attempt->reason != NULL)
    return attempt->reason;
  if (attempt->user == NULL)
    return "unknown-user";
  if (!wd_auth_attempt_is_allowed (attempt))
    return "disabled";
  return attempt->user->password_hash == NULL ? "no-password" : "password";
}

WdUser *
wd_auth_check_attempt (WdAuthAttempt *attempt,
                       const WdSecret *password,
                       GCancellable *cancellable,
                       GError **error)
{
  WdAuthSlots *slots = attempt->auth->slots;
  g_auto (Apps) apps = { 0 };
  gboolean is_right;

  if (is_remembered (attempt, password))
    return wd_auth_attempt_succeed (attempt, error);
  if (!find_apps (attempt, password, &apps, cancellable, error))
    return NULL;
  if (is_app (attempt, &apps, FALSE))
    return wd_auth_attempt_succeed (attempt, error);
  if (!wd_auth_slots_enter (slots, error))
    return NULL;

  // Again, now that it is this one's turn: those before it may have used up the failures, or have
  // brought the same password.
  if (!wd_auth_attempt_check_limits (attempt, error))
    {
      wd_auth_slots_leave (slots);
      return NULL;
    }
  is_right = is_remembered (attempt, password) || is_app (attempt, &apps, TRUE)
             || verify_in_slot (attempt, password);
  if (!is_right)
    wd_auth_attempt_fail (attempt, get_failure_reason (attempt), error);
  wd_auth_slots_leave (slots);
  return is_right ? wd_auth_attempt_succeed (attempt, error) : NULL;
}

WdUser *
wd_auth_check_password (WdAuth *self,
                        const char *login,
                        const WdSecret *password,
                        const char *service,
                        const char *remote,
                        WdLogContext *log,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (WdAuthAttempt) attempt = { 0 };

  if (!wd_auth_attempt_begin (self, login, "password", service, remote, log, &attempt, cancellable,
                              error))
    return NULL;
  return wd_auth_check_attempt (&attempt, password, cancellable, error);
}

// Reads the secret, making it where there is none. Two processes that make it at once both read
// what was written last.
static WdSecret *
load_scram_secret (WdAuth *self, GCancellable *cancellable, GError **error)
{
  guint8 octets[SCRAM_SECRET_BYTES];
  g_autofree char *text = NULL;
  g_autofree char *made = NULL;

  if (!wd_store_get_setting (self->store, SCRAM_SECRET_SETTING, &text, cancellable, error))
    return NULL;
  if (text != NULL)
    return wd_core_secret_new (text, strlen (text));

  if (gnutls_rnd (GNUTLS_RND_KEY, octets, sizeof octets) != GNUTLS_E_SUCCESS)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "no random octets");
      return NULL;
    }
  made = g_base64_encode (octets, sizeof octets);
  if (!wd_store_set_setting (self->store, SCRAM_SECRET_SETTING, made, cancellable, error)
      || !wd_store_get_setting (self->store, SCRAM_SECRET_SETTING, &text, cancellable, error))
    return NULL;
  return wd_core_secret_new (text != NULL ? text : made, strlen (made));
}

// Takes `secret` (nullable) unless there is one already. Returns the one that there is.
static const WdSecret *
keep_scram_secret (WdAuth *self, WdSecret *secret)
{
  const WdSecret *kept;

  pthread_mutex_lock (&self->lock);
  if (self->scram_secret == NULL)
    self->scram_secret = g_steal_pointer (&secret);
  kept = self->scram_secret;
  pthread_mutex_unlock (&self->lock);
  wd_core_secret_free (secret);
  return kept;
}

const WdSecret *
wd_auth_get_scram_secret (WdAuth *self, GCancellable *cancellable, GError **error)
{
  const WdSecret *kept = keep_scram_secret (self, NULL);
  GError *store_error = NULL;
  WdSecret *secret;

  if (kept != NULL)
    return kept;
  // Not under the lock, since it is I/O.
  secret = load_scram_secret (self, cancellable, &store_error);
  if (secret != NULL)
    return keep_scram_secret (self, secret);
  wd_auth_take_store_error (store_error, error);
  return NULL;
}
