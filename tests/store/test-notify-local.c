// SPDX-License-Identifier: EUPL-1.2
// The local notifier, within one process and between two. The second process is this program,
// started with HELPER and driven by lines on its standard input.
#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify-beacon.h"
#include "notify-local.h"
#include "notify-peers.h"

#define HELPER "--helper"
// Only ever waited for in full when something is broken.
#define PATIENCE_US (20 * G_USEC_PER_SEC)

// What a watch has heard, counted by kind.
typedef struct
{
  GMutex mutex;
  GCond cond;
  guint n[3];
  WdBeacon last;
} Ear;

static void
ear_init (Ear *ear)
{
  memset (ear, 0, sizeof *ear);
  g_mutex_init (&ear->mutex);
  g_cond_init (&ear->cond);
}

static void
ear_clear (Ear *ear)
{
  g_mutex_clear (&ear->mutex);
  g_cond_clear (&ear->cond);
}

static void
hear (const WdBeacon *beacon, gpointer user_data)
{
  Ear *ear = user_data;

  g_mutex_lock (&ear->mutex);
  ear->n[beacon->kind]++;
  ear->last = *beacon;
  g_cond_broadcast (&ear->cond);
  g_mutex_unlock (&ear->mutex);
}

static guint
ear_get (Ear *ear, WdBeaconKind kind)
{
  g_mutex_lock (&ear->mutex);
  guint n = ear->n[kind];
  g_mutex_unlock (&ear->mutex);
  return n;
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

static WdId
id_of (guint8 n)
{
  WdId id = { 0 };

  memset (id.bytes, n, sizeof id.bytes);
  return id;
}

static void
send_mailbox (WdNotifyLocal *local, guint8 owner, guint8 mailbox)
{
  const WdBeacon beacon
      = { .kind = WD_BEACON_MAILBOX, .owner = id_of (owner), .mailbox = id_of (mailbox) };

  wd_notify_local_send (local, &beacon);
}

static void
send_kind (WdNotifyLocal *local, WdBeaconKind kind, guint8 owner)
{
  const WdBeacon beacon = { .kind = kind, .owner = id_of (owner) };

  wd_notify_local_send (local, &beacon);
}

typedef struct
{
  char *dir; // The runtime directory, within `top`.
  char *top;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->top = g_dir_make_tmp ("wd-notify-XXXXXX", NULL);
  g_assert_nonnull (fixture->top);
  fixture->dir = g_build_filename (fixture->top, "run", NULL);
}

static guint
count_names (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  // Everybody has taken the socket away.
  g_assert_cmpuint (count_names (fixture->dir), ==, 0);
  g_rmdir (fixture->dir);
  g_assert_cmpint (g_rmdir (fixture->top), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->top);
}

// ---- The other process.

static void
answer (const WdBeacon *beacon, gpointer user_data)
{
  send_kind (user_data, WD_BEACON_MAILBOXES, 2);
}

static void
send_many (WdNotifyLocal *local, guint owner, guint n)
{
  for (guint i = 1; i <= n; i++)
    {
      WdBeacon beacon = { .kind = WD_BEACON_MAILBOX, .owner = id_of ((guint8) owner) };

      memcpy (beacon.mailbox.bytes, &i, sizeof i);
      wd_notify_local_send (local, &beacon);
    }
}

// Reads lines: "send OWNER N" sends beacons of N different mailboxes; "answer OWNER" answers each
// of the owner's beacons from then on with one of owner 2. Says "done" after each.
static int
run_helper (const char *dir)
{
  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (dir);
  g_autoptr (WdWatch) watch = NULL;
  char line[100];
  guint owner;
  guint n;

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      if (sscanf (line, "send %u %u", &owner, &n) == 2)
        send_many (local, owner, n);
      else if (watch == NULL && sscanf (line, "answer %u", &owner) == 1)
        {
          const WdId id = id_of ((guint8) owner);

          watch = wd_notify_local_watch (local, &id, NULL, answer, local);
        }
      puts ("done");
      fflush (stdout);
    }
  return 0;
}

