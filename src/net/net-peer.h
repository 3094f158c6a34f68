// SPDX-License-Identifier: EUPL-1.2
// Who is at the other end: an IP address, a unix socket, or a name that a proxy gave.
#pragma once

#include <glib.h>
#include <sys/socket.h>

// 16 octets of IPv6, or an IPv4-mapped one (::ffff:a.b.c.d); other families have none.
typedef struct
{
  guint8 octets[16];
  gboolean is_ip;
  gboolean is_unix;
} WdPeer;

void wd_net_peer_from_sockaddr (WdPeer *out_self, const struct sockaddr_storage *address);

// Reads "192.0.2.1", "2001:db8::1" or "unix"; anything else is a peer of no family.
void wd_net_peer_from_text (WdPeer *out_self, const char *text);

// Returns (transfer full): the text of it; "unknown" for a peer of no family.
char *wd_net_peer_dup_text (const WdPeer *self) G_GNUC_WARN_UNUSED_RESULT;

// 127/8, ::1, unix.
gboolean wd_net_peer_is_loopback (const WdPeer *self);

// In one of `cidrs`: "192.0.2.0/24", "2001:db8::/32", an address, or "unix". What cannot be read
// matches nobody.
gboolean wd_net_peer_is_in_networks (const WdPeer *self, const char *const *cidrs);

// Those who share it are counted as one: the address, of IPv6 the /64 that one site has.
void wd_net_peer_get_site (const WdPeer *self, guint8 out_site[16]);
