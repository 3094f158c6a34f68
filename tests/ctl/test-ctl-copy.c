// SPDX-License-Identifier: EUPL-1.2
// wildduckctl store copy, between all backends that there are: nothing is lost or different, what
// was killed goes on, and what is not to be overwritten is left alone.
#include "config.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "store-transfer.h"
#include "test-store.h"

#define N_MANY 1500

typedef struct
{
  const char *from;
  const char *to;
} Pair;

typedef struct
{
  WdTestStore *from;
  WdTestStore *to;
  WdId user;
  WdActor actor;
  GString *differences;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  const Pair *pair = data;

  f->from = wd_test_store_new_of (pair->from, NULL);
  f->to = wd_test_store_new_of (pair->to, NULL);
  f->user = wd_test_store_add_user (f->from, "anna", "anna@example.com");
  f->actor = WD_ACTOR_SELF (f->user);
  f->differences = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wd_test_store_free (f->to);
  wd_test_store_free (f->from);
  g_string_free (f->differences, TRUE);
}

#define assert_works(call)                                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    GError *error = NULL;                                                                          \
    gboolean works_ = (call);                                                                      \
    g_assert_no_error (error);                                                                     \
    g_assert_true (works_);                                                                        \
  }                                                                                                \
  G_STMT_END

static void
note_difference (const char *detail, gpointer user_data)
{
  g_string_append_printf (user_data, "%s\n", detail);
}

static gboolean
transfer (Fixture *f, WdTransferReport *report, GError **error)
{
  const WdTransferFuncs funcs = { NULL, note_difference, f->differences };

  g_string_truncate (f->differences, 0);
  return wd_transfer_user (wd_test_store_get (f->from), wd_test_store_get (f->to), &f->user, &funcs,
                           report, NULL, error);
}

static void
assert_copied (Fixture *f, guint64 n_added, guint64 n_changed, guint64 n_removed)
{
  WdTransferReport report = { 0 };

  assert_works (transfer (f, &report, &error));
  g_assert_cmpstr (f->differences->str, ==, "");
  g_assert_cmpuint (report.n_added, ==, n_added);
  g_assert_cmpuint (report.n_changed, ==, n_changed);
  g_assert_cmpuint (report.n_removed, ==, n_removed);
  g_assert_cmpuint (report.n_verified, ==, report.n_messages);
}

static void
change_flags (Fixture *f, const char *path, WdUid uid, const char *keyword)
{
  WdStore *store = wd_test_store_get (f->from);
  WdId box = wd_test_store_get_mailbox (f->from, &f->user, path);
  const char *names[] = { keyword, NULL };
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  WdFlagChange change = { .op = WD_FLAG_OP_ADD };

  assert_works (
      wd_store_intern_keywords (store, &f->actor, &box, names, TRUE, &change.flags, NULL, &error));
  assert_works (
      wd_store_store_flags (store, &f->actor, &box, uids, &change, NULL, NULL, NULL, NULL, &error));
}

static void
expunge (WdTestStore *scratch, Fixture *f, const char *path, WdUid uid)
{
  WdId box = wd_test_store_get_mailbox (scratch, &f->user, path);
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  g_autoptr (WdUidSet) gone = NULL;
  WdModseq modseq;

  assert_works (wd_store_expunge (wd_test_store_get (scratch), &f->actor, &box, uids, TRUE, &gone,
                                  &modseq, NULL, &error));
}

