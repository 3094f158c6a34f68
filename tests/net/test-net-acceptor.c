// SPDX-License-Identifier: EUPL-1.2
// The accept loop without descriptors, and the caps.
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core-clock.h"
#include "net-fixture.h"
#include "net-hub.h"

static void
set_descriptor_limit (rlim_t n)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  limit.rlim_cur = n;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
}

static rlim_t
get_descriptor_limit (void)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  return limit.rlim_cur;
}

static void
connect_to (int fd, guint port)
{
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_port = htons ((guint16) port),
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };

  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
}

static void
wait_accepts (NetFixture *net, guint64 n)
{
  gint64 end_us = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (wd_net_service_get_n_accepts_for_test (net->service) < n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end_us);
      g_usleep (200);
    }
}

// Out of descriptors: a try now and then, and service again once there are some, by the clock or
// because a connection went.
static void
test_no_descriptors (void)
{
  rlim_t limit = get_descriptor_limit ();
  NetFixture net;
  guint64 n_accepts;
  int first;
  int second;
  int third;

  // Made when a thread first asks for it, with descriptors: not while there are none.
  (void) g_main_context_default ();
  net_fixture_set_up (&net, NULL);
  first = net_client_connect (net.port);
  net_client_expect (first, "HELLO\n");
  second = socket (AF_INET, SOCK_STREAM, 0);
  third = socket (AF_INET, SOCK_STREAM, 0);
  n_accepts = wd_net_service_get_n_accepts_for_test (net.service);

  set_descriptor_limit (5);
  connect_to (second, net.port);
  wait_accepts (&net, n_accepts + 1);
  // Time in which it could spin.
  g_usleep (100 * 1000);
  g_assert_cmpuint (wd_net_service_get_n_accepts_for_test (net.service), <=, n_accepts + 2);
  // Those that are there are served all the while.
  net_client_send (first, "PING\n");
  net_client_expect (first, "PONG\n");

  set_descriptor_limit (limit);
  wd_core_clock_advance_for_test (2 * G_USEC_PER_SEC);
  wd_net_service_kick_for_test (net.service);
  net_client_expect (second, "HELLO\n");

  n_accepts = wd_net_service_get_n_accepts_for_test (net.service);
  set_descriptor_limit (5);
  connect_to (third, net.port);
  wait_accepts (&net, n_accepts + 1);
  set_descriptor_limit (limit);
  close (first);
  net_client_expect (third, "HELLO\n");
  close (second);
  close (third);
  net_fixture_wait_sessions (0);
  net_fixture_tear_down (&net);
}

static void
on_empty (WdService *service, gboolean is_final)
{
}

static WdPeer
make_peer (const char *text)
{
  WdPeer peer;

  wd_net_peer_from_text (&peer, text);
  return peer;
}

static void
test_caps_per_address (void)
{
  static const struct
  {
    const char *address;
    gboolean is_admitted;
  } rows[] = {
    { "192.0.2.1", TRUE },
    { "192.0.2.1", TRUE },
    { "192.0.2.1", FALSE },
    { "192.0.2.2", TRUE },
    { "2001:db8:0:1::1", TRUE },
    { "2001:db8:0:1::2", TRUE },
    { "2001:db8:0:1:ffff::1", FALSE },
    { "2001:db8:0:2::1", TRUE },
    { "::ffff:192.0.2.1", FALSE },
    { "127.0.0.1", TRUE },
    { "127.0.0.1", TRUE },
    { "127.0.0.1", TRUE },
    { "unix", TRUE },
    { "unix", TRUE },
    { "unix", TRUE },
  };

  WdPeer peer = make_peer ("192.0.2.1");
  guint n = 0;
  WdHub *hub = wd_net_hub_new (&net_fixture_spec, NULL, 1, NULL);

  hub->on_empty = on_empty;
  atomic_store (&hub->max_conns_per_site, 2);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdPeer other = make_peer (rows[i].address);

      g_assert_cmpint (wd_net_hub_admit (hub, &other), ==, rows[i].is_admitted);
      n += rows[i].is_admitted ? 1 : 0;
      g_assert_cmpuint (atomic_load (&hub->n_conns), ==, n);
    }
  wd_net_hub_release (hub, &peer);
  g_assert_true (wd_net_hub_admit (hub, &peer));
  g_assert_false (wd_net_hub_admit (hub, &peer));
  wd_net_hub_free (hub);
}

static void
test_cap_of_process (void)
{
  WdPeer peer = make_peer ("unix");
  WdHub *hub = wd_net_hub_new (&net_fixture_spec, NULL, 1, NULL);

  hub->on_empty = on_empty;
  atomic_store (&hub->max_conns, 2);
  g_assert_true (wd_net_hub_has_room (hub));
  g_assert_true (wd_net_hub_admit (hub, &peer));
  g_assert_true (wd_net_hub_has_room (hub));
  g_assert_true (wd_net_hub_admit (hub, &peer));
  g_assert_false (wd_net_hub_has_room (hub));
  wd_net_hub_release (hub, &peer);
  g_assert_true (wd_net_hub_has_room (hub));
  wd_net_hub_free (hub);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/acceptor/no-descriptors", test_no_descriptors);
  g_test_add_func ("/net/acceptor/caps-per-address", test_caps_per_address);
  g_test_add_func ("/net/acceptor/cap-of-process", test_cap_of_process);
  return g_test_run ();
}
