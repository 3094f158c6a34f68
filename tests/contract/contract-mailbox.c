// SPDX-License-Identifier: EUPL-1.2
// Mailboxes: names, the tree, states, subscriptions.
#include "config.h"

#include <string.h>

#include "contract-util.h"
#include "core-limits.h"

const char contract_area[] = "mailbox";

static char *
dup_paths (Contract *contract)
{
  g_autoptr (GPtrArray) infos = NULL;
  GString *text = g_string_new (NULL);

  contract_assert_works (
      (infos = wd_store_list_mailboxes (contract->store, &contract->actor, NULL, &error)) != NULL);
  for (guint i = 0; i < infos->len; i++)
    {
      const WdMailboxInfo *info = g_ptr_array_index (infos, i);

      g_string_append_printf (text, "%s%s%s", i == 0 ? "" : ", ", info->path,
                              info->has_children ? "+" : "");
    }
  return g_string_free (text, FALSE);
}

static void
assert_paths (Contract *contract, const char *expected)
{
  g_autofree char *paths = dup_paths (contract);

  g_assert_cmpstr (paths, ==, expected);
}

static gboolean
try_create (Contract *contract, const char *path, GError **error)
{
  WdId id;

  return wd_store_create_mailbox (contract->store, &contract->actor, path, WD_SPECIAL_USE_NONE,
                                  NULL, &id, NULL, error);
}

static gboolean
try_rename (Contract *contract, const WdId *box, const char *path, GError **error)
{
  return wd_store_rename_mailbox (contract->store, &contract->actor, box, path, NULL, error);
}

static void
test_defaults (Contract *contract)
{
  static const struct
  {
    const char *path;
    WdSpecialUse use;
  } expected[] = {
    { "INBOX", WD_SPECIAL_USE_INBOX }, { "Drafts", WD_SPECIAL_USE_DRAFTS },
    { "Junk", WD_SPECIAL_USE_JUNK },   { "Sent Mail", WD_SPECIAL_USE_SENT },
    { "Trash", WD_SPECIAL_USE_TRASH },
  };

  g_autoptr (GPtrArray) infos = NULL;

  contract_assert_works (
      (infos = wd_store_list_mailboxes (contract->store, &contract->actor, NULL, &error)) != NULL);
  g_assert_cmpuint (infos->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < infos->len; i++)
    {
      const WdMailboxInfo *info = g_ptr_array_index (infos, i);

      g_assert_cmpstr (info->path, ==, expected[i].path);
      g_assert_cmpint (info->special_use, ==, expected[i].use);
      g_assert_true (info->subscribed);
      g_assert_cmpuint (info->uidnext, ==, 1);
      g_assert_cmpuint (info->highest_modseq, ==, 1);
      g_assert_cmpuint (info->uidvalidity, >, 0);
    }
}

static void
test_create (Contract *contract)
{
  g_autoptr (WdMailboxInfo) info = NULL;
  WdId id = contract_create (contract, "Lists/deep/er");

  assert_paths (contract,
                "INBOX, Drafts, Junk, Lists+, Lists/deep+, Lists/deep/er, Sent Mail, Trash");
  contract_assert_fails (try_create (contract, "Lists/deep", &error), WD_STORE_ERROR_EXISTS);
  contract_assert_fails (try_create (contract, "inbox", &error), WD_STORE_ERROR_EXISTS);

  // Octets before the separator sort behind what is below.
  contract_create (contract, "Lists!");
  contract_create (contract, "iNbOx/sub");
  assert_paths (contract, "INBOX+, INBOX/sub, Drafts, Junk, Lists+, Lists/deep+, Lists/deep/er, "
                          "Lists!, Sent Mail, Trash");

  info = contract_info (contract, &id);
  g_assert_cmpstr (info->path, ==, "Lists/deep/er");
  g_assert_false (info->subscribed);
  g_assert_false (info->has_children);
}

static void
test_extra (Contract *contract)
{
  g_autoptr (WdMailboxInfo) before = NULL;
  g_autoptr (WdMailboxInfo) after = NULL;
  WdId id;

  contract_assert_works (wd_store_create_mailbox (contract->store, &contract->actor, "Archive",
                                                  WD_SPECIAL_USE_ARCHIVE, "{\"hidden\":true}", &id,
                                                  NULL, &error));
  before = contract_info (contract, &id);
  g_assert_cmpint (before->special_use, ==, WD_SPECIAL_USE_ARCHIVE);
  g_assert_cmpstr (before->extra_json, ==, "{\"hidden\":true}");

  contract_assert_works (
      wd_store_set_mailbox_extra (contract->store, &contract->actor, &id, NULL, NULL, &error));
  after = contract_info (contract, &id);
  g_assert_null (after->extra_json);
}

