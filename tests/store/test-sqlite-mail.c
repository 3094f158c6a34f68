// SPDX-License-Identifier: EUPL-1.2
// What the embedded backend does with its files: sharing, cleaning up, damage, and mending it.
#include "config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core-clock.h"
#include "core-limits.h"
#include "sqlite-maintain.h"
#include "sqlite-pool.h"
#include "sqlite-store-private.h"
#include "test-store.h"

typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdId user;
  WdActor actor;
  WdId inbox;
  char *folder; // Of the user.
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->scratch = wd_test_store_new (data);
  f->store = wd_test_store_get (f->scratch);
  f->user = wd_test_store_add_user (f->scratch, "alice", NULL);
  f->actor = WD_ACTOR_SELF (f->user);
  f->inbox = wd_test_store_get_mailbox (f->scratch, &f->user, "INBOX");
  f->folder = wd_sqlite_pool_dup_user_dir (wd_sqlite_store_get_pool (f->store), &f->user);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wd_test_store_free (f->scratch);
  g_free (f->folder);
}

static GString *
make_large (const char *subject)
{
  GString *octets = g_string_new (NULL);

  g_string_printf (octets, "Subject: %s\r\n\r\n", subject);
  for (guint i = 0; octets->len < 2 * WD_LIMIT_LARGE_PART_BYTES; i++)
    g_string_append_printf (octets, "line %u of the same text\r\n", i);
  return octets;
}

static WdUid
append_large (Fixture *f, const WdId *user, const char *subject)
{
  g_autoptr (GString) octets = make_large (subject);

  return wd_test_store_append (f->scratch, user, "INBOX", octets->str, (gssize) octets->len, 0);
}

// Files below STATE/parts or USER/parts, and the link count of the last one.
static guint
count_files (const char *dir, guint *out_n_links)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name;
  guint n = 0;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      struct stat info;

      g_assert_cmpint (stat (path, &info), ==, 0);
      if (S_ISDIR (info.st_mode))
        n += count_files (path, out_n_links);
      else
        {
          n++;
          *out_n_links = (guint) info.st_nlink;
        }
    }
  return n;
}

static guint
count_pool (Fixture *f, guint *out_n_links)
{
  g_autofree char *dir = g_build_filename (wd_sqlite_store_get_dir (f->store), "parts", NULL);

  return count_files (dir, out_n_links);
}

static guint
count_own (Fixture *f)
{
  g_autofree char *dir = g_build_filename (f->folder, "parts", NULL);
  guint n_links;

  return count_files (dir, &n_links);
}

static void
expunge (Fixture *f, WdUid first, WdUid last)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (first, last);
  g_autoptr (WdUidSet) expunged = NULL;
  g_autoptr (GError) error = NULL;
  WdModseq modseq;

  g_assert_true (wd_store_expunge (f->store, &f->actor, &f->inbox, uids, TRUE, &expunged, &modseq,
                                   NULL, &error));
  g_assert_no_error (error);
}

static void
maintain (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (wd_store_maintain (f->store, NULL, &error));
  g_assert_no_error (error);
}

static gboolean
note_length (WdMessageRow *row, gpointer data)
{
  g_autoptr (GString) octets = g_string_new (NULL);

  if (row->content != NULL && wd_content_read (row->content, 0, G_MAXINT32, octets, NULL))
    *(gsize *) data += octets->len;
  return TRUE;
}

static gboolean
read_all (Fixture *f, const WdId *user, gsize *out_len, GError **error)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  WdId inbox = wd_test_store_get_mailbox (f->scratch, user, "INBOX");
  WdActor actor = WD_ACTOR_SELF (*user);

  *out_len = 0;
  return wd_store_fetch (f->store, &actor, &inbox, all, WD_FETCH_CONTENT, 0, note_length, out_len,
                         NULL, error);
}

