// SPDX-License-Identifier: EUPL-1.2
// Messages: appending, fetching, flags, copy, move, expunge, and what the journal tells of them.
#include "config.h"

#include <string.h>

#include "contract-util.h"
#include "core-clock.h"
#include "test-fail.h"

const char contract_area[] = "message";

static gboolean
append (Contract *contract,
        const WdId *box,
        WdAppend *items,
        guint n_items,
        WdAppended *outs,
        GError **error)
{
  guint32 uidvalidity;

  return wd_store_append (contract->store, &contract->actor, box, items, n_items, outs,
                          &uidvalidity, NULL, error);
}

static void
test_append (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  WdAppend items[] = {
    { .incoming = incoming, .flags = WD_FLAG_SEEN | WD_FLAG_DRAFT },
    { .incoming = incoming, .prefix = "Return-Path: <a@b>\r\n" },
    { .incoming = incoming, .internal_date_ms = 1234567890123, .zone_minutes = -90 },
  };
  WdAppended outs[3];
  g_autoptr (WdMailboxInfo) info = NULL;
  WdMessageRow row;
  gint64 before_ms = wd_core_clock_now_us () / 1000;

  contract_assert_works (append (contract, &inbox, items, 3, outs, &error));
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (outs[i].uid, ==, i + 1);
  g_assert_false (wd_core_id_is_equal (&outs[0].id, &outs[1].id));

  g_assert_true (contract_get_row (contract, &inbox, 1, &row));
  g_assert_cmphex (row.flags, ==, WD_FLAG_SEEN | WD_FLAG_DRAFT);
  g_assert_cmpuint (row.size_bytes, ==, strlen (CONTRACT_MESSAGE));
  g_assert_cmpint (row.internal_date_ms, >=, before_ms);
  g_assert_true (wd_core_id_is_equal (&row.id, &outs[0].id));
  g_assert_true (contract_get_row (contract, &inbox, 2, &row));
  g_assert_cmpuint (row.size_bytes, ==, strlen (CONTRACT_MESSAGE) + strlen (items[1].prefix));
  g_assert_true (contract_get_row (contract, &inbox, 3, &row));
  g_assert_cmpint (row.internal_date_ms, ==, 1234567890123);
  g_assert_cmpint (row.zone_minutes, ==, -90);
  g_assert_cmpint (row.save_date_ms, >=, before_ms);

  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_messages, ==, 3);
  g_assert_cmpuint (info->n_unseen, ==, 2);
  g_assert_cmpuint (info->uidnext, ==, 4);
  g_assert_cmpuint (info->highest_modseq, ==, row.modseq);
  g_assert_cmpuint (info->size_bytes, ==, 3 * strlen (CONTRACT_MESSAGE) + strlen (items[1].prefix));
}

static void
test_append_nowhere (Contract *contract)
{
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  WdAppend item = { .incoming = incoming };
  WdAppended out;
  WdId nowhere;

  wd_core_id_new (&nowhere);
  contract_assert_fails (append (contract, &nowhere, &item, 1, &out, &error),
                         WD_STORE_ERROR_NOT_FOUND);
}

// One message, many users: prepared once.
static void
test_append_users (Contract *contract)
{
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("user%u", i);
      g_autofree char *prefix = g_strdup_printf ("Delivered-To: %s\r\n", name);
      WdId user = wd_test_store_add_user (contract->scratch, name, NULL);
      Contract other = *contract;
      WdId inbox;
      WdAppend item = { .incoming = incoming, .prefix = prefix };
      WdAppended out;
      g_autofree char *expected = g_strconcat (prefix, CONTRACT_MESSAGE, NULL);

      other.user = user;
      other.actor = WD_ACTOR_SELF (user);
      inbox = contract_box (&other, "INBOX");
      contract_assert_works (append (&other, &inbox, &item, 1, &out, &error));

      g_autoptr (GString) octets = contract_read (&other, &inbox, 1);

      g_assert_cmpstr (octets->str, ==, expected);
    }
}

typedef struct
{
  GString *text;
  guint stop_after;
  guint n;
} Rows;

