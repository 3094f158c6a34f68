// SPDX-License-Identifier: EUPL-1.2
// Two instances, one limit on failed logins; a password that one changes is the other's at once.
#include "config.h"

#include <string.h>

#include "auth.h"
#include "core-log-private.h"
#include "test-store.h"

#define REMOTE "192.0.2.7"

typedef struct
{
  WdTestStore *scratch;
  WdStore *stores[2];
  WdAuth *auths[2];
  WdConfig *config;
  WdId user;
} Fixture;

static void
drop_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
}

static void
set_password (Fixture *f, guint i, const char *password)
{
  g_autoptr (WdSecret) secret = wd_core_secret_new (password, strlen (password));
  g_autofree char *hash = NULL;
  g_autofree char *scram = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (wd_auth_make_credentials (f->auths[i], secret, &hash, &scram, &error));
  g_assert_no_error (error);

  const WdUser changes = { .password_hash = hash, .scram = scram };

  g_assert_true (wd_store_update_user (f->stores[i], &f->user, &changes, WD_USER_FIELD_PASSWORD,
                                       NULL, &error));
  g_assert_no_error (error);
}

// `data` (nullable): where Redis is not.
static void
set_up (Fixture *f, gconstpointer data)
{
  const char *const overrides[] = { "auth.max-failures=3", "auth.max-failures-per-address=6",
                                    "auth.failure-window=60s", "auth.cache-time=5min", NULL };
  g_autoptr (GError) error = NULL;
  WdStoreOptions options;

  wd_core_log_set_sink_for_test (drop_log, NULL);
  f->scratch = wd_test_store_new_of ("mongodb:", NULL);
  f->user = wd_test_store_add_user (f->scratch, "anna", NULL);
  f->config = wd_core_config_load (NULL, overrides, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      options = *wd_test_store_get_options (f->scratch);
      if (data != NULL)
        options.redis_uri = data;
      f->stores[i] = wd_store_open (&options, &error);
      g_assert_no_error (error);
      f->auths[i] = wd_auth_new (f->stores[i], f->config);
    }
  set_password (f, 0, "first");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      wd_auth_free (f->auths[i]);
      g_object_unref (f->stores[i]);
    }
  wd_core_config_unref (f->config);
  wd_test_store_free (f->scratch);
  wd_core_log_set_sink_for_test (NULL, NULL);
}

// Returns 0 for a success, else the error's code + 1.
static guint
try (Fixture *f, guint i, const char *login, const char *password, const char *remote)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSecret) secret = wd_core_secret_new (password, strlen (password));
  g_autoptr (WdUser) user
      = wd_auth_check_password (f->auths[i], login, secret, "imap", remote, NULL, NULL, &error);

  return user != NULL ? 0 : (guint) error->code + 1;
}

#define OK 0u
#define FAILED (WD_AUTH_ERROR_FAILED + 1u)
#define LIMITED (WD_AUTH_ERROR_RATE_LIMITED + 1u)

static void
test_account (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (try (f, 0, "anna", "wrong", "127.0.0.1"), ==, FAILED);
  g_assert_cmpuint (try (f, 1, "anna", "wrong", "127.0.0.1"), ==, FAILED);
  g_assert_cmpuint (try (f, 1, "anna", "first", "127.0.0.1"), ==, OK);
  g_assert_cmpuint (try (f, 0, "anna", "wrong", "127.0.0.1"), ==, FAILED);
  // Neither has seen three by itself.
  g_assert_cmpuint (try (f, 0, "anna", "first", "127.0.0.1"), ==, LIMITED);
  g_assert_cmpuint (try (f, 1, "anna", "first", "127.0.0.1"), ==, LIMITED);
}

static void
test_address (Fixture *f, gconstpointer data)
{
  // The address is one that no other run uses: Redis keeps what it has counted.
  g_autofree char *remote
      = g_strdup_printf ("2001:db8:%x:%x::1", g_random_int () & 0xffff, g_random_int () & 0xffff);

  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *name = g_strdup_printf ("nobody%u", i);

      g_assert_cmpuint (try (f, i % 2, name, "wrong", remote), ==, FAILED);
    }
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (try (f, i, "anna", "first", remote), ==, LIMITED);
  g_assert_cmpuint (try (f, 0, "anna", "first", "127.0.0.1"), ==, OK);
}

// Each counts for itself, and nobody waits.
static void
test_away (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (try (f, 0, "anna", "wrong", "127.0.0.1"), ==, FAILED);
  g_assert_cmpuint (try (f, 0, "anna", "first", "127.0.0.1"), ==, LIMITED);
  g_assert_cmpuint (try (f, 1, "anna", "first", "127.0.0.1"), ==, OK);
}

// Both remember the old one.
static void
test_password (Fixture *f, gconstpointer data)
{
  const WdUser disabled = { .disabled = TRUE };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (try (f, i, "anna", "first", "127.0.0.1"), ==, OK);
  set_password (f, 0, "second");
  g_assert_cmpuint (try (f, 1, "anna", "first", "127.0.0.1"), ==, FAILED);
  g_assert_cmpuint (try (f, 1, "anna", "second", "127.0.0.1"), ==, OK);
  g_assert_true (wd_store_update_user (f->stores[0], &f->user, &disabled, WD_USER_FIELD_DISABLED,
                                       NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (try (f, 1, "anna", "second", "127.0.0.1"), ==, FAILED);
}

// Within the window, and a time after it by the server's clock.
static void
test_window (Fixture *f, gconstpointer data)
{
  g_autofree char *key = g_strdup_printf ("test-%08x%08x", g_random_int (), g_random_int ());
  const char *const keys[] = { key, "test-other" };
  gint64 until_us = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  guint counts[2];

  g_assert_true (wd_store_count (f->stores[0], keys, 1, 2, 400, counts));
  g_assert_cmpuint (counts[0], ==, 2);
  g_assert_true (wd_store_count (f->stores[1], keys, 2, 0, 400, counts));
  g_assert_cmpuint (counts[0], ==, 2);
  g_assert_cmpuint (counts[1], ==, 0);
  do
    g_assert_true (wd_store_count (f->stores[1], keys, 1, 0, 400, counts));
  while (counts[0] > 0 && g_get_monotonic_time () < until_us);
  g_assert_cmpuint (counts[0], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("WD_TEST_MONGODB_URI") == NULL || g_getenv ("WD_TEST_REDIS_URI") == NULL)
    {
      g_print ("1..0 # SKIP no test bed: WD_TEST_MONGODB_URI\n");
      return 0;
    }
#define ADD(name, data, func)                                                                      \
  g_test_add ("/cluster/limit/" name, Fixture, data, set_up, func, tear_down)
  ADD ("account", NULL, test_account);
  ADD ("address", NULL, test_address);
  ADD ("password", NULL, test_password);
  ADD ("window", NULL, test_window);
  ADD ("away", "redis://127.0.0.1:1", test_away);
  return g_test_run ();
}
