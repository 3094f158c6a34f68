// SPDX-License-Identifier: EUPL-1.2
// One attempt to log in: limits, look-up, outcome.
#include "config.h"

#include "auth-private.h"

#include <string.h>

#include "auth-app.h"
#include "core-limits.h"

typedef struct
{
  WdAuthLimit *limit;
  const char *key;
  const char *reason;
} Limit;

void
wd_auth_attempt_clear (WdAuthAttempt *self)
{
  g_clear_pointer (&self->account_key, g_free);
  g_clear_pointer (&self->address_key, g_free);
  g_clear_pointer (&self->user, wd_user_free);
}

// An address counts as itself, or as its /64 in IPv6, which one client has all of. NULL for
// loopback and unix sockets: behind them is a webmail or a proxy, with many users.
static char *
dup_address_key (const char *remote)
{
  g_autoptr (GInetAddress) address = NULL;
  const guint8 *octets;

  if (g_ascii_strncasecmp (remote, "::ffff:", 7) == 0 && strchr (remote, '.') != NULL)
    remote += 7;
  address = g_inet_address_new_from_string (remote);
  if (address == NULL || g_inet_address_get_is_loopback (address))
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (address);

  octets = g_inet_address_to_bytes (address);
  return g_strdup_printf ("%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", octets[0], octets[1],
                          octets[2], octets[3], octets[4], octets[5], octets[6], octets[7]);
}

// All spellings of a user count together, and so do those of a name that nobody has.
static char *
dup_account_key (const WdUser *user, const char *login)
{
  g_autofree char *normal = NULL;

  if (user != NULL)
    return wd_core_id_dup_hex (&user->id);
  normal = wd_store_username_normalize (login, NULL);
  return g_strconcat ("?", normal != NULL ? normal : "", NULL);
}

void
wd_auth_take_store_error (GError *store_error, GError **error)
{
  g_set_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_UNAVAILABLE, "store: %s", store_error->message);
  g_error_free (store_error);
}

static gboolean
find_user (
    WdAuth *auth, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  GError *store_error = NULL;

  *out_user = NULL;
  if (strlen (login) > WD_LIMIT_ADDRESS_BYTES
      || wd_store_find_user (auth->store, login, out_user, cancellable, &store_error))
    return TRUE;
  // A name that cannot be one is nobody's.
  if (g_error_matches (store_error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID)
      || g_error_matches (store_error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      g_error_free (store_error);
      return TRUE;
    }
  wd_auth_take_store_error (store_error, error);
  return FALSE;
}

// The user's id, or "-": a name that nobody has may be a password in the wrong field. The text ends
// with fields, and the address is the last one, for fail2ban, which reads of the journal the text
// alone.
static void
log_failure (WdAuthAttempt *self, const char *reason)
{
  char id[WD_CORE_ID_HEX_LEN + 1] = "-";

  if (self->user != NULL)
    wd_core_id_to_hex (&self->user->id, id);
  wd_log_notice (self->log, WD_MSG_LOGIN_FAILED, "WD_USER", id, "WD_MECHANISM", self->mechanism,
                 "WD_REASON", reason, "WD_REMOTE", self->remote, NULL,
                 "login failed: user=%s mechanism=%s reason=%s remote=%s", id, self->mechanism,
                 reason, self->remote);
}

// What is counted of an attempt, as far as it is known.
static guint
list_limits (const WdAuthAttempt *self, Limit out_limits[2])
{
  guint n = 0;

  if (self->address_key != NULL)
    out_limits[n++] = (Limit){ self->auth->by_address, self->address_key, "address-limit" };
  if (self->account_key != NULL)
    out_limits[n++] = (Limit){ self->auth->by_account, self->account_key, "account-limit" };
  return n;
}

// What all processes have counted. FALSE when they do not count together.
static gboolean
count_shared (
    const WdAuthAttempt *self, const Limit *limits, guint n_limits, guint n, guint out_counts[2])
{
  g_autofree char *first = g_strconcat (limits[0].reason, ":", limits[0].key, NULL);
  g_autofree char *second
      = n_limits < 2 ? NULL : g_strconcat (limits[1].reason, ":", limits[1].key, NULL);
  const char *const keys[] = { first, second };

  return wd_store_count (self->auth->store, keys, n_limits, n, self->auth->window_ms, out_counts);
}

// This process counts in any case: what the others know may be away.
static const char *
find_reached (const WdAuthAttempt *self)
{
  Limit limits[2];
  guint counts[2];
  guint n = list_limits (self, limits);

  for (guint i = 0; i < n; i++)
    if (wd_auth_limit_is_reached (limits[i].limit, limits[i].key))
      return limits[i].reason;
  if (n > 0 && count_shared (self, limits, n, 0, counts))
    for (guint i = 0; i < n; i++)
      if (counts[i] >= wd_auth_limit_get_max (limits[i].limit))
        return limits[i].reason;
  return NULL;
}

gboolean
wd_auth_attempt_check_limits (WdAuthAttempt *self, GError **error)
{
  const char *reason = find_reached (self);

  if (reason == NULL)
    return TRUE;

  log_failure (self, reason);
  g_set_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_RATE_LIMITED, "too many failures (%s)", reason);
  return FALSE;
}

gboolean
wd_auth_attempt_begin (WdAuth *auth,
                       const char *login,
                       const char *mechanism,
                       const char *service,
                       const char *remote,
                       WdLogContext *log,
                       WdAuthAttempt *out_attempt,
                       GCancellable *cancellable,
                       GError **error)
{
  *out_attempt = (WdAuthAttempt){ .auth = auth,
                                  .remote = remote,
                                  .log = log,
                                  .mechanism = mechanism,
                                  .service = service,
                                  .address_key = dup_address_key (remote) };

  // The address first: what it may not ask costs no look-up.
  if (!wd_auth_attempt_check_limits (out_attempt, error)
      || !find_user (auth, login, &out_attempt->user, cancellable, error))
    return FALSE;
  out_attempt->account_key = dup_account_key (out_attempt->user, login);
  return wd_auth_attempt_check_limits (out_attempt, error);
}

gboolean
wd_auth_attempt_is_allowed (const WdAuthAttempt *self)
{
  const WdUser *user = self->user;

  return user != NULL && !user->disabled && !user->suspended
         && (user->disabled_scopes == NULL
             || !g_strv_contains ((const char *const *) user->disabled_scopes,
                                  wd_auth_app_get_scope (self->service)));
}

WdUser *
wd_auth_attempt_succeed (WdAuthAttempt *self, GError **error)
{
  char id[WD_CORE_ID_HEX_LEN + 1];

  if (self->is_for_other)
    {
      log_failure (self, "authzid");
      g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_FORBIDDEN,
                           "the authorization identity is somebody else");
      return NULL;
    }

  wd_core_id_to_hex (&self->user->id, id);
  wd_log_info (self->log, WD_MSG_LOGIN, "WD_USER", id, "WD_MECHANISM", self->mechanism, "WD_REMOTE",
               self->remote, NULL, "logged in");
  return g_steal_pointer (&self->user);
}

void
wd_auth_attempt_fail (WdAuthAttempt *self, const char *reason, GError **error)
{
  Limit limits[2];
  guint counts[2];
  guint n = list_limits (self, limits);

  for (guint i = 0; i < n; i++)
    wd_auth_limit_add (limits[i].limit, limits[i].key);
  (void) !count_shared (self, limits, n, 1, counts);
  log_failure (self, reason);
  // One text for every reason: what is told outside must not tell them apart.
  g_set_error_literal (error, WD_AUTH_ERROR, WD_AUTH_ERROR_FAILED, "authentication failed");
}
