// SPDX-License-Identifier: EUPL-1.2
// Watches: every change is told, in this process and in others.
#include "config.h"

#include <string.h>

#include "contract.h"

const char contract_area[] = "watch";

// Only ever waited for in full when something is broken.
#define PATIENCE_US (20 * G_USEC_PER_SEC)

typedef struct
{
  GMutex mutex;
  GCond cond;
  guint n[3];
  WdId mailbox; // Of the last beacon about one.
} Ear;

static void
hear (const WdBeacon *beacon, gpointer user_data)
{
  Ear *ear = user_data;

  g_mutex_lock (&ear->mutex);
  ear->n[beacon->kind]++;
  if (beacon->kind == WD_BEACON_MAILBOX)
    ear->mailbox = beacon->mailbox;
  g_cond_broadcast (&ear->cond);
  g_mutex_unlock (&ear->mutex);
}

static void
wait_for (Ear *ear, WdBeaconKind kind, guint n)
{
  gint64 until = g_get_monotonic_time () + PATIENCE_US;

  g_mutex_lock (&ear->mutex);
  while (ear->n[kind] < n)
    if (!g_cond_wait_until (&ear->cond, &ear->mutex, until))
      g_error ("waited in vain for beacon %u of kind %d", n, kind);
  g_mutex_unlock (&ear->mutex);
}

static void
reset (Ear *ear)
{
  g_mutex_lock (&ear->mutex);
  memset (ear->n, 0, sizeof ear->n);
  g_mutex_unlock (&ear->mutex);
}

// What may change, each as one step of the test; later ones build on earlier ones.
static void
append (Contract *contract)
{
  wd_test_store_append (contract->scratch, &contract->user, "INBOX", "Subject: x\r\n\r\nx\r\n", -1,
                        0);
}

static void
store_flags (Contract *contract)
{
  const WdId inbox = wd_test_store_get_mailbox (contract->scratch, &contract->user, "INBOX");
  const WdFlagChange change = { .op = WD_FLAG_OP_ADD, .flags = WD_FLAG_SEEN };
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (1, 1);

  contract_assert_works (wd_store_store_flags (contract->store, &contract->actor, &inbox, uids,
                                               &change, NULL, NULL, NULL, NULL, &error));
}

static void
move (Contract *contract)
{
  const WdId inbox = wd_test_store_get_mailbox (contract->scratch, &contract->user, "INBOX");
  const WdId trash = wd_test_store_get_mailbox (contract->scratch, &contract->user, "Trash");
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (1, 1);
  g_autoptr (WdUidSet) source = NULL;
  g_autoptr (WdUidSet) target = NULL;
  guint32 uidvalidity;

  contract_assert_works (wd_store_copy (contract->store, &contract->actor, &inbox, uids, &trash,
                                        TRUE, NULL, NULL, &source, &target, &uidvalidity, NULL,
                                        &error));
}

static void
expunge (Contract *contract)
{
  const WdId trash = wd_test_store_get_mailbox (contract->scratch, &contract->user, "Trash");
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (1, 1);
  g_autoptr (WdUidSet) expunged = NULL;
  WdModseq modseq;

  contract_assert_works (wd_store_expunge (contract->store, &contract->actor, &trash, uids, TRUE,
                                           &expunged, &modseq, NULL, &error));
}

static void
create_mailbox (Contract *contract)
{
  WdId id;

  contract_assert_works (wd_store_create_mailbox (contract->store, &contract->actor, "New",
                                                  WD_SPECIAL_USE_NONE, NULL, &id, NULL, &error));
}

static void
rename_mailbox (Contract *contract)
{
  const WdId id = wd_test_store_get_mailbox (contract->scratch, &contract->user, "New");

  contract_assert_works (
      wd_store_rename_mailbox (contract->store, &contract->actor, &id, "Newer", NULL, &error));
}

static void
delete_mailbox (Contract *contract)
{
  const WdId id = wd_test_store_get_mailbox (contract->scratch, &contract->user, "Newer");

  contract_assert_works (
      wd_store_delete_mailbox (contract->store, &contract->actor, &id, NULL, &error));
}

static void
set_password (Contract *contract)
{
  const WdUser changes = { .password_hash = "x" };

  contract_assert_works (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_PASSWORD, NULL, &error));
}

