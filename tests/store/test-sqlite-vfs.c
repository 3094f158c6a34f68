// SPDX-License-Identifier: EUPL-1.2
// Commits whose frames are gathered: few writes, and nothing of them lost, mixed or left behind;
// and pages that are read ahead, which are those of the transaction.
#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "sqlite-vfs.h"

typedef struct
{
  char *dir;
  char *path;
  sqlite3 *a;
  sqlite3 *b;
} Fixture;

static void
run (sqlite3 *db, const char *sql)
{
  int rc = sqlite3_exec (db, sql, NULL, NULL, NULL);

  if (rc != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (db));
}

// Small pages and a cache of a few, so that long transactions go to the WAL before they end.
static sqlite3 *
open_db (const char *path, const char *synchronous)
{
  g_autofree char *set = g_strdup_printf ("PRAGMA synchronous=%s", synchronous);
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                    wd_sqlite_vfs_get_name ()),
                   ==, SQLITE_OK);
  run (db, "PRAGMA page_size=1024; PRAGMA journal_mode=WAL;"
           "PRAGMA cache_size=20; PRAGMA wal_autocheckpoint=0");
  run (db, set);
  return db;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("wd-sqlite-vfs-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "a.db", NULL);
  fixture->a = open_db (fixture->path, data);
  run (fixture->a, "CREATE TABLE t (id INTEGER PRIMARY KEY, who TEXT, octets BLOB)");
  fixture->b = open_db (fixture->path, data);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  sqlite3_close (fixture->b);
  sqlite3_close (fixture->a);
  g_assert_cmpint (g_unlink (fixture->path), ==, 0);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->path);
  g_free (fixture->dir);
}

static gint64
get_number (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *stmt;
  gint64 value;

  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  value = sqlite3_column_int64 (stmt, 0);
  sqlite3_finalize (stmt);
  return value;
}

static void
commit (sqlite3 *db)
{
  wd_sqlite_vfs_begin_commit (db);
  run (db, "COMMIT");
  wd_sqlite_vfs_end_commit (db);
}

static void
insert (sqlite3 *db, const char *who, guint n_rows, gsize bytes)
{
  for (guint i = 0; i < n_rows; i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "INSERT INTO t (who, octets) VALUES ('%s', randomblob (%" G_GSIZE_FORMAT "))", who,
          bytes);

      run (db, sql);
    }
}

// What another process sees, and one that comes later: a copy of the files is recovered.
static void
check_all (Fixture *fixture, gint64 n_rows)
{
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *copy = g_build_filename (fixture->dir, "copy.db", NULL);
  g_autofree char *copy_wal = g_strconcat (copy, "-wal", NULL);
  sqlite3 *later;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *octets = NULL;
      gsize len;

      g_assert_true (g_file_get_contents (i == 0 ? fixture->path : wal, &octets, &len, NULL));
      g_assert_true (g_file_set_contents (i == 0 ? copy : copy_wal, octets, (gssize) len, NULL));
    }
  later = open_db (copy, "FULL");
  g_assert_cmpint (get_number (fixture->a, "SELECT count (*) FROM t"), ==, n_rows);
  g_assert_cmpint (get_number (fixture->b, "SELECT count (*) FROM t"), ==, n_rows);
  g_assert_cmpint (get_number (later, "SELECT count (*) FROM t"), ==, n_rows);
  g_assert_cmpint (get_number (later, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                   ==, 1);
  sqlite3_close (later);
  g_unlink (copy);
}

// Writes ("syscw: ") or reads ("syscr: ") of this process so far.
static guint64
count_calls (const char *what)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/io", &text, NULL, NULL));
  line = strstr (text, what);
  return g_ascii_strtoull (line + strlen (what), NULL, 10);
}

static void
test_few_writes (Fixture *fixture, gconstpointer data)
{
  guint64 before;

  run (fixture->a, "BEGIN IMMEDIATE");
  insert (fixture->a, "a", 5, 2000);
  before = count_calls ("syscw: ");
  commit (fixture->a);
  g_assert_cmpuint (count_calls ("syscw: ") - before, <=, 4);
  check_all (fixture, 5);
}

