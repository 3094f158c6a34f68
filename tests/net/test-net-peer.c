// SPDX-License-Identifier: EUPL-1.2
// Addresses of peers.
#include "config.h"

#include <netinet/in.h>

#include "net-peer.h"

static void
test_text (void)
{
  static const struct
  {
    const char *in;
    const char *out;
    gboolean is_loopback;
  } rows[] = {
    { "192.0.2.1", "192.0.2.1", FALSE },
    { "127.0.0.1", "127.0.0.1", TRUE },
    { "127.255.0.9", "127.255.0.9", TRUE },
    { "128.0.0.1", "128.0.0.1", FALSE },
    { "::ffff:192.0.2.1", "192.0.2.1", FALSE },
    { "::ffff:127.0.0.1", "127.0.0.1", TRUE },
    { "2001:DB8::1", "2001:db8::1", FALSE },
    { "::1", "::1", TRUE },
    { "::2", "::2", FALSE },
    { "::", "::", FALSE },
    { "unix", "unix", TRUE },
    { "[UNAVAILABLE]", "unknown", FALSE },
    { "", "unknown", FALSE },
    { "127.0.0.1 ", "unknown", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdPeer peer;

      wd_net_peer_from_text (&peer, rows[i].in);
      g_autofree char *text = wd_net_peer_dup_text (&peer);
      g_assert_cmpstr (text, ==, rows[i].out);
      g_assert_cmpint (wd_net_peer_is_loopback (&peer), ==, rows[i].is_loopback);
    }
}

static void
test_networks (void)
{
  static const struct
  {
    const char *address;
    const char *network;
    gboolean is_in;
  } rows[] = {
    { "192.0.2.1", "192.0.2.0/24", TRUE },
    { "192.0.3.1", "192.0.2.0/24", FALSE },
    { "192.0.2.129", "192.0.2.128/25", TRUE },
    { "192.0.2.127", "192.0.2.128/25", FALSE },
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.2", "192.0.2.1", FALSE },
    { "192.0.2.1", "0.0.0.0/0", TRUE },
    { "2001:db8::1", "0.0.0.0/0", FALSE },
    { "192.0.2.1", "::/0", TRUE },
    { "::ffff:192.0.2.1", "192.0.2.0/24", TRUE },
    { "2001:db8::1", "2001:db8::/32", TRUE },
    { "2001:db9::1", "2001:db8::/32", FALSE },
    { "2001:db8::1", "2001:db8::1/128", TRUE },
    { "192.0.2.1", "192.0.2.0/33", FALSE },
    { "192.0.2.1", "192.0.2.0/", FALSE },
    { "192.0.2.1", "192.0.2.0/-1", FALSE },
    { "192.0.2.1", "192.0.2.0/24x", FALSE },
    { "192.0.2.1", "/0", FALSE },
    { "192.0.2.1", "unix", FALSE },
    { "unix", "unix", TRUE },
    { "unix", "unix/0", FALSE },
    { "unix", "0.0.0.0/0", FALSE },
    { "[UNAVAILABLE]", "::/0", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const char *const cidrs[] = { "203.0.113.7", rows[i].network, NULL };
      WdPeer peer;

      wd_net_peer_from_text (&peer, rows[i].address);
      g_assert_cmpint (wd_net_peer_is_in_networks (&peer, cidrs), ==, rows[i].is_in);
    }
}

static void
test_sockaddr (void)
{
  static const sa_family_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_APPLETALK };
  static const char *const texts[] = { "unix", "0.0.0.0", "::", "unknown" };

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      struct sockaddr_storage address = { .ss_family = families[i] };
      WdPeer peer;

      wd_net_peer_from_sockaddr (&peer, &address);
      g_autofree char *text = wd_net_peer_dup_text (&peer);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/peer/text", test_text);
  g_test_add_func ("/net/peer/networks", test_networks);
  g_test_add_func ("/net/peer/sockaddr", test_sockaddr);
  return g_test_run ();
}
