// SPDX-License-Identifier: EUPL-1.2
// Logins by password: outcomes, what they cost, what is remembered, limited, renewed and logged.
#include "config.h"

#include "auth.h"

#include <string.h>

#include "auth-password-private.h"
#include "auth-password.h"
#include "auth-private.h"
#include "core-clock.h"
#include "core-limits.h"
#include "core-log-private.h"
#include "fake-store.h"

// bcrypt of "secretpass" at its cheapest, so that only what is under test takes time.
#define CHEAP_HASH "$2b$05$abcdefghijklmnopqrstuukKUbFk1Z4SJ.AKilR7aOpM5ZP6auir2"
// At the cost of today.
#define CURRENT_HASH                                                                               \
  "$6$rounds=100000$saltsaltsaltsalt$nV6/ptq7/7fLyU.ovCOEA1g4Zw"                                   \
  "TjiLkVwxSYnV1KaNB8VXrgtLBuXhvkkJP2/B0YjorL07qAOL4QkXBTzwabM/"
#define SOME_SCRAM "SCRAM-SHA-256$4096:AAAA$x:y"
#define REMOTE "192.0.2.7"

typedef struct
{
  FakeStore *store;
  WdConfig *config;
  WdAuth *auth;
  WdUser *user;
  char *log_text;
  const char *log_id; // One of the two below, or NULL.
} Fixture;

static void
catch_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  Fixture *f = data;

  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      {
        g_free (f->log_text);
        f->log_text = g_strdup (fields[i].value);
      }
    else if (strcmp (fields[i].key, "MESSAGE_ID") == 0)
      f->log_id = strcmp (fields[i].value, WD_MSG_LOGIN) == 0          ? WD_MSG_LOGIN
                  : strcmp (fields[i].value, WD_MSG_LOGIN_FAILED) == 0 ? WD_MSG_LOGIN_FAILED
                                                                       : NULL;
}

static void
drop_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
}

static void
set_up (Fixture *f, gconstpointer data)
{
  const char *const overrides[] = { "auth.max-failures=3",
                                    "auth.max-failures-per-address=5",
                                    "auth.failure-window=60s",
                                    "auth.cache-time=5min",
                                    "auth.password-scheme=sha512",
                                    data,
                                    NULL };
  g_autoptr (GError) error = NULL;

  wd_core_log_set_sink_for_test (catch_log, f);
  f->store = fake_store_new ();
  f->config = wd_core_config_load (NULL, overrides, &error);
  g_assert_no_error (error);
  f->auth = wd_auth_new (WD_STORE (f->store), f->config);
  f->user = fake_store_add (f->store, "anna", CURRENT_HASH, SOME_SCRAM);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wd_core_log_set_sink_for_test (NULL, NULL);
  wd_auth_free (f->auth);
  wd_core_config_unref (f->config);
  g_object_unref (f->store);
  g_free (f->log_text);
}

// Tries to log in. Returns 0 for a success, else the error's code + 1.
static guint
try_from (Fixture *f, const char *login, const char *password, const char *remote)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSecret) secret = wd_core_secret_new (password, strlen (password));
  g_autoptr (WdUser) user = NULL;

  f->log_id = NULL;
  user = wd_auth_check_password (f->auth, login, secret, "imap", remote, NULL, NULL, &error);
  g_assert_true ((user == NULL) == (error != NULL));
  if (user != NULL)
    {
      g_assert_true (wd_core_id_is_equal (&user->id, &f->user->id));
      g_assert_cmpstr (f->log_id, ==, WD_MSG_LOGIN);
      return 0;
    }
  g_assert_true (error->domain == WD_AUTH_ERROR);
  return (guint) error->code + 1;
}

#define OK 0u
#define FAILED (WD_AUTH_ERROR_FAILED + 1u)
#define LIMITED (WD_AUTH_ERROR_RATE_LIMITED + 1u)
#define UNAVAILABLE (WD_AUTH_ERROR_UNAVAILABLE + 1u)

#define assert_try(f, login, password, expected)                                                   \
  g_assert_cmpuint (try_from (f, login, password, REMOTE), ==, expected)

