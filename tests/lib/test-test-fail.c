// SPDX-License-Identifier: EUPL-1.2
// The failing backend does what it is told, and nothing else.
#include "config.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test-fail.h"
#include "test-store.h"

typedef struct
{
  WdTestStore *scratch;
  WdTestFail *fail;
  WdStore *store;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->scratch = wd_test_store_new (NULL);
  fixture->fail = wd_test_fail_new (wd_test_store_get (fixture->scratch));
  fixture->store = WD_STORE (fixture->fail);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->fail);
  wd_test_store_free (fixture->scratch);
}

static gboolean
set_key (Fixture *fixture, GError **error)
{
  return wd_store_set_setting (fixture->store, "key", "value", NULL, error);
}

static gboolean
has_key (Fixture *fixture)
{
  g_autofree char *value = NULL;

  g_assert_true (
      wd_store_get_setting (wd_test_store_get (fixture->scratch), "key", &value, NULL, NULL));
  return value != NULL;
}

static void
test_fail (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  wd_test_fail_plan (fixture->fail, "set_setting", 1, WD_TEST_FAIL_ONCE, WD_STORE_ERROR_BUSY);
  g_assert_true (wd_store_check_health (fixture->store, NULL, NULL));
  g_assert_false (set_key (fixture, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY);
  g_assert_false (has_key (fixture));
  g_assert_true (set_key (fixture, NULL));
  g_assert_true (has_key (fixture));

  wd_test_fail_plan (fixture->fail, NULL, 2, WD_TEST_FAIL_ALWAYS, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_true (set_key (fixture, NULL));
  g_assert_false (set_key (fixture, NULL));
  g_assert_false (wd_store_check_health (fixture->store, NULL, NULL));
  wd_test_fail_plan (fixture->fail, NULL, 0, WD_TEST_FAIL_ALWAYS, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_true (set_key (fixture, NULL));
  g_assert_cmpuint (wd_test_fail_get_count (fixture->fail, "set_setting"), ==, 5);
  g_assert_cmpuint (wd_test_fail_get_count (fixture->fail, "append"), ==, 0);
}

static void
note (gpointer data)
{
  Fixture *fixture = data;

  g_assert_false (has_key (fixture));
  g_assert_true (wd_store_check_health (fixture->store, NULL, NULL));
}

static void
test_before (Fixture *fixture, gconstpointer data)
{
  wd_test_fail_run_before (fixture->fail, "set_setting", note, fixture);
  g_assert_true (set_key (fixture, NULL));
  g_assert_cmpuint (wd_test_fail_get_count (fixture->fail, "check_health"), ==, 1);
  g_assert_true (set_key (fixture, NULL));
  g_assert_cmpuint (wd_test_fail_get_count (fixture->fail, "check_health"), ==, 1);
}

static void
test_kill (Fixture *fixture, gconstpointer data)
{
  WdTestFailHow how = (WdTestFailHow) GPOINTER_TO_INT (data);
  int status;
  pid_t pid = fork ();

  if (pid == 0)
    {
      // A database may not be used across a fork: the child opens its own.
      g_autoptr (WdStore) own = wd_test_store_open_again (fixture->scratch);
      g_autoptr (WdTestFail) fail = wd_test_fail_new (own);

      wd_test_fail_plan (fail, "set_setting", 1, how, WD_STORE_ERROR_BUSY);
      (void) !wd_store_set_setting (WD_STORE (fail), "key", "value", NULL, NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
  g_assert_cmpint (has_key (fixture), ==, how == WD_TEST_FAIL_KILL_AFTER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/lib/fail/fail", Fixture, NULL, set_up, test_fail, tear_down);
  g_test_add ("/lib/fail/before", Fixture, NULL, set_up, test_before, tear_down);
  g_test_add ("/lib/fail/kill-before", Fixture, GINT_TO_POINTER (WD_TEST_FAIL_KILL_BEFORE), set_up,
              test_kill, tear_down);
  g_test_add ("/lib/fail/kill-after", Fixture, GINT_TO_POINTER (WD_TEST_FAIL_KILL_AFTER), set_up,
              test_kill, tear_down);
  return g_test_run ();
}