static gboolean
print_row (WdMessageRow *row, gpointer data)
{
  Rows *rows = data;

  g_string_append_printf (rows->text, "%u%s", row->uid, row->envelope == NULL ? " " : "");
  if (row->envelope != NULL)
    {
      g_assert_cmpint (row->envelope[0], ==, '(');
      g_assert_cmpint (row->envelope[row->envelope_len - 1], ==, ')');
      g_assert_cmpint (row->body[row->body_len - 1], ==, ')');
      g_assert_cmpint (row->body_structure[row->body_structure_len - 1], ==, ')');
      g_string_append (rows->text, row->content != NULL ? "+ " : "! ");
    }
  else
    g_assert_null (row->content);
  return ++rows->n != rows->stop_after;
}

static void
assert_fetched (Contract *contract,
                const WdId *box,
                const char *uids,
                WdFetchFields fields,
                WdModseq since,
                guint stop_after,
                const char *expected)
{
  g_autoptr (WdUidSet) set = contract_set (uids);
  g_autoptr (GString) text = g_string_new (NULL);
  Rows rows = { .text = text, .stop_after = stop_after };

  contract_assert_works (wd_store_fetch (contract->store, &contract->actor, box, set, fields, since,
                                         print_row, &rows, NULL, &error));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_fetch (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autofree char *expunged = NULL;
  g_autoptr (WdUidSet) all = contract_set ("1:*");
  WdId nowhere;
  Rows rows = { 0 };

  contract_append_many (contract, 6);
  expunged = contract_expunge (contract, &inbox, "3");
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, 0, 0, "1 2 4 5 6 ");
  assert_fetched (contract, &inbox, "1,3:4,9", WD_FETCH_INDEX, 0, 0, "1! 4! ");
  assert_fetched (contract, &inbox, "2,6", WD_FETCH_INDEX | WD_FETCH_CONTENT, 0, 0, "2+ 6+ ");
  assert_fetched (contract, &inbox, "1:2,4:6", WD_FETCH_FLAGS, 0, 3, "1 2 4 ");
  assert_fetched (contract, &inbox, "", WD_FETCH_FLAGS, 0, 0, "");
  wd_core_id_new (&nowhere);
  contract_assert_fails (wd_store_fetch (contract->store, &contract->actor, &nowhere, all,
                                         WD_FETCH_FLAGS, 0, print_row, &rows, NULL, &error),
                         WD_STORE_ERROR_NOT_FOUND);
}

static void
test_fetch_changed (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdModseq modseq;

  contract_append_many (contract, 5);
  modseq = contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, modseq, 0, "");
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, modseq + 5, 0, "");
  contract_flags (contract, &inbox, "2,4", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_append_many (contract, 1);
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, modseq, 0, "2 4 6 ");
  assert_fetched (contract, &inbox, "1:3", WD_FETCH_FLAGS, modseq, 0, "2 ");
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, modseq - 1, 0, "1 2 4 6 ");
}

static void
assert_flags (Contract *contract, const WdId *box, WdUid uid, WdFlags expected)
{
  WdMessageRow row;

  g_assert_true (contract_get_row (contract, box, uid, &row));
  g_assert_cmphex (row.flags, ==, expected);
}

static void
test_flags (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxInfo) info = NULL;
  g_autoptr (WdUidSet) uids = contract_set ("1:*");
  g_autoptr (WdUidSet) changed = NULL;
  WdFlagChange seen = { .op = WD_FLAG_OP_ADD, .flags = WD_FLAG_SEEN };
  WdModseq first, second;

  contract_append_many (contract, 3);
  first = contract_flags (contract, &inbox, "1:2", WD_FLAG_OP_ADD, WD_FLAG_FLAGGED | WD_FLAG_SEEN);
  assert_flags (contract, &inbox, 1, WD_FLAG_FLAGGED | WD_FLAG_SEEN);
  assert_flags (contract, &inbox, 3, 0);
  contract_flags (contract, &inbox, "1", WD_FLAG_OP_REMOVE, WD_FLAG_SEEN | WD_FLAG_DELETED);
  assert_flags (contract, &inbox, 1, WD_FLAG_FLAGGED);
  contract_flags (contract, &inbox, "2", WD_FLAG_OP_REPLACE, WD_FLAG_DELETED);
  assert_flags (contract, &inbox, 2, WD_FLAG_DELETED);

  contract_assert_works (wd_store_store_flags (contract->store, &contract->actor, &inbox, uids,
                                               &seen, &changed, NULL, &second, NULL, &error));
  contract_assert_set (changed, "1:3");
  g_assert_cmpuint (second, >, first);
  // What changes nothing is nothing new.
  g_assert_cmpuint (contract_flags (contract, &inbox, "1:*", WD_FLAG_OP_ADD, WD_FLAG_SEEN), ==,
                    second);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_unseen, ==, 0);
  g_assert_cmpuint (info->n_deleted, ==, 1);
  g_assert_cmpuint (info->highest_modseq, ==, second);
}

