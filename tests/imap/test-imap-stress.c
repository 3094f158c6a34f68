// SPDX-License-Identifier: EUPL-1.2
// Several sessions on one mailbox that do anything at any time. Each keeps a model of what it was
// told, as a client would, and checks every response against it: what may come when (RFC 3501 5.5,
// 7.4.1, RFC 7162 3.2.10), and that numbers and UIDs never contradict each other. In the end all
// have to agree, with each other and with the mailbox.
//
//   test-imap-stress [--seconds N] [--seed N]
#include "config.h"

#include <string.h>

#include "imap-fixture.h"

#define N_SESSIONS 5
#define MAX_MESSAGES 60
#define MESSAGE "Subject: stress\r\n\r\nx\r\n"

static int seconds = 6;
static int seed = 0;

static const GOptionEntry options[] = {
  { "seconds", 0, 0, G_OPTION_ARG_INT, &seconds, "How long", "N" },
  { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "Of the random commands", "N" },
  { NULL },
};

// What the client knows of one message.
typedef struct
{
  guint32 uid; // 0: not told yet.
  guint64 modseq;
  char *flags; // Sorted; NULL: not known.
} Message;

typedef struct
{
  ImapClient *client;
  guint n;
  gboolean has_qresync;
  GRand *rand;
  GArray *messages; // By sequence number.
  guint64 uidvalidity;
  guint64 modseq; // All up to it was told.
  guint n_tags;
  guint n_commands;
  gint64 end_us;
  GQueue log; // The last lines, for who has to find out what went wrong.

  // Of the running command.
  const char *name;
  gboolean may_expunge;
} Session;

static void
message_clear (gpointer data)
{
  g_free (((Message *) data)->flags);
}

static void
note (Session *self, char way, const char *line)
{
  g_queue_push_tail (&self->log, g_strdup_printf ("%c %s", way, line));
  if (self->log.length > 60)
    g_free (g_queue_pop_head (&self->log));
}

static void G_GNUC_NORETURN
fail (Session *self, const char *what)
{
  for (GList *l = self->log.head; l != NULL; l = l->next)
    g_printerr ("%u %s\n", self->n, (char *) l->data);
  g_error ("session %u, seed %d: %s", self->n, seed, what);
}

static Message *
get_message (Session *self, guint64 seq)
{
  if (seq == 0 || seq > self->messages->len)
    fail (self, "no such sequence number");
  return &g_array_index (self->messages, Message, seq - 1);
}

