// SPDX-License-Identifier: EUPL-1.2
// Many at once, in threads and in processes, some of which die: UIDs are seen in order, what was
// acknowledged is there, whole and once.
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract-util.h"

const char contract_area[] = "storm";

#define N_THREADS 4
#define N_EACH 30
#define N_KILLS 12

static gpointer
deliver_some (gpointer data)
{
  Contract *contract = data;
  WdId inbox = contract_box (contract, "INBOX");

  for (guint i = 0; i < N_EACH; i++)
    {
      g_autoptr (WdIncoming) incoming
          = wd_test_store_new_incoming (contract->scratch, CONTRACT_MESSAGE, -1);
      WdAppend item = { .incoming = incoming };
      WdAppended out;
      guint32 uidvalidity;

      contract_assert_works (wd_store_append (contract->store, &contract->actor, &inbox, &item, 1,
                                              &out, &uidvalidity, NULL, &error));
    }
  return NULL;
}

// What a session sees: never a UID below one that it has seen.
static void
look (Contract *contract, const WdId *box, WdModseq *inout_modseq, WdUidSet *seen)
{
  g_autoptr (WdMailboxChanges) changes = NULL;

  contract_assert_works ((changes = wd_store_list_changes (contract->store, &contract->actor, box,
                                                           *inout_modseq, FALSE, 0, NULL, &error))
                         != NULL);
  g_assert_true (changes->is_complete);
  if (!wd_uidset_is_empty (changes->added))
    g_assert_cmpuint (wd_uidset_get_first (changes->added), ==, wd_uidset_get_last (seen) + 1);
  wd_uidset_add_set (seen, changes->added);
  g_assert_cmpuint (wd_uidset_get_count (seen), ==, changes->uidnext - 1);
  *inout_modseq = changes->highest_modseq;
}

static void
test_threads (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  Contract other = *contract;
  GThread *threads[N_THREADS];
  g_autoptr (WdUidSet) seen = wd_uidset_new ();
  WdModseq modseq = 1;

  other.store = contract->other;
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("deliver", deliver_some, i % 2 == 0 ? contract : &other);
  while (wd_uidset_get_count (seen) < N_THREADS * N_EACH)
    {
      look (contract, &inbox, &modseq, seen);
      g_thread_yield ();
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

static gpointer
change_some (gpointer data)
{
  Contract *contract = data;
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) (gsize) contract->store);

  for (guint i = 0; i < N_EACH; i++)
    {
      guint first = (guint) g_rand_int_range (rand, 1, 100);
      g_autofree char *uids = g_strdup_printf ("%u:%u", first, first + 5);
      g_autofree char *expunged = NULL;

      switch (g_rand_int_range (rand, 0, 4))
        {
        case 0:
          contract_flags (contract, &inbox, uids, WD_FLAG_OP_REPLACE, (WdFlags) (i % 32));
          break;
        case 1:
          contract_copy (contract, &inbox, uids, &trash, i % 2 == 0);
          break;
        case 2:
          expunged = contract_expunge (contract, i % 2 == 0 ? &inbox : &trash, uids);
          break;
        default:
          contract_append_many (contract, 3);
        }
      if (i % 10 == 0)
        contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
    }
  return NULL;
}

static void
test_mixed (Contract *contract)
{
  Contract other = *contract;
  GThread *threads[N_THREADS];
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxState) state = NULL;
  g_autoptr (WdMailboxState) state_there = NULL;

  other.store = contract->other;
  contract_append_many (contract, 50);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("change", change_some, i % 2 == 0 ? contract : &other);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
  state = contract_select (contract, &inbox, FALSE);
  state_there = contract_select (&other, &inbox, FALSE);
  g_assert_true (wd_uidset_is_equal (state->uids, state_there->uids));
}