static void
test_shared (Fixture *f, gconstpointer data)
{
  WdId bob = wd_test_store_add_user (f->scratch, "bob", NULL);
  guint n_links;

  append_large (f, &f->user, "one");
  append_large (f, &f->user, "two");
  append_large (f, &bob, "three");
  g_assert_cmpuint (count_pool (f, &n_links), ==, 1);
  g_assert_cmpuint (n_links, ==, 3);
  g_assert_cmpuint (count_own (f), ==, 1);

  expunge (f, 1, 1);
  maintain (f);
  g_assert_cmpuint (count_own (f), ==, 1);
  expunge (f, 2, 2);
  maintain (f);
  g_assert_cmpuint (count_own (f), ==, 0);
  g_assert_cmpuint (count_pool (f, &n_links), ==, 1);
  g_assert_cmpuint (n_links, ==, 2);
}

static void
test_last_one (Fixture *f, gconstpointer data)
{
  guint n_links;

  append_large (f, &f->user, "one");
  expunge (f, 1, 1);
  maintain (f);
  g_assert_cmpuint (count_pool (f, &n_links), ==, 0);
  append_large (f, &f->user, "again");
  g_assert_cmpuint (count_pool (f, &n_links), ==, 1);
}

// Prepared for nobody, and prepared for one whose quota it exceeds: the pool keeps nothing.
static void
test_not_appended (Fixture *f, gconstpointer data)
{
  WdUser changes = { .quota_bytes = 10 };
  g_autoptr (GString) octets = make_large ("refused");
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (f->scratch, octets->str, (gssize) octets->len);
  g_autoptr (GError) error = NULL;
  WdAppend item = { .incoming = incoming };
  WdAppended out;
  guint32 uidvalidity;
  guint n_links;

  g_assert_true (
      wd_store_update_user (f->store, &f->user, &changes, WD_USER_FIELD_QUOTA, NULL, NULL));
  g_assert_false (
      wd_store_append (f->store, &f->actor, &f->inbox, &item, 1, &out, &uidvalidity, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_OVER_QUOTA);
  g_assert_cmpuint (count_pool (f, &n_links), ==, 1);
  g_clear_pointer (&incoming, wd_incoming_unref);
  g_assert_cmpuint (count_pool (f, &n_links), ==, 0);
}

// Somebody cleans up between the preparation and the commit.
static void
test_pool_emptied (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) octets = make_large ("twice");
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (f->scratch, octets->str, (gssize) octets->len);
  g_autofree char *pool = g_build_filename (wd_sqlite_store_get_dir (f->store), "parts", NULL);
  g_autoptr (GError) error = NULL;
  WdAppend item = { .incoming = incoming };
  WdId bob = wd_test_store_add_user (f->scratch, "bob", NULL);
  WdActor bob_actor = WD_ACTOR_SELF (bob);
  WdId bob_inbox = wd_test_store_get_mailbox (f->scratch, &bob, "INBOX");
  WdAppended out;
  guint32 uidvalidity;
  gsize len;

  g_assert_true (
      wd_store_append (f->store, &f->actor, &f->inbox, &item, 1, &out, &uidvalidity, NULL, &error));
  wd_test_store_remove_tree (pool);
  g_assert_true (wd_store_append (f->store, &bob_actor, &bob_inbox, &item, 1, &out, &uidvalidity,
                                  NULL, &error));
  g_assert_no_error (error);
  g_assert_true (read_all (f, &f->user, &len, &error));
  g_assert_cmpuint (len, ==, octets->len);
  g_assert_true (read_all (f, &bob, &len, &error));
  g_assert_cmpuint (len, ==, octets->len);
}

