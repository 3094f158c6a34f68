// SPDX-License-Identifier: EUPL-1.2
// What the contract suite cannot see of directory.db: the order of a user's row and folder, old and
// damaged files, and handles.
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "sqlite-directory.h"
#include "test-store.h"

typedef struct
{
  char *dir;
  WdNotifyLocal *notify;
  WdSqliteDirectory *directory;

  // What the hooks do and have done.
  gboolean create_fails;
  gboolean remove_fails;
  const char *taken_meanwhile; // Made while the folder is.
  guint n_created;
  guint n_removed;
  gboolean was_found; // The user could be found while its folder was made or removed.
} Fixture;

static gboolean
is_found (Fixture *fixture, const WdId *id)
{
  g_autoptr (WdUser) user = wd_sqlite_directory_get_user (fixture->directory, id, NULL, NULL);

  return user != NULL;
}

static gboolean
make_folder (const WdId *user, const WdUser *spec, gpointer data, GError **error)
{
  Fixture *fixture = data;

  fixture->n_created++;
  fixture->was_found |= is_found (fixture, user);
  if (fixture->taken_meanwhile != NULL)
    {
      const WdUser other = { .username = (char *) g_steal_pointer (&fixture->taken_meanwhile) };
      WdId id;

      g_assert_true (wd_sqlite_directory_create_user (fixture->directory, &other, &id, NULL, NULL));
    }
  if (fixture->create_fails)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "for this test");
  return !fixture->create_fails;
}

static gboolean
set_quota (const WdId *user, guint64 quota_bytes, gpointer data, GError **error)
{
  return TRUE;
}

static gboolean
remove_folder (const WdId *user, gpointer data, GError **error)
{
  Fixture *fixture = data;

  fixture->n_removed++;
  fixture->was_found |= is_found (fixture, user);
  if (fixture->remove_fails)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "for this test");
  return !fixture->remove_fails;
}