// Mailboxes of all kinds, a large part, an empty message, gaps, keywords, annotations.
static void
fill (Fixture *f)
{
  WdStore *store = wd_test_store_get (f->from);
  g_autoptr (GString) large = g_string_new ("Subject: large\r\nContent-Type: application/x\r\n"
                                            "Content-Transfer-Encoding: base64\r\n\r\n");
  g_autoptr (GBytes) value = g_bytes_new_static ("v\0w", 3);
  const WdMetadata note = { (char *) "/private/comment", value };
  const WdAddress alias
      = { .user = f->user, .address = (char *) "a.nna@example.org", .name = (char *) "A" };
  const WdUser changes = { .password_hash = (char *) "$6$salt$hash",
                           .scram = (char *) "s",
                           .quota_bytes = 123456789,
                           .extra_json = (char *) "{\"a\":1}",
                           .name = (char *) "Anna" };
  WdId box, id;

  for (guint i = 0; i < 4000; i++)
    g_string_append_printf (large, "%08x%064x\r\n", i * 2654435761u, i);
  assert_works (wd_store_update_user (store, &f->user, &changes,
                                      WD_USER_FIELD_PASSWORD | WD_USER_FIELD_QUOTA
                                          | WD_USER_FIELD_EXTRA | WD_USER_FIELD_NAME,
                                      NULL, &error));
  assert_works (wd_store_create_address (store, &alias, &id, NULL, &error));
  assert_works (wd_store_create_mailbox (store, &f->actor, "Work/Old", WD_SPECIAL_USE_ARCHIVE,
                                         "{\"hidden\":true}", &box, NULL, &error));
  assert_works (wd_store_set_subscribed (store, &f->actor, "Work/Old", TRUE, NULL, &error));
  assert_works (wd_store_set_subscribed (store, &f->actor, "Nowhere", TRUE, NULL, &error));
  assert_works (wd_store_set_subscribed (store, &f->actor, "Junk", FALSE, NULL, &error));
  assert_works (wd_store_set_metadata (store, &f->actor, &box, &note, 1, NULL, &error));
  assert_works (wd_store_set_metadata (store, &f->actor, NULL, &note, 1, NULL, &error));
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *text = g_strdup_printf ("Subject: %u\r\n\r\nText %u.\r\n", i, i);

      wd_test_store_append (f->from, &f->user, "INBOX", text, -1, i % 3 == 0 ? WD_FLAG_SEEN : 0);
    }
  wd_test_store_append (f->from, &f->user, "Work/Old", large->str, (gssize) large->len,
                        WD_FLAG_FLAGGED);
  wd_test_store_append (f->from, &f->user, "Work/Old", "", 0, 0);
  change_flags (f, "INBOX", 3, "$Later");
  change_flags (f, "INBOX", 5, "$Other");
  expunge (f->from, f, "INBOX", 1);
  expunge (f->from, f, "INBOX", 11);
  expunge (f->from, f, "INBOX", 20);
}

static void
assert_account (Fixture *f)
{
  g_autoptr (WdUser) from = wd_store_get_user (wd_test_store_get (f->from), &f->user, NULL, NULL);
  g_autoptr (WdUser) to = wd_store_get_user (wd_test_store_get (f->to), &f->user, NULL, NULL);
  g_autoptr (GPtrArray) addresses
      = wd_store_list_addresses (wd_test_store_get (f->to), &f->user, NULL, NULL);
  g_autoptr (GPtrArray) subscriptions
      = wd_store_list_subscriptions (wd_test_store_get (f->to), &f->actor, NULL, NULL);
  g_autoptr (GPtrArray) notes
      = wd_store_list_metadata (wd_test_store_get (f->to), &f->actor, NULL, NULL, NULL);

  g_assert_cmpstr (to->username, ==, from->username);
  g_assert_cmpstr (to->name, ==, "Anna");
  g_assert_cmpstr (to->address, ==, "anna@example.com");
  g_assert_cmpstr (to->password_hash, ==, "$6$salt$hash");
  g_assert_cmpstr (to->scram, ==, "s");
  g_assert_cmpstr (to->extra_json, ==, "{\"a\":1}");
  g_assert_cmpuint (to->quota_bytes, ==, 123456789);
  g_assert_cmpuint (to->used_bytes, ==, from->used_bytes);
  g_assert_cmpint (to->created_ms, ==, from->created_ms);
  g_assert_false (to->disabled);
  g_assert_cmpuint (addresses->len, ==, 2);
  g_assert_true (g_ptr_array_find_with_equal_func (subscriptions, "Nowhere", g_str_equal, NULL));
  g_assert_true (g_ptr_array_find_with_equal_func (subscriptions, "Work/Old", g_str_equal, NULL));
  g_assert_false (g_ptr_array_find_with_equal_func (subscriptions, "Junk", g_str_equal, NULL));
  g_assert_cmpuint (notes->len, ==, 1);
  g_assert_cmpstr (((WdMetadata *) notes->pdata[0])->name, ==, "/private/comment");
}

static void
test_whole (Fixture *f, gconstpointer data)
{
  WdStore *store = wd_test_store_get (f->from);
  WdId box;

  fill (f);
  assert_copied (f, 19, 0, 0);
  assert_account (f);
  assert_copied (f, 0, 0, 0);

  // What is new, has changed, or has gone.
  wd_test_store_append (f->from, &f->user, "INBOX", "Subject: new\r\n\r\n", -1, 0);
  change_flags (f, "INBOX", 4, "$Later");
  expunge (f->from, f, "INBOX", 7);
  box = wd_test_store_get_mailbox (f->from, &f->user, "Work/Old");
  assert_works (wd_store_rename_mailbox (store, &f->actor, &box, "Work/Older", NULL, &error));
  box = wd_test_store_get_mailbox (f->from, &f->user, "Junk");
  assert_works (wd_store_delete_mailbox (store, &f->actor, &box, NULL, &error));
  assert_copied (f, 1, 1, 1);
  assert_account (f);
}

