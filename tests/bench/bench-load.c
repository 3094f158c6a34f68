// SPDX-License-Identifier: EUPL-1.2
// Puts one workload on a mail server and prints its rate as one JSON line. bench-compare runs it
// against several servers in turn.
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench-client.h"
#include "bench-mix.h"

static char *imap_address;
static char *lmtp_address;
static char *password;
static char *mailbox;
static int n_users = 20;
static int first_user;
static int count = 1000;
static int connections = 8;
static int seed = 1;
static int warm_up_secs;

static const GOptionEntry options[] = {
  { "imap", 0, 0, G_OPTION_ARG_STRING, &imap_address, "IMAP server", "HOST:PORT" },
  { "lmtp", 0, 0, G_OPTION_ARG_STRING, &lmtp_address, "LMTP server", "HOST:PORT" },
  { "password", 0, 0, G_OPTION_ARG_STRING, &password, "Password of all users", "TEXT" },
  { "mailbox", 0, 0, G_OPTION_ARG_STRING, &mailbox, "Mailbox to work in", "NAME" },
  { "users", 0, 0, G_OPTION_ARG_INT, &n_users, "Users bench0@bench.test, …", "N" },
  { "first-user", 0, 0, G_OPTION_ARG_INT, &first_user, "Number of the first of them", "N" },
  { "count", 0, 0, G_OPTION_ARG_INT, &count, "Operations", "N" },
  { "connections", 0, 0, G_OPTION_ARG_INT, &connections, "Connections at once", "N" },
  { "warm-up", 0, 0, G_OPTION_ARG_INT, &warm_up_secs, "Search first until it is quick", "SECS" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Seed of the messages", "N" },
  { NULL },
};

// What a workload measured.
typedef struct
{
  double seconds;
  double operations;
  guint64 bytes;        // Of messages, where the workload moves them.
  GArray *latencies_us; // (element-type double) (nullable)
} Result;

static double
now (void)
{
  return (double) g_get_monotonic_time () / G_USEC_PER_SEC;
}

static char *
user_name (int i)
{
  return g_strdup_printf ("bench%d@bench.test", first_user + i);
}

static WdBenchClient *
login (int i)
{
  g_autofree char *user = user_name (i);

  return bench_client_login (imap_address, user, password);
}

static WdBenchClient *
login_select (void)
{
  WdBenchClient *client = login (0);

  bench_client_imap (client, "SELECT %s", mailbox);
  return client;
}

static WdBenchClient *
lmtp_connect (void)
{
  WdBenchClient *client = bench_client_connect (lmtp_address);

  bench_client_smtp (client, NULL, '2');
  bench_client_smtp (client, "LHLO bench.test\r\n", '2');
  return client;
}

// The number after the n-th "* " line's first word: "* 172 EXISTS".
static guint
exists_of (const char *response)
{
  const char *end = strstr (response, " EXISTS");

  while (end > response && g_ascii_isdigit (end[-1]))
    end--;
  return end == NULL ? 0 : (guint) g_ascii_strtoull (end, NULL, 10);
}

// ---- Mail in

typedef struct
{
  GPtrArray *messages;
  gint next; // Atomic.
  GArray *latencies_us;
  GMutex lock; // Guards latencies_us.
} Deliveries;

static gpointer
deliver_thread (gpointer data)
{
  Deliveries *self = data;
  WdBenchClient *client = lmtp_connect ();
  gint i;

  while ((i = g_atomic_int_add (&self->next, 1)) < count)
    {
      g_autofree char *user = user_name (i % n_users);
      const char *const recipients[] = { user, NULL };
      double begin = now (), took;

      bench_client_deliver (client, recipients, self->messages->pdata[i % self->messages->len]);
      took = (now () - begin) * 1e6;
      g_mutex_lock (&self->lock);
      g_array_append_val (self->latencies_us, took);
      g_mutex_unlock (&self->lock);
    }
  bench_client_close (client);
  return NULL;
}

static GPtrArray *
make_messages (guint n)
{
  GPtrArray *messages = g_ptr_array_new ();
  g_autoptr (WdBenchMix) mix = bench_mix_new ((guint32) seed);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (messages, bench_mix_next (mix));
  return messages;
}

static guint64
total_bytes (GPtrArray *messages, int n)
{
  guint64 bytes = 0;

  for (int i = 0; i < n; i++)
    bytes += ((GString *) messages->pdata[(guint) i % messages->len])->len;
  return bytes;
}

static void
run_deliver (Result *result)
{
  Deliveries self = { .messages = make_messages ((guint) MIN (count, 4000)) };
  g_autofree GThread **threads = g_new0 (GThread *, (gsize) connections);
  double begin;

  self.latencies_us = g_array_new (FALSE, FALSE, sizeof (double));
  g_mutex_init (&self.lock);
  begin = now ();
  for (int i = 0; i < connections; i++)
    threads[i] = g_thread_new ("deliver", deliver_thread, &self);
  for (int i = 0; i < connections; i++)
    g_thread_join (threads[i]);
  result->seconds = now () - begin;
  result->operations = count;
  result->bytes = total_bytes (self.messages, count);
  result->latencies_us = self.latencies_us;
}

static void
run_deliver_many (Result *result)
{
  g_autoptr (GPtrArray) messages = make_messages ((guint) count);
  g_auto (GStrv) recipients = g_new0 (char *, (gsize) n_users + 1);
  WdBenchClient *client = lmtp_connect ();
  double begin;

  for (int i = 0; i < n_users; i++)
    recipients[i] = user_name (i);
  begin = now ();
  for (int i = 0; i < count; i++)
    bench_client_deliver (client, (const char *const *) recipients, messages->pdata[i]);
  result->seconds = now () - begin;
  result->operations = (double) count * n_users;
  result->bytes = total_bytes (messages, count) * (guint64) n_users;
  bench_client_close (client);
}

static void
run_append (Result *result)
{
  g_autoptr (GPtrArray) messages = make_messages ((guint) MIN (count, 2000));
  WdBenchClient *client = login (0);
  double begin = now ();

  for (int i = 0; i < count; i++)
    {
      const GString *message = messages->pdata[(guint) i % messages->len];
      g_autofree char *head
          = g_strdup_printf ("a APPEND %s {%" G_GSIZE_FORMAT "}\r\n", mailbox, message->len);
      const char *line;

      bench_client_send (client, head, strlen (head));
      line = bench_client_read_line (client);
      if (line[0] != '+')
        g_printerr ("%s\n", line), exit (1);
      bench_client_send (client, message->str, message->len);
      bench_client_send (client, "\r\n", 2);
      do
        line = bench_client_read_line (client);
      while (line[0] == '*');
      if (!g_str_has_prefix (line, "a OK"))
        g_printerr ("%s\n", line), exit (1);
    }
  result->seconds = now () - begin;
  result->operations = count;
  result->bytes = total_bytes (messages, count);
  bench_client_close (client);
}

// Twenty messages a command (RFC 3502), none of them waited for.
static void
run_append_many (Result *result)
{
  enum
  {
    MESSAGES = 20
  };

  g_autoptr (GPtrArray) messages = make_messages ((guint) MIN (count, 2000));
  WdBenchClient *client = login (0);
  double begin = now ();

  for (int i = 0; i < count;)
    {
      g_autoptr (GString) command = g_string_new (NULL);

      g_string_append_printf (command, "a APPEND %s", mailbox);
      for (int j = 0; j < MESSAGES && i < count; j++, i++)
        {
          const GString *message = messages->pdata[(guint) i % messages->len];

          g_string_append_printf (command, " {%" G_GSIZE_FORMAT "+}\r\n", message->len);
          g_string_append_len (command, message->str, (gssize) message->len);
        }
      g_string_append (command, "\r\n");
      bench_client_send (client, command->str, command->len);
      if (!g_str_has_prefix (bench_client_read_line (client), "a OK"))
        g_printerr ("APPEND failed\n"), exit (1);
    }
  result->seconds = now () - begin;
  result->operations = count;
  result->bytes = total_bytes (messages, count);
  bench_client_close (client);
}

// ---- Sessions

// The time of the first SELECT in a new session.
static void
run_select_cold (Result *result)
{
  result->latencies_us = g_array_new (FALSE, FALSE, sizeof (double));
  for (int i = 0; i < count; i++)
    {
      WdBenchClient *client = login (0);
      double begin = now (), took;

      bench_client_imap (client, "SELECT %s", mailbox);
      took = now () - begin;
      result->seconds += took;
      took *= 1e6;
      g_array_append_val (result->latencies_us, took);
      bench_client_close (client);
    }
  result->operations = count;
}

static void
run_select (Result *result)
{
  WdBenchClient *client = login (0);
  double begin = now ();

  for (int i = 0; i < count; i++)
    bench_client_imap (client, "SELECT %s", mailbox);
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

static void
run_status (Result *result)
{
  WdBenchClient *client = login (0);
  double begin = now ();

  for (int i = 0; i < count; i++)
    bench_client_imap (client, "STATUS %s (MESSAGES UNSEEN UIDNEXT UIDVALIDITY RECENT)", mailbox);
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

// What any command costs.
static void
run_noop (Result *result)
{
  WdBenchClient *client = login_select ();
  double begin = now ();

  for (int i = 0; i < count; i++)
    bench_client_imap (client, "NOOP");
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

static gpointer
login_thread (gpointer next)
{
  gint i;

  while ((i = g_atomic_int_add ((gint *) next, 1)) < count)
    {
      WdBenchClient *client = login (i % n_users);

      bench_client_imap (client, "LOGOUT");
      bench_client_close (client);
    }
  return NULL;
}

// Each user's password has been verified once before.
static void
run_login (Result *result)
{
  g_autofree GThread **threads = g_new0 (GThread *, (gsize) connections);
  gint next = 0;
  double begin;

  for (int i = 0; i < n_users; i++)
    bench_client_close (login (i));
  begin = now ();
  for (int i = 0; i < connections; i++)
    threads[i] = g_thread_new ("login", login_thread, &next);
  for (int i = 0; i < connections; i++)
    g_thread_join (threads[i]);
  result->seconds = now () - begin;
  result->operations = count;
}

// ---- Messages out

static void
fetch_all (Result *result, const char *items)
{
  WdBenchClient *client = login_select ();
  guint n = 0;
  double begin;

  bench_client_imap (client, "EXAMINE %s", mailbox);
  n = exists_of (bench_client_peek (client));
  begin = now ();
  for (int i = 0; i < count; i++)
    result->bytes += bench_client_imap (client, "FETCH 1:* %s", items);
  result->seconds = now () - begin;
  result->operations = (double) count * n;
  bench_client_close (client);
}

static void
run_fetch_flags (Result *result)
{
  fetch_all (result, "(UID FLAGS INTERNALDATE RFC822.SIZE)");
}

static void
run_fetch_envelope (Result *result)
{
  fetch_all (result, "(ENVELOPE BODYSTRUCTURE)");
}

static void
run_fetch_body (Result *result)
{
  fetch_all (result, "BODY.PEEK[]");
}

// The message with an attachment, among the first, whose size is nearest to this: servers that keep
// them in another order are then asked for the same.
#define PART_MESSAGE_BYTES 60000
#define PART_MESSAGES 500

static guint
find_attachment (WdBenchClient *client)
{
  guint best_seq = 0;
  gint64 best = G_MAXINT64;

  for (guint seq = 1; seq < PART_MESSAGES; seq++)
    {
      const char *size;
      gint64 distance;

      bench_client_imap (client, "FETCH %u (RFC822.SIZE BODYSTRUCTURE)", seq);
      if (strcasestr (bench_client_peek (client), "\"application\"") == NULL)
        continue;
      size = strstr (bench_client_peek (client), "RFC822.SIZE ");
      if (size == NULL)
        continue;
      distance
          = ABS (g_ascii_strtoll (size + strlen ("RFC822.SIZE "), NULL, 10) - PART_MESSAGE_BYTES);
      if (distance < best)
        {
          best = distance;
          best_seq = seq;
        }
    }
  return best_seq;
}

static void
run_fetch_part (Result *result)
{
  WdBenchClient *client = login_select ();
  guint seq = find_attachment (client);
  double begin;

  if (seq == 0)
    g_printerr ("no message with an attachment\n"), exit (1);
  begin = now ();
  for (int i = 0; i < count; i++)
    result->bytes += bench_client_imap (client, "FETCH %u BODY.PEEK[2]", seq);
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

static void
search_for (Result *result, const char *key)
{
  WdBenchClient *client = login_select ();
  double begin, first;

  result->latencies_us = g_array_new (FALSE, FALSE, sizeof (double));
  begin = now ();
  bench_client_imap (client, "SEARCH %s", key);
  first = now () - begin;
  // An index that is made behind the first search is done once a search is much quicker than it,
  // and gets no quicker.
  for (double last = first, before = 0; now () - begin < warm_up_secs; before = last)
    {
      double one;

      g_usleep (500000);
      one = now ();
      bench_client_imap (client, "SEARCH %s", key);
      last = now () - one;
      if (last < first / 10 && last > before * 0.8)
        break;
    }
  begin = now ();
  for (int i = 0; i < count; i++)
    {
      double one = now ();

      bench_client_imap (client, "SEARCH %s", key);
      one = (now () - one) * 1e6;
      g_array_append_val (result->latencies_us, one);
    }
  result->seconds = now () - begin;
  result->operations = count;
  // How many hits, so that servers can be compared: spaces in the line.
  for (const char *p = bench_client_peek (client); *p != '\0' && *p != '\r'; p++)
    result->bytes += *p == ' ';
  result->bytes -= 1;
  bench_client_close (client);
}

static void
run_search_from (Result *result)
{
  search_for (result, "FROM quentin");
}

static void
run_search_subject (Result *result)
{
  search_for (result, "SUBJECT quarterly");
}

static void
run_search_body (Result *result)
{
  search_for (result, "BODY heliotrope");
}

static void
run_changed_since (Result *result)
{
  WdBenchClient *client = login_select ();
  const char *modseq;
  guint64 since;
  double begin;

  bench_client_imap (client, "STATUS %s (HIGHESTMODSEQ)", mailbox);
  modseq = strstr (bench_client_peek (client), "HIGHESTMODSEQ ");
  since = modseq == NULL ? 0 : g_ascii_strtoull (modseq + 14, NULL, 10);
  for (guint i = 1; i <= 10; i++)
    bench_client_imap (client, "STORE %u +FLAGS.SILENT (\\Answered)", i * 7);
  for (guint i = 1; i <= 10; i++)
    bench_client_imap (client, "STORE %u -FLAGS.SILENT (\\Answered)", i * 7);
  begin = now ();
  for (int i = 0; i < count; i++)
    bench_client_imap (client, "FETCH 1:* (FLAGS) (CHANGEDSINCE %" G_GUINT64_FORMAT ")", since);
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

// ---- Changes

static void
run_store_one (Result *result)
{
  WdBenchClient *client = login_select ();
  double begin = now ();

  for (int i = 0; i < count; i++)
    bench_client_imap (client, "STORE %d %cFLAGS (\\Flagged)", i / 2 % 500 + 1,
                       i % 2 == 0 ? '+' : '-');
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

static void
store_all (Result *result, const char *silent)
{
  WdBenchClient *client = login_select ();
  guint n;
  double begin;

  bench_client_imap (client, "SELECT %s", mailbox);
  n = exists_of (bench_client_peek (client));
  begin = now ();
  for (int i = 0; i < count; i++)
    bench_client_imap (client, "STORE 1:* %cFLAGS%s (\\Answered)", i % 2 == 0 ? '+' : '-', silent);
  result->seconds = now () - begin;
  result->operations = (double) count * n;
  bench_client_close (client);
}

static void
run_store_all (Result *result)
{
  store_all (result, "");
}

static void
run_store_all_silent (Result *result)
{
  store_all (result, ".SILENT");
}

// Deletes every second message, 5,000 a command.
static void
expunge_half (WdBenchClient *client, guint n)
{
  for (guint first = 1; first <= n; first += 10000)
    {
      g_autoptr (GString) set = g_string_new (NULL);

      for (guint i = first; i <= n && i < first + 10000; i += 2)
        g_string_append_printf (set, "%s%u", set->len > 0 ? "," : "", i);
      bench_client_imap (client, "STORE %s +FLAGS.SILENT (\\Deleted)", set->str);
    }
  bench_client_imap (client, "EXPUNGE");
}

// The number behind `name` in the last response.
static guint64
number_of (WdBenchClient *client, const char *name)
{
  const char *at = strstr (bench_client_peek (client), name);

  return at == NULL ? 0 : g_ascii_strtoull (at + strlen (name), NULL, 10);
}

// A client comes back to a copy of `mailbox` in which half of the messages have other flags and the
// other half is gone (RFC 7162 3.2.5): all of it is the answer to one SELECT.
static void
run_resync (Result *result)
{
  WdBenchClient *busy = login_select ();
  WdBenchClient *away = login (0);
  guint n;

  bench_client_imap (busy, "SELECT %s", mailbox);
  n = exists_of (bench_client_peek (busy));
  bench_client_imap (away, "ENABLE QRESYNC");
  for (int i = 0; i < count; i++)
    {
      guint64 uidvalidity;
      guint64 modseq;
      double begin;

      bench_client_imap (busy, "CREATE bench-target");
      bench_client_imap (busy, "COPY 1:* bench-target");
      bench_client_imap (away, "SELECT bench-target");
      uidvalidity = number_of (away, "[UIDVALIDITY ");
      modseq = number_of (away, "[HIGHESTMODSEQ ");
      bench_client_imap (away, "UNSELECT");
      bench_client_imap (busy, "SELECT bench-target");
      bench_client_imap (busy, "STORE 1:* +FLAGS.SILENT (\\Answered)");
      expunge_half (busy, n);
      begin = now ();
      result->bytes += bench_client_imap (
          away, "SELECT bench-target (QRESYNC (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " 1:%u))",
          uidvalidity, modseq, n);
      result->seconds += now () - begin;
      bench_client_imap (away, "UNSELECT");
      bench_client_imap (busy, "SELECT %s", mailbox);
      bench_client_imap (busy, "DELETE bench-target");
    }
  result->operations = (double) count * n;
  bench_client_close (away);
  bench_client_close (busy);
}

// Moves everything out of `mailbox` and back, `count` times; the way out is measured: with `verb`
// COPY nothing is moved back, and the copies are thrown away.
static void
copy_all (Result *result, const char *verb)
{
  WdBenchClient *client = login_select ();
  guint n;

  bench_client_imap (client, "SELECT %s", mailbox);
  n = exists_of (bench_client_peek (client));
  for (int i = 0; i < count; i++)
    {
      double begin;

      bench_client_imap (client, "CREATE bench-target");
      begin = now ();
      bench_client_imap (client, "%s 1:* bench-target", verb);
      result->seconds += now () - begin;
      if (strcmp (verb, "MOVE") == 0)
        {
          bench_client_imap (client, "SELECT bench-target");
          bench_client_imap (client, "MOVE 1:* %s", mailbox);
          bench_client_imap (client, "SELECT %s", mailbox);
        }
      bench_client_imap (client, "DELETE bench-target");
    }
  result->operations = (double) count * n;
  bench_client_close (client);
}

static void
run_copy (Result *result)
{
  copy_all (result, "COPY");
}

static void
run_move (Result *result)
{
  copy_all (result, "MOVE");
}

static void
run_expunge (Result *result)
{
  WdBenchClient *client = login_select ();
  guint n;

  bench_client_imap (client, "SELECT %s", mailbox);
  n = exists_of (bench_client_peek (client));
  for (int i = 0; i < count; i++)
    {
      double begin;

      bench_client_imap (client, "CREATE bench-target");
      bench_client_imap (client, "COPY 1:* bench-target");
      bench_client_imap (client, "SELECT bench-target");
      bench_client_imap (client, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
      begin = now ();
      bench_client_imap (client, "EXPUNGE");
      result->seconds += now () - begin;
      bench_client_imap (client, "SELECT %s", mailbox);
      bench_client_imap (client, "DELETE bench-target");
    }
  result->operations = (double) count * n;
  bench_client_close (client);
}

// Makes `mailbox` of `count` messages out of the seeds in INBOX.
static void
run_fill (Result *result)
{
  WdBenchClient *client = login (0);
  guint n, have = 0;
  double begin = now ();

  bench_client_imap (client, "CREATE %s", mailbox);
  bench_client_imap (client, "SELECT INBOX");
  n = exists_of (bench_client_peek (client));
  while (have < (guint) count)
    {
      guint take = MIN (n, (guint) count - have);

      bench_client_imap (client, "COPY 1:%u %s", take, mailbox);
      have += take;
    }
  result->seconds = now () - begin;
  result->operations = count;
  bench_client_close (client);
}

// ---- Waiting

// Opens `connections` idle sessions, says so with a line, and keeps them until its input ends.
static void
run_idle (Result *result)
{
  g_autofree WdBenchClient **clients = g_new0 (WdBenchClient *, (gsize) connections);
  double begin = now ();
  char line[16];

  for (int i = 0; i < connections; i++)
    {
      // All but the last 1000 users' worth of sessions are spread over the users from 1 on.
      clients[i] = login (1 + i % MAX (1, n_users - 1));
      bench_client_imap (clients[i], "SELECT INBOX");
      bench_client_send (clients[i], "i IDLE\r\n", 8);
      if (bench_client_read_line (clients[i])[0] != '+')
        exit (1);
    }
  result->seconds = now () - begin;
  result->operations = connections;
  printf ("ready\n");
  fflush (stdout);
  if (fgets (line, sizeof line, stdin) == NULL)
    return;
}

// From the last octet of a delivery to the untagged EXISTS in an idle session of the user.
static void
run_notify (Result *result)
{
  g_autoptr (GPtrArray) messages = make_messages ((guint) MIN (count, 500));
  g_autofree char *user = user_name (0);
  const char *const recipients[] = { user, NULL };
  WdBenchClient *lmtp = lmtp_connect ();
  WdBenchClient *idler = login (0);

  result->latencies_us = g_array_new (FALSE, FALSE, sizeof (double));
  bench_client_imap (idler, "SELECT INBOX");
  bench_client_send (idler, "i IDLE\r\n", 8);
  (void) bench_client_read_line (idler);
  for (int i = 0; i < count; i++)
    {
      double begin, took;

      bench_client_deliver (lmtp, recipients, messages->pdata[(guint) i % messages->len]);
      begin = now ();
      while (!g_str_has_suffix (bench_client_read_line (idler), " EXISTS"))
        continue;
      took = (now () - begin) * 1e6;
      result->seconds += took / 1e6;
      g_array_append_val (result->latencies_us, took);
    }
  result->operations = count;
  bench_client_close (lmtp);
  bench_client_close (idler);
}

static const struct
{
  const char *name;
  void (*run) (Result *result);
} workloads[] = {
  { "deliver", run_deliver },
  { "deliver-many", run_deliver_many },
  { "append", run_append },
  { "append-many", run_append_many },
  { "fill", run_fill },
  { "login", run_login },
  { "select-cold", run_select_cold },
  { "select", run_select },
  { "noop", run_noop },
  { "status", run_status },
  { "fetch-flags", run_fetch_flags },
  { "fetch-envelope", run_fetch_envelope },
  { "fetch-body", run_fetch_body },
  { "fetch-part", run_fetch_part },
  { "search-from", run_search_from },
  { "search-subject", run_search_subject },
  { "search-body", run_search_body },
  { "changed-since", run_changed_since },
  { "resync", run_resync },
  { "store-one", run_store_one },
  { "store-all", run_store_all },
  { "store-all-silent", run_store_all_silent },
  { "copy", run_copy },
  { "move", run_move },
  { "expunge", run_expunge },
  { "idle", run_idle },
  { "notify", run_notify },
};

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
percentile (GArray *values, double part)
{
  if (values == NULL || values->len == 0)
    return 0;
  return g_array_index (values, double, (guint) (part * (values->len - 1)));
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("WORKLOAD");
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  Result result = { 0 };

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2)
    {
      g_printerr ("bench-load: %s\n", error != NULL ? error->message : "one WORKLOAD is needed");
      return 2;
    }
  if (mailbox == NULL)
    mailbox = g_strdup ("INBOX");
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);

  for (guint i = 0; i < G_N_ELEMENTS (workloads); i++)
    if (strcmp (workloads[i].name, argv[1]) == 0)
      {
        workloads[i].run (&result);
        if (result.latencies_us != NULL)
          g_array_sort (result.latencies_us, compare_doubles);
        printf ("{\"workload\": \"%s\", \"seconds\": %.6f, \"operations\": %.0f, "
                "\"bytes\": %" G_GUINT64_FORMAT ", \"median_us\": %.1f, \"p99_us\": %.1f}\n",
                argv[1], result.seconds, result.operations, result.bytes,
                percentile (result.latencies_us, 0.5), percentile (result.latencies_us, 0.99));
        return 0;
      }
  g_printerr ("bench-load: no workload %s\n", argv[1]);
  return 2;
}