// The same outcome, text and number of hashes for every failure.
static void
test_failures (Fixture *f, gconstpointer data)
{
  g_autofree char *long_name = g_strnfill (1000, 'x');
  WdUser *disabled = fake_store_add (f->store, "disabled", CHEAP_HASH, SOME_SCRAM);
  WdUser *suspended = fake_store_add (f->store, "suspended", CHEAP_HASH, SOME_SCRAM);

  const struct
  {
    const char *login;
    const char *password;
    const char *reason;
  } cases[] = {
    { "anna", "wrong", "reason=password" },
    { "anna", "", "reason=password" },
    { "nobody", "secretpass", "reason=unknown-user" },
    { "", "secretpass", "reason=unknown-user" },
    { long_name, "secretpass", "reason=unknown-user" },
    { "disabled", "secretpass", "reason=disabled" },
    { "suspended", "secretpass", "reason=disabled" },
    { "empty", "secretpass", "reason=no-password" },
    { "odd", "secretpass", "reason=password" },
  };

  disabled->disabled = TRUE;
  suspended->suspended = TRUE;
  fake_store_add (f->store, "empty", NULL, NULL);
  fake_store_add (f->store, "odd", "secretpass", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSecret) secret
          = wd_core_secret_new (cases[i].password, strlen (cases[i].password));
      guint n_before = wd_auth_password_count_hashes ();

      g_assert_null (wd_auth_check_password (f->auth, cases[i].login, secret, "imap", "::1", NULL,
                                             NULL, &error));
      g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_FAILED);
      g_assert_cmpstr (error->message, ==, "authentication failed");
      g_assert_cmpuint (wd_auth_password_count_hashes () - n_before, ==, 1);
      g_assert_cmpstr (f->log_id, ==, WD_MSG_LOGIN_FAILED);
      g_assert_nonnull (strstr (f->log_text, cases[i].reason));
      g_assert_true (g_str_has_suffix (f->log_text, " remote=::1"));
    }
  g_assert_cmpuint (f->store->n_updates, ==, 0);
}

// What fail2ban reads, octet for octet; a name that nobody has is not written down.
static void
test_log_line (Fixture *f, gconstpointer data)
{
  char id[WD_CORE_ID_HEX_LEN + 1];
  g_autofree char *expected = NULL;

  wd_core_id_to_hex (&f->user->id, id);
  assert_try (f, "anna", "wrong", FAILED);
  expected = g_strdup_printf (
      "login failed: user=%s mechanism=password reason=password remote=192.0.2.7", id);
  g_assert_cmpstr (f->log_text, ==, expected);
  assert_try (f, "secretpass", "anna", FAILED);
  g_assert_cmpstr (f->log_text, ==,
                   "login failed: user=- mechanism=password reason=unknown-user remote=192.0.2.7");
}

static void
test_remembered (Fixture *f, gconstpointer data)
{
  guint n_before;

  assert_try (f, "anna", "secretpass", OK);
  n_before = wd_auth_password_count_hashes ();
  for (guint i = 0; i < 10; i++)
    assert_try (f, "ANNA", "secretpass", OK);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before);

  // A wrong password is never found there.
  assert_try (f, "anna", "secretpass ", FAILED);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before + 1);

  wd_core_clock_advance_for_test (301 * G_USEC_PER_SEC);
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before + 2);
}

static void
test_not_remembered (Fixture *f, gconstpointer data)
{
  guint n_before;

  assert_try (f, "anna", "secretpass", OK);
  n_before = wd_auth_password_count_hashes ();
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (wd_auth_password_count_hashes (), >, n_before);
}

// Changes count at once, whatever is remembered.
static void
test_changes (Fixture *f, gconstpointer data)
{
  g_autoptr (WdSecret) new_password = wd_core_secret_new ("other", 5);

  assert_try (f, "anna", "secretpass", OK);
  f->user->disabled = TRUE;
  assert_try (f, "anna", "secretpass", FAILED);
  f->user->disabled = FALSE;
  assert_try (f, "anna", "secretpass", OK);

  g_free (f->user->password_hash);
  f->user->password_hash = wd_auth_password_hash ("sha512", new_password, NULL);
  assert_try (f, "anna", "secretpass", FAILED);
  assert_try (f, "anna", "other", OK);
}

#define APP_PASSWORD "abcdefghijklmnop"
#define APP_HASH "$2b$05$abcdefghijklmnopqrstuuIqW3UvGSCc8CcpXYOSq1xN6O/.dOc3C"
#define APP_SELECTOR "c" // 12: what the octets of its SHA-1 add up to, modulo 32.

