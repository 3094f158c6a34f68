// SPDX-License-Identifier: EUPL-1.2
// The SQLite helper: creation, upgrades, transactions, outcomes.
#include "config.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite-db.h"

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->dir = g_dir_make_tmp ("wd-sqlite-db-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->path = g_build_filename (fixture->dir, "a.db", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (fixture->path, suffixes[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static gboolean
double_values (WdSqliteDb *db, GError **error)
{
  return wd_sqlite_db_exec (db, "UPDATE t SET a = 2 * a", error);
}

// crash () in SQL: what a power switch does to the process.
static gboolean
crash (WdSqliteDb *db, GError **error)
{
  kill (getpid (), SIGKILL);
  return TRUE;
}

static const WdSqliteStep steps[] = {
  { "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)", NULL },
  { "ALTER TABLE t ADD COLUMN b TEXT", double_values },
  { "CREATE TABLE u (c)", NULL },
};
static const WdSqliteStep bad_steps[] = {
  { "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)", NULL },
  { "DROP TABLE t; nonsense", NULL },
};
static const WdSqliteStep crash_steps[] = {
  { "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)", NULL },
  { "DROP TABLE t", NULL },
  { "CREATE TABLE v (d)", crash },
};
static const WdSqliteSchema version_1 = { steps, 1 };
static const WdSqliteSchema version_2 = { steps, 2 };
static const WdSqliteSchema version_3 = { steps, 3 };
static const WdSqliteSchema bad_version = { bad_steps, 2 };
static const WdSqliteSchema crash_version = { crash_steps, 3 };

static WdSqliteDb *
try_open (Fixture *fixture, const WdSqliteSchema *schema, GError **error)
{
  WdSqliteOptions options
      = { .path = fixture->path, .schema = schema, .page_size_bytes = 8192, .cache_kib = 512 };

  return wd_sqlite_db_open (&options, error);
}

static WdSqliteDb *
must_open (Fixture *fixture, const WdSqliteSchema *schema)
{
  g_autoptr (GError) error = NULL;
  WdSqliteDb *db = try_open (fixture, schema, &error);

  g_assert_no_error (error);
  return db;
}

static gint64
get_value (WdSqliteDb *db, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gboolean has_row = FALSE;
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db, sql, &error);

  g_assert_no_error (error);
  g_assert_true (wd_sqlite_db_step (db, stmt, &has_row, &error));
  return has_row ? sqlite3_column_int64 (stmt, 0) : -1;
}