static void
test_names (Contract *contract)
{
  static const char *const bad[] = {
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "a\tb",
    "a\nb",
    ("a\x7f"
     "b"),
    "\xff\xfe",
    "a\xc2\x85",
    "\xe2\x80\xa8",
  };
  g_autoptr (WdMailboxInfo) found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    contract_assert_fails (try_create (contract, bad[i], &error), WD_STORE_ERROR_INVALID);

  // Composed and decomposed are one name.
  contract_create (contract, "Entw\xc3\xbcrfe");
  contract_assert_fails (try_create (contract, "Entwu\xcc\x88rfe", &error), WD_STORE_ERROR_EXISTS);
  contract_assert_works (wd_store_find_mailbox (contract->store, &contract->actor,
                                                "Entwu\xcc\x88rfe", &found, NULL, &error));
  g_assert_cmpstr (found->path, ==, "Entw\xc3\xbcrfe");
}

static void
test_find (Contract *contract)
{
  g_autoptr (WdMailboxInfo) found = NULL;
  WdMailboxInfo *none = NULL;
  WdId nobody;

  contract_assert_works (
      wd_store_find_mailbox (contract->store, &contract->actor, "INBOX", &found, NULL, &error));
  g_assert_nonnull (found);
  contract_assert_works (
      wd_store_find_mailbox (contract->store, &contract->actor, "nowhere", &none, NULL, &error));
  g_assert_null (none);
  contract_assert_works (
      wd_store_find_mailbox (contract->store, &contract->actor, "no//path", &none, NULL, &error));
  g_assert_null (none);
  wd_core_id_new (&nobody);
  contract_assert_fails (
      wd_store_get_mailbox (contract->store, &contract->actor, &nobody, NULL, &error) != NULL,
      WD_STORE_ERROR_NOT_FOUND);
}

static void
test_path_limits (Contract *contract)
{
  g_autoptr (GString) longest = g_string_new (NULL);
  g_autoptr (GString) deepest = g_string_new ("d");

  for (guint i = 0; i < WD_LIMIT_MAILBOX_PATH_BYTES; i++)
    g_string_append_c (longest, 'x');
  contract_create (contract, longest->str);
  g_string_append_c (longest, 'x');
  contract_assert_fails (try_create (contract, longest->str, &error), WD_STORE_ERROR_INVALID);
  g_string_truncate (longest, WD_LIMIT_MAILBOX_PATH_BYTES - 1);
  contract_create (contract, longest->str);

  for (guint i = 1; i < WD_LIMIT_MAILBOX_LEVELS; i++)
    g_string_append (deepest, "/d");
  contract_create (contract, deepest->str);
  g_string_append (deepest, "/d");
  contract_assert_fails (try_create (contract, deepest->str, &error), WD_STORE_ERROR_INVALID);
}

static void
test_rename (Contract *contract)
{
  WdId a = contract_create (contract, "a");
  WdId b = contract_create (contract, "a/b");
  g_autoptr (WdMailboxInfo) info = NULL;

  contract_create (contract, "a!");
  contract_assert_works (try_rename (contract, &a, "x/y", &error));
  assert_paths (contract, "INBOX, Drafts, Junk, Sent Mail, Trash, a!, x+, x/y+, x/y/b");
  info = contract_info (contract, &b);
  g_assert_cmpstr (info->path, ==, "x/y/b");

  contract_assert_fails (try_rename (contract, &a, "x", &error), WD_STORE_ERROR_EXISTS);
  contract_assert_fails (try_rename (contract, &a, "Inbox", &error), WD_STORE_ERROR_EXISTS);
  contract_assert_fails (try_rename (contract, &a, "x/y", &error), WD_STORE_ERROR_EXISTS);
  contract_assert_fails (try_rename (contract, &a, "x/y/z", &error), WD_STORE_ERROR_INVALID);
  contract_assert_fails (try_rename (contract, &a, "z/", &error), WD_STORE_ERROR_INVALID);
  wd_core_id_new (&a);
  contract_assert_fails (try_rename (contract, &a, "z", &error), WD_STORE_ERROR_NOT_FOUND);
}