// Below, at and above what is gathered at once, in turn on two handles, with checkpoints between.
static void
test_sizes (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 1, 900, 7000, 8000, 8192, 9000, 200000, 10 };
  gint64 n_rows = 0;

  for (guint i = 0; i < 2 * G_N_ELEMENTS (sizes); i++)
    {
      sqlite3 *db = i % 3 == 0 ? fixture->b : fixture->a;

      run (db, "BEGIN IMMEDIATE");
      insert (db, "x", 3, sizes[i % G_N_ELEMENTS (sizes)]);
      commit (db);
      n_rows += 3;
      check_all (fixture, n_rows);
      if (i % 5 == 4)
        run (db,
             i % 2 == 0 ? "PRAGMA wal_checkpoint (PASSIVE)" : "PRAGMA wal_checkpoint (RESTART)");
    }
}

// Half of it is in the WAL when it is taken back; the other handle writes over that.
static void
test_rollback (Fixture *fixture, gconstpointer data)
{
  gint64 n_rows = 0;

  for (guint i = 0; i < 5; i++)
    {
      run (fixture->a, "BEGIN IMMEDIATE");
      insert (fixture->a, "gone", 200, 1000);
      run (fixture->a, "SAVEPOINT s");
      insert (fixture->a, "gone", 100, 1000);
      run (fixture->a, "ROLLBACK TO s");
      if (i % 2 == 0)
        run (fixture->a, "ROLLBACK");
      else
        {
          run (fixture->a, "DELETE FROM t WHERE who = 'gone'");
          commit (fixture->a);
        }
      run (fixture->b, "BEGIN IMMEDIATE");
      insert (fixture->b, "stays", 2, 3000);
      commit (fixture->b);
      n_rows += 2;
      check_all (fixture, n_rows);
    }
}

// The commit hook turns it into a rollback.
static int
refuse (void *data)
{
  return 1;
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  run (fixture->a, "BEGIN IMMEDIATE");
  insert (fixture->a, "gone", 3, 3000);
  sqlite3_commit_hook (fixture->a, refuse, NULL);
  wd_sqlite_vfs_begin_commit (fixture->a);
  g_assert_cmpint (sqlite3_exec (fixture->a, "COMMIT", NULL, NULL, NULL), !=, SQLITE_OK);
  wd_sqlite_vfs_end_commit (fixture->a);
  sqlite3_commit_hook (fixture->a, NULL, NULL);
  run (fixture->b, "BEGIN IMMEDIATE");
  insert (fixture->b, "stays", 2, 3000);
  commit (fixture->b);
  check_all (fixture, 2);
}

static gint64
get_wal_bytes (Fixture *fixture)
{
  g_autofree char *wal = g_strconcat (fixture->path, "-wal", NULL);
  GStatBuf info;

  g_assert_cmpint (g_stat (wal, &info), ==, 0);
  return info.st_size;
}

// A short WAL is as long as its frames. A long one grows now and then, and for commits to come.
static void
test_room (Fixture *fixture, gconstpointer data)
{
  gboolean is_synced = g_str_equal (data, "FULL");
  gint64 last = get_wal_bytes (fixture);
  guint n_grown = 0, n_rows = 0;

  for (guint i = 0; i < 60; i++)
    {
      sqlite3 *db = i % 3 == 0 ? fixture->b : fixture->a;
      gint64 size;

      run (db, "BEGIN IMMEDIATE");
      insert (db, "x", 1, 7000);
      commit (db);
      n_rows++;
      size = get_wal_bytes (fixture);
      if (size != last && last < 64 * 1024 && size < 64 * 1024)
        g_assert_cmpint ((size - 32) % (1024 + 24), ==, 0);
      n_grown += size != last;
      g_assert_cmpint (size, >=, last);
      g_assert_cmpint (size, <=, last + 20000 + (last + 20000) / 2);
      last = size;
      if (i % 10 == 9)
        check_all (fixture, n_rows);
    }
  if (is_synced)
    g_assert_cmpuint (n_grown, <, 25);
  else
    g_assert_cmpuint (n_grown, ==, 60);

  // One that is used again needs no more room, and what is behind its frames is not of it.
  run (fixture->a, "PRAGMA wal_checkpoint (RESTART)");
  for (guint i = 0; i < 30; i++)
    {
      run (fixture->b, "BEGIN IMMEDIATE");
      insert (fixture->b, "x", 1, 7000);
      commit (fixture->b);
      g_assert_cmpint (get_wal_bytes (fixture), ==, last);
      if (i % 10 == 9)
        check_all (fixture, n_rows + i + 1);
    }

  // One that was cut grows again.
  run (fixture->a, "PRAGMA wal_checkpoint (TRUNCATE)");
  run (fixture->b, "BEGIN IMMEDIATE");
  insert (fixture->b, "x", 1, 7000);
  commit (fixture->b);
  g_assert_cmpint (get_wal_bytes (fixture), <, last);
  check_all (fixture, n_rows + 31);
}