// What is right of an application password, and what is not.
static void
test_app_passwords (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *password;
    const char *selector;
    const char *scope;
    guint expected;
  } cases[] = {
    { APP_PASSWORD, APP_SELECTOR, "imap", OK },
    { APP_PASSWORD, APP_SELECTOR, "*", OK },
    { APP_PASSWORD, NULL, "imap", OK },
    { "abcd efgh ijkl mnop", APP_SELECTOR, "imap", OK },
    { " ABCDEFGHIJKLMNOP\t", APP_SELECTOR, "imap", OK },
    { APP_PASSWORD, "d", "imap", FAILED },
    { APP_PASSWORD, APP_SELECTOR, "smtp", FAILED },
    { APP_PASSWORD, APP_SELECTOR, NULL, FAILED },
    { "abcdefghijklmnoq", NULL, "imap", FAILED },
    { "abcdefghijklmno", NULL, "imap", FAILED },
    { "abcdefghijklmnopq", NULL, "imap", FAILED },
    { "abcdefghijklmno1", NULL, "imap", FAILED },
    { "secretpass", APP_SELECTOR, "smtp", OK },
  };

  f->store->app_hash = APP_HASH;
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      f->store->app_selector = cases[i].selector;
      f->store->app_scopes[0] = cases[i].scope;
      assert_try (f, "anna", cases[i].password, cases[i].expected);
      if (cases[i].expected == FAILED)
        g_assert_nonnull (
            strstr (f->log_text, i == 6 || i == 7 ? " reason=scope" : " reason=password"));
      // They are no password of the user's own.
      g_assert_cmpstr (f->user->password_hash, ==, CURRENT_HASH);
      wd_core_clock_advance_for_test (68 * G_USEC_PER_SEC);
    }
  g_assert_cmpuint (f->store->n_app_uses, ==, 5);
}

// It is remembered as any other, and ends at once when it is taken away, or the account.
static void
test_app_remembered (Fixture *f, gconstpointer data)
{
  const char *no_imap[] = { "pop3", "imap", NULL };
  guint n_before;

  f->store->app_hash = APP_HASH;
  f->store->app_scopes[0] = "imap";
  g_clear_pointer (&f->user->password_hash, g_free);
  assert_try (f, "anna", APP_PASSWORD, OK);
  n_before = wd_auth_password_count_hashes ();
  assert_try (f, "anna", "abcd efgh ijkl mnop", OK);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before);
  // With a selector of another one, nothing is hashed for it.
  f->store->app_selector = "0";
  assert_try (f, "anna", "abcdefghijklmnoq", FAILED);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before + 1);
  f->store->app_selector = NULL;

  f->store->app_hash = NULL;
  assert_try (f, "anna", APP_PASSWORD, FAILED);
  f->store->app_hash = APP_HASH;
  assert_try (f, "anna", APP_PASSWORD, OK);
  f->user->disabled_scopes = g_strdupv ((GStrv) no_imap);
  assert_try (f, "anna", APP_PASSWORD, FAILED);
  g_assert_nonnull (strstr (f->log_text, " reason=disabled"));
}

static void
test_account_limit (Fixture *f, gconstpointer data)
{
  guint n_before;

  // Three, of any spelling and from anywhere.
  g_assert_cmpuint (try_from (f, "anna", "wrong", "192.0.2.1"), ==, FAILED);
  g_assert_cmpuint (try_from (f, "Anna", "wrong", "127.0.0.1"), ==, FAILED);
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "192.0.2.2"), ==, OK);
  g_assert_cmpuint (try_from (f, "anna@example.com", "wrong", "unix"), ==, FAILED);

  // The right password does not help now, remembered or not, and nothing is hashed.
  n_before = wd_auth_password_count_hashes ();
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "192.0.2.2"), ==, LIMITED);
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "127.0.0.1"), ==, LIMITED);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before);
  g_assert_cmpstr (f->log_id, ==, WD_MSG_LOGIN_FAILED);
  g_assert_nonnull (strstr (f->log_text, "reason=account-limit"));

  // Waiting is not prolonged by trying.
  wd_core_clock_advance_for_test (68 * G_USEC_PER_SEC);
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "192.0.2.2"), ==, OK);
}

// Nobody's name is limited just so, or the limit would tell who exists.
static void
test_unknown_limit (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (try_from (f, i % 2 ? "nobody" : "NOBODY", "x", "::1"), ==,
                      i < 3 ? FAILED : LIMITED);
  g_assert_cmpuint (try_from (f, "nobody2", "x", "::1"), ==, FAILED);
}

static void
test_address_limit (Fixture *f, gconstpointer data)
{
  guint n_finds;

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("nobody%u", i);

      assert_try (f, name, "wrong", FAILED);
    }
  n_finds = f->store->n_finds;
  assert_try (f, "anna", "secretpass", LIMITED);
  g_assert_cmpuint (f->store->n_finds, ==, n_finds);
  g_assert_nonnull (strstr (f->log_text, "reason=address-limit"));
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "::ffff:192.0.2.7"), ==, LIMITED);
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "192.0.2.8"), ==, OK);
}