static gint
compare_words (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

// "(…" as sorted words without \Recent.
static char *
sort_flags (const char *text)
{
  const char *end = strchr (text, ')');
  g_autofree char *inside = g_strndup (text, (gsize) (end - text));
  g_auto (GStrv) words = g_strsplit (inside, " ", -1);
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (guint i = 0; words[i] != NULL; i++)
    if (strcmp (words[i], "\\Recent") != 0 && *words[i] != '\0')
      g_ptr_array_add (sorted, words[i]);
  g_ptr_array_sort (sorted, compare_words);
  g_ptr_array_add (sorted, NULL);
  return g_strjoinv (" ", (char **) sorted->pdata);
}

// UIDs ascend with the numbers.
static void
check_uid (Session *self, guint64 seq, guint32 uid)
{
  for (guint64 i = seq - 1; i > 0; i--)
    if (get_message (self, i)->uid != 0)
      {
        if (get_message (self, i)->uid >= uid)
          fail (self, "a UID is not above the one before");
        break;
      }
  for (guint64 i = seq + 1; i <= self->messages->len; i++)
    if (get_message (self, i)->uid != 0)
      {
        if (get_message (self, i)->uid <= uid)
          fail (self, "a UID is not below the one behind");
        break;
      }
}

static void
on_fetch (Session *self, guint64 seq, const char *line)
{
  Message *message = get_message (self, seq);
  const char *uid = strstr (line, "UID ");
  const char *flags = strstr (line, "FLAGS (");
  const char *modseq = strstr (line, "MODSEQ (");

  if (uid != NULL)
    {
      guint32 number = (guint32) g_ascii_strtoull (uid + 4, NULL, 10);

      if (message->uid != 0 && message->uid != number)
        fail (self, "another UID under this number");
      if (message->uid == 0)
        check_uid (self, seq, number);
      message->uid = number;
    }
  if (modseq != NULL)
    {
      guint64 number = g_ascii_strtoull (modseq + 8, NULL, 10);

      if (number < message->modseq)
        fail (self, "a mod-sequence went down");
      // New, and without the flags that it is about.
      if (number > message->modseq && flags == NULL)
        g_clear_pointer (&message->flags, g_free);
      message->modseq = number;
    }
  if (flags != NULL)
    {
      g_free (message->flags);
      message->flags = sort_flags (flags + 7);
    }
}

static void
on_expunge (Session *self, guint64 seq)
{
  if (!self->may_expunge)
    fail (self, "EXPUNGE while numbers are in use");
  if (self->has_qresync)
    fail (self, "EXPUNGE with QRESYNC");
  get_message (self, seq);
  g_array_remove_index (self->messages, (guint) seq - 1);
}

static gboolean
remove_uid (Session *self, guint64 uid)
{
  for (guint i = 0; i < self->messages->len; i++)
    if (g_array_index (self->messages, Message, i).uid == uid)
      {
        g_array_remove_index (self->messages, i);
        return TRUE;
      }
  return FALSE;
}

// One that is gone before its UID was told: there has to be one between those that are known.
static void
remove_unknown (Session *self, guint32 uid)
{
  guint found = G_MAXUINT;

  for (guint i = 0; i < self->messages->len; i++)
    {
      guint32 known = g_array_index (self->messages, Message, i).uid;

      if (known > uid)
        break;
      // Among those that are not known it makes no difference.
      found = known == 0 ? i : G_MAXUINT;
    }
  if (found == G_MAXUINT)
    fail (self, "VANISHED of what cannot be there");
  g_array_remove_index (self->messages, found);
}

static void
on_vanished (Session *self, const char *text)
{
  gboolean is_earlier = g_str_has_prefix (text, "(EARLIER) ");
  g_auto (GStrv) ranges = g_strsplit (is_earlier ? text + 10 : text, ",", -1);

  if (!self->has_qresync)
    fail (self, "VANISHED without QRESYNC");
  if (!is_earlier && !self->may_expunge)
    fail (self, "VANISHED while numbers are in use");
  for (guint i = 0; ranges[i] != NULL; i++)
    {
      const char *colon = strchr (ranges[i], ':');
      guint64 first = g_ascii_strtoull (ranges[i], NULL, 10);
      guint64 last = colon != NULL ? g_ascii_strtoull (colon + 1, NULL, 10) : first;

      for (guint64 uid = first; uid <= last; uid++)
        {
          gboolean was_known = remove_uid (self, uid);

          if (!is_earlier && !was_known)
            remove_unknown (self, (guint32) uid);
        }
    }
}

static void
on_exists (Session *self, guint64 n)
{
  if (n < self->messages->len && strcmp (self->name, "SELECT") != 0)
    fail (self, "EXISTS went down");
  g_array_set_size (self->messages, (guint) n);
}

static void
on_untagged (Session *self, const char *line)
{
  char *end;
  guint64 n = g_ascii_strtoull (line, &end, 10);
  const char *code = strstr (line, "OK [HIGHESTMODSEQ ");

  if (g_str_has_prefix (line, "VANISHED "))
    on_vanished (self, line + 9);
  else if (g_str_has_prefix (line, "OK [UIDVALIDITY "))
    self->uidvalidity = g_ascii_strtoull (line + 16, NULL, 10);
  else if (code == line)
    self->modseq = g_ascii_strtoull (line + 18, NULL, 10);
  else if (g_str_has_prefix (line, "BYE"))
    fail (self, "BYE");
  else if (end == line)
    return;
  else if (strcmp (end, " EXISTS") == 0)
    on_exists (self, n);
  else if (strcmp (end, " EXPUNGE") == 0)
    on_expunge (self, n);
  else if (g_str_has_prefix (end, " FETCH "))
    on_fetch (self, n, end + 7);
}

// Reads up to the tagged reply. FALSE: it is NO.
static gboolean
read_reply (Session *self)
{
  g_autofree char *tag = g_strdup_printf ("t%u ", self->n_tags);

  for (;;)
    {
      g_autofree char *line = imap_client_read_line (self->client);

      if (line == NULL)
        fail (self, "the connection ended");
      note (self, '<', line);
      if (g_str_has_prefix (line, "* "))
        on_untagged (self, line + 2);
      else if (g_str_has_prefix (line, tag))
        {
          const char *code = strstr (line, " OK [HIGHESTMODSEQ ");

          if (strstr (line, " BAD ") != NULL)
            fail (self, "BAD");
          if (code != NULL)
            self->modseq = g_ascii_strtoull (code + 19, NULL, 10);
          return strstr (line, " OK ") != NULL;
        }
      else if (!g_str_has_prefix (line, "+ "))
        fail (self, "what is this?");
    }
}

static void
begin (Session *self, const char *text)
{
  g_autofree char *line = g_strdup_printf ("t%u %s", ++self->n_tags, text);
  static const char *const without_expunge[] = { "FETCH", "STORE", "SEARCH" };

  self->may_expunge = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (without_expunge); i++)
    if (g_str_has_prefix (text, without_expunge[i]))
      self->may_expunge = FALSE;
  self->name = g_str_has_prefix (text, "SELECT") ? "SELECT" : "";
  self->n_commands++;
  note (self, '>', line);
  imap_client_say (self->client, "%s", line);
}