// Each frame is moved, with few reads.
static void
test_checkpoint (Fixture *fixture, gconstpointer data)
{
  guint64 before;

  run (fixture->a, "BEGIN IMMEDIATE");
  insert (fixture->a, "x", 20, 9000);
  commit (fixture->a);
  run (fixture->a, "BEGIN IMMEDIATE");
  run (fixture->a, "UPDATE t SET octets = randomblob (9000) WHERE id % 3 = 0");
  commit (fixture->a);
  before = count_calls ("syscr: ");
  wd_sqlite_vfs_begin_checkpoint (fixture->a);
  run (fixture->a, "PRAGMA wal_checkpoint (PASSIVE)");
  wd_sqlite_vfs_end_checkpoint (fixture->a);
  // 200 pages, a third of which are not beside their neighbours.
  g_assert_cmpuint (count_calls ("syscr: ") - before, <, 90);
  run (fixture->b, "BEGIN IMMEDIATE");
  insert (fixture->b, "y", 1, 100);
  commit (fixture->b);
  check_all (fixture, 21);
}

// Rows that are known by their octets, from the database rather than from the WAL.
static void
fill (Fixture *fixture, guint n_rows, guint round)
{
  run (fixture->a, "BEGIN IMMEDIATE");
  for (guint i = 1; i <= n_rows; i++)
    {
      g_autofree char *sql
          = g_strdup_printf ("REPLACE INTO t VALUES (%u, 'r', CAST (replace (hex (zeroblob (%u)),"
                             " '00', '%04u.%03u|') AS BLOB))",
                             i, 1000 + 37 * i, round, i);

      run (fixture->a, sql);
    }
  commit (fixture->a);
}

// Rows from `first` on are those of `round`.
static void
assert_rows (sqlite3_stmt *stmt, guint first, guint last, guint round)
{
  for (guint i = first; i <= last; i++)
    {
      g_autofree char *word = g_strdup_printf ("%04u.%03u|", round, i);
      const char *octets;
      int len;

      g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
      octets = sqlite3_column_blob (stmt, 0);
      len = sqlite3_column_bytes (stmt, 0);
      g_assert_cmpint (len, ==, 9 * (1000 + 37 * (int) i));
      for (int at = 0; at < len; at += 9)
        g_assert_cmpint (memcmp (octets + at, word, 9), ==, 0);
    }
}

static void
test_few_reads (Fixture *fixture, gconstpointer data)
{
  sqlite3_stmt *stmt;
  guint64 before;

  fill (fixture, 20, 1);
  run (fixture->a, "PRAGMA wal_checkpoint (RESTART)");
  g_assert_cmpint (
      sqlite3_prepare_v2 (fixture->b, "SELECT octets FROM t ORDER BY id", -1, &stmt, NULL), ==,
      SQLITE_OK);
  run (fixture->b, "BEGIN");
  wd_sqlite_vfs_begin_read (fixture->b);
  before = count_calls ("syscr: ");
  assert_rows (stmt, 1, 20, 1);
  // 250 kB, and as much again in jumps.
  g_assert_cmpuint (count_calls ("syscr: ") - before, <, 60);
  wd_sqlite_vfs_end_read (fixture->b);
  sqlite3_finalize (stmt);
  run (fixture->b, "COMMIT");
}

