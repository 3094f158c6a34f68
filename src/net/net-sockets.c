// SPDX-License-Identifier: EUPL-1.2
// The sockets of a service.
#include "config.h"

#include "net-sockets.h"

#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "net-address.h"

static gboolean
has_name (const char *const *names, const char *name)
{
  return names != NULL && g_strv_contains (names, name);
}

static gboolean
check_name (const WdServiceSpec *spec, const char *name, GError **error)
{
  g_autofree char *known = g_strjoinv (", ", (char **) spec->listeners);

  if (has_name (spec->listeners, name))
    return TRUE;
  g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS,
               "no listener of %s is called \"%s\"; there is: %s", spec->name, name, known);
  return FALSE;
}

static gboolean
adopt (WdAcceptor *acceptor, const WdServiceSpec *spec, int fd, const char *name, GError **error)
{
  if (!check_name (spec, name, error) || !wd_net_address_adopt (fd, name, error))
    return FALSE;
  wd_net_acceptor_add (acceptor, fd, name, NULL, has_name (spec->tls_listeners, name));
  return TRUE;
}

gboolean
wd_net_sockets_inherit (WdAcceptor *acceptor,
                        const WdServiceSpec *spec,
                        guint *out_n,
                        GError **error)
{
  char **names = NULL;
  int n = sd_listen_fds_with_names (1, &names);
  gboolean ok = TRUE;

  *out_n = 0;
  if (n < 0)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS, "the inherited sockets: %s",
                   g_strerror (-n));
      return FALSE;
    }
  for (int i = 0; i < n && ok; i++)
    ok = adopt (acceptor, spec, SD_LISTEN_FDS_START + i, names[i], error);
  // From libsystemd, so by malloc.
  for (int i = 0; i < n; i++)
    free (names[i]);
  free (names);
  *out_n = (guint) n;
  return ok;
}

static gboolean
open_one (WdAcceptor *acceptor, const WdServiceSpec *spec, const char *argument, GError **error)
{
  const char *equals = strchr (argument, '=');
  g_autofree char *name = NULL;
  int fd;

  if (equals == NULL)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_ADDRESS, "--listen %s: not NAME=ADDRESS",
                   argument);
      return FALSE;
    }
  name = g_strndup (argument, (gsize) (equals - argument));
  if (!check_name (spec, name, error))
    return FALSE;
  fd = wd_net_address_listen (equals + 1, error);
  if (fd < 0)
    return FALSE;
  wd_net_acceptor_add (acceptor, fd, name, wd_net_address_get_path (equals + 1),
                       has_name (spec->tls_listeners, name));
  return TRUE;
}

gboolean
wd_net_sockets_open (WdAcceptor *acceptor,
                     const WdServiceSpec *spec,
                     const WdOptions *options,
                     GError **error)
{
  for (guint i = 0; options->listen != NULL && options->listen[i] != NULL; i++)
    if (!open_one (acceptor, spec, options->listen[i], error))
      return FALSE;
  return TRUE;
}

gboolean
wd_net_sockets_need_tls (WdAcceptor *acceptor, const WdServiceSpec *spec)
{
  for (guint i = 0; i < wd_net_acceptor_get_n_listeners (acceptor); i++)
    if (has_name (spec->tls_listeners, wd_net_acceptor_get_name (acceptor, i)))
      return TRUE;
  return FALSE;
}