static gboolean G_GNUC_PRINTF (2, 3) run (Session *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  begin (self, text);
  return read_reply (self);
}

static const char *
pick (Session *self, const char *const *words, guint n)
{
  return words[g_rand_int_range (self->rand, 0, (gint) n)];
}

static guint
pick_seq (Session *self)
{
  return (guint) g_rand_int_range (self->rand, 1, (gint) self->messages->len + 1);
}

// Two numbers of messages that are there, in any order.
static char *
pick_seqs (Session *self)
{
  return g_strdup_printf ("%u:%u", pick_seq (self), pick_seq (self));
}

// UIDs, those of messages that are gone among them.
static char *
pick_uids (Session *self)
{
  guint32 last = self->messages->len > 0 ? get_message (self, self->messages->len)->uid : 0;
  guint32 first = (guint32) g_rand_int_range (self->rand, 1, (gint) last + 5);

  return g_strdup_printf ("%u:%u", first, first + (guint32) g_rand_int_range (self->rand, 0, 9));
}

static void
do_store (Session *self, gboolean by_uid)
{
  static const char *const ops[] = { "FLAGS", "+FLAGS", "-FLAGS" };
  static const char *const flags[]
      = { "\\Seen", "\\Flagged", "\\Deleted", "$Work", "\\Answered $A" };
  g_autofree char *set = by_uid ? pick_uids (self) : pick_seqs (self);
  gboolean is_silent = g_rand_int_range (self->rand, 0, 3) == 0;

  // Its own change is not told: what the flags are is open.
  if (is_silent)
    for (guint i = 0; i < self->messages->len; i++)
      g_clear_pointer (&g_array_index (self->messages, Message, i).flags, g_free);
  run (self, "%sSTORE %s %s%s (%s)", by_uid ? "UID " : "", set, pick (self, ops, 3),
       is_silent ? ".SILENT" : "", pick (self, flags, G_N_ELEMENTS (flags)));
}

static void
do_append (Session *self)
{
  if (self->messages->len >= MAX_MESSAGES)
    return;
  begin (self, "APPEND INBOX {22+}\r\n" MESSAGE);
  read_reply (self);
}

static void
do_idle (Session *self)
{
  begin (self, "IDLE");
  imap_client_say (self->client, "DONE");
  read_reply (self);
}

static void
learn (Session *self)
{
  run (self, "UID FETCH 1:* (FLAGS%s)", self->has_qresync ? " MODSEQ" : "");
}

static void
do_search (Session *self)
{
  run (self, "SEARCH RETURN (SAVE COUNT) %s", g_rand_boolean (self->rand) ? "FLAGGED" : "UNSEEN");
  run (self, "%s", g_rand_boolean (self->rand) ? "FETCH $ (UID FLAGS)" : "UID SEARCH $");
}

static void
do_select (Session *self)
{
  g_array_set_size (self->messages, 0);
  run (self, "SELECT INBOX");
  learn (self);
}

static void
do_one (Session *self)
{
  int what = g_rand_int_range (self->rand, 0, 100);
  g_autofree char *uids = pick_uids (self);
  g_autofree char *seqs = NULL;

  if (self->messages->len == 0)
    {
      do_append (self);
      return;
    }
  seqs = pick_seqs (self);
  if (what < 20)
    do_append (self);
  else if (what < 35)
    do_store (self, FALSE);
  else if (what < 50)
    do_store (self, TRUE);
  else if (what < 60)
    run (self, "FETCH %s (UID FLAGS)", seqs);
  else if (what < 66)
    run (self, "UID FETCH %s (FLAGS)", uids);
  else if (what < 72)
    do_search (self);
  else if (what < 78)
    do_idle (self);
  else if (what < 82)
    run (self, "EXPUNGE");
  else if (what < 86)
    run (self, "UID EXPUNGE %s", uids);
  else if (what < 89)
    run (self, "COPY %u INBOX", pick_seq (self));
  else if (what < 92)
    run (self, "UID MOVE %s Trash", uids);
  else if (what < 94)
    do_select (self);
  else if (what < 96)
    learn (self);
  else
    run (self, "NOOP");
}

static gpointer
run_session (gpointer data)
{
  Session *self = data;

  while (g_get_monotonic_time () < self->end_us)
    do_one (self);
  return NULL;
}