// All of an IPv6 /64 is one client; loopback is not counted.
static void
test_address_kinds (Fixture *f, gconstpointer data)
{
  static const char *const exempt[]
      = { "127.0.0.1", "127.3.2.1", "::1", "unix", "::ffff:127.0.0.1" };

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("nobody%u", i);
      g_autofree char *address = g_strdup_printf ("2001:db8:1:2:%u::1", i);

      g_assert_cmpuint (try_from (f, name, "wrong", address), ==, FAILED);
    }
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "2001:db8:1:2::9"), ==, LIMITED);
  g_assert_cmpuint (try_from (f, "anna", "secretpass", "2001:db8:1:3::9"), ==, OK);

  for (guint i = 0; i < 4 * G_N_ELEMENTS (exempt); i++)
    {
      g_autofree char *name = g_strdup_printf ("somebody%u", i);

      g_assert_cmpuint (try_from (f, name, "wrong", exempt[i / 4]), ==, FAILED);
    }
}

static void
test_store_failure (Fixture *f, gconstpointer data)
{
  static const WdStoreError failures[] = { WD_STORE_ERROR_UNAVAILABLE, WD_STORE_ERROR_BUSY,
                                           WD_STORE_ERROR_CORRUPT, WD_STORE_ERROR_CANCELLED };

  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      f->store->fail_with = failures[i];
      assert_try (f, "anna", "secretpass", UNAVAILABLE);
    }
  // It did not count.
  f->store->fail_with = -1;
  assert_try (f, "anna", "secretpass", OK);
  f->store->fail_with = WD_STORE_ERROR_INVALID;
  assert_try (f, "anna", "secretpass", FAILED);
}

static void
test_rehash (Fixture *f, gconstpointer data)
{
  guint n_before;
  g_autofree char *scram = NULL;

  // A hash that is too cheap is made anew, with SCRAM keys.
  g_free (f->user->password_hash);
  f->user->password_hash = g_strdup (CHEAP_HASH);
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (f->store->n_updates, ==, 1);
  g_assert_true (g_str_has_prefix (f->user->password_hash, "$6$rounds=100000$"));
  g_assert_true (g_str_has_prefix (f->user->scram, "SCRAM-SHA-256$50000:"));
  scram = g_strdup (f->user->scram);

  // It is the new one that is remembered.
  n_before = wd_auth_password_count_hashes ();
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (wd_auth_password_count_hashes (), ==, n_before);
  g_assert_cmpuint (f->store->n_updates, ==, 1);

  // Missing SCRAM keys are made once, and the good hash stays.
  wd_core_clock_advance_for_test (301 * G_USEC_PER_SEC);
  g_clear_pointer (&f->user->scram, g_free);
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (f->store->n_updates, ==, 2);
  g_assert_nonnull (f->user->scram);
  g_assert_cmpstr (f->user->scram, !=, scram);
  wd_core_clock_advance_for_test (301 * G_USEC_PER_SEC);
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpuint (f->store->n_updates, ==, 2);
  // A wrong password renews nothing.
  g_clear_pointer (&f->user->scram, g_free);
  assert_try (f, "anna", "wrong", FAILED);
  g_assert_cmpuint (f->store->n_updates, ==, 2);
}

// A password that is set while the old one is made anew stays.
static void
test_rehash_race (Fixture *f, gconstpointer data)
{
  g_free (f->user->password_hash);
  f->user->password_hash = g_strdup (CHEAP_HASH);
  f->store->hash_before_update = "$6$new";
  assert_try (f, "anna", "secretpass", OK);
  g_assert_cmpstr (f->user->password_hash, ==, "$6$new");
  g_assert_cmpuint (f->store->n_updates, ==, 0);
  // And what was verified counts no more.
  assert_try (f, "anna", "secretpass", FAILED);
}

static void
test_make_credentials (Fixture *f, gconstpointer data)
{
  g_autoptr (WdSecret) password = wd_core_secret_new ("secretpass", 10);
  g_autoptr (WdSecret) empty = wd_core_secret_new ("", 0);
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  g_autofree char *scram = NULL;

  g_assert_false (wd_auth_make_credentials (f->auth, empty, &hash, &scram, &error));
  g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
  g_assert_true (hash == NULL && scram == NULL);

  g_assert_true (wd_auth_make_credentials (f->auth, password, &hash, &scram, NULL));
  g_assert_true (wd_auth_password_verify (hash, password));
  g_assert_true (g_str_has_prefix (scram, "SCRAM-SHA-256$"));
}

typedef struct
{
  Fixture *f;
  gint n_ok;
  gint n_refused;
} Storm;