// Changes the user's database behind the store's back.
static void
tamper (Fixture *f, const char *sql)
{
  g_autofree char *path = g_build_filename (f->folder, "mail.db", NULL);
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_busy_timeout (db, 10000);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

typedef struct
{
  GString *found;
  gboolean all_repaired;
} Findings;

static void
note_finding (const WdStoreFinding *finding, gpointer data)
{
  Findings *findings = data;

  g_test_message ("%s: %s", finding->what, finding->detail);
  if (strstr (findings->found->str, finding->what) == NULL)
    g_string_append_printf (findings->found, "%s ", finding->what);
  findings->all_repaired = findings->all_repaired && finding->is_repaired;
}

static void
assert_check (Fixture *f, gboolean repair, const char *expected, gboolean all_repaired)
{
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  Findings findings = { found, TRUE };

  g_assert_true (
      wd_store_check (f->store, NULL, repair, note_finding, NULL, &findings, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (found->str, ==, expected);
  g_assert_cmpint (findings.all_repaired, ==, all_repaired);
}

static const struct
{
  const char *name;
  const char *sql;
  const char *finding;
} damages[] = {
  { "counters", "UPDATE mailbox SET n_unseen = 7, n_messages = 9 WHERE id = 1", "counters " },
  { "uidnext", "UPDATE mailbox SET uidnext = 2 WHERE id = 1", "counters " },
  { "quota", "UPDATE mailbox SET size_bytes = 1 WHERE id = 0", "quota " },
  { "quota-limit", "UPDATE owner SET quota_bytes = 5", "quota-limit " },
  { "map", "INSERT OR REPLACE INTO map VALUES (1, 3, x'ffff')", "uids " },
  { "flags", "INSERT OR REPLACE INTO flags VALUES (1 << 26, x'ff')", "flags " },
  { "flags-of-none", "INSERT INTO flags VALUES ((1 << 26) + 4000000, x'00010001')", "flags " },
  { "map-wrong", "DELETE FROM message WHERE uid = (SELECT max (uid) FROM message)",
    "counters uids quota orphan-content " },
  { "orphan",
    "INSERT INTO data SELECT 1000, coding, text_len, prefix, NULL, text FROM data LIMIT 1;"
    "INSERT INTO meta SELECT 1000, envelope, body, structure, sent_day, tree, preview FROM meta"
    " LIMIT 1",
    "counters orphan-content " },
  { "preview", "UPDATE meta SET preview = x'ff' WHERE content = (SELECT max (content) FROM meta)",
    "previews " },
  { "part-reference", "DELETE FROM part", "part-reference orphan-part " },
};

static void
test_mended (Fixture *f, gconstpointer data)
{
  gsize len;

  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_test_message ("%s", damages[i].name);
      append_large (f, &f->user, "one");
      append_large (f, &f->user, "two");
      maintain (f);
      assert_check (f, FALSE, "", TRUE);
      tamper (f, damages[i].sql);
      // Without mending, a part that is not known to be in use is only told of.
      assert_check (f, FALSE, damages[i].finding, FALSE);
      if (strcmp (damages[i].name, "part-reference") == 0)
        assert_check (f, TRUE, "part-reference ", TRUE);
      else
        assert_check (f, TRUE, damages[i].finding, TRUE);
      maintain (f);
      assert_check (f, FALSE, "", TRUE);
      g_assert_true (read_all (f, &f->user, &len, NULL));
      g_assert_cmpuint (len, >, 0);
      expunge (f, 1, G_MAXUINT32);
    }
}

static void
test_lost_content (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gsize len;

  append_large (f, &f->user, "one");
  tamper (f, "DELETE FROM data");
  assert_check (f, TRUE, "lost-content ", FALSE);
  g_assert_false (read_all (f, &f->user, &len, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
}

static char *
dup_only_part (Fixture *f)
{
  g_autofree char *dir = g_build_filename (f->folder, "parts", NULL);
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);

  return g_build_filename (dir, g_dir_read_name (entries), NULL);
}

static void
test_missing_part (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autofree char *pool = g_build_filename (wd_sqlite_store_get_dir (f->store), "parts", NULL);
  g_autoptr (GError) error = NULL;
  gsize len;

  append_large (f, &f->user, "one");
  path = dup_only_part (f);
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_false (read_all (f, &f->user, &len, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
  // The pool still has it.
  assert_check (f, TRUE, "missing-part ", TRUE);
  g_assert_true (read_all (f, &f->user, &len, NULL));

  g_assert_cmpint (unlink (path), ==, 0);
  wd_test_store_remove_tree (pool);
  assert_check (f, TRUE, "missing-part ", FALSE);
}

// Cut off, or with wrong octets: an error, and never other octets.
static void
test_damaged_part (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  gsize len = 0;

  append_large (f, &f->user, "one");
  path = dup_only_part (f);
  g_assert_cmpint (truncate (path, 100), ==, 0);
  (void) read_all (f, &f->user, &len, NULL);
  g_assert_cmpuint (len, ==, 0);
  g_assert_cmpint (truncate (path, 3), ==, 0);
  g_assert_false (read_all (f, &f->user, &len, NULL));
  assert_check (f, TRUE, "missing-part ", FALSE);
}

static void
test_damaged_tree (Fixture *f, gconstpointer data)
{
  gsize len;
  guint n;

  append_large (f, &f->user, "one");
  tamper (f, "UPDATE meta SET tree = x'00ff'");
  g_assert_true (read_all (f, &f->user, &len, NULL));
  g_assert_cmpuint (len, >, 0);

  // Searching walks the tree.
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_BODY);
  g_autoptr (WdUidSet) uids = NULL;

  expr->text = g_strdup ("same text");
  g_assert_true (wd_store_search (f->store, &f->actor, &f->inbox, expr, &uids, NULL, NULL, NULL));
  n = wd_uidset_get_count (uids);
  g_assert_cmpuint (n, ==, 1);
}

static void
test_damaged_file (Fixture *f, gconstpointer data)
{
  WdId bob = wd_test_store_add_user (f->scratch, "bob", NULL);
  g_autofree char *path = g_build_filename (f->folder, "mail.db", NULL);
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);
  g_autoptr (GError) error = NULL;
  gsize len;
  FILE *file;

  append_large (f, &f->user, "one");
  append_large (f, &bob, "one");
  maintain (f);
  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  unlink (wal);
  file = fopen (path, "r+");
  g_assert_nonnull (file);
  for (guint i = 0; i < 8192; i++)
    g_assert_cmpint (fputc (0x5a, file), ==, 0x5a);
  g_assert_cmpint (fclose (file), ==, 0);

  g_assert_null (wd_store_list_mailboxes (f->store, &f->actor, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
  assert_check (f, TRUE, "damaged ", FALSE);
  // Nobody else's.
  g_assert_true (read_all (f, &bob, &len, NULL));
  maintain (f);
}

static void
test_missing_folder (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  wd_test_store_remove_tree (f->folder);
  g_assert_null (wd_store_list_mailboxes (f->store, &f->actor, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
  assert_check (f, FALSE, "missing-mail ", FALSE);
  assert_check (f, TRUE, "missing-mail ", TRUE);
  assert_check (f, FALSE, "", TRUE);
  infos = wd_store_list_mailboxes (f->store, &f->actor, NULL, NULL);
  g_assert_cmpuint (infos->len, ==, 5);
}

// What may be on its way is left alone; what is old, belongs to nobody.
static void
test_orphans (Fixture *f, gconstpointer data)
{
  const char *state = wd_sqlite_store_get_dir (f->store);
  g_autofree char *folder
      = g_build_filename (state, "users", "ab", "0123456789abcdef012345ab", NULL);
  g_autofree char *pool = g_build_filename (state, "parts", "ab", NULL);
  g_autofree char *half = g_build_filename (pool, "new-abcdef", NULL);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (pool, 0700), ==, 0);
  g_assert_true (g_file_set_contents (half, "x", 1, NULL));
  assert_check (f, TRUE, "", TRUE);
  wd_core_clock_advance_for_test (2 * 3600 * (gint64) G_USEC_PER_SEC);
  assert_check (f, FALSE, "orphan-part orphan-user ", FALSE);
  assert_check (f, TRUE, "orphan-part orphan-user ", TRUE);
  assert_check (f, FALSE, "", TRUE);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void
test_user_deleted (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  guint n_addresses, n_links;

  append_large (f, &f->user, "one");
  g_assert_true (wd_store_delete_user (f->store, &f->user, &n_addresses, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (f->folder, G_FILE_TEST_EXISTS));
  g_assert_null (wd_store_list_mailboxes (f->store, &f->actor, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
  maintain (f);
  g_assert_cmpuint (count_pool (f, &n_links), ==, 0);
}

static guint
get_growth (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  WdSqliteUser *user;
  WdSqliteHandle *handle;
  guint n;

  g_assert_true (
      wd_sqlite_pool_take (wd_sqlite_store_get_pool (f->store), &f->user, &user, &handle, &error));
  g_assert_no_error (error);
  n = wd_sqlite_pool_get_wal_growth (user);
  wd_sqlite_pool_give (user, handle, TRUE);
  return n;
}

static void
change_flags (Fixture *f, WdUid uid, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);

  for (guint i = 0; i < n; i++)
    {
      WdFlagChange change
          = { .op = i % 2 == 0 ? WD_FLAG_OP_ADD : WD_FLAG_OP_REMOVE, .flags = WD_FLAG_SEEN };

      g_assert_true (wd_store_store_flags (f->store, &f->actor, &f->inbox, uids, &change, NULL,
                                           NULL, NULL, NULL, &error));
      g_assert_no_error (error);
    }
}

// A checkpoint is asked for by what has been written since the last one, and after one that got
// everything the WAL begins anew.
static void
test_wal_growth (Fixture *f, gconstpointer data)
{
  WdUid uid = append_large (f, &f->user, "one");
  guint before = get_growth (f);
  guint after;

  change_flags (f, uid, 20);
  after = get_growth (f);
  g_assert_cmpuint (after, >=, before + 20);
  wd_sqlite_maintain_user (f->store, &f->user, WD_SQLITE_CHORE_CHECKPOINT, NULL);
  g_assert_cmpuint (get_growth (f), ==, 0);
  change_flags (f, uid, 2);
  g_assert_cmpuint (get_growth (f), >, 0);
  g_assert_cmpuint (get_growth (f), <, after);
}

static void
test_newer_version (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  tamper (f, "PRAGMA user_version = 999");
  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  g_assert_null (wd_store_list_mailboxes (f->store, &f->actor, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
}

#define FORMAT_3 "ALTER TABLE meta DROP COLUMN preview;"
#define FORMAT_2                                                                                   \
  FORMAT_3                                                                                         \
  "DROP TABLE flags;"                                                                              \
  "CREATE TABLE changed (mailbox INTEGER NOT NULL, chunk INTEGER NOT NULL, runs BLOB NOT NULL,"    \
  " PRIMARY KEY (mailbox, chunk)) WITHOUT ROWID;"

static gboolean
note_flags (WdMessageRow *row, gpointer data)
{
  g_string_append_printf (data, "%u:%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT " ", row->uid,
                          row->flags, row->modseq);
  return TRUE;
}

// The mailbox to twice the messages.
static void
copy_all (Fixture *f)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (WdUidSet) from = NULL;
  g_autoptr (WdUidSet) to = NULL;
  g_autoptr (GError) error = NULL;
  guint32 uidvalidity;

  g_assert_true (wd_store_copy (f->store, &f->actor, &f->inbox, all, &f->inbox, FALSE, NULL, NULL,
                                &from, &to, &uidvalidity, NULL, &error));
  g_assert_no_error (error);
}

// A database with changed flags in chunks of 256: two runs, one of which goes over three of today's
// chunks, and another chunk that cannot be read.
static void
test_larger_chunks (Fixture *f, gconstpointer data)
{
  static const WdUidRange looks[] = { { 62, 65 }, { 199, 202 } };
  g_autoptr (WdUidSet) uids = wd_uidset_new ();
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: x\r\n\r\n", -1, 0);
  for (guint i = 0; i < 8; i++)
    copy_all (f);
  // Flags 4 and modseq 300 from 63 to 200, flags 8 and modseq 301 for 202.
  tamper (f, FORMAT_2 "INSERT INTO changed VALUES (1, 0, x'3f8a0104ac02' || x'010108ad02');"
                      "INSERT INTO changed VALUES (1, 1, x'ff');"
                      "PRAGMA user_version = 2");
  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  for (guint i = 0; i < G_N_ELEMENTS (looks); i++)
    wd_uidset_add_range (uids, looks[i].first, looks[i].last);
  g_assert_true (wd_store_fetch (f->store, &f->actor, &f->inbox, uids, WD_FETCH_ONLY_FLAGS, 0,
                                 note_flags, found, NULL, &error));
  g_assert_cmpstr (found->str, ==,
                   "62:0:8 63:4:300 64:4:300 65:4:300 199:4:300 200:4:300 201:0:10 202:8:301 ");
  wd_uidset_add (uids, 256);
  g_assert_false (wd_store_fetch (f->store, &f->actor, &f->inbox, uids, WD_FETCH_ONLY_FLAGS, 0,
                                  note_flags, found, NULL, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
}

// A database from before there were annotations.
static void
test_older_version (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) value = g_bytes_new_static ("x", 1);
  const WdMetadata entry = { (char *) "/private/a", value };
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;

  append_large (f, &f->user, "one");
  tamper (f, FORMAT_2 "DROP TABLE metadata; PRAGMA user_version = 1");
  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  g_assert_true (wd_store_set_metadata (f->store, &f->actor, &f->inbox, &entry, 1, NULL, &error));
  entries = wd_store_list_metadata (f->store, &f->actor, &f->inbox, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (entries->len, ==, 1);
  g_assert_cmpuint (
      wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: x\r\n\r\n", -1, 0), ==, 2);
}

static gboolean
note_preview (WdMessageRow *row, gpointer data)
{
  g_string_append_printf (data, "%u:%s ", row->uid, row->preview);
  return TRUE;
}

// Previews are kept with what comes, and made of what was there before they were.
static void
test_without_previews (Fixture *f, gconstpointer data)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: x\r\n\r\nold\r\n", -1, 0);
  tamper (f, FORMAT_3 "PRAGMA user_version = 3");
  wd_sqlite_pool_close_idle (wd_sqlite_store_get_pool (f->store));
  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: x\r\n\r\nnew\r\n", -1, 0);
  tamper (f, "UPDATE meta SET preview = preview || '!'");
  g_assert_true (wd_store_fetch (f->store, &f->actor, &f->inbox, all, WD_FETCH_PREVIEW, 0,
                                 note_preview, found, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (found->str, ==, "1:old 2:new! ");
}

static void
test_few_handles (Fixture *f, gconstpointer data)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (f->store);

  for (guint round = 0; round < 3; round++)
    for (guint i = 0; i < 6; i++)
      {
        g_autofree char *name = g_strdup_printf ("user%u", i);
        g_autoptr (WdUser) user = NULL;
        WdId id;

        g_assert_true (wd_store_find_user (f->store, name, &user, NULL, NULL));
        id = user != NULL ? user->id : wd_test_store_add_user (f->scratch, name, NULL);
        g_assert_cmpuint (
            wd_test_store_append (f->scratch, &id, "INBOX", "Subject: x\r\n\r\n", -1, 0), ==,
            round + 1);
        g_assert_cmpuint (wd_sqlite_pool_get_n_open (pool), <=, 2);
      }
}

static void
test_trimmed (Fixture *f, gconstpointer data)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (f->store);
  gsize len;

  append_large (f, &f->user, "one");
  g_assert_false (wd_sqlite_pool_trim (pool, &f->user));
  wd_core_clock_advance_for_test (10 * G_USEC_PER_SEC);
  g_assert_true (wd_sqlite_pool_trim (pool, &f->user));
  g_assert_cmpuint (wd_sqlite_pool_get_n_open (pool), ==, 1);
  g_assert_true (read_all (f, &f->user, &len, NULL));
  g_assert_cmpuint (len, >, 0);
}

// The index forgets what is gone once that is most of it.
static void
test_stale_index (Fixture *f, gconstpointer data)
{
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_BODY);
  g_autoptr (WdUidSet) uids = NULL;

  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: a\r\n\r\nneedle", -1, 0);
  maintain (f);
  tamper (f, "UPDATE owner SET n_index_stale = 5000");
  maintain (f);
  expr->text = g_strdup ("needle");
  g_assert_true (wd_store_search (f->store, &f->actor, &f->inbox, expr, &uids, NULL, NULL, NULL));
  g_assert_cmpuint (wd_uidset_get_count (uids), ==, 1);
}

static void
assert_needles (Fixture *f, guint expected)
{
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_BODY);
  g_autoptr (WdUidSet) uids = NULL;

  expr->text = g_strdup ("needle");
  g_assert_true (wd_store_search (f->store, &f->actor, &f->inbox, expr, &uids, NULL, NULL, NULL));
  g_assert_cmpuint (wd_uidset_get_count (uids), ==, expected);
}

// Few contents in a mailbox of so many stretches that it is walked through instead.
static void
test_mixed_mailbox (Fixture *f, gconstpointer data)
{
  guint n = 2;

  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: a\r\n\r\nneedle", -1, 0);
  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: a\r\n\r\nhay", -1, 0);
  maintain (f);
  for (; n / 2 < WD_LIMIT_SEARCH_MAP_RUNS; n *= 2)
    copy_all (f);
  assert_needles (f, n / 2);
  wd_test_store_append (f->scratch, &f->user, "INBOX", "Subject: a\r\n\r\nneedle", -1, 0);
  assert_needles (f, n / 2 + 1);
  copy_all (f);
  assert_needles (f, n + 2);
  assert_needles (f, n + 2);
}

static const WdStoreOptions two_users = { .max_open_users = 2 };

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
    const WdStoreOptions *options;
  } tests[] = {
    { "/store/sqlite-mail/shared", test_shared, NULL },
    { "/store/sqlite-mail/last-one", test_last_one, NULL },
    { "/store/sqlite-mail/not-appended", test_not_appended, NULL },
    { "/store/sqlite-mail/pool-emptied", test_pool_emptied, NULL },
    { "/store/sqlite-mail/mended", test_mended, NULL },
    { "/store/sqlite-mail/lost-content", test_lost_content, NULL },
    { "/store/sqlite-mail/missing-part", test_missing_part, NULL },
    { "/store/sqlite-mail/damaged-part", test_damaged_part, NULL },
    { "/store/sqlite-mail/damaged-tree", test_damaged_tree, NULL },
    { "/store/sqlite-mail/damaged-file", test_damaged_file, NULL },
    { "/store/sqlite-mail/missing-folder", test_missing_folder, NULL },
    { "/store/sqlite-mail/user-deleted", test_user_deleted, NULL },
    { "/store/sqlite-mail/wal-growth", test_wal_growth, NULL },
    { "/store/sqlite-mail/newer-version", test_newer_version, NULL },
    { "/store/sqlite-mail/older-version", test_older_version, NULL },
    { "/store/sqlite-mail/larger-chunks", test_larger_chunks, NULL },
    { "/store/sqlite-mail/without-previews", test_without_previews, NULL },
    { "/store/sqlite-mail/few-handles", test_few_handles, &two_users },
    { "/store/sqlite-mail/trimmed", test_trimmed, NULL },
    { "/store/sqlite-mail/stale-index", test_stale_index, NULL },
    { "/store/sqlite-mail/mixed-mailbox", test_mixed_mailbox, NULL },
    { "/store/sqlite-mail/orphans", test_orphans, NULL },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, tests[i].options, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
