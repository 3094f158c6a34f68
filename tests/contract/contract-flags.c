// SPDX-License-Identifier: EUPL-1.2
// Flags and modseqs of many messages against a model of them, through all that changes either.
#include "config.h"

#include "contract.h"

#define UIDS_MAX 2000
#define ROUNDS 150
#define LAST_KEYWORD 40

const char contract_area[] = "flags";

typedef struct
{
  gboolean exists;
  WdFlags flags;
  WdModseq modseq;
} Message;

typedef struct
{
  Contract *contract;
  WdId inbox;
  WdUid uidnext;
  Message messages[UIDS_MAX];
  guint n_rows;
  WdFetchFields fields;
} Model;

// Runs and single ones; some of them are not there.
static WdUidSet *
choose (const Model *model)
{
  WdUidSet *uids = wd_uidset_new ();
  int n_runs = g_test_rand_int_range (1, 6);

  for (int i = 0; i < n_runs; i++)
    {
      WdUid first = (WdUid) g_test_rand_int_range (1, (gint32) model->uidnext);
      WdUid len = (WdUid) g_test_rand_int_range (1, g_test_rand_bit () ? 2 : 400);

      wd_uidset_add_range (uids, first, first + len - 1);
    }
  if (g_test_rand_int_range (0, 20) == 0)
    wd_uidset_add_range (uids, 1, G_MAXUINT32);
  return uids;
}

static WdFlags
choose_flags (void)
{
  static const WdFlags some[]
      = { WD_FLAG_SEEN,     WD_FLAG_DELETED,     WD_FLAG_FLAGGED,
          WD_FLAG_ANSWERED, WD_FLAG_KEYWORD (0), WD_FLAG_KEYWORD (LAST_KEYWORD) };

  return some[g_test_rand_int_range (0, G_N_ELEMENTS (some))]
         | some[g_test_rand_int_range (0, G_N_ELEMENTS (some))];
}

static WdFlags
apply (WdFlags flags, const WdFlagChange *change)
{
  if (change->op == WD_FLAG_OP_ADD)
    return flags | change->flags;
  return change->op == WD_FLAG_OP_REMOVE ? flags & ~change->flags : change->flags;
}

// All that were not left alone, as they have become, when they are few.
static void
check_now (const Model *model,
           const WdFlagsNow *now,
           const WdUidSet *uids,
           const WdUidSet *conflicts)
{
  guint n = 0;

  if (!now->is_known)
    return;
  for (WdUid uid = 1; uid < model->uidnext; uid++)
    if (model->messages[uid].exists && wd_uidset_has (uids, uid) && !wd_uidset_has (conflicts, uid))
      {
        g_assert_cmpuint (n, <, now->n_messages);
        g_assert_cmpuint (now->messages[n].uid, ==, uid);
        g_assert_cmphex (now->messages[n].flags, ==, model->messages[uid].flags);
        g_assert_cmpuint (now->messages[n].modseq, ==, model->messages[uid].modseq);
        n++;
      }
  g_assert_cmpuint (n, ==, now->n_messages);
}

static void
change_flags (Model *model)
{
  Contract *c = model->contract;
  g_autoptr (WdUidSet) uids = choose (model);
  g_autoptr (WdUidSet) changed = NULL;
  g_autoptr (WdUidSet) conflicts = NULL;
  WdModseq modseq;
  WdUid any = (WdUid) g_test_rand_int_range (1, (gint32) model->uidnext);
  WdFlagsNow now;
  WdFlagChange change = {
    .now = g_test_rand_bit () ? &now : NULL,
    .op = (WdFlagOp) g_test_rand_int_range (0, 3),
    .flags = choose_flags (),
    .has_unchanged_since = g_test_rand_bit (),
    .unchanged_since = model->messages[any].modseq,
  };

  contract_assert_works (wd_store_store_flags (c->store, &c->actor, &model->inbox, uids, &change,
                                               &changed, &conflicts, &modseq, NULL, &error));
  for (WdUid uid = 1; uid < model->uidnext; uid++)
    {
      Message *message = &model->messages[uid];
      gboolean is_named = message->exists && wd_uidset_has (uids, uid);
      gboolean is_conflict
          = is_named && change.has_unchanged_since && message->modseq > change.unchanged_since;
      WdFlags flags = is_named && !is_conflict ? apply (message->flags, &change) : message->flags;

      g_assert_cmpint (wd_uidset_has (conflicts, uid), ==, is_conflict);
      g_assert_cmpint (wd_uidset_has (changed, uid), ==, flags != message->flags);
      if (flags != message->flags)
        message->modseq = modseq;
      message->flags = flags;
    }
  if (change.now != NULL)
    check_now (model, &now, uids, conflicts);
}

