// SPDX-License-Identifier: EUPL-1.2
// Chores of the background: each at its own time, those of a burst at once.
#include "config.h"

#include "core-clock.h"
#include "sqlite-keeper.h"

typedef struct
{
  GMutex mutex;
  GCond cond;
  guint n_calls;
  WdSqliteChores done;
} Seen;

static void
on_chores (gpointer data, const WdId *user, WdSqliteChores chores, GCancellable *cancellable)
{
  Seen *seen = data;

  g_mutex_lock (&seen->mutex);
  seen->n_calls++;
  seen->done |= chores;
  g_cond_signal (&seen->cond);
  g_mutex_unlock (&seen->mutex);
}

static WdSqliteChores
wait_for_call (Seen *seen)
{
  WdSqliteChores done;

  g_mutex_lock (&seen->mutex);
  while (seen->n_calls == 0)
    g_cond_wait (&seen->cond, &seen->mutex);
  done = seen->done;
  seen->n_calls = 0;
  seen->done = 0;
  g_mutex_unlock (&seen->mutex);
  return done;
}

// One that is asked for again and again does not take with it what has time.
static void
test_own_times (void)
{
  Seen seen = { 0 };
  WdId user;
  WdSqliteKeeper *keeper;

  g_mutex_init (&seen.mutex);
  g_cond_init (&seen.cond);
  wd_core_id_new (&user);
  keeper = wd_sqlite_keeper_new (on_chores, &seen);

  wd_sqlite_keeper_poke (keeper, &user, WD_SQLITE_CHORE_SYNC | WD_SQLITE_CHORE_TRIM);
  for (guint i = 0; i < 3; i++)
    {
      wd_sqlite_keeper_poke (keeper, &user, WD_SQLITE_CHORE_SYNC | WD_SQLITE_CHORE_CHECKPOINT);
      g_assert_cmpuint (wait_for_call (&seen), ==, WD_SQLITE_CHORE_CHECKPOINT);
    }
  wd_core_clock_advance_for_test (3 * G_USEC_PER_SEC);
  wd_sqlite_keeper_poke (keeper, &user, WD_SQLITE_CHORE_CLOSE);
  g_assert_cmpuint (wait_for_call (&seen), ==, WD_SQLITE_CHORE_CLOSE | WD_SQLITE_CHORE_SYNC);
  wd_core_clock_advance_for_test (6 * G_USEC_PER_SEC);
  wd_sqlite_keeper_poke (keeper, &user, WD_SQLITE_CHORE_CLOSE);
  g_assert_cmpuint (wait_for_call (&seen), ==, WD_SQLITE_CHORE_CLOSE | WD_SQLITE_CHORE_TRIM);

  wd_sqlite_keeper_free (keeper);
  g_cond_clear (&seen.cond);
  g_mutex_clear (&seen.mutex);
}

// All users have their turn, and each its own.
static void
test_users (void)
{
  enum
  {
    N_USERS = 20
  };

  Seen seen = { 0 };
  WdSqliteKeeper *keeper;
  guint n_calls = 0;

  g_mutex_init (&seen.mutex);
  g_cond_init (&seen.cond);
  keeper = wd_sqlite_keeper_new (on_chores, &seen);
  for (guint i = 0; i < N_USERS; i++)
    {
      WdId user;

      wd_core_id_new (&user);
      wd_sqlite_keeper_poke (keeper, &user, WD_SQLITE_CHORE_CHECKPOINT | WD_SQLITE_CHORE_TRIM);
    }
  g_mutex_lock (&seen.mutex);
  while (seen.n_calls < N_USERS)
    g_cond_wait (&seen.cond, &seen.mutex);
  n_calls = seen.n_calls;
  g_mutex_unlock (&seen.mutex);
  g_assert_cmpuint (n_calls, ==, N_USERS);
  wd_sqlite_keeper_free (keeper);
  g_cond_clear (&seen.cond);
  g_mutex_clear (&seen.mutex);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/sqlite-keeper/own-times", test_own_times);
  g_test_add_func ("/store/sqlite-keeper/users", test_users);
  return g_test_run ();
}
