// SPDX-License-Identifier: EUPL-1.2
// Two instances deliver into one mailbox at once: sessions on both see every UID, in order.
#include "config.h"

#include "test-store.h"

#define MESSAGE "From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n"
#define N_EACH 100
#define N_DELIVERERS 4
#define N_ALL (N_EACH * N_DELIVERERS)
#define PATIENCE_US (60 * G_USEC_PER_SEC)

typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdActor actor;
  WdId inbox;
} Instance;

static gpointer
deliver (gpointer data)
{
  Instance *self = data;

  for (guint i = 0; i < N_EACH; i++)
    (void) wd_test_store_append_to (self->scratch, self->store, &self->actor, &self->inbox,
                                    MESSAGE);
  return NULL;
}

// A session: what is added is above all that it knows, and nothing is left out.
static gpointer
follow (gpointer data)
{
  Instance *self = data;
  gint64 until_us = g_get_monotonic_time () + PATIENCE_US;
  WdUid last = 0;
  WdModseq since = 1;

  while (last < N_ALL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdMailboxChanges) changes = wd_store_list_changes (
          self->store, &self->actor, &self->inbox, since, FALSE, 0, NULL, &error);

      g_assert_no_error (error);
      g_assert_true (changes->is_complete);
      g_assert_cmpuint (changes->highest_modseq, >=, since);
      since = changes->highest_modseq;
      if (wd_uidset_is_empty (changes->added))
        {
          g_assert_cmpint (g_get_monotonic_time (), <, until_us);
          continue;
        }
      g_assert_cmpuint (wd_uidset_get_first (changes->added), ==, last + 1);
      last = wd_uidset_get_last (changes->added);
      g_assert_cmpuint (wd_uidset_get_count (changes->added), ==,
                        last + 1 - wd_uidset_get_first (changes->added));
      g_assert_cmpuint (changes->uidnext, >, last);
    }
  return NULL;
}

static void
test_order (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new_of ("mongodb:", NULL);
  g_autoptr (WdStore) other = wd_test_store_open_again (scratch);
  WdId user = wd_test_store_add_user (scratch, "alice", "alice@example.com");
  Instance here = { scratch, wd_test_store_get (scratch), WD_ACTOR_SELF (user),
                    wd_test_store_get_mailbox (scratch, &user, "INBOX") };
  Instance there = here;
  GThread *threads[N_DELIVERERS + 2];
  gint64 start_us = g_get_monotonic_time ();

  there.store = other;
  threads[0] = g_thread_new ("follow", follow, &here);
  threads[1] = g_thread_new ("follow", follow, &there);
  for (guint i = 0; i < N_DELIVERERS; i++)
    threads[2 + i] = g_thread_new ("deliver", deliver, i % 2 == 0 ? &here : &there);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_test_message ("%d deliveries in %" G_GINT64_FORMAT " ms", N_ALL,
                  (g_get_monotonic_time () - start_us) / 1000);
  g_clear_object (&other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  wd_test_store_add_cluster_test ("/cluster/order", test_order);
  return g_test_run ();
}