static void
take_out (Model *model, const WdUidSet *uids)
{
  for (WdUid uid = 1; uid < model->uidnext; uid++)
    if (wd_uidset_has (uids, uid))
      {
        g_assert_true (model->messages[uid].exists);
        model->messages[uid].exists = FALSE;
      }
}

static void
expunge (Model *model)
{
  Contract *c = model->contract;
  g_autoptr (WdUidSet) uids = choose (model);
  g_autoptr (WdUidSet) expunged = NULL;
  WdModseq modseq;
  guint n_expected = 0;

  for (WdUid uid = 1; uid < model->uidnext; uid++)
    n_expected += model->messages[uid].exists && wd_uidset_has (uids, uid)
                  && (model->messages[uid].flags & WD_FLAG_DELETED) != 0;
  contract_assert_works (wd_store_expunge (c->store, &c->actor, &model->inbox, uids, FALSE,
                                           &expunged, &modseq, NULL, &error));
  g_assert_cmpuint (wd_uidset_get_count (expunged), ==, n_expected);
  take_out (model, expunged);
}

// To the end of the mailbox itself. The flags stay.
static void
transfer (Model *model, const WdUidSet *uids, gboolean move)
{
  Contract *c = model->contract;
  g_autoptr (WdUidSet) source = NULL;
  g_autoptr (WdUidSet) target = NULL;
  guint32 uidvalidity;
  WdUidSetIter iter;
  WdUid uid;

  contract_assert_works (wd_store_copy (c->store, &c->actor, &model->inbox, uids, &model->inbox,
                                        move, NULL, NULL, &source, &target, &uidvalidity, NULL,
                                        &error));
  wd_uidset_iter_init (&iter, source);
  while (wd_uidset_iter_next (&iter, &uid))
    model->messages[model->uidnext++] = (Message){ TRUE, model->messages[uid].flags, G_MAXUINT64 };
  if (move)
    take_out (model, source);
}

static void
copy_within (Model *model)
{
  g_autoptr (WdUidSet) uids = choose (model);

  if (model->uidnext < UIDS_MAX / 2)
    transfer (model, uids, g_test_rand_bit ());
}

static gboolean
compare_row (WdMessageRow *row, gpointer data)
{
  Model *model = data;
  Message *message = &model->messages[row->uid];

  model->n_rows++;
  g_assert_true (message->exists);
  g_assert_cmpuint (row->flags, ==, message->flags);
  // Of a copy, it is learnt when first seen.
  if (message->modseq == G_MAXUINT64)
    message->modseq = row->modseq;
  g_assert_cmpuint (row->modseq, ==, message->modseq);
  if (model->fields != WD_FETCH_ONLY_FLAGS)
    g_assert_cmpuint (row->size_bytes, >, 0);
  return TRUE;
}

static void
compare (Model *model, WdFetchFields fields, WdModseq since)
{
  Contract *c = model->contract;
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  guint n_expected = 0;

  model->fields = fields;
  model->n_rows = 0;
  for (WdUid uid = 1; uid < model->uidnext; uid++)
    n_expected += model->messages[uid].exists && model->messages[uid].modseq > since;
  contract_assert_works (wd_store_fetch (c->other, &c->actor, &model->inbox, all, fields, since,
                                         compare_row, model, NULL, &error));
  g_assert_cmpuint (model->n_rows, ==, n_expected);
}