// The target was used since: its mail would be lost.
static void
test_used (Fixture *f, gconstpointer data)
{
  WdTransferReport report;
  g_autoptr (GError) error = NULL;

  fill (f);
  assert_copied (f, 19, 0, 0);
  wd_test_store_append (f->to, &f->user, "INBOX", "Subject: there\r\n\r\n", -1, 0);
  g_assert_false (transfer (f, &report, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CONFLICT);
}

static void
test_other (Fixture *f, gconstpointer data)
{
  WdTransferReport report;
  g_autoptr (GError) error = NULL;
  WdId other = wd_test_store_add_user (f->to, "anna", NULL);
  g_autoptr (WdUser) left = NULL;

  g_assert_false (transfer (f, &report, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS);
  left = wd_store_get_user (wd_test_store_get (f->to), &other, NULL, NULL);
  g_assert_nonnull (left);
  g_assert_false (left->disabled);
}

static GSubprocess *
spawn (Fixture *f, const char *to)
{
  g_autofree char *program
      = g_test_build_filename (G_TEST_BUILT, "..", "src", "ctl", "wildduckctl", NULL);
  g_autofree char *runtime
      = g_strdup_printf ("--set=store.runtime-dir=%s/run", wd_test_store_get_dir (f->from));
  g_autoptr (GError) error = NULL;
  GSubprocess *process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                          &error, program, "--config=/dev/null", runtime, "store", "copy",
                          wd_test_store_get_options (f->from)->uri, to, NULL);

  g_assert_no_error (error);
  return process;
}

static guint32
count_there (Fixture *f)
{
  g_autoptr (WdMailboxInfo) info = NULL;

  // There is no such user yet.
  if (!wd_store_find_mailbox (wd_test_store_get (f->to), &f->actor, "INBOX", &info, NULL, NULL))
    return 0;
  return info == NULL ? 0 : info->n_messages;
}

// Killed in the middle, then run again: all is there once.
static void
test_killed (Fixture *f, gconstpointer data)
{
  const char *to = wd_test_store_get_options (f->to)->uri;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GSubprocess) again = NULL;
  g_autoptr (WdUser) half = NULL;
  g_autoptr (WdUser) whole = NULL;
  guint32 n_there;

  for (guint i = 0; i < N_MANY; i++)
    {
      g_autofree char *text = g_strdup_printf ("Subject: %u\r\n\r\nText %u.\r\n", i, i);

      wd_test_store_append (f->from, &f->user, "INBOX", text, -1, 0);
    }
  process = spawn (f, to);
  while (count_there (f) == 0)
    g_thread_yield ();
  g_subprocess_send_signal (process, SIGKILL);
  assert_works (g_subprocess_wait (process, NULL, &error));
  g_assert_true (g_subprocess_get_if_signaled (process));
  n_there = count_there (f);
  g_test_message ("killed at %u of %u", n_there, N_MANY);
  half = wd_store_get_user (wd_test_store_get (f->to), &f->user, NULL, NULL);
  g_assert_true (half->disabled);

  again = spawn (f, to);
  assert_works (g_subprocess_wait (again, NULL, &error));
  g_assert_cmpint (g_subprocess_get_exit_status (again), ==, 0);
  g_assert_cmpuint (count_there (f), ==, N_MANY);
  whole = wd_store_get_user (wd_test_store_get (f->to), &f->user, NULL, NULL);
  g_assert_false (whole->disabled);
  assert_copied (f, 0, 0, 0);
}

// Bad uris.
static void
test_uris (Fixture *f, gconstpointer data)
{
  static const char *const bad[] = { "nothing:/x", "sqlite:relative", "sqlite:/dev/null/x" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GSubprocess) process = spawn (f, bad[i]);

      assert_works (g_subprocess_wait (process, NULL, &error));
      g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 1);
    }
}

static void
add (const Pair *pair)
{
  static const struct
  {
    const char *name;
    void (*func) (Fixture *f, gconstpointer data);
  } cases[] = {
    { "whole", test_whole },
    { "used", test_used },
    { "other", test_other },
    { "killed", test_killed },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path
          = g_strdup_printf ("/ctl/copy/%s/%s/%s", pair->from, pair->to, cases[i].name);

      g_test_add (path, Fixture, pair, set_up, cases[i].func, tear_down);
    }
}

int
main (int argc, char **argv)
{
  static Pair pairs[16];
  const char *const *backends;
  guint n = 0;

  g_test_init (&argc, &argv, NULL);
  backends = wd_test_store_list_backends ();
  for (guint i = 0; backends[i] != NULL; i++)
    for (guint k = 0; backends[k] != NULL; k++)
      {
        pairs[n] = (Pair){ backends[i], backends[k] };
        add (&pairs[n++]);
      }
  g_test_add ("/ctl/copy/uris", Fixture, &pairs[0], set_up, test_uris, tear_down);
  return g_test_run ();
}