typedef struct
{
  GSubprocess *process;
  GDataInputStream *out;
} Helper;

static char *program;

static void
helper_start (Helper *helper, const char *dir)
{
  g_autoptr (GError) error = NULL;

  helper->process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                          program, HELPER, dir, NULL);
  g_assert_no_error (error);
  helper->out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (helper->process));
}

static void
helper_tell (Helper *helper, const char *line)
{
  g_assert_true (g_output_stream_write_all (g_subprocess_get_stdin_pipe (helper->process), line,
                                            strlen (line), NULL, NULL, NULL));
}

static void
helper_wait (Helper *helper)
{
  g_autofree char *line = g_data_input_stream_read_line (helper->out, NULL, NULL, NULL);

  g_assert_cmpstr (line, ==, "done");
}

static void
helper_stop (Helper *helper)
{
  g_assert_true (g_output_stream_close (g_subprocess_get_stdin_pipe (helper->process), NULL, NULL));
  g_assert_true (g_subprocess_wait_check (helper->process, NULL, NULL));
  g_clear_object (&helper->out);
  g_clear_object (&helper->process);
}

// ---- One process.

static void
test_local (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    WdBeaconKind kind;
    guint8 owner;
    guint8 mailbox; // 0: none.
    guint n_one;    // Heard by the watch of mailbox 5 of owner 1.
    guint n_all;    // Heard by the watch of all of owner 1.
  } cases[] = {
    { WD_BEACON_MAILBOX, 1, 5, 1, 1 },   { WD_BEACON_MAILBOX, 1, 6, 0, 1 },
    { WD_BEACON_MAILBOX, 2, 5, 0, 0 },   { WD_BEACON_MAILBOX, 1, 0, 1, 1 },
    { WD_BEACON_MAILBOXES, 1, 0, 0, 1 }, { WD_BEACON_ACCOUNT, 1, 0, 1, 1 },
    { WD_BEACON_ACCOUNT, 2, 0, 0, 0 },
  };

  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (data == NULL ? NULL : fixture->dir);
  const WdId owner = id_of (1);
  const WdId mailbox = id_of (5);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Ear one;
      Ear all;

      ear_init (&one);
      ear_init (&all);

      WdWatch *watch_one = wd_notify_local_watch (local, &owner, &mailbox, hear, &one);
      WdWatch *watch_all = wd_notify_local_watch (local, &owner, NULL, hear, &all);

      if (cases[i].mailbox == 0)
        send_kind (local, cases[i].kind, cases[i].owner);
      else
        send_mailbox (local, cases[i].owner, cases[i].mailbox);
      g_assert_cmpuint (one.n[cases[i].kind], ==, cases[i].n_one);
      g_assert_cmpuint (all.n[cases[i].kind], ==, cases[i].n_all);

      // Freed in one order and the other.
      wd_watch_free (i % 2 == 0 ? watch_one : watch_all);
      send_mailbox (local, 1, 5);
      wd_watch_free (i % 2 == 0 ? watch_all : watch_one);
      send_mailbox (local, 1, 5);
      ear_clear (&one);
      ear_clear (&all);
    }
}

typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean is_inside;
  gboolean may_go;
  gboolean is_freed;
} Gate;

static void
enter_gate (const WdBeacon *beacon, gpointer user_data)
{
  Gate *gate = user_data;

  g_mutex_lock (&gate->mutex);
  gate->is_inside = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->may_go)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_assert_false (gate->is_freed);
  g_mutex_unlock (&gate->mutex);
}

static gpointer
send_in_thread (gpointer data)
{
  send_mailbox (data, 1, 5);
  return NULL;
}

typedef struct
{
  WdWatch *watch;
  Gate *gate;
} ToFree;

static gpointer
free_in_thread (gpointer data)
{
  ToFree *to_free = data;

  wd_watch_free (to_free->watch);
  g_mutex_lock (&to_free->gate->mutex);
  to_free->gate->is_freed = TRUE;
  g_mutex_unlock (&to_free->gate->mutex);
  return NULL;
}