static GSubprocess *
start_child (Contract *contract, const WdId *box, guint n, const char *name)
{
  const WdStoreOptions *options = wd_test_store_get_options (contract->scratch);
  g_autofree char *program
      = g_test_build_filename (G_TEST_BUILT, "contract", "contract-child", NULL);
  g_autofree char *user = wd_core_id_dup_hex (&contract->user);
  g_autofree char *mailbox = wd_core_id_dup_hex (box);
  g_autofree char *count = g_strdup_printf ("%u", n);
  g_autoptr (GError) error = NULL;
  GSubprocess *child = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, options->uri,
      options->runtime_dir == NULL ? "" : options->runtime_dir, user, mailbox, count, name, NULL);

  g_assert_no_error (error);
  return child;
}

// The next UID that the child has been told. FALSE at the end.
static gboolean
read_uid (GDataInputStream *lines, WdUid *out_uid)
{
  g_autofree char *line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);

  if (line == NULL)
    return FALSE;
  *out_uid = (WdUid) strtoul (line, NULL, 10);
  return TRUE;
}

static void
test_processes (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (GSubprocess) first = start_child (contract, &inbox, N_EACH, "first");
  g_autoptr (GSubprocess) second = start_child (contract, &inbox, N_EACH, "second");
  g_autoptr (WdUidSet) seen = wd_uidset_new ();
  WdModseq modseq = 1;

  deliver_some (contract);
  while (wd_uidset_get_count (seen) < 3 * N_EACH)
    {
      look (contract, &inbox, &modseq, seen);
      g_thread_yield ();
    }
  g_assert_true (g_subprocess_wait_check (first, NULL, NULL));
  g_assert_true (g_subprocess_wait_check (second, NULL, NULL));
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

// Whole, and each of them once.
static void
assert_whole (Contract *contract, const WdId *box, WdUid uid, GHashTable *names)
{
  g_autoptr (GString) octets = contract_read (contract, box, uid);
  const char *line_end = strstr (octets->str, "\r\n");

  g_assert_true (g_str_has_prefix (octets->str, "X-Name: "));
  g_assert_true (g_str_has_suffix (octets->str, "\r\nend\r\n"));
  g_assert_true (
      g_hash_table_add (names, g_strndup (octets->str, (gsize) (line_end - octets->str))));
}

static void
test_killed (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdUidSet) told = wd_uidset_new ();
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  WdUidSetIter iter;
  WdUid uid;

  for (guint round = 0; round < N_KILLS; round++)
    {
      g_autofree char *name = g_strdup_printf ("round %u", round);
      g_autoptr (GSubprocess) child = start_child (contract, &inbox, 100000, name);
      g_autoptr (GDataInputStream) lines
          = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
      gint32 n = g_test_rand_int_range (1, 12);

      for (gint32 i = 0; i < n && read_uid (lines, &uid); i++)
        wd_uidset_add (told, uid);
      g_subprocess_force_exit (child);
      while (read_uid (lines, &uid))
        wd_uidset_add (told, uid);
      g_assert_true (g_subprocess_wait (child, NULL, NULL));
    }

  g_autoptr (WdMailboxState) state = contract_select (contract, &inbox, FALSE);

  for (wd_uidset_iter_init (&iter, told); wd_uidset_iter_next (&iter, &uid);)
    g_assert_true (wd_uidset_has (state->uids, uid));
  // What was not acknowledged any more is there wholly or not at all.
  for (wd_uidset_iter_init (&iter, state->uids); wd_uidset_iter_next (&iter, &uid);)
    assert_whole (contract, &inbox, uid, names);

  // Files of parts may be left over; mending removes them, and nothing else is amiss.
  guint n_repaired, n = contract_check (contract, TRUE, &n_repaired);

  g_assert_cmpuint (n, ==, n_repaired);
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

const ContractCase contract_cases[] = {
  { "threads", test_threads },
  { "mixed", test_mixed },
  { "processes", test_processes },
  { "killed", test_killed },
  { NULL },
};