static void
test_unchanged_since (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdUidSet) uids = contract_set ("1:4,9");
  g_autoptr (WdUidSet) changed = NULL;
  g_autoptr (WdUidSet) conflicts = NULL;
  WdFlagChange change
      = { .op = WD_FLAG_OP_ADD, .flags = WD_FLAG_SEEN, .has_unchanged_since = TRUE };
  WdModseq modseq;

  contract_append_many (contract, 4);
  change.unchanged_since = contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_FLAGGED);
  contract_flags (contract, &inbox, "2:3", WD_FLAG_OP_ADD, WD_FLAG_FLAGGED);
  contract_assert_works (wd_store_store_flags (contract->store, &contract->actor, &inbox, uids,
                                               &change, &changed, &conflicts, &modseq, NULL,
                                               &error));
  contract_assert_set (changed, "1,4");
  contract_assert_set (conflicts, "2:3");
  assert_flags (contract, &inbox, 2, WD_FLAG_FLAGGED);
}

static void
take_progress (guint32 n_done, gpointer user_data)
{
  guint32 *n = user_data;

  g_assert_cmpuint (n_done, >=, *n);
  *n = n_done;
}

static void
test_copy (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  g_autoptr (WdUidSet) uids = contract_set ("2,4:9");
  g_autoptr (WdUidSet) from = NULL;
  g_autoptr (WdUidSet) to = NULL;
  g_autoptr (WdMailboxInfo) info = NULL;
  g_autoptr (GString) octets = NULL;
  WdMessageRow source, copy;
  guint32 uidvalidity = 0;
  guint32 n_copied = 0;
  WdQuota quota;

  contract_append_many (contract, 5);
  contract_flags (contract, &inbox, "4", WD_FLAG_OP_ADD, WD_FLAG_SEEN | WD_FLAG_DELETED);
  contract_copy (contract, &inbox, "1", &trash, FALSE);
  contract_assert_works (wd_store_copy (contract->store, &contract->actor, &inbox, uids, &trash,
                                        FALSE, take_progress, &n_copied, &from, &to, &uidvalidity,
                                        NULL, &error));
  contract_assert_set (from, "2,4:5");
  g_assert_cmpuint (n_copied, ==, 3);
  contract_assert_set (to, "2:4");
  info = contract_info (contract, &trash);
  g_assert_cmpuint (info->uidvalidity, ==, uidvalidity);
  g_assert_cmpuint (info->n_messages, ==, 4);
  g_assert_cmpuint (info->n_unseen, ==, 3);
  g_assert_cmpuint (info->n_deleted, ==, 1);

  g_assert_true (contract_get_row (contract, &inbox, 4, &source));
  g_assert_true (contract_get_row (contract, &trash, 3, &copy));
  g_assert_cmphex (copy.flags, ==, source.flags);
  g_assert_cmpint (copy.internal_date_ms, ==, source.internal_date_ms);
  g_assert_cmpuint (copy.size_bytes, ==, source.size_bytes);
  octets = contract_read (contract, &trash, 3);
  g_assert_nonnull (strstr (octets->str, "Text 4."));
  contract_assert_works (
      wd_store_get_quota (contract->store, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.n_messages, ==, 9);
}

// Into the mailbox that they are in: the copies are not copied again, though 1:* names them.
static void
test_copy_within (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxInfo) info = NULL;

  contract_append_many (contract, 3);
  contract_copy (contract, &inbox, "1:2,3:*", &inbox, FALSE);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_messages, ==, 6);
  contract_copy (contract, &inbox, "1:*", &inbox, TRUE);
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, 0, 0, "7 8 9 10 11 12 ");
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

static void
test_copy_nowhere (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdUidSet) uids = contract_set ("1");
  const WdId *ids[2];
  WdId nowhere;

  wd_core_id_new (&nowhere);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      WdUidSet *from = NULL, *to = NULL;
      guint32 uidvalidity;

      ids[i] = &nowhere;
      ids[1 - i] = &inbox;
      g_assert_false (wd_store_copy (contract->store, &contract->actor, ids[0], uids, ids[1], FALSE,
                                     NULL, NULL, &from, &to, &uidvalidity, NULL, &error));
      g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
      g_assert_true (g_str_has_prefix (error->message, i == 0 ? "source" : "target"));
    }
}

