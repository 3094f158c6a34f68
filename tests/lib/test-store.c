// SPDX-License-Identifier: EUPL-1.2
// Scratch stores.
#include "config.h"

#include "test-store.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core-limits.h"
#ifdef WD_HAVE_MONGO
#include "mongo-call.h"
#endif

struct _WdTestStore
{
  WdStore *store;
  char *dir;
  char *uri;
  char *runtime_dir;
  WdStoreOptions options;
};

// A backend is one line here. One that needs a server is tested where its uri is given.
static const struct
{
  const char *prefix;
  const char *variable; // (nullable)
} all_backends[] = {
  { "sqlite:", NULL },
  { "mongodb:", "WD_TEST_MONGODB_URI" },
};

const char *const *
wd_test_store_list_backends (void)
{
  static const char *backends[G_N_ELEMENTS (all_backends) + 1];
  guint n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (all_backends); i++)
    if (all_backends[i].variable == NULL || g_getenv (all_backends[i].variable) != NULL)
      backends[n++] = all_backends[i].prefix;
  backends[n] = NULL;
  return backends;
}

const char *
wd_test_store_get_missing (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (all_backends); i++)
    if (all_backends[i].variable != NULL && g_getenv (all_backends[i].variable) == NULL)
      return all_backends[i].variable;
  return NULL;
}

static void
skip (void)
{
  g_autofree char *reason = g_strdup_printf ("%s is not set", wd_test_store_get_missing ());

  g_test_skip (reason);
}

void
wd_test_store_add_cluster_test (const char *path, GTestFunc func)
{
  g_test_add_func (path, wd_test_store_get_missing () == NULL ? func : skip);
}

// A folder, or a database of the folder's name on the server of the variable.
static char *
dup_uri (const char *backend, const char *dir)
{
  for (gsize i = 0; i < G_N_ELEMENTS (all_backends); i++)
    if (all_backends[i].variable != NULL && strcmp (backend, all_backends[i].prefix) == 0)
      {
        g_autofree char *name = g_path_get_basename (dir);

        return g_strconcat (g_getenv (all_backends[i].variable), name, NULL);
      }
  return g_strdup_printf ("%s%s/store", backend, dir);
}

static void
drop_database (const char *uri)
{
#ifdef WD_HAVE_MONGO
  g_autoptr (GError) error = NULL;
  g_autoptr (WdMongoPool) pool = NULL;
  g_autoptr (bson_t) command = BCON_NEW ("dropDatabase", BCON_INT32 (1));
  g_auto (WdMongoCall) call = { 0 };

  if (!g_str_has_prefix (uri, "mongodb:"))
    return;
  pool = wd_mongo_pool_new (uri, &error);
  if (pool == NULL || !wd_mongo_pool_begin (pool, &call, NULL, &error)
      || !wd_mongo_call_command (&call, command, NULL, &error))
    g_test_message ("%s is left behind: %s", uri, error->message);
#endif
}

void
wd_test_store_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      wd_test_store_remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

WdStore *
wd_test_store_open_again (WdTestStore *self)
{
  g_autoptr (GError) error = NULL;
  WdStore *store = wd_store_open (&self->options, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  return store;
}

WdTestStore *
wd_test_store_new_of (const char *backend, const WdStoreOptions *options)
{
  WdTestStore *self = g_new0 (WdTestStore, 1);
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("wd-test-XXXXXX", &error);
  g_assert_no_error (error);
  self->uri = dup_uri (backend, self->dir);
  self->runtime_dir = g_build_filename (self->dir, "run", NULL);
  if (options != NULL)
    self->options = *options;
  self->options.uri = self->uri;
  if (g_str_has_prefix (self->uri, "mongodb:"))
    self->options.redis_uri = g_getenv ("WD_TEST_REDIS_URI");
  self->options.runtime_dir = self->runtime_dir;
  if (self->options.max_open_users == 0)
    self->options.max_open_users = 64;
  if (self->options.max_message_size_bytes == 0)
    self->options.max_message_size_bytes = WD_LIMIT_MESSAGE_BYTES;
  self->store = wd_test_store_open_again (self);
  return self;
}

WdTestStore *
wd_test_store_new (const WdStoreOptions *options)
{
  const char *backend = g_getenv ("WD_TEST_BACKEND");

  return wd_test_store_new_of (backend != NULL ? backend : all_backends[0].prefix, options);
}

// Nobody else holds the store any more: a reference that a test has forgotten shows here.
static void
close_store (WdTestStore *self)
{
  g_object_add_weak_pointer (G_OBJECT (self->store), (gpointer *) &self->store);
  g_object_unref (self->store);
  g_assert_null (self->store);
}

void
wd_test_store_free (WdTestStore *self)
{
  if (self == NULL)
    return;
  close_store (self);
  drop_database (self->uri);
  wd_test_store_remove_tree (self->dir);
  g_free (self->dir);
  g_free (self->uri);
  g_free (self->runtime_dir);
  g_free (self);
}

void
wd_test_store_reopen (WdTestStore *self)
{
  close_store (self);
  self->store = wd_test_store_open_again (self);
}

WdStore *
wd_test_store_get (WdTestStore *self)
{
  return self->store;
}

const char *
wd_test_store_get_dir (WdTestStore *self)
{
  return self->dir;
}

const WdStoreOptions *
wd_test_store_get_options (WdTestStore *self)
{
  return &self->options;
}

WdId
wd_test_store_add_user (WdTestStore *self, const char *username, const char *address)
{
  const WdUser spec = { .username = (char *) username, .address = (char *) address };
  g_autoptr (GError) error = NULL;
  WdId id = { 0 };

  gboolean ok = wd_store_create_user (self->store, &spec, &id, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return id;
}

WdId
wd_test_store_get_mailbox (WdTestStore *self, const WdId *user, const char *path)
{
  const WdActor actor = WD_ACTOR_SELF (*user);
  g_autoptr (WdMailboxInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ok = wd_store_find_mailbox (self->store, &actor, path, &info, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_nonnull (info);
  return info->id;
}

WdIncoming *
wd_test_store_new_incoming (WdTestStore *self, const char *octets, gssize len)
{
  WdIncoming *incoming = wd_incoming_new (self->store);
  g_autoptr (GError) error = NULL;
  gboolean ok
      = wd_incoming_write (incoming, octets, len < 0 ? strlen (octets) : (gsize) len, &error)
        && wd_incoming_finish (incoming, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return incoming;
}

static WdUid
append (WdTestStore *self,
        WdStore *store,
        const WdActor *actor,
        const WdId *mailbox,
        const char *octets,
        gssize len,
        WdFlags flags)
{
  g_autoptr (WdIncoming) incoming = wd_test_store_new_incoming (self, octets, len);
  const WdAppend item = { .incoming = incoming, .flags = flags };
  g_autoptr (GError) error = NULL;
  WdAppended appended = { 0 };
  guint32 uidvalidity;
  gboolean ok
      = wd_store_append (store, actor, mailbox, &item, 1, &appended, &uidvalidity, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  return appended.uid;
}

WdUid
wd_test_store_append (WdTestStore *self,
                      const WdId *user,
                      const char *path,
                      const char *octets,
                      gssize len,
                      WdFlags flags)
{
  const WdActor actor = WD_ACTOR_SELF (*user);
  const WdId mailbox = wd_test_store_get_mailbox (self, user, path);

  return append (self, self->store, &actor, &mailbox, octets, len, flags);
}

WdUid
wd_test_store_append_to (WdTestStore *self,
                         WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         const char *octets)
{
  return append (self, store, actor, mailbox, octets, -1, 0);
}
