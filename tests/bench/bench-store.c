// SPDX-License-Identifier: EUPL-1.2
// The bare store, without a protocol: what each call costs, and how that grows.
// bench-store [MESSAGES …]: sizes of the mailbox.
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench-mix.h"
#include "test-store.h"

#define check(call)                                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autoptr (GError) error = NULL;                                                               \
    if (!(call))                                                                                   \
      {                                                                                            \
        fprintf (stderr, "%s:%d: %s\n", __FILE__, __LINE__, error->message);                       \
        exit (1);                                                                                  \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdId user;
  WdActor actor;
  WdId inbox;
  WdId target;
  guint n;
  guint64 n_bytes;
} Bench;

static gint64
get_cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec
         + usage.ru_stime.tv_usec;
}

static guint64
get_written (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/io", &text, NULL, NULL)
      || (line = strstr (text, "\nwrite_bytes: ")) == NULL)
    return 0;
  return g_ascii_strtoull (line + strlen ("\nwrite_bytes: "), NULL, 10);
}

// Time that passed, and time of this thread on a processor: they differ by waiting for the disk,
// and for whatever else the machine does.
typedef struct
{
  double wall_us;
  double cpu_us;
} Cost;

static Cost
get_clocks (void)
{
  struct timespec cpu;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &cpu);
  return (Cost){ (double) g_get_monotonic_time (),
                 (double) cpu.tv_sec * 1e6 + (double) cpu.tv_nsec / 1e3 };
}

static Cost
get_cost (Cost since)
{
  Cost now = get_clocks ();

  return (Cost){ now.wall_us - since.wall_us, now.cpu_us - since.cpu_us };
}

// The best of several runs.
static Cost
measure (void (*func) (Bench *), Bench *bench, guint n_runs)
{
  Cost best = { G_MAXDOUBLE, G_MAXDOUBLE };

  for (guint i = 0; i < n_runs; i++)
    {
      Cost start = get_clocks (), cost;

      func (bench);
      cost = get_cost (start);
      best.wall_us = MIN (best.wall_us, cost.wall_us);
      best.cpu_us = MIN (best.cpu_us, cost.cpu_us);
    }
  return best;
}

static void
report (const Bench *bench, const char *what, Cost cost, double n)
{
  printf ("%7u  %-28s %12.3f ms %9.3f us each, on the CPU %9.3f us each %10.0f /s\n", bench->n,
          what, cost.wall_us / 1e3, cost.wall_us / n, cost.cpu_us / n, n * 1e6 / cost.cpu_us);
  fflush (stdout);
}

static WdIncoming *
make_incoming (Bench *bench, const GString *octets)
{
  WdIncoming *incoming = wd_incoming_new (bench->store);

  check (wd_incoming_write (incoming, octets->str, octets->len, &error));
  check (wd_incoming_finish (incoming, &error));
  return incoming;
}

static void
deliver (
    Bench *bench, GString **mails, guint n, const WdActor *actors, const WdId *boxes, guint n_users)
{
  for (guint i = 0; i < n; i++)
    {
      WdIncoming *incoming = make_incoming (bench, mails[i]);
      WdAppend item = {
        .incoming = incoming,
        .prefix = "Return-Path: <anna@example.net>\r\nDelivered-To: user@example.org\r\n",
      };
      WdAppended out;
      guint32 uidvalidity;

      check (wd_store_append (bench->store, &actors[i % n_users], &boxes[i % n_users], &item, 1,
                              &out, &uidvalidity, NULL, &error));
      wd_incoming_unref (incoming);
    }
}