static void
compare_state (Model *model)
{
  Contract *c = model->contract;
  GError *error = NULL;
  g_autoptr (WdMailboxState) state
      = wd_store_select_mailbox (c->store, &c->actor, &model->inbox, FALSE, NULL, &error);
  WdUid first_unseen = 0;
  guint n_messages = 0, n_unseen = 0;

  g_assert_no_error (error);
  for (WdUid uid = model->uidnext - 1; uid > 0; uid--)
    {
      const Message *message = &model->messages[uid];

      n_messages += message->exists;
      if (!message->exists || (message->flags & WD_FLAG_SEEN) != 0)
        continue;
      n_unseen++;
      first_unseen = uid;
    }
  g_assert_cmpuint (wd_uidset_get_count (state->uids), ==, n_messages);
  g_assert_cmpuint (state->info->n_unseen, ==, n_unseen);
  g_assert_cmpuint (state->first_unseen, ==, first_unseen);
}

static void
compare_search (Model *model)
{
  Contract *c = model->contract;
  WdSearchExpr expr = { .op = WD_SEARCH_FLAGS_SET, .flags = WD_FLAG_FLAGGED };
  g_autoptr (WdUidSet) found = NULL;

  contract_assert_works (
      wd_store_search (c->store, &c->actor, &model->inbox, &expr, &found, NULL, NULL, &error));
  for (WdUid uid = 1; uid < model->uidnext; uid++)
    g_assert_cmpint (wd_uidset_has (found, uid), ==,
                     model->messages[uid].exists
                         && (model->messages[uid].flags & WD_FLAG_FLAGGED) != 0);
}

// The names that stand for the bits of choose_flags.
static void
add_keywords (Contract *c)
{
  const WdId inbox = wd_test_store_get_mailbox (c->scratch, &c->user, "INBOX");
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  WdFlags mask;

  for (guint i = 0; i <= LAST_KEYWORD; i++)
    g_ptr_array_add (names, g_strdup_printf ("keyword%u", i));
  g_ptr_array_add (names, NULL);
  contract_assert_works (wd_store_intern_keywords (
      c->store, &c->actor, &inbox, (const char *const *) names->pdata, TRUE, &mask, NULL, &error));
  g_assert_cmpuint (mask, ==, WD_FLAG_KEYWORD (LAST_KEYWORD + 1) - WD_FLAG_KEYWORD (0));
}

static void
fill (Model *model)
{
  Contract *c = model->contract;
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);

  wd_test_store_append (c->scratch, &c->user, "INBOX", "Subject: 1\r\n\r\n", -1, 0);
  wd_test_store_append (c->scratch, &c->user, "INBOX", "Subject: 2\r\n\r\n", -1, WD_FLAG_SEEN);
  model->messages[1] = (Message){ TRUE, 0, G_MAXUINT64 };
  model->messages[2] = (Message){ TRUE, WD_FLAG_SEEN, G_MAXUINT64 };
  model->uidnext = 3;
  while (model->uidnext < 700)
    transfer (model, all, FALSE);
  compare (model, WD_FETCH_FLAGS, 0);
}

static void
test_model (Contract *contract)
{
  static void (*const steps[]) (Model *)
      = { change_flags, change_flags, change_flags, change_flags, expunge, copy_within };
  g_autofree Model *model = g_new0 (Model, 1);

  model->contract = contract;
  model->inbox = wd_test_store_get_mailbox (contract->scratch, &contract->user, "INBOX");
  add_keywords (contract);
  fill (model);
  for (guint i = 0; i < ROUNDS; i++)
    {
      WdUid any = (WdUid) g_test_rand_int_range (1, (gint32) model->uidnext);

      steps[g_test_rand_int_range (0, G_N_ELEMENTS (steps))](model);
      compare (model, i % 2 == 0 ? WD_FETCH_FLAGS : WD_FETCH_ONLY_FLAGS, 0);
      compare (model, i % 2 == 0 ? WD_FETCH_ONLY_FLAGS : WD_FETCH_FLAGS,
               model->messages[any].modseq);
      compare_state (model);
      compare_search (model);
    }
}

const ContractCase contract_cases[] = {
  { "model", test_model, NULL },
  { NULL, NULL, NULL },
};
