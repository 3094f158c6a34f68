// SPDX-License-Identifier: EUPL-1.2
// Making and upgrading the collections and indexes of a database.
#include "config.h"

#include "mongo-schema.h"
#include "test-store.h"

#define NEWER 1000

typedef struct
{
  WdTestStore *scratch;
  WdStoreOptions options; // Of a store that is not prepared.
  WdMongoPool *pool;
  WdMongoCall call;
} Schema;

static void
set_up (Schema *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->scratch = wd_test_store_new_of ("mongodb:", NULL);
  self->options = *wd_test_store_get_options (self->scratch);
  self->options.is_unprepared = TRUE;
  self->pool = wd_mongo_pool_new (self->options.uri, &error);
  g_assert_no_error (error);
  g_assert_true (wd_mongo_pool_begin (self->pool, &self->call, NULL, &error));
}

static void
tear_down (Schema *self, gconstpointer data)
{
  wd_mongo_pool_end (&self->call);
  wd_mongo_pool_unref (self->pool);
  wd_test_store_free (self->scratch);
}

static void
run_command (Schema *self, bson_t *command)
{
  g_autoptr (bson_t) owned = command;
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_mongo_call_command (&self->call, owned, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
set_version (Schema *self, gint32 version)
{
  run_command (self, BCON_NEW ("update", BCON_UTF8 (WD_MONGO_SETTINGS), "updates", "[", "{", "q",
                               "{", "key", BCON_UTF8 ("wd.schema"), "}", "u", "{", "$set", "{",
                               "value", BCON_INT32 (version), "}", "}", "}", "]"));
}

static gboolean
prepare (Schema *self, WdStorePrepared *out_prepared, GError **error)
{
  g_autoptr (WdStore) store = wd_store_open (&self->options, error);

  g_assert_nonnull (store);
  return wd_store_prepare (store, out_prepared, NULL, error);
}

static void
assert_prepares (Schema *self, gint64 version_before, guint n_made)
{
  g_autoptr (GError) error = NULL;
  WdStorePrepared prepared;
  gboolean ok = prepare (self, &prepared, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpint (prepared.version, >, 0);
  g_assert_cmpint (prepared.version_before, ==,
                   version_before < 0 ? prepared.version : version_before);
  if (n_made == G_MAXUINT)
    g_assert_cmpuint (prepared.n_made, >, 10);
  else
    g_assert_cmpuint (prepared.n_made, ==, n_made);
}

static void
test_again (Schema *self, gconstpointer data)
{
  assert_prepares (self, -1, 0);
  assert_prepares (self, -1, 0);
}

static void
test_missing (Schema *self, gconstpointer data)
{
  run_command (self, BCON_NEW ("dropIndexes", BCON_UTF8 (WD_MONGO_MESSAGES), "index",
                               BCON_UTF8 ("mailbox_modseq_uid")));
  assert_prepares (self, -1, 1);
  assert_prepares (self, -1, 0);
}

static void
test_nothing (Schema *self, gconstpointer data)
{
  run_command (self, BCON_NEW ("dropDatabase", BCON_INT32 (1)));
  assert_prepares (self, 0, G_MAXUINT);
  assert_prepares (self, -1, 0);
}

static gpointer
open_one (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdStore) store = wd_store_open (&((Schema *) data)->options, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  return NULL;
}

// All services of a new installation start at once.
static void
test_together (Schema *self, gconstpointer data)
{
  GThread *threads[8];

  run_command (self, BCON_NEW ("dropDatabase", BCON_INT32 (1)));
  self->options.is_unprepared = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("open", open_one, self);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_prepares (self, -1, 0);
}

static void
test_older (Schema *self, gconstpointer data)
{
  set_version (self, 0);
  wd_test_store_reopen (self->scratch);
  assert_prepares (self, -1, 0);
}

static void
test_newer (Schema *self, gconstpointer data)
{
  WdStoreOptions options = *wd_test_store_get_options (self->scratch);
  g_autoptr (GError) opening = NULL;
  g_autoptr (GError) preparing = NULL;
  WdStorePrepared prepared;

  set_version (self, NEWER);
  g_assert_null (wd_store_open (&options, &opening));
  g_assert_error (opening, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_false (prepare (self, &prepared, &preparing));
  g_assert_error (preparing, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
}

static void
skip (Schema *self, gconstpointer data)
{
  g_test_skip ("WD_TEST_MONGODB_URI is not set");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*func) (Schema *, gconstpointer);
  } cases[] = {
    { "/cluster/schema/again", test_again },     { "/cluster/schema/missing", test_missing },
    { "/cluster/schema/nothing", test_nothing }, { "/cluster/schema/older", test_older },
    { "/cluster/schema/newer", test_newer },     { "/cluster/schema/together", test_together },
  };

  gboolean is_there = wd_test_store_get_missing () == NULL;

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add (cases[i].path, Schema, NULL, is_there ? set_up : NULL,
                is_there ? cases[i].func : skip, is_there ? tear_down : NULL);
  return g_test_run ();
}