static void
bench_delivery (Bench *bench)
{
  enum
  {
    N = 2000,
    N_USERS = 20,
  };

  g_autoptr (WdBenchMix) mix = bench_mix_new (7);
  GString *mails[N];
  WdActor actors[N_USERS];
  WdId boxes[N_USERS];
  guint64 n_bytes = 0;

  for (guint i = 0; i < N; i++)
    {
      mails[i] = bench_mix_next (mix);
      n_bytes += mails[i]->len;
    }
  for (guint i = 0; i < N_USERS; i++)
    {
      g_autofree char *name = g_strdup_printf ("user%u", i);
      WdId user = wd_test_store_add_user (bench->scratch, name, NULL);

      actors[i] = WD_ACTOR_SELF (user);
      boxes[i] = wd_test_store_get_mailbox (bench->scratch, &user, "INBOX");
    }

  for (guint round = 0; round < 2; round++)
    {
      gint64 wall = g_get_monotonic_time (), cpu = get_cpu_us ();
      guint64 written = get_written ();

      deliver (bench, mails, N, actors, boxes, N_USERS);
      wall = g_get_monotonic_time () - wall;
      cpu = get_cpu_us () - cpu;
      printf ("delivery to %u users, %.1f kB a message: %.0f/s, %.0f us CPU, %.2f written a byte",
              N_USERS, (double) n_bytes / N / 1000, N * 1e6 / (double) wall, (double) cpu / N,
              (double) (get_written () - written) / (double) n_bytes);
      check (wd_store_maintain (bench->store, NULL, &error));
      wd_test_store_reopen (bench->scratch);
      bench->store = wd_test_store_get (bench->scratch);
      printf (" (%.2f with checkpoints and the text index)\n",
              (double) (get_written () - written) / (double) n_bytes);
      if (round == 0)
        printf ("  once more, index left out: ");
    }
  for (guint i = 0; i < N; i++)
    g_string_free (mails[i], TRUE);
}

static void
fill (Bench *bench, guint n)
{
  g_autoptr (WdBenchMix) mix = bench_mix_new (3);
  Cost start = get_clocks ();

  for (guint done = 0; done < n;)
    {
      WdAppend items[50] = { 0 };
      WdAppended outs[50];
      guint32 uidvalidity;
      guint n_items = MIN (50, n - done);

      for (guint i = 0; i < n_items; i++)
        {
          GString *octets = bench_mix_next (mix);

          bench->n_bytes += octets->len;
          items[i].incoming = make_incoming (bench, octets);
          g_string_free (octets, TRUE);
        }
      check (wd_store_append (bench->store, &bench->actor, &bench->inbox, items, n_items, outs,
                              &uidvalidity, NULL, &error));
      for (guint i = 0; i < n_items; i++)
        wd_incoming_unref (items[i].incoming);
      done += n_items;
    }
  bench->n = n;
  report (bench, "append, 50 at once", get_cost (start), n);
}

static gboolean
count_row (WdMessageRow *row, gpointer data)
{
  *(guint64 *) data += row->envelope_len + row->body_structure_len + row->size_bytes;
  return TRUE;
}

static gboolean
read_row (WdMessageRow *row, gpointer data)
{
  GString *out = data;

  g_string_truncate (out, 0);
  check (wd_content_read (row->content, 0, row->size_bytes, out, &error));
  return TRUE;
}

static void
fetch (Bench *bench, WdFetchFields fields, WdModseq since, WdFetchFunc func, gpointer data)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);

  check (wd_store_fetch (bench->store, &bench->actor, &bench->inbox, all, fields, since, func, data,
                         NULL, &error));
}

static void
fetch_flags (Bench *bench)
{
  guint64 n = 0;

  fetch (bench, WD_FETCH_FLAGS, 0, count_row, &n);
}

static void
fetch_index (Bench *bench)
{
  guint64 n = 0;

  fetch (bench, WD_FETCH_INDEX, 0, count_row, &n);
}

static void
fetch_content (Bench *bench)
{
  g_autoptr (GString) out = g_string_sized_new (1024 * 1024);

  fetch (bench, WD_FETCH_CONTENT, 0, read_row, out);
}

static void
select_box (Bench *bench)
{
  for (guint i = 0; i < 100; i++)
    {
      WdMailboxState *state = NULL;

      check ((state = wd_store_select_mailbox (bench->store, &bench->actor, &bench->inbox, TRUE,
                                               NULL, &error))
             != NULL);
      wd_mailbox_state_free (state);
    }
}