// An inferior that would become too long keeps all of the tree where it is.
static void
test_rename_too_long (Contract *contract)
{
  g_autofree char *name = g_strnfill (WD_LIMIT_MAILBOX_PATH_BYTES - 10, 'x');
  g_autofree char *below = g_strconcat ("a/", name, NULL);
  WdId a = contract_create (contract, "a");
  g_autoptr (WdMailboxInfo) info = NULL;

  contract_create (contract, below);
  contract_assert_fails (try_rename (contract, &a, "a much longer name", &error),
                         WD_STORE_ERROR_INVALID);
  info = contract_info (contract, &a);
  g_assert_cmpstr (info->path, ==, "a");
}

static void
test_rename_inbox (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxInfo) old = NULL;
  g_autoptr (WdMailboxInfo) new = NULL;
  WdId moved;

  contract_create (contract, "INBOX/below");
  contract_append_many (contract, 3);
  contract_assert_works (try_rename (contract, &inbox, "Old", &error));
  assert_paths (contract, "INBOX+, INBOX/below, Drafts, Junk, Old, Sent Mail, Trash");

  old = contract_info (contract, &inbox);
  g_assert_cmpuint (old->n_messages, ==, 0);
  g_assert_cmpuint (old->uidnext, ==, 4);
  moved = contract_box (contract, "Old");
  new = contract_info (contract, &moved);
  g_assert_cmpuint (new->n_messages, ==, 3);
  g_assert_cmpuint (new->uidvalidity, !=, old->uidvalidity);
  contract_assert_changes (contract, &inbox, 4, "", "", "1:3");
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

