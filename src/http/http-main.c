// SPDX-License-Identifier: EUPL-1.2
// wildduck-http: the HTTP API as a service.
#include "config.h"

#include "http-access.h"
#include "http-server.h"
#include "net-service.h"
#include "store.h"

static void
queue (gpointer service, void (*func) (gpointer data), gpointer data)
{
  wd_net_service_queue (service, func, data);
}

static gboolean
start (WdService *service, gpointer *out_data, GError **error)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (service);
  g_autoptr (WdStore) store = NULL;
  WdStoreOptions options;

  wd_store_options_init (&options, config);
  options.notifier_func = wd_net_service_set_deaf;
  options.notifier_data = service;
  store = wd_store_open (&options, error);
  if (store == NULL || !wd_http_access_prepare (store, config, NULL, error))
    return FALSE;
  *out_data = wd_http_server_new (store, config, queue, service);
  return TRUE;
}

static void
stop (gpointer data)
{
  wd_http_server_free (data);
}

static void
reload (WdService *service, gpointer data)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (service);

  wd_http_server_set_config (data, config);
}

static void
accept_stream (WdService *service, gpointer data, GIOStream *stream, const char *remote)
{
  g_autoptr (GIOStream) owned = stream;

  wd_http_server_accept (data, owned, remote);
}

int
main (int argc, char **argv)
{
  static const char *const listeners[] = { "http", NULL };
  static const char *const tls_listeners[] = { NULL };
  static const WdServiceSpec spec = {
    .name = "http",
    .description = "Wild Duck HTTP API",
    .listeners = listeners,
    .tls_listeners = tls_listeners,
    .start = start,
    .stop = stop,
    .reload = reload,
    .accept_stream = accept_stream,
  };

  return wd_net_service_run (&spec, argc, argv);
}
