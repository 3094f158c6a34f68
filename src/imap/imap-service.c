// SPDX-License-Identifier: EUPL-1.2
// The IMAP service: opens the store, and hands connections to sessions.
#include "config.h"

#include "imap-service.h"

#include "imap-session.h"

static void
stop (gpointer data)
{
  WdImapServer *server = data;

  g_clear_pointer (&server->auth, wd_auth_free);
  g_clear_object (&server->store);
  g_free (server);
}

static gboolean
start (WdService *service, gpointer *out_data, GError **error)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (service);
  g_autoptr (WdStore) store = NULL;
  WdImapServer *server;
  WdStoreOptions options;

  wd_store_options_init (&options, config);
  options.notifier_func = wd_net_service_set_deaf;
  options.notifier_data = service;
  store = wd_store_open (&options, error);
  if (store == NULL)
    return FALSE;
  server = g_new0 (WdImapServer, 1);
  server->service = service;
  server->auth = wd_auth_new (store, config);
  server->store = g_steal_pointer (&store);
  *out_data = server;
  return TRUE;
}

static const char *const listeners[] = { "imap", "imaps", NULL };
static const char *const tls_listeners[] = { "imaps", NULL };

const WdServiceSpec wd_imap_service_spec = {
  .name = "imap",
  .description = "Serves IMAP.",
  .listeners = listeners,
  .tls_listeners = tls_listeners,
  .start = start,
  .stop = stop,
  .session_new = wd_imap_session_new,
  .run = wd_imap_session_run,
  .session_free = wd_imap_session_free,
};