static void
test_delete (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId a = contract_create (contract, "a");
  g_autoptr (WdMailboxInfo) first = contract_info (contract, &a);
  g_autoptr (WdMailboxInfo) second = NULL;
  g_autoptr (WdMailboxChanges) changes = NULL;
  WdQuota quota;
  WdId again;

  contract_create (contract, "a/b");
  contract_append_many (contract, 3);
  contract_copy (contract, &inbox, "1:3", &a, FALSE);
  contract_assert_fails (
      wd_store_delete_mailbox (contract->store, &contract->actor, &inbox, NULL, &error),
      WD_STORE_ERROR_FORBIDDEN);
  contract_assert_works (
      wd_store_delete_mailbox (contract->store, &contract->actor, &a, NULL, &error));
  assert_paths (contract, "INBOX, Drafts, Junk, Sent Mail, Trash, a/b");
  contract_assert_fails (
      wd_store_delete_mailbox (contract->store, &contract->actor, &a, NULL, &error),
      WD_STORE_ERROR_NOT_FOUND);

  contract_assert_works ((changes = wd_store_list_changes (contract->store, &contract->actor, &a, 1,
                                                           FALSE, 0, NULL, &error))
                         != NULL);
  g_assert_true (changes->is_gone);
  contract_assert_works (
      wd_store_get_quota (contract->store, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.n_messages, ==, 3);

  // The same name is another mailbox: clients must not take what they know of the old one for it.
  again = contract_create (contract, "a");
  second = contract_info (contract, &again);
  g_assert_cmpuint (second->uidvalidity, >, first->uidvalidity);
  g_assert_false (wd_core_id_is_equal (&second->id, &first->id));
  g_assert_true (second->has_children);
}

static void
set_subscribed (Contract *contract, const char *path, gboolean subscribed)
{
  contract_assert_works (
      wd_store_set_subscribed (contract->store, &contract->actor, path, subscribed, NULL, &error));
}

static void
assert_subscriptions (Contract *contract, const char *expected)
{
  g_autoptr (GPtrArray) paths = NULL;
  g_autofree char *text = NULL;

  contract_assert_works (
      (paths = wd_store_list_subscriptions (contract->store, &contract->actor, NULL, &error))
      != NULL);
  g_ptr_array_add (paths, NULL);
  text = g_strjoinv (", ", (char **) paths->pdata);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_subscriptions (Contract *contract)
{
  WdId a = contract_create (contract, "a");
  g_autoptr (WdMailboxInfo) info = NULL;

  assert_subscriptions (contract, "INBOX, Drafts, Junk, Sent Mail, Trash");
  set_subscribed (contract, "a", TRUE);
  set_subscribed (contract, "a", TRUE);
  set_subscribed (contract, "nowhere", TRUE);
  set_subscribed (contract, "Junk", FALSE);
  set_subscribed (contract, "Junk", FALSE);
  assert_subscriptions (contract, "INBOX, Drafts, Sent Mail, Trash, a, nowhere");
  info = contract_info (contract, &a);
  g_assert_true (info->subscribed);

  // RFC 3501 6.3.6: not taken out because the mailbox is no more.
  contract_assert_works (
      wd_store_delete_mailbox (contract->store, &contract->actor, &a, NULL, &error));
  assert_subscriptions (contract, "INBOX, Drafts, Sent Mail, Trash, a, nowhere");
}

static void
test_select (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxState) empty = contract_select (contract, &inbox, TRUE);
  g_autoptr (WdMailboxState) state = NULL;
  g_autofree char *expunged = NULL;

  g_assert_true (wd_uidset_is_empty (empty->uids));
  g_assert_cmpuint (empty->first_unseen, ==, 0);
  g_assert_cmpuint (empty->first_recent, ==, 1);

  contract_append_many (contract, 6);
  contract_flags (contract, &inbox, "1,2,4", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_flags (contract, &inbox, "6", WD_FLAG_OP_ADD, WD_FLAG_DELETED);
  expunged = contract_expunge (contract, &inbox, "2,5");
  g_assert_cmpstr (expunged, ==, "2,5");

  state = contract_select (contract, &inbox, FALSE);
  contract_assert_set (state->uids, "1,3:4,6");
  g_assert_cmpuint (state->first_unseen, ==, 3);
  g_assert_cmpuint (state->info->n_messages, ==, 4);
  g_assert_cmpuint (state->info->n_unseen, ==, 2);
  g_assert_cmpuint (state->info->n_deleted, ==, 1);
  g_assert_cmpuint (state->info->n_recent, ==, 4);
  g_assert_cmpuint (state->info->uidnext, ==, 7);
}

static void
assert_first_unseen (Contract *contract, const WdId *box, WdUid expected)
{
  g_autoptr (WdMailboxState) state = contract_select (contract, box, TRUE);

  g_assert_cmpuint (state->first_unseen, ==, expected);
}

static void
test_first_unseen (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autofree char *expunged = NULL;

  contract_append_many (contract, 200);
  assert_first_unseen (contract, &inbox, 1);
  contract_flags (contract, &inbox, "1:150", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  assert_first_unseen (contract, &inbox, 151);
  assert_first_unseen (contract, &inbox, 151);
  contract_flags (contract, &inbox, "70", WD_FLAG_OP_REMOVE, WD_FLAG_SEEN);
  assert_first_unseen (contract, &inbox, 70);
  contract_flags (contract, &inbox, "60", WD_FLAG_OP_REPLACE, WD_FLAG_FLAGGED);
  assert_first_unseen (contract, &inbox, 60);
  contract_flags (contract, &inbox, "60,70", WD_FLAG_OP_REPLACE, WD_FLAG_SEEN);
  assert_first_unseen (contract, &inbox, 151);
  contract_flags (contract, &inbox, "1:200", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  assert_first_unseen (contract, &inbox, 0);
  contract_append_many (contract, 1);
  assert_first_unseen (contract, &inbox, 201);
  expunged = contract_expunge (contract, &inbox, "201");
  assert_first_unseen (contract, &inbox, 0);
}

static void
test_recent (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxState) examined = NULL;
  g_autoptr (WdMailboxState) first = NULL;
  g_autoptr (WdMailboxState) second = NULL;
  g_autoptr (WdMailboxInfo) info = NULL;
  g_autoptr (WdMailboxChanges) changes = NULL;

  contract_append_many (contract, 3);
  examined = contract_select (contract, &inbox, FALSE);
  g_assert_cmpuint (examined->first_recent, ==, 1);
  g_assert_cmpuint (examined->info->n_recent, ==, 3);
  first = contract_select (contract, &inbox, TRUE);
  g_assert_cmpuint (first->first_recent, ==, 1);
  second = contract_select (contract, &inbox, TRUE);
  g_assert_cmpuint (second->first_recent, ==, 4);
  g_assert_cmpuint (second->info->n_recent, ==, 0);

  contract_append_many (contract, 2);
  contract_assert_works (
      (changes = wd_store_list_changes (contract->store, &contract->actor, &inbox,
                                        second->info->highest_modseq, TRUE, 0, NULL, &error))
      != NULL);
  contract_assert_set (changes->added, "4:5");
  g_assert_cmpuint (changes->first_recent, ==, 4);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_recent, ==, 0);
}

static void
test_keywords (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  const char *const two[] = { "$Forwarded", "Work", NULL };
  const char *const again[] = { "work", "unknown", NULL };
  static const char *const bad[] = { "", "a b", "a(b", "\\Seen", "a\x01", "a\xc3\xbc", "a]" };
  g_autoptr (WdMailboxState) state = NULL;
  g_autoptr (WdMailboxChanges) changes = NULL;
  WdFlags mask = 0, known = 0;

  contract_assert_works (wd_store_intern_keywords (contract->store, &contract->actor, &inbox, two,
                                                   TRUE, &mask, NULL, &error));
  g_assert_cmphex (mask, ==, WD_FLAG_KEYWORD (0) | WD_FLAG_KEYWORD (1));
  contract_assert_works (wd_store_intern_keywords (contract->other, &contract->actor, &inbox, again,
                                                   FALSE, &known, NULL, &error));
  g_assert_cmphex (known, ==, WD_FLAG_KEYWORD (1));

  state = contract_select (contract, &inbox, FALSE);
  g_assert_cmpuint (state->keywords->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (state->keywords, 1), ==, "Work");
  contract_assert_works ((changes = wd_store_list_changes (contract->store, &contract->actor,
                                                           &inbox, 1, FALSE, 1, NULL, &error))
                         != NULL);
  g_assert_nonnull (changes->keywords);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *const names[] = { bad[i], NULL };

      contract_assert_fails (wd_store_intern_keywords (contract->store, &contract->actor, &inbox,
                                                       names, TRUE, &mask, NULL, &error),
                             WD_STORE_ERROR_INVALID);
    }
}

static gboolean
intern_one (Contract *contract, const char *name, WdFlags *out_mask, GError **error)
{
  const char *const names[] = { name, NULL };
  WdId inbox = contract_box (contract, "INBOX");

  return wd_store_intern_keywords (contract->store, &contract->actor, &inbox, names, TRUE, out_mask,
                                   NULL, error);
}

static void
test_keyword_limits (Contract *contract)
{
  g_autofree char *longest = g_strnfill (WD_LIMIT_KEYWORD_BYTES, 'k');
  g_autofree char *too_long = g_strnfill (WD_LIMIT_KEYWORD_BYTES + 1, 'k');
  WdId inbox = contract_box (contract, "INBOX");
  WdFlags mask = 0;
  WdMessageRow row;

  contract_assert_works (intern_one (contract, longest, &mask, &error));
  contract_assert_fails (intern_one (contract, too_long, &mask, &error), WD_STORE_ERROR_INVALID);
  for (guint i = 1; i < WD_LIMIT_KEYWORDS; i++)
    {
      g_autofree char *name = g_strdup_printf ("k%u", i);

      contract_assert_works (intern_one (contract, name, &mask, &error));
      g_assert_cmphex (mask, ==, WD_FLAG_KEYWORD (i));
    }
  contract_assert_fails (intern_one (contract, "more", &mask, &error), WD_STORE_ERROR_LIMIT);

  // The last bit is as good as the others.
  contract_append_many (contract, 1);
  contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_KEYWORD (WD_LIMIT_KEYWORDS - 1));
  contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  g_assert_true (contract_get_row (contract, &inbox, 1, &row));
  g_assert_cmphex (row.flags, ==, WD_FLAG_KEYWORD (WD_LIMIT_KEYWORDS - 1) | WD_FLAG_SEEN);
}

