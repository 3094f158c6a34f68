// SPDX-License-Identifier: EUPL-1.2
// Attachments that several instances store, refer to and give up at the same moment: each is there
// once and whole, and counted as often as it is referred to.
#include "config.h"

#include <string.h>

#include "mongo-blob.h"
#include "mongo-schema.h"
#include "test-store.h"

#define N_THREADS 4
#define N_ROUNDS 40
#define SMALL_BYTES 4000
#define LARGE_BYTES 150000

typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdActor actor;
  WdId inbox;
  WdId trash;
  guint i;
  struct Meeting *meeting;
} Instance;

// All begin a round at the same moment.
typedef struct Meeting
{
  GMutex mutex;
  GCond cond;
  guint n_here;
  guint round;
  char *message;
} Meeting;

static char *
make_part (const char *name, guint seed, gsize len)
{
  g_autofree guint8 *data = g_malloc (len);
  g_autofree char *coded = NULL;
  GString *part = g_string_new (NULL);

  for (gsize i = 0; i < len; i++)
    data[i] = (guint8) (i * 7 + i / 251 + seed * 13);
  coded = g_base64_encode (data, len);
  g_string_append_printf (part,
                          "--b\r\nContent-Type: image/png; name=%s\r\n"
                          "Content-Disposition: attachment; filename=%s\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n",
                          name, name);
  for (const char *at = coded; *at != '\0'; at += MIN (strlen (at), 76))
    g_string_append_printf (part, "%.76s\r\n", at);
  return g_string_free (part, FALSE);
}

// New attachments each round: three that stand in the text, too, and one that does not.
static char *
make_message (guint round)
{
  g_autofree char *a = make_part ("a.png", 4 * round, SMALL_BYTES);
  g_autofree char *b = make_part ("b.png", 4 * round + 1, SMALL_BYTES);
  g_autofree char *c = make_part ("c.png", 4 * round + 2, SMALL_BYTES);
  g_autofree char *d = make_part ("d.png", 4 * round + 3, LARGE_BYTES);

  return g_strconcat ("From: a@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
                      "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                      a, b, c, d, "--b--\r\n", NULL);
}

static void
meet (Instance *self, guint round)
{
  Meeting *meeting = self->meeting;

  g_mutex_lock (&meeting->mutex);
  if (++meeting->n_here == N_THREADS)
    {
      meeting->n_here = 0;
      meeting->round = round;
      g_free (meeting->message);
      meeting->message = make_message (round);
      g_cond_broadcast (&meeting->cond);
    }
  while (meeting->round < round)
    g_cond_wait (&meeting->cond, &meeting->mutex);
  g_mutex_unlock (&meeting->mutex);
}

// A third of the messages is copied, and another goes again while others come with the same.
static void
go_on (Instance *self, WdUid uid, guint round)
{
  g_autoptr (WdUidSet) one = wd_uidset_new_range (uid, uid);
  g_autoptr (WdUidSet) source = NULL;
  g_autoptr (WdUidSet) target = NULL;
  g_autoptr (WdUidSet) gone = NULL;
  g_autoptr (GError) error = NULL;
  guint32 uidvalidity;
  WdModseq modseq;

  if ((round + self->i) % 3 == 0)
    g_assert_true (wd_store_copy (self->store, &self->actor, &self->inbox, one, &self->trash, FALSE,
                                  NULL, NULL, &source, &target, &uidvalidity, NULL, &error));
  else if ((round + self->i) % 3 == 1)
    g_assert_true (wd_store_expunge (self->store, &self->actor, &self->inbox, one, FALSE, &gone,
                                     &modseq, NULL, &error));
  g_assert_no_error (error);
}

static gpointer
run (gpointer data)
{
  Instance *self = data;

  for (guint round = 1; round <= N_ROUNDS; round++)
    {
      WdUid uid;

      meet (self, round);
      uid = wd_test_store_append_to (self->scratch, self->store, &self->actor, &self->inbox,
                                     self->meeting->message);
      go_on (self, uid, round);
    }
  return NULL;
}

static void
note_finding (const WdStoreFinding *finding, gpointer user_data)
{
  g_test_message ("%s: %s", finding->what, finding->detail);
  ++*(guint *) user_data;
}

static guint
check (WdStore *store, gboolean repair)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  g_assert_true (wd_store_check (store, NULL, repair, note_finding, NULL, &n, NULL, &error));
  g_assert_no_error (error);
  return n;
}

