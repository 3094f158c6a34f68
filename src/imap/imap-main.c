// SPDX-License-Identifier: EUPL-1.2
// wildduck-imap: serves IMAP to any number of clients.
#include "config.h"

#include "imap-session.h"

static void
server_free (gpointer data)
{
  WdImapServer *self = data;

  g_clear_pointer (&self->auth, wd_auth_free);
  g_clear_object (&self->store);
  g_free (self);
}

static gboolean
start (WdService *service, gpointer *out_data, GError **error)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (service);
  g_autofree WdImapServer *server = g_new0 (WdImapServer, 1);
  WdStoreOptions options;

  wd_store_options_init (&options, config);
  server->service = service;
  server->store = wd_store_open (&options, error);
  if (server->store == NULL)
    return FALSE;
  server->auth = wd_auth_new (server->store, config);
  *out_data = g_steal_pointer (&server);
  return TRUE;
}

int
main (int argc, char **argv)
{
  static const char *const listeners[] = { "imap", "imaps", NULL };
  static const char *const tls_listeners[] = { "imaps", NULL };
  static const WdServiceSpec spec = {
    .name = "imap",
    .description = "Serves IMAP.",
    .listeners = listeners,
    .tls_listeners = tls_listeners,
    .start = start,
    .stop = server_free,
    .session_new = wd_imap_session_new,
    .run = wd_imap_session_run,
    .session_free = wd_imap_session_free,
  };

  return wd_net_service_run (&spec, argc, argv);
}