// A watch that is being called is not freed under the call's feet.
static void
test_free_waits (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (NULL);
  const WdId owner = id_of (1);
  Gate gate = { 0 };

  g_mutex_init (&gate.mutex);
  g_cond_init (&gate.cond);

  ToFree to_free = { wd_notify_local_watch (local, &owner, NULL, enter_gate, &gate), &gate };
  GThread *sender = g_thread_new ("sender", send_in_thread, local);

  g_mutex_lock (&gate.mutex);
  while (!gate.is_inside)
    g_cond_wait (&gate.cond, &gate.mutex);
  g_mutex_unlock (&gate.mutex);

  GThread *freer = g_thread_new ("freer", free_in_thread, &to_free);

  g_thread_yield ();
  g_mutex_lock (&gate.mutex);
  g_assert_false (gate.is_freed);
  gate.may_go = TRUE;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.mutex);
  g_thread_join (sender);
  g_thread_join (freer);
  g_assert_true (gate.is_freed);
  g_cond_clear (&gate.cond);
  g_mutex_clear (&gate.mutex);
}

static gpointer
churn (gpointer data)
{
  WdNotifyLocal *local = data;
  const WdId owner = id_of (1);
  const WdId mailbox = id_of (5);

  for (int i = 0; i < 300; i++)
    {
      Ear ear;

      ear_init (&ear);

      WdWatch *watch = wd_notify_local_watch (local, &owner, i % 2 ? &mailbox : NULL, hear, &ear);

      send_mailbox (local, 1, 5);
      g_assert_cmpuint (ear_get (&ear, WD_BEACON_MAILBOX), >=, 1);
      wd_watch_free (watch);
      // Nobody touches it any more.
      ear_clear (&ear);
    }
  return NULL;
}

// Watches come and go in many threads, of two notifiers that send each other all they do.
static void
test_churn (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdNotifyLocal) a = wd_notify_local_new (fixture->dir);
  g_autoptr (WdNotifyLocal) b = wd_notify_local_new (fixture->dir);
  GThread *threads[6];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("churn", churn, i % 2 ? a : b);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

// ---- Two processes.

static void
test_processes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (fixture->dir);
  const WdId owner = id_of (1);
  Helper helper;
  Ear ear;

  ear_init (&ear);
  // It looks at the directory before there is one, then while it is empty, then finds the socket.
  helper_start (&helper, fixture->dir);
  helper_tell (&helper, "send 1 1\n");
  helper_wait (&helper);

  WdWatch *watch = wd_notify_local_watch (local, &owner, NULL, hear, &ear);
  struct stat about;

  g_assert_cmpint (stat (fixture->dir, &about), ==, 0);
  g_assert_cmpuint (about.st_mode & 0777, ==, 0700);
  g_assert_cmpuint (count_names (fixture->dir), ==, 1);
  helper_tell (&helper, "send 1 1\n");
  wait_for (&ear, WD_BEACON_MAILBOX, 1);
  helper_wait (&helper);
  wd_watch_free (watch);
  helper_stop (&helper);
  ear_clear (&ear);
}

typedef struct
{
  Ear ear;
  GHashTable *seen; // Of mailbox numbers.
  gboolean resync;
} Many;

static void
hear_many (const WdBeacon *beacon, gpointer user_data)
{
  Many *many = user_data;
  guint n;

  g_mutex_lock (&many->ear.mutex);
  memcpy (&n, beacon->mailbox.bytes, sizeof n);
  if (beacon->kind == WD_BEACON_MAILBOX && wd_core_id_is_none (&beacon->mailbox))
    many->resync = TRUE;
  else
    g_hash_table_add (many->seen, GUINT_TO_POINTER (n));
  g_cond_broadcast (&many->ear.cond);
  g_mutex_unlock (&many->ear.mutex);
}