static void
must_exec (WdSqliteDb *db, const char *sql)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_sqlite_db_exec (db, sql, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
test_create (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);

  g_assert_cmpint (get_value (db, "SELECT a FROM t"), ==, 7);
  g_assert_cmpint (get_value (db, "PRAGMA page_size"), ==, 8192);
  g_assert_cmpint (get_value (db, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (get_value (db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), ==, 1);
  // Found by its address the second time.
  static const char sql[] = "SELECT a FROM t";
  sqlite3_stmt *stmt = wd_sqlite_db_prepare (db, sql, NULL);
  g_assert_true (stmt == wd_sqlite_db_prepare (db, sql, NULL));
}

static void
test_upgrade (Fixture *fixture, gconstpointer data)
{
  wd_sqlite_db_free (must_open (fixture, &version_1));

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_3);

  g_assert_cmpint (get_value (db, "SELECT a FROM t WHERE b IS NULL"), ==, 14);
  g_assert_cmpint (get_value (db, "SELECT count(*) FROM u"), ==, 0);
  g_assert_cmpint (get_value (db, "PRAGMA user_version"), ==, 3);

  // Nothing runs twice.
  g_autoptr (WdSqliteDb) again = must_open (fixture, &version_3);

  g_assert_cmpint (get_value (again, "SELECT a FROM t"), ==, 14);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  wd_sqlite_db_free (must_open (fixture, &version_3));
  g_assert_null (try_open (fixture, &version_2, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, "newer version"));
  wd_sqlite_db_free (must_open (fixture, &version_3));
}

static void
test_bad_step (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  wd_sqlite_db_free (must_open (fixture, &version_1));
  g_assert_null (try_open (fixture, &bad_version, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);

  g_assert_cmpint (get_value (db, "SELECT a FROM t"), ==, 7);
}

// Killed between two steps, and in the first creation: the next opening finds the old version.
static void
test_crash (Fixture *fixture, gconstpointer data)
{
  gboolean exists = GPOINTER_TO_INT (data);
  int status;

  if (exists)
    wd_sqlite_db_free (must_open (fixture, &version_1));

  pid_t pid = fork ();

  if (pid == 0)
    {
      (void) try_open (fixture, &crash_version, NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_2);

  g_assert_cmpint (get_value (db, "SELECT a FROM t"), ==, 14);
  g_assert_cmpint (get_value (db, "SELECT count(*) FROM sqlite_schema WHERE name = 'v'"), ==, 0);
}

// Many processes make the same file at once: all succeed, and each step runs once.
static void
test_create_race (Fixture *fixture, gconstpointer data)
{
  pid_t pids[8];
  int fds[2];
  char octet;

  g_assert_cmpint (pipe (fds), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      pids[i] = fork ();
      if (pids[i] == 0)
        {
          close (fds[1]);
          // Returns at once for all when the parent closes its end.
          while (read (fds[0], &octet, 1) > 0)
            ;
          _exit (try_open (fixture, &version_2, NULL) == NULL ? 1 : 0);
        }
    }
  close (fds[0]);
  close (fds[1]);
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    }

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_2);

  g_assert_cmpint (get_value (db, "SELECT sum(a) FROM t"), ==, 14);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *garbage = g_strnfill (8192, 'x');

  g_assert_true (g_file_set_contents (fixture->path, garbage, 8192, NULL));
  g_assert_null (try_open (fixture, &version_1, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *far = g_build_filename (fixture->dir, "none", "b.db", NULL);
  WdSqliteOptions options = { .path = fixture->path, .schema = &version_1, .must_exist = TRUE };

  g_assert_null (wd_sqlite_db_open (&options, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  options.path = far;
  options.must_exist = FALSE;
  g_assert_null (wd_sqlite_db_open (&options, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
}

static void
leave_scope (WdSqliteDb *db, gboolean commit)
{
  g_autoptr (GError) error = NULL;
  g_auto (WdSqliteTxn) txn = { 0 };

  g_assert_true (wd_sqlite_db_begin (db, WD_SQLITE_WRITE, &txn, NULL, &error));
  must_exec (db, "UPDATE t SET a = a + 1");
  if (commit)
    g_assert_true (wd_sqlite_db_commit (&txn, &error));
}

static void
test_transaction (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);

  leave_scope (db, FALSE);
  g_assert_cmpint (get_value (db, "SELECT a FROM t"), ==, 7);
  leave_scope (db, TRUE);
  g_assert_cmpint (get_value (db, "SELECT a FROM t"), ==, 8);
}

static void
test_durability (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    WdSqliteTxnKind kind;
    gint64 synchronous;
  } cases[] = {
    { WD_SQLITE_DURABLE, 2 }, { WD_SQLITE_WRITE, 1 },   { WD_SQLITE_READ, 1 },
    { WD_SQLITE_DURABLE, 2 }, { WD_SQLITE_DURABLE, 2 }, { WD_SQLITE_WRITE, 1 },
  };

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (WdSqliteTxn) txn = { 0 };

      g_assert_true (wd_sqlite_db_begin (db, cases[i].kind, &txn, NULL, NULL));
      g_assert_cmpint (get_value (db, "PRAGMA synchronous"), ==, cases[i].synchronous);
    }
}

static void
test_busy_cancel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdSqliteDb) a = must_open (fixture, &version_1);
  g_autoptr (WdSqliteDb) b = must_open (fixture, &version_1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_auto (WdSqliteTxn) txn_a = { 0 };
  g_auto (WdSqliteTxn) txn_b = { 0 };

  g_cancellable_cancel (cancellable);
  g_assert_true (wd_sqlite_db_begin (a, WD_SQLITE_WRITE, &txn_a, NULL, NULL));
  g_assert_false (wd_sqlite_db_begin (b, WD_SQLITE_WRITE, &txn_b, cancellable, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CANCELLED);
  g_assert_null (txn_b.db);
  // A reader does not wait for the writer.
  g_assert_cmpint (get_value (b, "SELECT a FROM t"), ==, 7);
  wd_sqlite_db_abort (&txn_a);
  g_assert_true (wd_sqlite_db_begin (b, WD_SQLITE_WRITE, &txn_b, NULL, NULL));
}

static void
test_outcomes (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    int rc;
    gint code; // WdStoreError.
  } cases[] = {
    { SQLITE_BUSY_SNAPSHOT, WD_STORE_ERROR_BUSY },
    { SQLITE_IOERR_FSYNC, WD_STORE_ERROR_UNAVAILABLE },
    { SQLITE_FULL, WD_STORE_ERROR_UNAVAILABLE },
    { SQLITE_CANTOPEN, WD_STORE_ERROR_UNAVAILABLE },
    { SQLITE_READONLY, WD_STORE_ERROR_UNAVAILABLE },
    { SQLITE_CORRUPT_INDEX, WD_STORE_ERROR_CORRUPT },
    { SQLITE_NOTADB, WD_STORE_ERROR_CORRUPT },
    { SQLITE_CONSTRAINT_UNIQUE, WD_STORE_ERROR_CONFLICT },
    { SQLITE_INTERRUPT, WD_STORE_ERROR_CANCELLED },
  };

  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (wd_sqlite_db_set_error (db, cases[i].rc, &error));
      g_assert_error (error, WD_STORE_ERROR, cases[i].code);
    }
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdSqliteDb) db = must_open (fixture, &version_1);
  WdId id;
  WdId none = { 0 };
  gboolean has_row = FALSE;
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (db, "SELECT ?1, ?2, ?3, ?4, 'x'", NULL);

  wd_core_id_new (&id);
  wd_sqlite_db_bind_id (stmt, 1, &id);
  wd_sqlite_db_bind_text (stmt, 2, "text");
  wd_sqlite_db_bind_text (stmt, 3, NULL);
  wd_sqlite_db_bind_uint64 (stmt, 4, (guint64) 1 << 62);
  g_assert_true (wd_sqlite_db_step (db, stmt, &has_row, NULL));
  g_assert_true (has_row);

  WdId got = wd_sqlite_db_get_id (stmt, 0);
  WdId bad = wd_sqlite_db_get_id (stmt, 4);
  g_autofree char *text = wd_sqlite_db_dup_text (stmt, 1);

  g_assert_true (wd_core_id_is_equal (&got, &id));
  g_assert_true (wd_core_id_is_equal (&bad, &none));
  g_assert_cmpstr (text, ==, "text");
  g_assert_null (wd_sqlite_db_dup_text (stmt, 2));
  g_assert_cmpint (sqlite3_column_int64 (stmt, 3), ==, (gint64) 1 << 62);
}

static void
test_make_dir (Fixture *fixture, gconstpointer data)
{
  g_autofree char *deep = g_build_filename (fixture->dir, "x", "y", NULL);
  g_autofree char *middle = g_build_filename (fixture->dir, "x", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (wd_sqlite_db_make_dir (deep, &error));
  g_assert_true (wd_sqlite_db_make_dir (deep, &error));
  g_assert_true (g_file_test (deep, G_FILE_TEST_IS_DIR));
  g_assert_false (wd_sqlite_db_make_dir ("/proc/none/here", &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_cmpint (g_rmdir (deep), ==, 0);
  g_assert_cmpint (g_rmdir (middle), ==, 0);
}

static const struct
{
  const char *path;
  void (*func) (Fixture *, gconstpointer);
  int data;
} tests[] = {
  { "/store/sqlite-db/create", test_create },
  { "/store/sqlite-db/upgrade", test_upgrade },
  { "/store/sqlite-db/newer", test_newer },
  { "/store/sqlite-db/bad-step", test_bad_step },
  { "/store/sqlite-db/crash-in-creation", test_crash, FALSE },
  { "/store/sqlite-db/crash-in-upgrade", test_crash, TRUE },
  { "/store/sqlite-db/create-race", test_create_race },
  { "/store/sqlite-db/damaged", test_damaged },
  { "/store/sqlite-db/missing", test_missing },
  { "/store/sqlite-db/transaction", test_transaction },
  { "/store/sqlite-db/durability", test_durability },
  { "/store/sqlite-db/busy-cancel", test_busy_cancel },
  { "/store/sqlite-db/outcomes", test_outcomes },
  { "/store/sqlite-db/values", test_values },
  { "/store/sqlite-db/make-dir", test_make_dir },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, GINT_TO_POINTER (tests[i].data), set_up, tests[i].func,
                tear_down);
  return g_test_run ();
}