// Who reads ahead while others write and checkpoint reads what was there when it began.
static void
test_read_snapshot (Fixture *fixture, gconstpointer data)
{
  enum
  {
    N_ROWS = 60,
  };

  sqlite3_stmt *stmt;

  fill (fixture, N_ROWS, 0);
  run (fixture->a, "PRAGMA wal_checkpoint (RESTART)");
  g_assert_cmpint (
      sqlite3_prepare_v2 (fixture->b, "SELECT octets FROM t ORDER BY id", -1, &stmt, NULL), ==,
      SQLITE_OK);
  for (guint round = 0; round < 20; round++)
    {
      run (fixture->b, "BEGIN");
      wd_sqlite_vfs_begin_read (fixture->b);
      assert_rows (stmt, 1, 10, round);
      // Some of it is in the WAL before it is read, some in the database by then.
      if (round % 2 == 1)
        run (fixture->a, "PRAGMA wal_checkpoint (PASSIVE)");
      fill (fixture, N_ROWS, round + 1);
      run (fixture->a, "PRAGMA wal_checkpoint (PASSIVE)");
      assert_rows (stmt, 11, N_ROWS, round);
      wd_sqlite_vfs_end_read (fixture->b);
      sqlite3_reset (stmt);
      run (fixture->b, "COMMIT");
      if (round % 4 == 3)
        run (fixture->a, "PRAGMA wal_checkpoint (RESTART)");
    }
  sqlite3_finalize (stmt);
}

// The last pages of a file are shorter than what would be read ahead; and two at a time.
static void
test_read_two (Fixture *fixture, gconstpointer data)
{
  sqlite3 *dbs[] = { fixture->a, fixture->b };

  fill (fixture, 3, 1);
  run (fixture->a, "PRAGMA wal_checkpoint (RESTART)");
  for (guint i = 0; i < G_N_ELEMENTS (dbs); i++)
    {
      run (dbs[i], "BEGIN");
      wd_sqlite_vfs_begin_read (dbs[i]);
    }
  for (guint i = 0; i < 2 * G_N_ELEMENTS (dbs); i++)
    {
      sqlite3 *db = dbs[i % 2];
      sqlite3_stmt *stmt;

      g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT octets FROM t ORDER BY id", -1, &stmt, NULL),
                       ==, SQLITE_OK);
      assert_rows (stmt, 1, 3, 1);
      g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_DONE);
      sqlite3_finalize (stmt);
      if (i == 1)
        wd_sqlite_vfs_end_read (fixture->a);
    }
  for (guint i = 0; i < G_N_ELEMENTS (dbs); i++)
    {
      wd_sqlite_vfs_end_read (dbs[i]);
      run (dbs[i], "COMMIT");
    }
}

// Nothing is gathered where nothing has a WAL.
static void
test_memory (void)
{
  sqlite3 *db;

  g_assert_cmpint (
      sqlite3_open_v2 (":memory:", &db, SQLITE_OPEN_READWRITE, wd_sqlite_vfs_get_name ()), ==,
      SQLITE_OK);
  run (db, "CREATE TABLE t (who TEXT, octets BLOB); BEGIN");
  insert (db, "a", 1, 10);
  commit (db);
  wd_sqlite_vfs_begin_read (db);
  g_assert_cmpint (get_number (db, "SELECT count (*) FROM t"), ==, 1);
  wd_sqlite_vfs_end_read (db);
  sqlite3_close (db);
}

int
main (int argc, char **argv)
{
  static const char *const modes[] = { "FULL", "NORMAL" };

  static const struct
  {
    const char *path;
    void (*func) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "/store/sqlite/vfs/few-writes", test_few_writes },
    { "/store/sqlite/vfs/sizes", test_sizes },
    { "/store/sqlite/vfs/rollback", test_rollback },
    { "/store/sqlite/vfs/room", test_room },
    { "/store/sqlite/vfs/checkpoint", test_checkpoint },
    { "/store/sqlite/vfs/refused", test_refused },
    { "/store/sqlite/vfs/few-reads", test_few_reads },
    { "/store/sqlite/vfs/read-snapshot", test_read_snapshot },
    { "/store/sqlite/vfs/read-two", test_read_two },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (modes); j++)
      {
        g_autofree char *path = g_strconcat (tests[i].path, "/", modes[j], NULL);

        g_test_add (path, Fixture, modes[j], set_up, tests[i].func, tear_down);
      }
  g_test_add_func ("/store/sqlite/vfs/memory", test_memory);
  return g_test_run ();
}
