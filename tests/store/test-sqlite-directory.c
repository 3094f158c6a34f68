// SPDX-License-Identifier: EUPL-1.2
// What the contract suite cannot see of directory.db: the order of a user's row and folder, old and
// damaged files, and handles.
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#include "sqlite-directory-private.h"
#include "sqlite-store-private.h"
#include "test-store.h"

typedef struct
{
  char *dir;
  char *uri;
  WdStore *store;
  WdSqliteDirectoryHooks hooks; // The store's own.

  // What the hooks do and have done.
  gboolean create_fails;
  gboolean adopt_fails;
  gboolean remove_fails;
  const char *taken_meanwhile; // Made while the folder is.
  guint64 quota_meanwhile;     // Set by another before the first is in mail.db.
  guint n_created;
  guint n_removed;
  gboolean was_found; // The user could be found while its folder was made or removed.
} Fixture;

static Fixture *
get_fixture (WdStore *store)
{
  return g_object_get_data (G_OBJECT (store), "fixture");
}

static gboolean
is_found (Fixture *fixture, const WdId *id)
{
  g_autoptr (WdUser) user = wd_sqlite_directory_get_user (fixture->store, id, NULL, NULL);

  return user != NULL;
}

static gboolean
set_failure (GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "for this test");
  return FALSE;
}

static gboolean
make_folder (WdStore *store, const WdId *user, const WdUser *spec, GError **error)
{
  Fixture *fixture = get_fixture (store);

  fixture->n_created++;
  fixture->was_found |= is_found (fixture, user);
  if (fixture->taken_meanwhile != NULL)
    {
      const WdUser other = { .username = (char *) g_steal_pointer (&fixture->taken_meanwhile) };
      WdId id;

      g_assert_true (wd_store_create_user (store, &other, &id, NULL, NULL));
    }
  return fixture->create_fails ? set_failure (error)
                               : fixture->hooks.create (store, user, spec, error);
}

static gboolean
adopt_quota (WdStore *store, const WdId *user, GError **error)
{
  Fixture *fixture = get_fixture (store);

  if (fixture->quota_meanwhile != 0)
    {
      WdUser changes = { .quota_bytes = fixture->quota_meanwhile };

      fixture->quota_meanwhile = 0;
      g_assert_true (wd_store_update_user (store, user, &changes, WD_USER_FIELD_QUOTA, NULL, NULL));
    }
  return fixture->adopt_fails ? set_failure (error)
                              : fixture->hooks.adopt_quota (store, user, error);
}

static gboolean
remove_folder (WdStore *store, const WdId *user, GError **error)
{
  Fixture *fixture = get_fixture (store);

  fixture->n_removed++;
  fixture->was_found |= is_found (fixture, user);
  return fixture->remove_fails ? set_failure (error) : fixture->hooks.remove (store, user, error);
}

static gboolean
open_store (Fixture *fixture, GError **error)
{
  const WdStoreOptions options = { .uri = fixture->uri };
  const WdSqliteDirectoryHooks hooks = { make_folder, adopt_quota, remove_folder };

  fixture->store = wd_store_open (&options, error);
  if (fixture->store == NULL)
    return FALSE;

  WdSqliteDirectory *directory = wd_sqlite_store_get_directory (fixture->store);

  g_object_set_data (G_OBJECT (fixture->store), "fixture", fixture);
  fixture->hooks = directory->hooks;
  directory->hooks = hooks;
  return TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("wd-directory-XXXXXX", NULL);
  fixture->uri = g_strconcat ("sqlite:", fixture->dir, NULL);
  g_assert_true (open_store (fixture, NULL));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->store);
  wd_test_store_remove_tree (fixture->dir);
  g_free (fixture->uri);
  g_free (fixture->dir);
}