// A peer that is stopped while others send: few beacons all arrive once it goes on; too many become
// "look at everything".
static void
test_overflow (Fixture *fixture, gconstpointer data)
{
  guint n_sent = GPOINTER_TO_UINT (data);
  g_autoptr (WdNotifyLocal) receiver = wd_notify_local_new (fixture->dir);
  g_autofree char *command = g_strdup_printf ("send 1 %u\n", n_sent);
  const WdId owner = id_of (1);
  const WdId other = id_of (9);
  Many many = { .seen = g_hash_table_new (NULL, NULL) };
  Gate gate = { 0 };
  Helper helper;

  ear_init (&many.ear);
  g_mutex_init (&gate.mutex);
  g_cond_init (&gate.cond);

  WdWatch *watch = wd_notify_local_watch (receiver, &owner, NULL, hear_many, &many);
  WdWatch *stopper = wd_notify_local_watch (receiver, &other, NULL, enter_gate, &gate);

  // The receiving thread is held within a call.
  helper_start (&helper, fixture->dir);
  helper_tell (&helper, "send 9 1\n");
  helper_wait (&helper);
  g_mutex_lock (&gate.mutex);
  while (!gate.is_inside)
    g_cond_wait (&gate.cond, &gate.mutex);
  g_mutex_unlock (&gate.mutex);

  // Sending does not wait for it.
  helper_tell (&helper, command);
  helper_wait (&helper);

  g_mutex_lock (&gate.mutex);
  gate.may_go = TRUE;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.mutex);

  gint64 until = g_get_monotonic_time () + PATIENCE_US;

  g_mutex_lock (&many.ear.mutex);
  while (!many.resync && g_hash_table_size (many.seen) < n_sent)
    if (!g_cond_wait_until (&many.ear.cond, &many.ear.mutex, until))
      g_error ("only %u of %u came", g_hash_table_size (many.seen), n_sent);
  g_assert_cmpint (many.resync, ==, n_sent > 2 * WD_NOTIFY_PEERS_MAX_PENDING);
  g_mutex_unlock (&many.ear.mutex);

  helper_stop (&helper);
  wd_watch_free (watch);
  wd_watch_free (stopper);
  g_hash_table_unref (many.seen);
  ear_clear (&many.ear);
  g_cond_clear (&gate.cond);
  g_mutex_clear (&gate.mutex);
}

// A socket whose process was killed is taken away by the next who sends; others stay.
static void
test_stale (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdNotifyPeers) dead = wd_notify_peers_new (fixture->dir);
  g_autoptr (WdNotifyLocal) sender = wd_notify_local_new (fixture->dir);
  g_autoptr (WdNotifyLocal) living = wd_notify_local_new (fixture->dir);
  const WdId owner = id_of (1);
  Ear ear;

  ear_init (&ear);

  WdWatch *watch = wd_notify_local_watch (living, &owner, NULL, hear, &ear);
  int fd = wd_notify_peers_listen (dead, NULL);

  g_assert_cmpint (fd, >=, 0);
  send_mailbox (sender, 1, 5);
  wait_for (&ear, WD_BEACON_MAILBOX, 1);
  g_assert_cmpuint (count_names (fixture->dir), ==, 2);

  // Closed behind the sender's back: it knows the peer already.
  close (fd);
  send_mailbox (sender, 1, 5);
  wait_for (&ear, WD_BEACON_MAILBOX, 2);
  g_assert_cmpuint (count_names (fixture->dir), ==, 1);

  // And one that the sender meets dead.
  g_autoptr (WdNotifyPeers) dead_before = wd_notify_peers_new (fixture->dir);

  close (wd_notify_peers_listen (dead_before, NULL));
  g_assert_cmpuint (count_names (fixture->dir), ==, 2);
  send_mailbox (sender, 1, 5);
  wait_for (&ear, WD_BEACON_MAILBOX, 3);
  g_assert_cmpuint (count_names (fixture->dir), ==, 1);
  wd_watch_free (watch);
  ear_clear (&ear);
}

