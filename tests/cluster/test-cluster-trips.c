// SPDX-License-Identifier: EUPL-1.2
// How many round trips each call takes, counted at the driver. docs/cluster.md has the same table.
#include "config.h"

#include <string.h>

#include "mongo-pool.h"
#include "test-store.h"

#define MESSAGE "From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n"

typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdActor actor;
  WdId inbox;
  WdId trash;
  WdUidSet *all;
} Trips;

static void
append (Trips *trips)
{
  (void) wd_test_store_append_to (trips->scratch, trips->store, &trips->actor, &trips->inbox,
                                  MESSAGE);
}

static void
select_inbox (Trips *trips)
{
  g_autoptr (WdMailboxState) state
      = wd_store_select_mailbox (trips->store, &trips->actor, &trips->inbox, FALSE, NULL, NULL);

  g_assert_nonnull (state);
}

static void
look (Trips *trips)
{
  g_autoptr (WdMailboxInfo) info
      = wd_store_get_mailbox (trips->store, &trips->actor, &trips->inbox, NULL, NULL);
  guint64 before = wd_mongo_pool_count_commands ();
  g_autoptr (WdMailboxChanges) changes = wd_store_list_changes (
      trips->store, &trips->actor, &trips->inbox, info->highest_modseq, FALSE, 0, NULL, NULL);

  g_assert_nonnull (changes);
  g_assert_cmpuint (wd_mongo_pool_count_commands () - before, ==, 1);
}

static gboolean
pass_row (WdMessageRow *row, gpointer user_data)
{
  return TRUE;
}

static void
fetch (Trips *trips)
{
  g_assert_true (wd_store_fetch (trips->store, &trips->actor, &trips->inbox, trips->all,
                                 WD_FETCH_INDEX, 0, pass_row, NULL, NULL, NULL));
}

static void
store_flags (Trips *trips)
{
  const WdFlagChange change = { .op = WD_FLAG_OP_ADD, .flags = WD_FLAG_DELETED };

  g_assert_true (wd_store_store_flags (trips->store, &trips->actor, &trips->inbox, trips->all,
                                       &change, NULL, NULL, NULL, NULL, NULL));
}

static void
copy (Trips *trips)
{
  g_autoptr (WdUidSet) source = NULL;
  g_autoptr (WdUidSet) target = NULL;
  guint32 uidvalidity;

  g_assert_true (wd_store_copy (trips->store, &trips->actor, &trips->inbox, trips->all,
                                &trips->trash, FALSE, NULL, NULL, &source, &target, &uidvalidity,
                                NULL, NULL));
  g_assert_cmpuint (wd_uidset_get_count (source), >, 0);
}

static void
replace (Trips *trips)
{
  g_autoptr (WdIncoming) incoming = wd_test_store_new_incoming (trips->scratch, MESSAGE, -1);
  const WdAppend item = { .incoming = incoming };
  WdAppended out;
  guint32 uidvalidity;

  g_assert_true (wd_store_replace (trips->store, &trips->actor, &trips->inbox, 1, &trips->inbox,
                                   &item, &out, &uidvalidity, NULL, NULL));
  g_assert_cmpuint (out.uid, >, 1);
}

static void
expunge (Trips *trips)
{
  g_autoptr (WdUidSet) gone = NULL;
  WdModseq modseq;

  g_assert_true (wd_store_expunge (trips->store, &trips->actor, &trips->inbox, NULL, FALSE, &gone,
                                   &modseq, NULL, NULL));
  g_assert_cmpuint (wd_uidset_get_count (gone), >, 0);
}

// In order: later ones build on earlier ones. Whatever the number of messages.
static const struct
{
  const char *name;
  void (*func) (Trips *);
  guint64 most;
} rows[] = {
  { "append", append, 4 }, { "look at nothing new", look, 3 }, { "select", select_inbox, 4 },
  { "fetch", fetch, 2 },   { "replace", replace, 10 },         { "store", store_flags, 5 },
  { "copy", copy, 8 },     { "expunge", expunge, 9 },
};

static void
test_trips (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new_of ("mongodb:", NULL);
  WdId user = wd_test_store_add_user (scratch, "alice", "alice@example.com");
  Trips trips = {
    .scratch = scratch,
    .store = wd_test_store_get (scratch),
    .actor = WD_ACTOR_SELF (user),
    .inbox = wd_test_store_get_mailbox (scratch, &user, "INBOX"),
    .trash = wd_test_store_get_mailbox (scratch, &user, "Trash"),
    .all = wd_uidset_new_range (1, G_MAXUINT32),
  };

  // So that what is counted is not the first.
  append (&trips);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint64 before = wd_mongo_pool_count_commands ();
      gint64 start_us = g_get_monotonic_time ();
      guint64 n;

      rows[i].func (&trips);
      n = wd_mongo_pool_count_commands () - before;
      g_test_message ("%s: %" G_GUINT64_FORMAT " commands, %" G_GINT64_FORMAT " us", rows[i].name,
                      n, g_get_monotonic_time () - start_us);
      g_assert_cmpuint (n, <=, rows[i].most);
    }
  wd_uidset_free (trips.all);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  wd_test_store_add_cluster_test ("/cluster/trips", test_trips);
  return g_test_run ();
}