static void
test_move (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  g_autoptr (WdMailboxInfo) before = NULL;
  g_autoptr (WdMailboxInfo) after = NULL;
  WdQuota quota;

  contract_append_many (contract, 4);
  before = contract_info (contract, &inbox);
  contract_copy (contract, &inbox, "2:3", &trash, TRUE);
  after = contract_info (contract, &inbox);
  g_assert_cmpuint (after->n_messages, ==, 2);
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, 0, 0, "1 4 ");
  assert_fetched (contract, &trash, "1:*", WD_FETCH_FLAGS, 0, 0, "1 2 ");
  contract_assert_changes (contract, &inbox, before->highest_modseq, "", "", "2:3");
  contract_assert_changes (contract, &trash, 1, "1:2", "", "");
  contract_assert_works (
      wd_store_get_quota (contract->store, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.n_messages, ==, 4);
}

static void
test_expunge (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdUidSet) some = contract_set ("1:2");
  g_autoptr (WdUidSet) first = NULL;
  g_autoptr (WdUidSet) second = NULL;
  g_autoptr (WdUidSet) third = NULL;
  g_autofree char *forced = NULL;
  WdModseq modseq;
  WdQuota quota;

  contract_append_many (contract, 5);
  contract_flags (contract, &inbox, "2,4", WD_FLAG_OP_ADD, WD_FLAG_DELETED);
  contract_assert_works (wd_store_expunge (contract->store, &contract->actor, &inbox, some, FALSE,
                                           &first, &modseq, NULL, &error));
  contract_assert_set (first, "2");
  contract_assert_works (wd_store_expunge (contract->store, &contract->actor, &inbox, NULL, FALSE,
                                           &second, &modseq, NULL, &error));
  contract_assert_set (second, "4");
  contract_assert_works (wd_store_expunge (contract->store, &contract->actor, &inbox, NULL, FALSE,
                                           &third, &modseq, NULL, &error));
  g_assert_true (wd_uidset_is_empty (third));
  forced = contract_expunge (contract, &inbox, "1,3,4");
  g_assert_cmpstr (forced, ==, "1,3");
  assert_fetched (contract, &inbox, "1:*", WD_FETCH_FLAGS, 0, 0, "5 ");
  contract_assert_works (
      wd_store_get_quota (contract->store, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.n_messages, ==, 1);

  // UIDs are never given again.
  forced = (g_free (forced), contract_expunge (contract, &inbox, "5"));
  g_assert_cmpuint (contract_append (contract, CONTRACT_MESSAGE, 0), ==, 6);
}