static void
send_raw (const char *dir, const void *octets, gsize len)
{
  g_autoptr (GDir) handle = g_dir_open (dir, 0, NULL);
  const char *name = g_dir_read_name (handle);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_snprintf (address.sun_path, sizeof address.sun_path, "%s/%s", dir, name);
  g_assert_cmpint (sendto (fd, octets, len, 0, (const struct sockaddr *) &address, sizeof address),
                   ==, (gssize) len);
  close (fd);
}

static void
test_malformed (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *octets;
    gsize len;
  } cases[] = {
    { "", 0 },
    { "WDB", 3 },
    { "XYZ\x01", 4 },
    { "WDB\x01\x01short", 10 },
    { "WDB\x01\x09"
      "oooooooooooommmmmmmmmmmm",
      29 }, // An unknown kind.
  };

  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (fixture->dir);
  g_autoptr (WdNotifyLocal) sender = wd_notify_local_new (fixture->dir);
  g_autofree char *large = g_strnfill (100000, 'x');
  const WdId owner = id_of (1);
  Ear ear;

  ear_init (&ear);

  WdWatch *watch = wd_notify_local_watch (local, &owner, NULL, hear, &ear);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    send_raw (fixture->dir, cases[i].octets, cases[i].len);
  memcpy (large, "WDB\x01", 4);
  send_raw (fixture->dir, large, strlen (large));
  // They came before this one, and were passed over.
  send_mailbox (sender, 1, 5);
  wait_for (&ear, WD_BEACON_MAILBOX, 1);
  g_assert_cmpuint (ear_get (&ear, WD_BEACON_MAILBOX), ==, 1);
  g_assert_cmpuint (ear_get (&ear, WD_BEACON_ACCOUNT), ==, 0);

  // What a newer program says may be anything.
  send_raw (fixture->dir, "WDB\x02newer", 9);
  wait_for (&ear, WD_BEACON_ACCOUNT, 1);
  wait_for (&ear, WD_BEACON_MAILBOXES, 1);
  wait_for (&ear, WD_BEACON_MAILBOX, 2);
  wd_watch_free (watch);
  ear_clear (&ear);
}

static void
test_code (Fixture *fixture, gconstpointer data)
{
  guint8 octets[WD_NOTIFY_BEACON_MAX_BYTES];
  WdBeacon in[WD_NOTIFY_BEACON_MAX];
  WdBeacon out[WD_NOTIFY_BEACON_MAX];
  gsize n;

  for (guint i = 0; i < WD_NOTIFY_BEACON_MAX; i++)
    in[i] = (WdBeacon){ .kind = (WdBeaconKind) (i % 3),
                        .owner = id_of ((guint8) i),
                        .mailbox = id_of ((guint8) (i + 1)) };
  for (gsize n_in = 0; n_in <= WD_NOTIFY_BEACON_MAX; n_in++)
    {
      gsize len = wd_notify_beacon_encode (in, n_in, octets);

      g_assert_true (wd_notify_beacon_decode (octets, len, out, &n));
      g_assert_cmpuint (n, ==, n_in);
      for (gsize i = 0; i < n; i++)
        {
          g_assert_cmpint (out[i].kind, ==, in[i].kind);
          g_assert_true (wd_core_id_is_equal (&out[i].owner, &in[i].owner));
          g_assert_true (wd_core_id_is_equal (&out[i].mailbox, &in[i].mailbox));
        }
    }
}

static void
test_long_path (Fixture *fixture, gconstpointer data)
{
  g_autofree char *component = g_strnfill (150, 'd');
  g_autofree char *dir = g_build_filename (fixture->top, component, NULL);
  const WdId owner = id_of (1);
  Ear ear;

  ear_init (&ear);
  {
    g_autoptr (WdNotifyLocal) a = wd_notify_local_new (dir);
    g_autoptr (WdNotifyLocal) b = wd_notify_local_new (dir);
    WdWatch *watch = wd_notify_local_watch (a, &owner, NULL, hear, &ear);

    send_mailbox (b, 1, 5);
    wait_for (&ear, WD_BEACON_MAILBOX, 1);
    wd_watch_free (watch);
  }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
  ear_clear (&ear);
}

