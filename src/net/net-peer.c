// SPDX-License-Identifier: EUPL-1.2
// Peers.
#include "config.h"

#include "net-peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const guint8 v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static gboolean
is_v4 (const guint8 octets[16])
{
  return memcmp (octets, v4_prefix, sizeof v4_prefix) == 0;
}

static void
set_v4 (WdPeer *self, const struct in_addr *address)
{
  memcpy (self->octets, v4_prefix, sizeof v4_prefix);
  memcpy (self->octets + sizeof v4_prefix, address, 4);
  self->is_ip = TRUE;
}

static void
set_v6 (WdPeer *self, const struct in6_addr *address)
{
  memcpy (self->octets, address, 16);
  self->is_ip = TRUE;
}

void
wd_net_peer_from_sockaddr (WdPeer *out_self, const struct sockaddr_storage *address)
{
  *out_self = (WdPeer){ 0 };
  if (address->ss_family == AF_INET)
    set_v4 (out_self, &((const struct sockaddr_in *) address)->sin_addr);
  else if (address->ss_family == AF_INET6)
    set_v6 (out_self, &((const struct sockaddr_in6 *) address)->sin6_addr);
  else if (address->ss_family == AF_UNIX)
    out_self->is_unix = TRUE;
}

void
wd_net_peer_from_text (WdPeer *out_self, const char *text)
{
  struct in_addr v4;
  struct in6_addr v6;

  *out_self = (WdPeer){ 0 };
  if (strcmp (text, "unix") == 0)
    out_self->is_unix = TRUE;
  else if (inet_pton (AF_INET, text, &v4) == 1)
    set_v4 (out_self, &v4);
  else if (inet_pton (AF_INET6, text, &v6) == 1)
    set_v6 (out_self, &v6);
}

char *
wd_net_peer_dup_text (const WdPeer *self)
{
  char text[INET6_ADDRSTRLEN];
  const char *done = NULL;

  if (self->is_unix)
    return g_strdup ("unix");
  if (self->is_ip && is_v4 (self->octets))
    done = inet_ntop (AF_INET, self->octets + sizeof v4_prefix, text, sizeof text);
  else if (self->is_ip)
    done = inet_ntop (AF_INET6, self->octets, text, sizeof text);
  return g_strdup (done != NULL ? done : "unknown");
}

gboolean
wd_net_peer_is_loopback (const WdPeer *self)
{
  static const guint8 v6_loopback[16] = { [15] = 1 };

  if (self->is_unix)
    return TRUE;
  if (!self->is_ip)
    return FALSE;
  if (is_v4 (self->octets))
    return self->octets[12] == 127;
  return memcmp (self->octets, v6_loopback, sizeof v6_loopback) == 0;
}

static gboolean
has_prefix (const guint8 *a, const guint8 *b, guint n_bits)
{
  guint n_octets = n_bits / 8;
  guint rest = n_bits % 8;

  if (memcmp (a, b, n_octets) != 0)
    return FALSE;
  return rest == 0 || (a[n_octets] ^ b[n_octets]) >> (8 - rest) == 0;
}

static gboolean
is_in_network (const WdPeer *self, const char *cidr)
{
  const char *slash = strchr (cidr, '/');
  g_autofree char *address
      = g_strndup (cidr, slash != NULL ? (gsize) (slash - cidr) : strlen (cidr));
  guint64 n_bits;
  guint max_bits;
  WdPeer network;

  wd_net_peer_from_text (&network, address);
  if (network.is_unix)
    return self->is_unix && slash == NULL;
  if (!network.is_ip || !self->is_ip)
    return FALSE;

  max_bits = is_v4 (network.octets) ? 32 : 128;
  n_bits = max_bits;
  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, max_bits, &n_bits, NULL))
    return FALSE;
  return has_prefix (self->octets, network.octets, (guint) (128 - max_bits + n_bits));
}

gboolean
wd_net_peer_is_in_networks (const WdPeer *self, const char *const *cidrs)
{
  for (guint i = 0; cidrs != NULL && cidrs[i] != NULL; i++)
    if (is_in_network (self, cidrs[i]))
      return TRUE;
  return FALSE;
}

void
wd_net_peer_get_site (const WdPeer *self, guint8 out_site[16])
{
  memcpy (out_site, self->octets, 16);
  if (!is_v4 (self->octets))
    memset (out_site + 8, 0, 8);
}