static gboolean
create (Fixture *fixture, const char *username, WdId *out_id, GError **error)
{
  const WdUser spec = { .username = (char *) username, .address = "a@example.com" };

  return wd_store_create_user (fixture->store, &spec, out_id, NULL, error);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  WdId id;
  guint n;

  g_assert_true (create (fixture, "a", &id, NULL));
  g_assert_true (is_found (fixture, &id));
  g_assert_true (wd_store_delete_user (fixture->store, &id, &n, NULL, NULL));
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
  g_assert_false (wd_store_delete_user (fixture->store, &id, &n, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_cmpuint (n, ==, 77);
  g_assert_false (is_found (fixture, &id));
}

static guint64
get_limit (Fixture *fixture, const WdId *user)
{
  const WdActor actor = WD_ACTOR_SELF (*user);
  WdQuota quota;

  g_assert_true (wd_store_get_quota (fixture->store, &actor, &quota, NULL, NULL));
  return quota.limit_bytes;
}

static void
count_finding (const WdStoreFinding *finding, gpointer user_data)
{
  guint *n = user_data;

  g_assert_cmpstr (finding->what, ==, "quota-limit");
  g_assert_true (finding->is_repaired);
  (*n)++;
}

// The limit that the directory has, and that of mail.db, which deliveries hold to: when only the
// first was written, it is told, and the checker and the next change bring both together.
static void
test_quota_fails (Fixture *fixture, gconstpointer data)
{
  const WdUser changes = { .quota_bytes = 4711 };
  g_autoptr (GError) error = NULL;
  guint64 limit;
  guint n = 0;
  WdId id;

  g_assert_true (create (fixture, "a", &id, NULL));
  for (int i = 0; i < 2; i++)
    {
      WdUser other = { .quota_bytes = (guint64) i + 1 };

      g_assert_true (
          wd_store_update_user (fixture->store, &id, &other, WD_USER_FIELD_QUOTA, NULL, NULL));
      fixture->adopt_fails = TRUE;
      g_assert_false (
          wd_store_update_user (fixture->store, &id, &changes, WD_USER_FIELD_QUOTA, NULL, &error));
      g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
      g_clear_error (&error);
      fixture->adopt_fails = FALSE;
      g_assert_true (wd_sqlite_directory_get_quota (fixture->store, &id, &limit, NULL));
      g_assert_cmpuint (limit, ==, 4711);
      g_assert_cmpuint (get_limit (fixture, &id), ==, i + 1);
      if (i == 0)
        g_assert_true (
            wd_store_update_user (fixture->store, &id, &changes, WD_USER_FIELD_QUOTA, NULL, NULL));
      else
        g_assert_true (
            wd_store_check (fixture->store, NULL, TRUE, count_finding, NULL, &n, NULL, NULL));
      g_assert_cmpuint (get_limit (fixture, &id), ==, 4711);
      g_assert_cmpuint (n, ==, i);
    }
}

// Two at once: whoever comes second into mail.db, it has what the directory has.
static void
test_quota_race (Fixture *fixture, gconstpointer data)
{
  const WdUser changes = { .quota_bytes = 4711 };
  guint64 limit;
  WdId id;

  g_assert_true (create (fixture, "a", &id, NULL));
  fixture->quota_meanwhile = 815;
  g_assert_true (
      wd_store_update_user (fixture->store, &id, &changes, WD_USER_FIELD_QUOTA, NULL, NULL));
  g_assert_true (wd_sqlite_directory_get_quota (fixture->store, &id, &limit, NULL));
  g_assert_cmpuint (limit, ==, 815);
  g_assert_cmpuint (get_limit (fixture, &id), ==, 815);
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

  g_clear_object (&fixture->store);
  run_sql (fixture, "PRAGMA user_version = 99");
  g_assert_false (open_store (fixture, &error));
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
  g_clear_object (&fixture->store);
  run_sql (fixture, "ALTER TABLE users DROP COLUMN session_epoch; PRAGMA user_version = 1");
  g_assert_true (open_store (fixture, &error));
  g_assert_no_error (error);
  g_assert_true (
      wd_store_update_user (fixture->store, &id, &nothing, WD_USER_FIELD_SESSIONS, NULL, NULL));
  user = wd_store_get_user (fixture->store, &id, NULL, NULL);
  g_assert_cmpstr (user->username, ==, "a");
  g_assert_cmpuint (user->session_epoch, ==, 1);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->dir, "directory.db", NULL);
  g_autofree char *garbage = g_strnfill (20000, 'x');
  g_autoptr (GError) error = NULL;

  g_clear_object (&fixture->store);
  g_assert_true (g_file_set_contents (path, garbage, 20000, NULL));
  g_assert_false (open_store (fixture, &error));
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
  g_assert_true (wd_store_create_user (fixture->store, &spec, &second, NULL, NULL));

  g_autoptr (GArray) ids = wd_sqlite_directory_list_ids (fixture->store, NULL);

  g_assert_cmpuint (ids->len, ==, 2);
  g_assert_true (wd_core_id_is_equal (&g_array_index (ids, WdId, 0), &first));
  g_assert_true (wd_core_id_is_equal (&g_array_index (ids, WdId, 1), &second));
  g_assert_true (wd_sqlite_directory_get_quota (fixture->store, &second, &quota, NULL));
  g_assert_cmpuint (quota, ==, 4711);
  wd_core_id_new (&missing);
  g_assert_false (wd_sqlite_directory_get_quota (fixture->store, &missing, &quota, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
}

static gpointer
find_in_thread (gpointer data)
{
  Fixture *fixture = data;

  for (int i = 0; i < 500; i++)
    {
      g_autoptr (WdUser) user = NULL;

      g_assert_true (wd_store_find_user (fixture->store, "A@Example.com", &user, NULL, NULL));
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

      g_assert_true (wd_store_update_user (
          fixture->store, &id, &changes, WD_USER_FIELD_NAME | WD_USER_FIELD_DISABLED, NULL, NULL));
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
        g_assert_true (wd_store_create_user (fixture->store, &spec, &id, NULL, NULL));
    }
  start = g_get_monotonic_time ();
  for (guint i = 0; i < n; i++)
    {
      char login[32];
      g_autoptr (WdUser) user = NULL;

      g_snprintf (login, sizeof login, "User%u@Example.org", i % 10);
      g_assert_true (wd_store_find_user (fixture->store, login, &user, NULL, NULL));
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
  { "/store/directory/quota-fails", test_quota_fails },
  { "/store/directory/quota-race", test_quota_race },
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