// Where the directory cannot be, this process still hears itself.
static void
test_unusable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->top, "file", NULL);
  g_autofree char *dir = g_build_filename (file, "run", NULL);
  g_autoptr (GError) error = NULL;
  const WdId owner = id_of (1);
  Ear ear;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  ear_init (&ear);

  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (dir);

  g_assert_false (wd_notify_local_check (local, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);

  WdWatch *watch = wd_notify_local_watch (local, &owner, NULL, hear, &ear);

  send_mailbox (local, 1, 5);
  g_assert_cmpuint (ear.n[WD_BEACON_MAILBOX], ==, 1);
  wd_watch_free (watch);
  ear_clear (&ear);
  g_unlink (file);
}

// A watch may outlive the notifier.
static void
test_outlive (Fixture *fixture, gconstpointer data)
{
  WdNotifyLocal *local = wd_notify_local_new (fixture->dir);
  const WdId owner = id_of (1);
  WdWatch *watch;
  Ear ear;

  ear_init (&ear);
  watch = wd_notify_local_watch (local, &owner, NULL, hear, &ear);
  wd_notify_local_free (local);
  wd_watch_free (watch);
  ear_clear (&ear);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

// From the commit in one process to the call in another and back.
static void
test_latency (Fixture *fixture, gconstpointer data)
{
  g_autoptr (WdNotifyLocal) local = wd_notify_local_new (fixture->dir);
  gsize n = g_test_perf () ? 20000 : 200;
  g_autofree gint64 *times = g_new (gint64, n);
  const WdId owner = id_of (2);
  Helper helper;
  Ear ear;

  ear_init (&ear);

  WdWatch *watch = wd_notify_local_watch (local, &owner, NULL, hear, &ear);

  helper_start (&helper, fixture->dir);
  helper_tell (&helper, "answer 1\n");
  helper_wait (&helper);
  for (gsize i = 0; i < n; i++)
    {
      gint64 start = g_get_monotonic_time ();

      send_kind (local, WD_BEACON_ACCOUNT, 1);
      wait_for (&ear, WD_BEACON_MAILBOXES, (guint) i + 1);
      times[i] = g_get_monotonic_time () - start;
    }
  helper_stop (&helper);
  wd_watch_free (watch);
  ear_clear (&ear);
  qsort (times, n, sizeof *times, compare_times);
  g_test_minimized_result ((double) times[n / 2] / 2, "one way: median %.1f us, p99 %.1f us",
                           (double) times[n / 2] / 2, (double) times[n * 99 / 100] / 2);
}

static const struct
{
  const char *path;
  void (*func) (Fixture *, gconstpointer);
  guint data;
} tests[] = {
  { "/store/notify/local", test_local },
  { "/store/notify/local-with-socket", test_local, 1 },
  { "/store/notify/free-waits", test_free_waits },
  { "/store/notify/churn", test_churn },
  { "/store/notify/processes", test_processes },
  { "/store/notify/queue-full", test_overflow, 500 },
  { "/store/notify/overflow", test_overflow, 3 * WD_NOTIFY_PEERS_MAX_PENDING },
  { "/store/notify/stale", test_stale },
  { "/store/notify/malformed", test_malformed },
  { "/store/notify/code", test_code },
  { "/store/notify/long-path", test_long_path },
  { "/store/notify/unusable", test_unusable },
  { "/store/notify/outlive", test_outlive },
  { "/store/notify/latency", test_latency },
};

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], HELPER) == 0)
    return run_helper (argv[2]);

  program = g_file_read_link ("/proc/self/exe", NULL);
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, GUINT_TO_POINTER (tests[i].data), set_up, tests[i].func,
                tear_down);

  int rc = g_test_run ();

  g_free (program);
  return rc;
}
