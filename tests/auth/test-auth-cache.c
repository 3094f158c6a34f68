// SPDX-License-Identifier: EUPL-1.2
// Remembered passwords: what makes another key, how long, how many.
#include "config.h"

#include "auth-cache.h"

#include "core-clock.h"
#include "core-limits.h"

static const WdId anna = { { 1 } };
static const WdId bert = { { 2 } };

static WdSecret *
make_secret (guint n)
{
  return wd_core_secret_new (&n, sizeof n);
}

static void
test_keys (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (60000, 10);
  g_autoptr (WdSecret) right = make_secret (1);
  g_autoptr (WdSecret) wrong = make_secret (2);

  g_assert_false (wd_auth_cache_has (cache, &anna, "$hash", right));
  wd_auth_cache_add (cache, &anna, "$hash", right);
  g_assert_true (wd_auth_cache_has (cache, &anna, "$hash", right));
  g_assert_false (wd_auth_cache_has (cache, &anna, "$hash", wrong));
  g_assert_false (wd_auth_cache_has (cache, &anna, "$hash2", right));
  g_assert_false (wd_auth_cache_has (cache, &bert, "$hash", right));
}

// Where the stored hash ends and the password begins is a part of the key.
static void
test_boundary (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (60000, 10);
  g_autoptr (WdSecret) short_one = wd_core_secret_new ("b", 1);
  g_autoptr (WdSecret) long_one = wd_core_secret_new ("ab", 2);

  wd_auth_cache_add (cache, &anna, "a", short_one);
  g_assert_false (wd_auth_cache_has (cache, &anna, "", long_one));
}

static void
test_time (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (60000, 10);
  g_autoptr (WdSecret) password = make_secret (1);

  wd_auth_cache_add (cache, &anna, "$hash", password);
  wd_core_clock_advance_for_test (59 * G_USEC_PER_SEC);
  g_assert_true (wd_auth_cache_has (cache, &anna, "$hash", password));
  // Using it does not make it last longer.
  wd_core_clock_advance_for_test (1 * G_USEC_PER_SEC);
  g_assert_false (wd_auth_cache_has (cache, &anna, "$hash", password));
  g_assert_cmpuint (wd_auth_cache_get_n_entries (cache), ==, 0);
}

static void
test_off (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (0, 10);
  g_autoptr (WdSecret) password = make_secret (1);

  wd_auth_cache_add (cache, &anna, "$hash", password);
  g_assert_false (wd_auth_cache_has (cache, &anna, "$hash", password));
  g_assert_cmpuint (wd_auth_cache_get_n_entries (cache), ==, 0);
}

static void
test_bound (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (60000, 3);

  for (guint i = 1; i <= 4; i++)
    {
      g_autoptr (WdSecret) password = make_secret (i);

      wd_auth_cache_add (cache, &anna, "$hash", password);
      wd_auth_cache_add (cache, &anna, "$hash", password);
      g_assert_cmpuint (wd_auth_cache_get_n_entries (cache), ==, MIN (i, 3));
    }
  for (guint i = 1; i <= 4; i++)
    {
      g_autoptr (WdSecret) password = make_secret (i);

      g_assert_cmpint (wd_auth_cache_has (cache, &anna, "$hash", password), ==, i > 1);
    }
}

// As large as it gets in a service, and one more.
static void
test_limit (void)
{
  g_autoptr (WdAuthCache) cache = wd_auth_cache_new (60000, WD_LIMIT_AUTH_CACHE_ENTRIES);

  for (guint i = 0; i <= WD_LIMIT_AUTH_CACHE_ENTRIES; i++)
    {
      g_autoptr (WdSecret) password = make_secret (i);

      wd_auth_cache_add (cache, &anna, "$hash", password);
      if (i >= WD_LIMIT_AUTH_CACHE_ENTRIES - 2)
        g_assert_cmpuint (wd_auth_cache_get_n_entries (cache), ==,
                          MIN (i + 1, WD_LIMIT_AUTH_CACHE_ENTRIES));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/cache/keys", test_keys);
  g_test_add_func ("/auth/cache/boundary", test_boundary);
  g_test_add_func ("/auth/cache/time", test_time);
  g_test_add_func ("/auth/cache/off", test_off);
  g_test_add_func ("/auth/cache/bound", test_bound);
  g_test_add_func ("/auth/cache/limit", test_limit);
  return g_test_run ();
}