static void
status_box (Bench *bench)
{
  for (guint i = 0; i < 100; i++)
    {
      WdMailboxInfo *info = NULL;

      check (wd_store_find_mailbox (bench->store, &bench->actor, "INBOX", &info, NULL, &error));
      wd_mailbox_info_free (info);
    }
}

static void
change_flags (Bench *bench, WdUid first, WdUid last, WdFlagOp op, WdFlags flags)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (first, last);
  WdFlagChange change = { .op = op, .flags = flags };

  check (wd_store_store_flags (bench->store, &bench->actor, &bench->inbox, uids, &change, NULL,
                               NULL, NULL, NULL, &error));
}

static void
store_all (Bench *bench)
{
  static gboolean is_set = FALSE;

  change_flags (bench, 1, bench->n, is_set ? WD_FLAG_OP_REMOVE : WD_FLAG_OP_ADD, WD_FLAG_FLAGGED);
  is_set = !is_set;
}

static void
store_one (Bench *bench)
{
  static gboolean is_set = FALSE;

  for (guint i = 1; i <= 500; i++)
    change_flags (bench, i, i, is_set ? WD_FLAG_OP_REMOVE : WD_FLAG_OP_ADD, WD_FLAG_ANSWERED);
  is_set = !is_set;
}

static void
list_changes (Bench *bench)
{
  WdMailboxInfo *info = NULL;

  check ((info = wd_store_get_mailbox (bench->store, &bench->actor, &bench->inbox, NULL, &error))
         != NULL);
  for (guint i = 0; i < 100; i++)
    {
      WdMailboxChanges *changes = NULL;

      check ((changes = wd_store_list_changes (bench->store, &bench->actor, &bench->inbox,
                                               info->highest_modseq - 10, FALSE, 0, NULL, &error))
             != NULL);
      wd_mailbox_changes_free (changes);
    }
  wd_mailbox_info_free (info);
}

static void
fetch_changed (Bench *bench)
{
  WdMailboxInfo *info = NULL;
  guint64 n = 0;

  check ((info = wd_store_get_mailbox (bench->store, &bench->actor, &bench->inbox, NULL, &error))
         != NULL);
  for (guint i = 0; i < 100; i++)
    fetch (bench, WD_FETCH_FLAGS, info->highest_modseq - 10, count_row, &n);
  wd_mailbox_info_free (info);
}

static void
copy (Bench *bench, const WdId *source, const WdId *target, WdUid last, gboolean move)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (1, last);
  WdUidSet *from = NULL, *to = NULL;
  guint32 uidvalidity;

  check (wd_store_copy (bench->store, &bench->actor, source, uids, target, move, NULL, NULL, &from,
                        &to, &uidvalidity, NULL, &error));
  wd_uidset_free (from);
  wd_uidset_free (to);
}

static void
copy_all (Bench *bench)
{
  copy (bench, &bench->inbox, &bench->target, bench->n, FALSE);
}

static void
expunge_target (Bench *bench)
{
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  WdUidSet *expunged = NULL;
  WdModseq modseq;

  check (wd_store_expunge (bench->store, &bench->actor, &bench->target, all, TRUE, &expunged,
                           &modseq, NULL, &error));
  wd_uidset_free (expunged);
}

static void
move_there_and_back (Bench *bench)
{
  copy (bench, &bench->target, &bench->inbox, G_MAXUINT32, TRUE);
}

// Leaves the first half, so that what follows is about as many messages as what came before.
static void
expunge_copies (Bench *bench)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (bench->n + 1, G_MAXUINT32);
  WdUidSet *expunged = NULL;
  WdModseq modseq;

  check (wd_store_expunge (bench->store, &bench->actor, &bench->inbox, uids, TRUE, &expunged,
                           &modseq, NULL, &error));
  wd_uidset_free (expunged);
}

static guint n_hits;