static void
test_changes (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  WdModseq modseq;

  contract_append_many (contract, 4);
  modseq = contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_assert_changes (contract, &inbox, modseq, "", "", "");

  contract_flags (contract, &inbox, "2:3", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_append_many (contract, 2);
  contract_flags (contract, &inbox, "5", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_assert_changes (contract, &inbox, modseq, "5:6", "2:3", "");

  // Added and expunged again: never was there. Around it, what was.
  first = contract_expunge (contract, &inbox, "3:5");
  contract_assert_changes (contract, &inbox, modseq, "6", "2", "3:4");
  second = contract_expunge (contract, &inbox, "6");
  contract_assert_changes (contract, &inbox, modseq, "", "2", "3:4");
  contract_append_many (contract, 1);
  contract_assert_changes (contract, &inbox, modseq, "7", "2", "3:4");
  contract_assert_changes (contract, &inbox, 1, "1:2,7", "", "");
}

// Every moment of a random history, compared with what was seen then.
static void
test_changes_random (Contract *contract)
{
  enum
  {
    N_STEPS = 60,
  };

  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  WdUidSet *seen[N_STEPS];
  WdModseq modseqs[N_STEPS];

  contract_append_many (contract, 3);
  for (guint i = 0; i < N_STEPS; i++)
    {
      g_autoptr (WdMailboxState) state = contract_select (contract, &inbox, FALSE);
      guint32 first = g_test_rand_int_range (1, (gint32) state->info->uidnext + 1);
      g_autofree char *uids = g_strdup_printf ("%u:%u", first, first + 2);
      g_autofree char *expunged = NULL;

      seen[i] = wd_uidset_copy (state->uids);
      modseqs[i] = state->info->highest_modseq;
      switch (g_test_rand_int_range (0, 5))
        {
        case 0:
        case 1:
          contract_append_many (contract, (guint) g_test_rand_int_range (1, 4));
          break;
        case 2:
          expunged = contract_expunge (contract, &inbox, uids);
          break;
        case 3:
          contract_copy (contract, &inbox, uids, &trash, TRUE);
          break;
        default:
          contract_flags (contract, &inbox, uids, WD_FLAG_OP_REPLACE, (WdFlags) i % 32);
        }
    }

  g_autoptr (WdMailboxState) last = contract_select (contract, &inbox, FALSE);

  for (guint i = 0; i < N_STEPS; i++)
    {
      g_autoptr (WdUidSet) old = seen[i];
      g_autoptr (WdUidSet) added = wd_uidset_copy (last->uids);
      g_autoptr (WdUidSet) gone = wd_uidset_copy (old);
      g_autoptr (WdMailboxChanges) changes = NULL;

      wd_uidset_remove_set (added, old);
      wd_uidset_remove_set (gone, last->uids);
      contract_assert_works (
          (changes = wd_store_list_changes (contract->store, &contract->actor, &inbox, modseqs[i],
                                            FALSE, 0, NULL, &error))
          != NULL);
      g_assert_true (wd_uidset_is_equal (changes->added, added));
      g_assert_true (wd_uidset_is_equal (changes->expunged, gone));
      // What changed was there, and is.
      wd_uidset_remove_set (changes->changed, old);
      g_assert_true (wd_uidset_is_empty (changes->changed));
    }
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

// A journal is not kept for ever; who comes too late is told so.
static void
set_quota (Contract *contract, guint64 quota_bytes)
{
  WdUser changes = { .quota_bytes = quota_bytes };

  contract_assert_works (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_QUOTA, NULL, &error));
}

static void
test_quota (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  gsize size = strlen (CONTRACT_MESSAGE);
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  g_autoptr (WdUidSet) one = contract_set ("1");
  g_autoptr (WdMailboxInfo) info = NULL;
  WdAppend items[] = { { .incoming = incoming }, { .incoming = incoming } };
  WdUidSet *from = NULL, *to = NULL;
  guint32 uidvalidity;
  WdAppended outs[2];
  WdQuota quota;

  // At the limit, and one octet above it.
  set_quota (contract, 2 * size);
  contract_assert_works (append (contract, &inbox, items, 1, outs, &error));
  contract_assert_works (append (contract, &inbox, items, 1, outs, &error));
  contract_assert_fails (append (contract, &inbox, items, 1, outs, &error),
                         WD_STORE_ERROR_OVER_QUOTA);
  contract_assert_works (
      wd_store_get_quota (contract->other, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.used_bytes, ==, 2 * size);
  g_assert_cmpuint (quota.limit_bytes, ==, 2 * size);
  contract_assert_fails (wd_store_copy (contract->store, &contract->actor, &inbox, one, &trash,
                                        FALSE, NULL, NULL, &from, &to, &uidvalidity, NULL, &error),
                         WD_STORE_ERROR_OVER_QUOTA);
  contract_copy (contract, &inbox, "1", &trash, TRUE);

  // All or none.
  set_quota (contract, 4 * size - 1);
  contract_assert_fails (append (contract, &inbox, items, 2, outs, &error),
                         WD_STORE_ERROR_OVER_QUOTA);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_messages, ==, 1);
  g_assert_cmpuint (info->uidnext, ==, 3);
  contract_assert_works (append (contract, &inbox, items, 1, outs, &error));
  g_assert_cmpuint (outs[0].uid, ==, 3);
}

static void
test_default_quota (Contract *contract)
{
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  WdId inbox = contract_box (contract, "INBOX");
  WdAppend item = { .incoming = incoming };
  WdAppended out;

  contract_assert_fails (append (contract, &inbox, &item, 1, &out, &error),
                         WD_STORE_ERROR_OVER_QUOTA);
  set_quota (contract, 1024 * 1024);
  contract_assert_works (append (contract, &inbox, &item, 1, &out, &error));
}

// Changes are seen by who has the store open otherwise, and by who opens it again.
static void
test_others (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  Contract other = *contract;
  g_autoptr (WdMailboxInfo) info = NULL;

  other.store = contract->other;
  contract_append_many (contract, 2);
  contract_flags (contract, &inbox, "2", WD_FLAG_OP_ADD, WD_FLAG_FLAGGED);
  assert_flags (&other, &inbox, 2, WD_FLAG_FLAGGED);
  contract_flags (&other, &inbox, "2", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  assert_flags (contract, &inbox, 2, WD_FLAG_FLAGGED | WD_FLAG_SEEN);

  wd_test_store_reopen (contract->scratch);
  contract->store = wd_test_store_get (contract->scratch);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_messages, ==, 2);
}

static void
count_beacon (const WdBeacon *beacon, gpointer data)
{
  if (beacon->kind == WD_BEACON_MAILBOX)
    g_atomic_int_inc ((gint *) data);
}

static void
test_beacons (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  gint n_inbox = 0, n_trash = 0;
  WdWatch *watch_inbox
      = wd_store_watch (contract->store, &contract->user, &inbox, count_beacon, &n_inbox);
  WdWatch *watch_trash
      = wd_store_watch (contract->store, &contract->user, &trash, count_beacon, &n_trash);
  g_autofree char *expunged = NULL;

  contract_append_many (contract, 1);
  g_assert_cmpint (g_atomic_int_get (&n_inbox), ==, 1);
  contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  g_assert_cmpint (g_atomic_int_get (&n_inbox), ==, 2);
  contract_flags (contract, &inbox, "1", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  g_assert_cmpint (g_atomic_int_get (&n_inbox), ==, 2);
  contract_copy (contract, &inbox, "1", &trash, TRUE);
  g_assert_cmpint (g_atomic_int_get (&n_inbox), ==, 3);
  g_assert_cmpint (g_atomic_int_get (&n_trash), ==, 1);
  expunged = contract_expunge (contract, &trash, "1");
  g_assert_cmpint (g_atomic_int_get (&n_trash), ==, 2);
  wd_watch_free (watch_inbox);
  wd_watch_free (watch_trash);
}

static const WdStoreOptions tiny_quota = { .default_quota_bytes = 10 };
static const WdStoreOptions durable_flags = { .durable_flags = TRUE };

static gboolean
replace (Contract *contract,
         const WdId *source,
         WdUid uid,
         const WdId *target,
         const char *octets,
         WdAppended *out_appended,
         GError **error)
{
  g_autoptr (WdIncoming) incoming = wd_test_store_new_incoming (contract->scratch, octets, -1);
  WdAppend item = { .incoming = incoming, .flags = WD_FLAG_DRAFT };
  guint32 uidvalidity;

  return wd_store_replace (contract->store, &contract->actor, source, uid, target, &item,
                           out_appended, &uidvalidity, NULL, error);
}

static void
test_replace (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId drafts = contract_box (contract, "Drafts");
  WdUid first = contract_append (contract, CONTRACT_MESSAGE, WD_FLAG_SEEN);
  WdUid second = contract_append (contract, CONTRACT_MESSAGE, 0);
  g_autoptr (WdMailboxInfo) before = contract_info (contract, &inbox);
  WdAppended appended;
  WdMessageRow row;
  WdQuota quota;

  // Within one mailbox.
  contract_assert_works (
      replace (contract, &inbox, first, &inbox, "Subject: new\r\n\r\n", &appended, &error));
  g_assert_cmpuint (appended.uid, ==, second + 1);
  g_assert_false (contract_get_row (contract, &inbox, first, &row));
  g_assert_true (contract_get_row (contract, &inbox, appended.uid, &row));
  g_assert_cmpuint (row.flags, ==, WD_FLAG_DRAFT);
  contract_assert_changes (contract, &inbox, before->highest_modseq, "3", "", "1");

  // Into another.
  contract_assert_works (
      replace (contract, &inbox, second, &drafts, "Subject: new\r\n\r\n", &appended, &error));
  g_assert_false (contract_get_row (contract, &inbox, second, &row));
  g_assert_true (contract_get_row (contract, &drafts, appended.uid, &row));
  contract_assert_works (
      wd_store_get_quota (contract->store, &contract->actor, &quota, NULL, &error));
  g_assert_cmpuint (quota.n_messages, ==, 2);
  g_assert_cmpuint (quota.used_bytes, ==, 2 * strlen ("Subject: new\r\n\r\n"));
}

// By path, and into INBOX where that names nothing.
static void
check_deliver (Contract *contract, WdStore *store, const char *path, const char *expected_path)
{
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  const WdAppend item = { .incoming = incoming, .prefix = "X-Prefix: y\r\n" };
  WdId expected = contract_box (contract, expected_path);
  WdAppended appended;
  WdMessageRow row;
  WdId mailbox;

  contract_assert_works (
      wd_store_deliver (store, &contract->actor, path, &item, &mailbox, &appended, NULL, &error));
  g_assert_true (wd_core_id_is_equal (&mailbox, &expected));
  g_assert_true (contract_get_row (contract, &expected, appended.uid, &row));
  g_assert_cmpuint (row.size_bytes, ==, strlen ("X-Prefix: y\r\n") + strlen (CONTRACT_MESSAGE));
}

static const struct
{
  const char *path;
  const char *expected;
} deliveries[] = {
  { NULL, "INBOX" },      { "INBOX", "INBOX" },   { "inbox", "INBOX" },
  { "Drafts", "Drafts" }, { "Nowhere", "INBOX" }, { "Drafts/Nowhere", "INBOX" },
  { "", "INBOX" },        { "/", "INBOX" },       { "a//b", "INBOX" },
  { "\xff", "INBOX" },
};

static void
check_deliver_to_nobody (Contract *contract, WdStore *store)
{
  const WdActor nobody = WD_ACTOR_SELF (contract_box (contract, "INBOX"));
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  const WdAppend item = { .incoming = incoming };
  WdAppended appended;
  WdId mailbox;

  contract_assert_fails (
      wd_store_deliver (store, &nobody, NULL, &item, &mailbox, &appended, NULL, &error),
      WD_STORE_ERROR_NOT_FOUND);
}

static void
test_deliver (Contract *contract)
{
  for (gsize i = 0; i < G_N_ELEMENTS (deliveries); i++)
    check_deliver (contract, contract->store, deliveries[i].path, deliveries[i].expected);
  check_deliver_to_nobody (contract, contract->store);
}

// The same with a backend that leaves it to the store to find and to append; the mailbox may be
// gone in between.
static void
test_deliver_by_steps (Contract *contract)
{
  g_autoptr (WdTestFail) steps = wd_test_fail_new (contract->store);
  WdStore *store = WD_STORE (steps);

  for (gsize i = 0; i < G_N_ELEMENTS (deliveries); i++)
    check_deliver (contract, store, deliveries[i].path, deliveries[i].expected);
  check_deliver_to_nobody (contract, store);
  wd_test_fail_plan (steps, "append", 1, WD_TEST_FAIL_ONCE, WD_STORE_ERROR_NOT_FOUND);
  check_deliver (contract, store, "Drafts", "INBOX");
}

// Neither of the two.
static void
test_replace_none (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId nowhere;
  WdUid uid = contract_append (contract, CONTRACT_MESSAGE, 0);
  WdAppended appended;
  WdMessageRow row;
  g_autoptr (WdMailboxInfo) info = NULL;

  wd_core_id_new (&nowhere);
  contract_assert_fails (
      replace (contract, &inbox, uid, &nowhere, CONTRACT_MESSAGE, &appended, &error),
      WD_STORE_ERROR_NOT_FOUND);
  g_assert_true (contract_get_row (contract, &inbox, uid, &row));
  contract_assert_fails (
      replace (contract, &inbox, uid + 1, &inbox, CONTRACT_MESSAGE, &appended, &error),
      WD_STORE_ERROR_EXPUNGED);
  info = contract_info (contract, &inbox);
  g_assert_cmpuint (info->n_messages, ==, 1);
}

const ContractCase contract_cases[] = {
  { "append", test_append },
  { "deliver", test_deliver },
  { "deliver-by-steps", test_deliver_by_steps },
  { "replace", test_replace },
  { "replace-none", test_replace_none },
  { "append-nowhere", test_append_nowhere },
  { "append-users", test_append_users },
  { "fetch", test_fetch },
  { "fetch-changed", test_fetch_changed },
  { "flags", test_flags },
  { "flags-durable", test_flags, &durable_flags },
  { "unchanged-since", test_unchanged_since },
  { "copy", test_copy },
  { "copy-within", test_copy_within },
  { "copy-nowhere", test_copy_nowhere },
  { "move", test_move },
  { "expunge", test_expunge },
  { "changes", test_changes },
  { "changes-random", test_changes_random },
  { "quota", test_quota },
  { "default-quota", test_default_quota, &tiny_quota },
  { "others", test_others },
  { "beacons", test_beacons },
  { NULL },
};