static gpointer
log_in_often (gpointer data)
{
  Storm *storm = data;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSecret) secret = wd_core_secret_new ("secretpass", 10);
      g_autoptr (WdUser) user = wd_auth_check_password (storm->f->auth, "anna", secret, "imap",
                                                        "::1", NULL, NULL, &error);

      if (user != NULL)
        g_atomic_int_inc (&storm->n_ok);
      else if (g_error_matches (error, WD_AUTH_ERROR, WD_AUTH_ERROR_UNAVAILABLE))
        g_atomic_int_inc (&storm->n_refused);
      else
        g_assert_not_reached ();
    }
  return NULL;
}

// Many logins of one user at once cost as many hashes as there are processors at most.
static void
test_storm (Fixture *f, gconstpointer data)
{
  Storm storm = { .f = f };
  GThread *threads[4];
  guint n_before = wd_auth_password_count_hashes ();

  // The sink is for one thread.
  wd_core_log_set_sink_for_test (drop_log, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("login", log_in_often, &storm);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (storm.n_ok + storm.n_refused, ==, 800);
  g_assert_cmpint (storm.n_ok, >, 700);
  g_assert_cmpuint (wd_auth_password_count_hashes () - n_before, <=, g_get_num_processors ());
}

static gpointer
wait_for_slot (gpointer data)
{
  g_assert_true (wd_auth_slots_enter (data, NULL));
  wd_auth_slots_leave (data);
  return NULL;
}

static guint
count_hashes_of_try (Fixture *f, const char *password, guint expected)
{
  g_autoptr (WdSecret) secret = wd_core_secret_new (password, strlen (password));
  g_autoptr (GError) error = NULL;
  guint n_before = wd_auth_password_count_hashes ();
  g_autoptr (WdUser) user
      = wd_auth_check_password (f->auth, "anna", secret, "imap", "::1", NULL, NULL, &error);

  g_assert_cmpuint (user != NULL ? OK : (guint) error->code + 1, ==, expected);
  return wd_auth_password_count_hashes () - n_before;
}

// All processors hash: so many logins wait, and one more is sent away at once, while one whose
// password is remembered needs no hash.
static void
test_waiting_limit (Fixture *f, gconstpointer data)
{
  const guint n_slots = g_get_num_processors ();
  const guint n_waiting = n_slots * WD_LIMIT_AUTH_WAITING_PER_PROCESSOR;
  g_autofree GThread **threads = g_new0 (GThread *, n_waiting);
  WdAuthSlots *slots = f->auth->slots;
  g_autoptr (WdSecret) known = wd_core_secret_new ("known", 5);
  WdId id = f->user->id;

  wd_core_log_set_sink_for_test (drop_log, NULL);
  for (guint i = 0; i < n_slots; i++)
    g_assert_true (wd_auth_slots_enter (slots, NULL));
  for (guint i = 0; i < n_waiting; i++)
    {
      threads[i] = g_thread_new ("login", wait_for_slot, slots);
      while (wd_auth_slots_get_n_waiting (slots) <= i)
        g_thread_yield ();
    }

  g_assert_cmpuint (count_hashes_of_try (f, "wrong", UNAVAILABLE), ==, 0);
  wd_auth_cache_add (f->auth->cache, &id, f->user->password_hash, known);
  g_assert_cmpuint (count_hashes_of_try (f, "known", OK), ==, 0);

  for (guint i = 0; i < n_slots; i++)
    wd_auth_slots_leave (slots);
  for (guint i = 0; i < n_waiting; i++)
    g_thread_join (threads[i]);
}

#define ADD(name, data, func) g_test_add ("/auth/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("failures", NULL, test_failures);
  ADD ("log-line", NULL, test_log_line);
  ADD ("remembered", NULL, test_remembered);
  ADD ("not-remembered", "auth.cache-time=0", test_not_remembered);
  ADD ("changes", NULL, test_changes);
  ADD ("app-passwords", NULL, test_app_passwords);
  ADD ("app-remembered", NULL, test_app_remembered);
  ADD ("account-limit", NULL, test_account_limit);
  ADD ("unknown-limit", NULL, test_unknown_limit);
  ADD ("address-limit", NULL, test_address_limit);
  ADD ("address-kinds", NULL, test_address_kinds);
  ADD ("store-failure", NULL, test_store_failure);
  ADD ("rehash", NULL, test_rehash);
  ADD ("rehash-race", NULL, test_rehash_race);
  ADD ("storm", NULL, test_storm);
  ADD ("waiting-limit", NULL, test_waiting_limit);
  ADD ("make-credentials", NULL, test_make_credentials);
  return g_test_run ();
}
