// SPDX-License-Identifier: EUPL-1.2
// Contract: taking over users, mailboxes and messages with the numbers that they had elsewhere.
#include "config.h"

#include <string.h>

#include "contract-util.h"
#include "contract.h"

const char contract_area[] = "import";

static const WdId user_id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };
static const WdId box_id = { { 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static WdActor
import_user (Contract *contract)
{
  WdUser spec = {
    .id = user_id,
    .username = (char *) "bob",
    .created_ms = 1234567890123,
    .password_hash = (char *) "$6$x",
    .is_import = TRUE,
  };
  WdId id;

  contract_assert_works (wd_store_create_user (contract->store, &spec, &id, NULL, &error));
  g_assert_true (wd_core_id_is_equal (&id, &user_id));
  return WD_ACTOR_SELF (id);
}

static void
import_box (Contract *contract, const WdActor *actor, const char *path, guint32 uidvalidity)
{
  WdMailboxInfo info = {
    .id = box_id,
    .path = (char *) path,
    .special_use = WD_SPECIAL_USE_ARCHIVE,
    .uidvalidity = uidvalidity,
    .extra_json = (char *) "{}",
  };

  contract_assert_works (wd_store_import_mailbox (contract->store, actor, &info, NULL, &error));
}

static WdImport
make_item (WdIncoming *incoming, WdUid uid, WdModseq modseq, WdFlags flags)
{
  WdImport item = {
    .incoming = incoming,
    .uid = uid,
    .modseq = modseq,
    .flags = flags,
    .internal_date_ms = 1000000 + uid,
    .zone_minutes = 60,
    .save_date_ms = 2000000 + uid,
  };

  item.id.bytes[0] = 9;
  item.id.bytes[11] = (guint8) uid;
  return item;
}

// A line a message, in order.
static gboolean
describe (WdMessageRow *row, gpointer user_data)
{
  g_string_append_printf (
      user_data, "%u:%" G_GUINT64_FORMAT ":%x:%" G_GINT64_FORMAT ":%d:%" G_GINT64_FORMAT ":%u;",
      row->uid, row->modseq, (guint) row->flags, row->internal_date_ms, row->zone_minutes,
      row->save_date_ms, row->id.bytes[11]);
  return TRUE;
}

static void
assert_messages (Contract *contract, const WdActor *actor, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);

  contract_assert_works (wd_store_fetch (contract->other, actor, &box_id, all, WD_FETCH_FLAGS, 0,
                                         describe, text, NULL, &error));
  g_assert_cmpstr (text->str, ==, expected);
}

static WdMailboxState *
select_box (Contract *contract, const WdActor *actor)
{
  g_autoptr (GError) error = NULL;
  WdMailboxState *state
      = wd_store_select_mailbox (contract->store, actor, &box_id, FALSE, NULL, &error);

  g_assert_no_error (error);
  return state;
}

static void
test_user (Contract *contract)
{
  WdActor actor = import_user (contract);
  WdAddress address = {
    .id = box_id,
    .user = user_id,
    .address = (char *) "bob@example.com",
    .main = TRUE,
    .created_ms = 42,
    .is_import = TRUE,
  };
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GPtrArray) addresses = NULL;
  WdId id;

  contract_assert_works (wd_store_create_address (contract->store, &address, &id, NULL, &error));
  contract_assert_works ((user = wd_store_get_user (contract->other, &user_id, NULL, &error))
                         != NULL);
  g_assert_cmpint (user->created_ms, ==, 1234567890123);
  g_assert_cmpstr (user->address, ==, "bob@example.com");
  contract_assert_works (
      (addresses = wd_store_list_addresses (contract->other, &actor.owner, NULL, &error)) != NULL);
  g_assert_cmpuint (addresses->len, ==, 1);
  g_assert_cmpint (((WdAddress *) addresses->pdata[0])->created_ms, ==, 42);
  g_assert_true (wd_core_id_is_equal (&((WdAddress *) addresses->pdata[0])->id, &box_id));
}

// One of that name which never had a message gives way; one with messages does not.
static void
test_mailbox (Contract *contract)
{
  WdActor actor = import_user (contract);
  g_autoptr (WdMailboxInfo) info = NULL;
  WdId other;

  import_box (contract, &actor, "Drafts", 77);
  import_box (contract, &actor, "Drafts", 78);
  contract_assert_works (
      (info = wd_store_get_mailbox (contract->other, &actor, &box_id, NULL, &error)) != NULL);
  g_assert_cmpstr (info->path, ==, "Drafts");
  g_assert_cmpuint (info->uidvalidity, ==, 78);
  g_assert_cmpint (info->special_use, ==, WD_SPECIAL_USE_ARCHIVE);
  g_assert_cmpstr (info->extra_json, ==, "{}");
  import_box (contract, &actor, "moved", 78);
  contract_assert_works (wd_store_create_mailbox (contract->store, &actor, "full",
                                                  WD_SPECIAL_USE_NONE, NULL, &other, NULL, &error));
  wd_test_store_append (contract->scratch, &user_id, "full", CONTRACT_MESSAGE, -1, 0);

  WdMailboxInfo taken = { .id = box_id, .path = (char *) "full", .uidvalidity = 1 };

  contract_assert_fails (wd_store_import_mailbox (contract->store, &actor, &taken, NULL, &error),
                         WD_STORE_ERROR_EXISTS);
}

