// SPDX-License-Identifier: EUPL-1.2
// The connections to one database.
#include "config.h"

#include "mongo-pool.h"

struct _WdMongoPool
{
  gatomicrefcount n_refs;
  mongoc_client_pool_t *clients;
  char *database;
};

static guint64 n_commands;

static void
init_library (void)
{
  static gsize is_done;

  if (g_once_init_enter (&is_done))
    {
      mongoc_init ();
      g_once_init_leave (&is_done, 1);
    }
}

static void
count_command (const mongoc_apm_command_started_t *event)
{
  __atomic_add_fetch (&n_commands, 1, __ATOMIC_RELAXED);
}

guint64
wd_mongo_pool_count_commands (void)
{
  return __atomic_load_n (&n_commands, __ATOMIC_RELAXED);
}

// A client that waits gets its answer, or its error, within 10 s, whatever happens to the database:
// what stalls is tried once more, on a connection that is then looked for.
static void
set_bounds (mongoc_uri_t *uri)
{
  static const struct
  {
    const char *option;
    gint32 value;
  } bounds[] = {
    { MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 2400 },
    { MONGOC_URI_CONNECTTIMEOUTMS, 2000 },
    { MONGOC_URI_SOCKETTIMEOUTMS, 4800 },
    { MONGOC_URI_WAITQUEUETIMEOUTMS, 4000 },
    { MONGOC_URI_MAXPOOLSIZE, 64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bounds); i++)
    if (mongoc_uri_get_option_as_int32 (uri, bounds[i].option, -1) == -1)
      mongoc_uri_set_option_as_int32 (uri, bounds[i].option, bounds[i].value);
}

static void
set_concerns (mongoc_uri_t *uri)
{
  const mongoc_read_concern_t *read = mongoc_uri_get_read_concern (uri);
  const mongoc_write_concern_t *write = mongoc_uri_get_write_concern (uri);

  if (mongoc_read_concern_is_default (read))
    {
      mongoc_read_concern_t *majority = mongoc_read_concern_new ();

      mongoc_read_concern_set_level (majority, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
      mongoc_uri_set_read_concern (uri, majority);
      mongoc_read_concern_destroy (majority);
    }
  if (mongoc_write_concern_is_default (write))
    {
      mongoc_write_concern_t *majority = mongoc_write_concern_new ();

      mongoc_write_concern_set_wmajority (majority, 4500);
      mongoc_uri_set_write_concern (uri, majority);
      mongoc_write_concern_destroy (majority);
    }
}

static mongoc_client_pool_t *
make_clients (const mongoc_uri_t *uri)
{
  mongoc_client_pool_t *clients = mongoc_client_pool_new (uri);
  mongoc_apm_callbacks_t *callbacks;

  if (clients == NULL)
    return NULL;
  callbacks = mongoc_apm_callbacks_new ();
  mongoc_apm_set_command_started_cb (callbacks, count_command);
  mongoc_client_pool_set_apm_callbacks (clients, callbacks, NULL);
  mongoc_apm_callbacks_destroy (callbacks);
  mongoc_client_pool_set_error_api (clients, MONGOC_ERROR_API_VERSION_2);
  mongoc_client_pool_set_appname (clients, "wildduck");
  return clients;
}

WdMongoPool *
wd_mongo_pool_new (const char *text, GError **error)
{
  g_autoptr (WdMongoPool) self = NULL;
  bson_error_t failure;
  mongoc_uri_t *uri;

  init_library ();
  uri = mongoc_uri_new_with_error (text, &failure);
  if (uri == NULL)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "the store's uri: %s",
                   failure.message);
      return NULL;
    }
  set_bounds (uri);
  set_concerns (uri);
  self = g_new0 (WdMongoPool, 1);
  g_atomic_ref_count_init (&self->n_refs);
  self->database = g_strdup (mongoc_uri_get_database (uri));
  if (self->database == NULL || self->database[0] == '\0')
    {
      g_free (self->database);
      self->database = g_strdup ("wildduck");
    }
  self->clients = make_clients (uri);
  mongoc_uri_destroy (uri);
  if (self->clients == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID,
                           "the store's uri: its options do not go together");
      return NULL;
    }
  return g_steal_pointer (&self);
}

WdMongoPool *
wd_mongo_pool_ref (WdMongoPool *self)
{
  g_atomic_ref_count_inc (&self->n_refs);
  return self;
}

void
wd_mongo_pool_unref (WdMongoPool *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->n_refs))
    return;
  g_clear_pointer (&self->clients, mongoc_client_pool_destroy);
  g_free (self->database);
  g_free (self);
}

const char *
wd_mongo_pool_get_database (WdMongoPool *self)
{
  return self->database;
}

gboolean
wd_mongo_pool_begin (WdMongoPool *self,
                     WdMongoCall *out_call,
                     GCancellable *cancellable,
                     GError **error)
{
  mongoc_client_t *client;

  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CANCELLED, "cancelled");
      return FALSE;
    }
  client = mongoc_client_pool_pop (self->clients);
  if (client == NULL)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_BUSY,
                           "all connections to the database are in use");
      return FALSE;
    }
  *out_call = (WdMongoCall){ wd_mongo_pool_ref (self), client, cancellable };
  return TRUE;
}

void
wd_mongo_pool_end (WdMongoCall *call)
{
  if (call->client == NULL)
    return;
  mongoc_client_pool_push (call->pool->clients, call->client);
  wd_mongo_pool_unref (call->pool);
  *call = (WdMongoCall){ 0 };
}