static Session *
session_new (ImapFixture *fixture, guint n)
{
  Session *self = g_new0 (Session, 1);

  self->client = imap_client_new_login (fixture, "alice");
  self->n = n;
  self->has_qresync = n % 2 == 1;
  self->rand = g_rand_new_with_seed ((guint32) seed * N_SESSIONS + n);
  self->messages = g_array_new (FALSE, TRUE, sizeof (Message));
  g_array_set_clear_func (self->messages, message_clear);
  self->end_us = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  if (self->has_qresync)
    run (self, "ENABLE QRESYNC");
  do_select (self);
  return self;
}

static void
session_free (Session *self)
{
  imap_client_free (self->client);
  g_rand_free (self->rand);
  g_array_unref (self->messages);
  g_queue_clear_full (&self->log, g_free);
  g_free (self);
}

// What the client believes: one line a message.
static char *
describe (Session *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 1; i <= self->messages->len; i++)
    g_string_append_printf (text, "%u (%s)\n", get_message (self, i)->uid,
                            get_message (self, i)->flags);
  return g_string_free (text, FALSE);
}

// Nothing happens any more: what it was told by and by is what it reads now.
static char *
settle (Session *self)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new_with_free_func (g_free);

  run (self, "NOOP");
  for (guint i = 1; i <= self->messages->len; i++)
    g_ptr_array_add (known, g_strdup (get_message (self, i)->flags));
  learn (self);
  if (known->len != self->messages->len)
    fail (self, "something happened after the end");
  for (guint i = 0; i < known->len; i++)
    {
      const char *flags = g_ptr_array_index (known, i);

      if (flags != NULL && strcmp (flags, get_message (self, i + 1)->flags) != 0)
        fail (self, "a change of flags was not told");
    }
  return describe (self);
}

// Applies to what it knew when its mod-sequence was new all that QRESYNC tells.
static void
check_resync (Session *self, guint64 modseq, GHashTable *old, const char *truth)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_array_set_size (self->messages, 0);
  run (self, "UNSELECT");
  if (!run (self, "SELECT INBOX (QRESYNC (%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "))",
            self->uidvalidity, modseq))
    fail (self, "SELECT failed");
  // Those that were not told are as they were.
  for (guint i = 1; i <= self->messages->len; i++)
    if (get_message (self, i)->uid != 0)
      g_hash_table_insert (old, GUINT_TO_POINTER (get_message (self, i)->uid),
                           g_strdup (get_message (self, i)->flags));
  learn (self);
  for (guint i = 1; i <= self->messages->len; i++)
    g_string_append_printf (
        text, "%u (%s)\n", get_message (self, i)->uid,
        (const char *) g_hash_table_lookup (old, GUINT_TO_POINTER (get_message (self, i)->uid)));
  g_assert_cmpstr (text->str, ==, truth);
}

typedef struct
{
  guint64 modseq;
  GHashTable *flags; // By UID.
} Snapshot;

static Snapshot
take_snapshot (Session *self)
{
  Snapshot snapshot = { .flags = g_hash_table_new_full (NULL, NULL, NULL, g_free) };

  do_select (self);
  snapshot.modseq = self->modseq;
  for (guint i = 1; i <= self->messages->len; i++)
    g_hash_table_insert (snapshot.flags, GUINT_TO_POINTER (get_message (self, i)->uid),
                         g_strdup (get_message (self, i)->flags));
  return snapshot;
}

static void
test_stress (void)
{
  ImapFixture fixture = { 0 };
  Session *sessions[N_SESSIONS];
  GThread *threads[N_SESSIONS];
  Snapshot before;
  g_autofree char *truth = NULL;
  guint n_commands = 0;

  imap_fixture_set_up (&fixture, NULL, NULL);
  imap_fixture_add_user (&fixture, "alice");
  for (guint i = 0; i < N_SESSIONS; i++)
    sessions[i] = session_new (&fixture, i);
  for (guint i = 0; i < 20; i++)
    do_append (sessions[0]);
  before = take_snapshot (sessions[1]);
  for (guint i = 0; i < N_SESSIONS; i++)
    threads[i] = g_thread_new ("session", run_session, sessions[i]);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_SESSIONS; i++)
    {
      g_autofree char *found = settle (sessions[i]);

      n_commands += sessions[i]->n_commands;
      if (truth == NULL)
        truth = g_steal_pointer (&found);
      else
        g_assert_cmpstr (found, ==, truth);
    }
  check_resync (sessions[1], before.modseq, before.flags, truth);
  g_test_message ("%u commands, seed %d", n_commands, seed);
  g_hash_table_unref (before.flags);
  for (guint i = 0; i < N_SESSIONS; i++)
    session_free (sessions[i]);
  imap_fixture_tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_test_init (&argc, &argv, NULL);
  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_parse (context, &argc, &argv, &error);
  g_assert_no_error (error);
  if (seed == 0)
    seed = g_random_int_range (1, 1000000);
  g_test_add_func ("/imap/stress", test_stress);
  return g_test_run ();
}