static void
test_messages (Contract *contract)
{
  WdActor actor = import_user (contract);
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  const WdImport first[]
      = { make_item (incoming, 3, 50, WD_FLAG_SEEN), make_item (incoming, 4, 9, 0),
          make_item (incoming, 9, 12, WD_FLAG_DELETED) };
  const WdImport changed = make_item (NULL, 4, 60, WD_FLAG_SEEN | WD_FLAG_FLAGGED);
  g_autoptr (WdMailboxState) state = NULL;
  g_autoptr (WdMailboxState) after = NULL;
  g_autoptr (WdMailboxChanges) changes = NULL;
  g_autoptr (WdMailboxChanges) later = NULL;
  WdUid uid;

  import_box (contract, &actor, "box", 5);
  // Twice: what is there stays.
  for (guint i = 0; i < 2; i++)
    contract_assert_works (wd_store_import_messages (contract->store, &actor, &box_id, first,
                                                     G_N_ELEMENTS (first), NULL, &error));
  assert_messages (contract, &actor,
                   "3:50:1:1000003:60:2000003:3;4:9:0:1000004:60:2000004:4;"
                   "9:12:8:1000009:60:2000009:9;");
  contract_assert_works (
      wd_store_import_messages (contract->store, &actor, &box_id, &changed, 1, NULL, &error));
  contract_assert_works (
      wd_store_import_finish (contract->store, &actor, &box_id, 21, 70, NULL, &error));
  assert_messages (contract, &actor,
                   "3:50:1:1000003:60:2000003:3;4:60:5:1000004:60:2000004:4;"
                   "9:12:8:1000009:60:2000009:9;");

  state = select_box (contract, &actor);
  g_assert_cmpuint (state->info->uidnext, ==, 21);
  g_assert_cmpuint (state->info->highest_modseq, ==, 70);
  g_assert_cmpuint (state->info->n_messages, ==, 3);
  g_assert_cmpuint (state->info->n_unseen, ==, 1);
  g_assert_cmpuint (state->info->n_deleted, ==, 1);
  g_assert_cmpuint (state->info->n_recent, ==, 0);
  g_assert_cmpuint (state->info->size_bytes, ==, 3 * strlen (CONTRACT_MESSAGE));
  g_assert_cmpuint (state->first_unseen, ==, 9);

  // Life goes on behind it.
  uid = wd_test_store_append (contract->scratch, &user_id, "box", CONTRACT_MESSAGE, -1, 0);
  g_assert_cmpuint (uid, ==, 21);
  after = select_box (contract, &actor);
  g_assert_cmpuint (after->info->highest_modseq, ==, 71);
  changes = wd_store_list_changes (contract->store, &actor, &box_id, 50, FALSE, 0, NULL, NULL);
  g_assert_nonnull (changes);
  g_assert_false (changes->is_complete);
  later = wd_store_list_changes (contract->store, &actor, &box_id, 70, FALSE, 0, NULL, NULL);
  g_assert_nonnull (later);
  g_assert_true (later->is_complete);
  g_assert_cmpuint (wd_uidset_get_count (later->added), ==, 1);
  g_assert_true (wd_uidset_has (later->added, 21));
  g_assert_true (wd_uidset_is_empty (later->changed));
}

static void
note_finding (const WdStoreFinding *finding, gpointer user_data)
{
  g_test_message ("%s: %s", finding->what, finding->detail);
  (*(guint *) user_data)++;
}

// The checker has nothing to say, and an expunge is told of as any other.
static void
test_sound (Contract *contract)
{
  WdActor actor = import_user (contract);
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
  g_autoptr (WdUidSet) gone = wd_uidset_new_range (2, 2);
  g_autoptr (WdUidSet) expunged = NULL;
  g_autoptr (WdMailboxChanges) changes = NULL;
  const WdImport items[] = { make_item (incoming, 2, 30, 0), make_item (incoming, 5, 20, 0) };
  WdModseq modseq;
  guint n_findings = 0;

  import_box (contract, &actor, "box", 5);
  contract_assert_works (
      wd_store_import_messages (contract->store, &actor, &box_id, items, 2, NULL, &error));
  contract_assert_works (
      wd_store_import_finish (contract->store, &actor, &box_id, 6, 30, NULL, &error));
  contract_assert_works (wd_store_expunge (contract->store, &actor, &box_id, gone, TRUE, &expunged,
                                           &modseq, NULL, &error));
  changes = wd_store_list_changes (contract->store, &actor, &box_id, 30, FALSE, 0, NULL, NULL);
  g_assert_nonnull (changes);
  g_assert_true (changes->is_complete);
  g_assert_true (wd_uidset_has (changes->expunged, 2));
  contract_assert_works (wd_store_check (contract->store, &user_id, FALSE, note_finding, NULL,
                                         &n_findings, NULL, &error));
  g_assert_cmpuint (n_findings, ==, 0);
}

const ContractCase contract_cases[] = {
  { "user", test_user },
  { "mailbox", test_mailbox },
  { "messages", test_messages },
  { "sound", test_sound },
  { NULL },
};
