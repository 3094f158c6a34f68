// SPDX-License-Identifier: EUPL-1.2
// From a uri to a backend.
#include "config.h"

#include "store.h"

#include <string.h>

#include "sqlite/sqlite-store.h"
#ifdef WD_HAVE_MONGO
#include "mongo/mongo-store.h"
#endif

static const struct
{
  const char *scheme;
  // `rest`: the uri behind the scheme.
  WdStore *(*open) (const char *rest, const WdStoreOptions *options, GError **error);
} backends[] = {
  { "sqlite:", wd_sqlite_store_open },
#ifdef WD_HAVE_MONGO
  { "mongodb:", wd_mongo_store_open },
  { "mongodb+srv:", wd_mongo_store_open },
#endif
};

void
wd_store_options_init (WdStoreOptions *self, const WdConfig *config)
{
  const char *redis_uri = wd_core_config_get_string (config, "store", "redis");

  *self = (WdStoreOptions){
    .uri = wd_core_config_get_string (config, "store", "uri"),
    .redis_uri = redis_uri[0] == '\0' ? NULL : redis_uri,
    .runtime_dir = wd_core_config_get_string (config, "store", "runtime-dir"),
    .max_open_users = (guint) wd_core_config_get_integer (config, "store", "max-open-users"),
    .max_message_size_bytes = wd_core_config_get_size (config, "store", "max-message-size"),
    .default_quota_bytes = wd_core_config_get_size (config, "store", "default-quota"),
    .durable_flags = wd_core_config_get_boolean (config, "store", "durable-flags"),
  };
}

gboolean
wd_store_options_is_shared (const WdStoreOptions *self)
{
  return g_str_has_prefix (self->uri, "mongodb");
}

static WdStore *
open_backend (const WdStoreOptions *options, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (backends); i++)
    if (g_str_has_prefix (options->uri, backends[i].scheme))
      return backends[i].open (options->uri + strlen (backends[i].scheme), options, error);

  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "no such kind of store: %s",
               options->uri);
  return NULL;
}

WdStore *
wd_store_open (const WdStoreOptions *options, GError **error)
{
  WdStore *store;

  g_return_val_if_fail (options != NULL && options->uri != NULL, NULL);

  store = open_backend (options, error);
  if (store != NULL && options->notifier_func != NULL && !wd_store_check_notifier (store, NULL))
    options->notifier_func (TRUE, options->notifier_data);
  return store;
}