// All octets, and what is not among the messages of the rounds has no part of them.
static gboolean
read_row (WdMessageRow *row, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) octets = g_string_new (NULL);
  GHashTable *messages = user_data;

  g_assert_true (wd_content_read (row->content, 0, G_MAXUINT32, octets, &error));
  g_assert_no_error (error);
  g_assert_true (g_hash_table_contains (messages, octets->str));
  return TRUE;
}

static void
read_all (const Instance *self, const WdId *mailbox)
{
  g_autoptr (GHashTable) messages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (WdUidSet) all = wd_uidset_new_range (1, G_MAXUINT32);
  g_autoptr (GError) error = NULL;

  for (guint round = 1; round <= N_ROUNDS; round++)
    g_hash_table_add (messages, make_message (round));
  g_assert_true (wd_store_fetch (self->store, &self->actor, mailbox, all, WD_FETCH_CONTENT, 0,
                                 read_row, messages, NULL, &error));
  g_assert_no_error (error);
}

// Takes away what nobody refers to at the moment, all the time.
typedef struct
{
  WdMongoPool *pool;
  gint is_done; // Atomic.
} Collector;

static gpointer
collect (gpointer data)
{
  Collector *self = data;

  while (!g_atomic_int_get (&self->is_done))
    {
      g_auto (WdMongoCall) call = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_true (wd_mongo_pool_begin (self->pool, &call, NULL, &error));
      g_assert_true (wd_mongo_blob_collect (&call, 0, &error));
      g_assert_no_error (error);
    }
  return NULL;
}

static gboolean
count_wrongly (const bson_t *doc, gpointer user_data, GError **error)
{
  gsize len;
  const guint8 *id = wd_mongo_bson_get_binary (doc, "_id", &len);
  WdStoreSha sha;

  g_assert_cmpuint (len, ==, sizeof sha.bytes);
  memcpy (sha.bytes, id, len);
  wd_mongo_blob_counts_add (user_data, &sha, 1, 1);
  return TRUE;
}

// One attachment counted too often, which is what a crash leaves.
static void
spoil (WdMongoPool *pool)
{
  g_autoptr (GHashTable) counts = wd_mongo_blob_counts_new ();
  g_autoptr (bson_t) filter = BCON_NEW ("metadata.c", "{", "$gte", BCON_INT64 (1), "}");
  g_autoptr (bson_t) options = BCON_NEW ("limit", BCON_INT64 (1));
  g_auto (WdMongoCall) call = { 0 };

  g_assert_true (wd_mongo_pool_begin (pool, &call, NULL, NULL));
  g_assert_true (
      wd_mongo_call_find (&call, WD_MONGO_FILES, filter, options, count_wrongly, counts, NULL));
  g_assert_cmpuint (g_hash_table_size (counts), ==, 1);
  g_assert_true (wd_mongo_blob_refer (&call, counts, 1, NULL));
}

static void
test_blobs (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new_of ("mongodb:", NULL);
  g_autoptr (WdStore) other = wd_test_store_open_again (scratch);
  g_autoptr (WdMongoPool) pool = wd_mongo_pool_new (wd_test_store_get_options (scratch)->uri, NULL);
  WdId user = wd_test_store_add_user (scratch, "alice", "alice@example.com");
  Meeting meeting = { 0 };
  Collector collector = { pool, FALSE };
  Instance all[N_THREADS];
  GThread *threads[N_THREADS], *collecting;

  for (guint i = 0; i < N_THREADS; i++)
    {
      all[i] = (Instance){ scratch,
                           i % 2 == 0 ? wd_test_store_get (scratch) : other,
                           WD_ACTOR_SELF (user),
                           wd_test_store_get_mailbox (scratch, &user, "INBOX"),
                           wd_test_store_get_mailbox (scratch, &user, "Trash"),
                           i,
                           &meeting };
      threads[i] = g_thread_new ("store", run, &all[i]);
    }
  collecting = g_thread_new ("collect", collect, &collector);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_atomic_int_set (&collector.is_done, TRUE);
  g_thread_join (collecting);

  g_assert_cmpuint (check (other, FALSE), ==, 0);
  read_all (&all[0], &all[0].inbox);
  read_all (&all[0], &all[0].trash);
  spoil (pool);
  g_assert_cmpuint (check (other, FALSE), ==, 1);
  g_assert_cmpuint (check (other, TRUE), ==, 1);
  g_assert_cmpuint (check (other, FALSE), ==, 0);
  g_free (meeting.message);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  wd_test_store_add_cluster_test ("/cluster/blobs", test_blobs);
  return g_test_run ();
}