static void
search (Bench *bench, WdSearchOp op, const char *header, const char *text)
{
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (op);
  WdUidSet *uids = NULL;

  expr->header = g_strdup (header);
  expr->text = g_strdup (text);
  check (wd_store_search (bench->store, &bench->actor, &bench->inbox, expr, &uids, NULL, NULL,
                          &error));
  n_hits = wd_uidset_get_count (uids);
  wd_uidset_free (uids);
}

static void
search_from (Bench *bench)
{
  search (bench, WD_SEARCH_HEADER, "From", "Quentin");
}

static void
search_subject (Bench *bench)
{
  search (bench, WD_SEARCH_HEADER, "Subject", "quarterly");
}

static void
search_body (Bench *bench)
{
  search (bench, WD_SEARCH_BODY, NULL, "heliotrope");
}

static void
search_text (Bench *bench)
{
  search (bench, WD_SEARCH_TEXT, NULL, "heliotrope");
}

static void
search_flags (Bench *bench)
{
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_FLAGS_SET);
  WdUidSet *uids = NULL;

  expr->flags = WD_FLAG_FLAGGED;
  check (wd_store_search (bench->store, &bench->actor, &bench->inbox, expr, &uids, NULL, NULL,
                          &error));
  wd_uidset_free (uids);
}

static void
bench_mailbox (Bench *bench, guint n)
{
  static guint n_users = 0;
  g_autofree char *name = g_strdup_printf ("box%u", n_users++);

  bench->user = wd_test_store_add_user (bench->scratch, name, NULL);
  bench->actor = WD_ACTOR_SELF (bench->user);
  bench->inbox = wd_test_store_get_mailbox (bench->scratch, &bench->user, "INBOX");
  bench->target = wd_test_store_get_mailbox (bench->scratch, &bench->user, "Trash");
  bench->n_bytes = 0;
  fill (bench, n);

  report (bench, "select", measure (select_box, bench, 5), 100);
  report (bench, "status", measure (status_box, bench, 5), 100);
  report (bench, "fetch flags of all", measure (fetch_flags, bench, 5), n);
  report (bench, "fetch index of all", measure (fetch_index, bench, 5), n);

  Cost cost = measure (fetch_content, bench, 3);

  report (bench, "fetch content of all", cost, n);
  printf ("%7u  %.2f GB/s on the CPU\n", n, (double) bench->n_bytes / cost.cpu_us / 1000);
  report (bench, "store one by one", measure (store_one, bench, 4), 500);
  report (bench, "list 10 changes", measure (list_changes, bench, 5), 100);
  report (bench, "fetch 10 changed", measure (fetch_changed, bench, 5), 100);
  report (bench, "store all", measure (store_all, bench, 6), n);
  report (bench, "copy all", measure (copy_all, bench, 1), n);
  report (bench, "expunge all of the copies", measure (expunge_target, bench, 1), n);
  copy_all (bench);
  report (bench, "move all", measure (move_there_and_back, bench, 1), n);
  expunge_copies (bench);
  report (bench, "search flags", measure (search_flags, bench, 5), 1);

  report (bench, "search body, not indexed", measure (search_body, bench, 1), 1);
  cost = get_clocks ();
  check (wd_store_maintain (bench->store, NULL, &error));
  report (bench, "index", get_cost (cost), n);
  report (bench, "search from", measure (search_from, bench, 5), 1);
  report (bench, "search subject", measure (search_subject, bench, 5), 1);
  report (bench, "search body", measure (search_body, bench, 5), 1);
  printf ("%7u  %u hits\n", n, n_hits);
  report (bench, "search text", measure (search_text, bench, 5), 1);
}

int
main (int argc, char **argv)
{
  Bench bench = { .scratch = wd_test_store_new (NULL) };

  bench.store = wd_test_store_get (bench.scratch);
  bench_delivery (&bench);
  for (int i = 1; i < argc; i++)
    bench_mailbox (&bench, (guint) g_ascii_strtoull (argv[i], NULL, 10));
  wd_test_store_free (bench.scratch);
  return 0;
}