static void
test_strangers (Contract *contract)
{
  WdActor stranger = contract->actor;
  WdActor nobody;
  WdId unknown;

  wd_core_id_new (&unknown);
  stranger.accessor = wd_test_store_add_user (contract->scratch, "bob", NULL);
  nobody = WD_ACTOR_SELF (unknown);
  contract_assert_fails (wd_store_list_mailboxes (contract->store, &stranger, NULL, &error) != NULL,
                         WD_STORE_ERROR_FORBIDDEN);
  contract_assert_fails (wd_store_list_mailboxes (contract->store, &nobody, NULL, &error) != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
}

static void
test_cancelled (Contract *contract)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  contract_assert_fails (
      wd_store_list_mailboxes (contract->store, &contract->actor, cancellable, &error) != NULL,
      WD_STORE_ERROR_CANCELLED);
}

static gboolean
set_metadata (
    Contract *contract, const WdId *box, const char *name, const char *value, GError **error)
{
  g_autoptr (GBytes) bytes = value != NULL ? g_bytes_new (value, strlen (value)) : NULL;
  const WdMetadata entry = { (char *) name, bytes };

  return wd_store_set_metadata (contract->store, &contract->actor, box, &entry, 1, NULL, error);
}

static void
assert_metadata (Contract *contract, const WdId *box, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries
      = wd_store_list_metadata (contract->other, &contract->actor, box, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < entries->len; i++)
    {
      const WdMetadata *entry = g_ptr_array_index (entries, i);
      gsize len;
      const char *value = g_bytes_get_data (entry->value, &len);

      g_string_append_printf (text, "%s=%.*s;", entry->name, (int) len, value);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_metadata (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId box = contract_create (contract, "box");
  WdId nowhere;
  g_autoptr (GPtrArray) entries = NULL;

  if (!wd_store_has_metadata (contract->store))
    {
      contract_assert_fails (set_metadata (contract, NULL, "/a", "x", &error),
                             WD_STORE_ERROR_INVALID);
      return;
    }
  wd_core_id_new (&nowhere);
  assert_metadata (contract, &box, "");
  contract_assert_works (set_metadata (contract, &box, "/b", "2", &error));
  contract_assert_works (set_metadata (contract, &box, "/a", "1", &error));
  contract_assert_works (set_metadata (contract, &box, "/b", "", &error));
  contract_assert_works (set_metadata (contract, NULL, "/c", "3", &error));
  assert_metadata (contract, &box, "/a=1;/b=;");
  assert_metadata (contract, NULL, "/c=3;");
  assert_metadata (contract, &inbox, "");
  contract_assert_works (set_metadata (contract, &box, "/a", NULL, &error));
  contract_assert_works (set_metadata (contract, &box, "/none", NULL, &error));
  assert_metadata (contract, &box, "/b=;");
  contract_assert_works (
      wd_store_rename_mailbox (contract->store, &contract->actor, &box, "other", NULL, &error));
  assert_metadata (contract, &box, "/b=;");
  contract_assert_fails (set_metadata (contract, &nowhere, "/a", "1", &error),
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_works (
      wd_store_delete_mailbox (contract->store, &contract->actor, &box, NULL, &error));
  contract_assert_fails (
      (entries = wd_store_list_metadata (contract->store, &contract->actor, &box, NULL, &error))
          != NULL,
      WD_STORE_ERROR_NOT_FOUND);
}

static void
test_metadata_limits (Contract *contract)
{
  g_autofree char *value = g_strnfill (WD_LIMIT_METADATA_VALUE_BYTES + 1, 'x');

  if (!wd_store_has_metadata (contract->store))
    return;
  contract_assert_fails (set_metadata (contract, NULL, "/a", value, &error),
                         WD_STORE_ERROR_TOO_LARGE);
  value[WD_LIMIT_METADATA_VALUE_BYTES] = '\0';
  contract_assert_works (set_metadata (contract, NULL, "/a", value, &error));
  for (guint i = 1; i < WD_LIMIT_METADATA_ENTRIES; i++)
    {
      g_autofree char *name = g_strdup_printf ("/%u", i);

      contract_assert_works (set_metadata (contract, NULL, name, "x", &error));
    }
  contract_assert_fails (set_metadata (contract, NULL, "/b", "x", &error), WD_STORE_ERROR_LIMIT);
  contract_assert_works (set_metadata (contract, NULL, "/a", "x", &error));
}

const ContractCase contract_cases[] = {
  { "metadata", test_metadata },
  { "metadata-limits", test_metadata_limits },
  { "defaults", test_defaults },
  { "create", test_create },
  { "extra", test_extra },
  { "names", test_names },
  { "find", test_find },
  { "path-limits", test_path_limits },
  { "rename", test_rename },
  { "rename-too-long", test_rename_too_long },
  { "rename-inbox", test_rename_inbox },
  { "delete", test_delete },
  { "subscriptions", test_subscriptions },
  { "select", test_select },
  { "first-unseen", test_first_unseen },
  { "recent", test_recent },
  { "keywords", test_keywords },
  { "keyword-limits", test_keyword_limits },
  { "strangers", test_strangers },
  { "cancelled", test_cancelled },
  { NULL },
};