static gboolean
open_directory (Fixture *fixture, GError **error)
{
  const WdSqliteDirectoryHooks hooks
      = { .create = make_folder, .set_quota = set_quota, .remove = remove_folder, .data = fixture };

  fixture->directory = wd_sqlite_directory_open (fixture->dir, &hooks, fixture->notify, error);
  return fixture->directory != NULL;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("wd-directory-XXXXXX", NULL);
  fixture->notify = wd_notify_local_new (NULL);
  g_assert_true (open_directory (fixture, NULL));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  wd_sqlite_directory_free (fixture->directory);
  wd_notify_local_free (fixture->notify);
  wd_test_store_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static gboolean
create (Fixture *fixture, const char *username, WdId *out_id, GError **error)
{
  const WdUser spec = { .username = (char *) username, .address = "a@example.com" };

  return wd_sqlite_directory_create_user (fixture->directory, &spec, out_id, NULL, error);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  WdId id;
  guint n;

  g_assert_true (create (fixture, "a", &id, NULL));
  g_assert_true (is_found (fixture, &id));
  g_assert_true (wd_sqlite_directory_delete_user (fixture->directory, &id, &n, NULL, NULL));
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (fixture->n_created, ==, 1);
  g_assert_cmpuint (fixture->n_removed, ==, 1);
  g_assert_false (fixture->was_found);
}

static void
test_create_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  WdId id;

  // Without a folder there is no user.
  fixture->create_fails = TRUE;
  g_assert_false (create (fixture, "a", &id, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  fixture->create_fails = FALSE;
  g_assert_true (create (fixture, "a", &id, NULL));

  // A name that is taken costs no folder.
  g_clear_error (&error);
  g_assert_false (create (fixture, "A", &id, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS);
  g_assert_cmpuint (fixture->n_created, ==, 2);
  g_assert_cmpuint (fixture->n_removed, ==, 0);
}

// Another was faster while the folder was made: it goes again.
static void
test_create_race (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  WdId id;

  fixture->taken_meanwhile = "a";
  g_assert_false (create (fixture, "A", &id, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS);
  g_assert_cmpuint (fixture->n_created, ==, 2);
  g_assert_cmpuint (fixture->n_removed, ==, 1);
}

// Mail that could not be removed is told; the user is gone all the same.
static void
test_remove_fails (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n = 77;
  WdId id;

  g_assert_true (create (fixture, "a", &id, NULL));
  fixture->remove_fails = TRUE;
  g_assert_false (wd_sqlite_directory_delete_user (fixture->directory, &id, &n, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_cmpuint (n, ==, 77);
  g_assert_false (is_found (fixture, &id));
}

static void
run_sql (Fixture *fixture, const char *sql)
{
  g_autofree char *path = g_build_filename (fixture->dir, "directory.db", NULL);
  sqlite3 *db = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&fixture->directory, wd_sqlite_directory_free);
  run_sql (fixture, "PRAGMA user_version = 99");
  g_assert_false (open_directory (fixture, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "newer"));
}

// A file of format 1, which had no session_epoch.
static void
test_older (Fixture *fixture, gconstpointer data)
{
  const WdUser nothing = { 0 };
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;
  WdId id;

  g_assert_true (create (fixture, "a", &id, NULL));
  g_clear_pointer (&fixture->directory, wd_sqlite_directory_free);
  run_sql (fixture, "ALTER TABLE users DROP COLUMN session_epoch; PRAGMA user_version = 1");
  g_assert_true (open_directory (fixture, &error));
  g_assert_no_error (error);
  g_assert_true (wd_sqlite_directory_update_user (fixture->directory, &id, &nothing,
                                                  WD_USER_FIELD_SESSIONS, NULL, NULL));
  user = wd_sqlite_directory_get_user (fixture->directory, &id, NULL, NULL);
  g_assert_cmpstr (user->username, ==, "a");
  g_assert_cmpuint (user->session_epoch, ==, 1);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->dir, "directory.db", NULL);
  g_autofree char *garbage = g_strnfill (20000, 'x');
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&fixture->directory, wd_sqlite_directory_free);
  g_assert_true (g_file_set_contents (path, garbage, 20000, NULL));
  g_assert_false (open_directory (fixture, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
}

static void
test_ids_and_quota (Fixture *fixture, gconstpointer data)
{
  const WdUser spec = { .username = "q", .quota_bytes = 4711 };
  g_autoptr (GError) error = NULL;
  guint64 quota = 0;
  WdId first;
  WdId second;
  WdId missing;

  g_assert_true (create (fixture, "a", &first, NULL));
  g_assert_true (wd_sqlite_directory_create_user (fixture->directory, &spec, &second, NULL, NULL));

  g_autoptr (GArray) ids = wd_sqlite_directory_list_ids (fixture->directory, NULL);

  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_true (wd_core_id_is_equal (&g_array_index (ids, WdId, 0), &first));
  g_assert_true (wd_core_id_is_equal (&g_array_index (ids, WdId, 1), &second));
  g_assert_true (wd_sqlite_directory_get_quota (fixture->directory, &second, &quota, NULL));
  g_assert_cmpuint (quota, ==, 4711);
  wd_core_id_new (&missing);
  g_assert_false (wd_sqlite_directory_get_quota (fixture->directory, &missing, &quota, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
}

static gpointer
find_in_thread (gpointer data)
{
  Fixture *fixture = data;

  for (int i = 0; i < 500; i++)
    {
      g_autoptr (WdUser) user = NULL;

      g_assert_true (
          wd_sqlite_directory_find_user (fixture->directory, "A@Example.com", &user, NULL, NULL));
      g_assert_cmpstr (user->username, ==, "a");
    }
  return NULL;
}

// More threads than handles are kept, and one that writes meanwhile.
static void
test_threads (Fixture *fixture, gconstpointer data)
{
  GThread *threads[20];
  WdId id;

  g_assert_true (create (fixture, "a", &id, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("find", find_in_thread, fixture);
  for (int i = 0; i < 20; i++)
    {
      const WdUser changes = { .name = "x", .disabled = i % 2 };

      g_assert_true (wd_sqlite_directory_update_user (fixture->directory, &id, &changes,
                                                      WD_USER_FIELD_NAME | WD_USER_FIELD_DISABLED,
                                                      NULL, NULL));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

// Logins and recipients a second.
static void
test_speed (Fixture *fixture, gconstpointer data)
{
  guint n = g_test_perf () ? 200000 : 1000;
  gint64 start;
  WdId id;

  for (int i = 0; i < 500; i++)
    {
      g_autofree char *username = g_strdup_printf ("user%d", i);
      g_autofree char *address = g_strdup_printf ("user%d@example.org", i);
      const WdUser spec = { .username = username, .address = address };

      if (g_test_perf () || i < 10)
        g_assert_true (
            wd_sqlite_directory_create_user (fixture->directory, &spec, &id, NULL, NULL));
    }
  start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      char login[32];
      g_autoptr (WdUser) user = NULL;

      g_snprintf (login, sizeof login, "User%u@Example.org", i % 10);
      g_assert_true (wd_sqlite_directory_find_user (fixture->directory, login, &user, NULL, NULL));
      g_assert_nonnull (user);
    }

  double rate = (double) n * G_USEC_PER_SEC / (double) MAX (g_get_monotonic_time () - start, 1);

  g_test_maximized_result (rate, "%.0f look-ups a second", rate);
}

static const struct
{
  const char *path;
  void (*func) (Fixture *, gconstpointer);
} tests[] = {
  { "/store/directory/order", test_order },
  { "/store/directory/create-fails", test_create_fails },
  { "/store/directory/create-race", test_create_race },
  { "/store/directory/remove-fails", test_remove_fails },
  { "/store/directory/newer", test_newer },
  { "/store/directory/older", test_older },
  { "/store/directory/damaged", test_damaged },
  { "/store/directory/ids-and-quota", test_ids_and_quota },
  { "/store/directory/threads", test_threads },
  { "/store/directory/speed", test_speed },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