static void
delete_user (Contract *contract)
{
  guint n;

  contract_assert_works (wd_store_delete_user (contract->store, &contract->user, &n, NULL, &error));
}

static const struct
{
  const char *name;
  void (*change) (Contract *);
  WdBeaconKind kind;
} steps[] = {
  { "append", append, WD_BEACON_MAILBOX },
  { "store-flags", store_flags, WD_BEACON_MAILBOX },
  { "move", move, WD_BEACON_MAILBOX },
  { "expunge", expunge, WD_BEACON_MAILBOX },
  { "create-mailbox", create_mailbox, WD_BEACON_MAILBOXES },
  { "rename-mailbox", rename_mailbox, WD_BEACON_MAILBOXES },
  { "delete-mailbox", delete_mailbox, WD_BEACON_MAILBOXES },
  { "set-password", set_password, WD_BEACON_ACCOUNT },
  { "delete-user", delete_user, WD_BEACON_ACCOUNT },
};

// Each change is heard by who watches all of the owner, here and elsewhere.
static void
test_all (Contract *contract)
{
  Ear here = { 0 };
  Ear there = { 0 };
  WdWatch *watch_here = wd_store_watch (contract->store, &contract->user, NULL, hear, &here);
  WdWatch *watch_there = wd_store_watch (contract->other, &contract->user, NULL, hear, &there);

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_test_message ("%s", steps[i].name);
      reset (&here);
      reset (&there);
      steps[i].change (contract);
      wait_for (&here, steps[i].kind, 1);
      wait_for (&there, steps[i].kind, 1);
    }
  wd_watch_free (watch_here);
  wd_watch_free (watch_there);
}

// One mailbox: both ends of a move hear of it, a third does not; its deletion is heard.
static void
test_one (Contract *contract)
{
  static const char *const paths[] = { "INBOX", "Trash", "Drafts" };
  Ear ears[G_N_ELEMENTS (paths)] = { 0 };
  WdWatch *watches[G_N_ELEMENTS (paths)];
  WdId ids[G_N_ELEMENTS (paths)];

  append (contract);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      ids[i] = wd_test_store_get_mailbox (contract->scratch, &contract->user, paths[i]);
      watches[i] = wd_store_watch (contract->other, &contract->user, &ids[i], hear, &ears[i]);
    }
  move (contract);
  wait_for (&ears[0], WD_BEACON_MAILBOX, 1);
  wait_for (&ears[1], WD_BEACON_MAILBOX, 1);
  g_assert_true (wd_core_id_is_equal (&ears[1].mailbox, &ids[1]));
  g_assert_cmpuint (ears[2].n[WD_BEACON_MAILBOX], ==, 0);

  contract_assert_works (
      wd_store_delete_mailbox (contract->store, &contract->actor, &ids[2], NULL, &error));
  wait_for (&ears[2], WD_BEACON_MAILBOX, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    wd_watch_free (watches[i]);
}

// What is told can be read: the journal has it when the beacon comes.
static void
test_after_commit (Contract *contract)
{
  const WdId inbox = wd_test_store_get_mailbox (contract->scratch, &contract->user, "INBOX");
  Ear ear = { 0 };
  WdWatch *watch = wd_store_watch (contract->other, &contract->user, &inbox, hear, &ear);
  g_autoptr (WdMailboxState) state
      = wd_store_select_mailbox (contract->other, &contract->actor, &inbox, FALSE, NULL, NULL);
  WdModseq since = state->info->highest_modseq;

  for (guint i = 1; i <= 20; i++)
    {
      g_autoptr (WdMailboxChanges) changes = NULL;

      append (contract);
      wait_for (&ear, WD_BEACON_MAILBOX, i);
      changes = wd_store_list_changes (contract->other, &contract->actor, &inbox, since, FALSE, 0,
                                       NULL, NULL);
      g_assert_nonnull (changes);
      g_assert_true (wd_uidset_has (changes->added, i));
      since = changes->highest_modseq;
    }
  wd_watch_free (watch);
}

const ContractCase contract_cases[] = {
  { "all", test_all },
  { "one", test_one },
  { "after-commit", test_after_commit },
  { NULL },
};
