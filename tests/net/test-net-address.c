// SPDX-License-Identifier: EUPL-1.2
// Addresses to listen on.
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net-address.h"
#include "net-tls.h"

static gboolean
is_nameless (const char *address)
{
  struct addrinfo *found = NULL;
  gboolean is_known = getaddrinfo ("localhost", NULL, NULL, &found) == 0;

  if (is_known)
    freeaddrinfo (found);
  return !is_known && g_str_has_prefix (address, "localhost");
}

static void
test_good (void)
{
  static const struct
  {
    const char *address;
    const char *bound; // What it begins with.
  } rows[] = {
    { "127.0.0.1:0", "127.0.0.1:" }, { "[::1]:0", "[::1]:" }, { "*:0", "[::]:" }, { ":0", "[::]:" },
    { "0.0.0.0:0", "0.0.0.0:" },     { "localhost:0", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      int fd = wd_net_address_listen (rows[i].address, &error);
      int on = 0;
      socklen_t len = sizeof on;

      // A machine without IPv6 has none of its addresses, and one without /etc/hosts no name.
      if (fd < 0 && (strchr (rows[i].bound, '[') != NULL || is_nameless (rows[i].address)))
        continue;
      g_assert_no_error (error);
      g_autofree char *bound = wd_net_address_dup_of_socket (fd);
      g_assert_true (g_str_has_prefix (bound, rows[i].bound));
      g_assert_true (fcntl (fd, F_GETFD) & FD_CLOEXEC);
      g_assert_true (fcntl (fd, F_GETFL) & O_NONBLOCK);
      g_assert_cmpint (getsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), ==, 0);
      g_assert_cmpint (on, !=, 0);
      close (fd);
    }
}

static void
test_bad (void)
{
  static const char *const rows[] = {
    "",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1:-1",
    "127.0.0.1:65536",
    "127.0.0.1:143x",
    "[::1:143",
    "256.0.0.1.:143",
    "unix:",
    "unix:echo",
  };
  g_autofree char *long_name = g_strnfill (107, 'x');
  g_autofree char *long_path = g_strdup_printf ("unix:/%s", long_name);

  for (guint i = 0; i <= G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      const char *address = i < G_N_ELEMENTS (rows) ? rows[i] : long_path;

      g_assert_cmpint (wd_net_address_listen (address, &error), ==, -1);
      g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_ADDRESS);
    }
}

static void
test_in_use (void)
{
  int fd = wd_net_address_listen ("127.0.0.1:0", NULL);
  g_autofree char *bound = wd_net_address_dup_of_socket (fd);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (wd_net_address_listen (bound, &error), ==, -1);
  g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_ADDRESS);
  g_assert_nonnull (strstr (error->message, bound));
  close (fd);
}

// Only a socket that listens is taken over, and none is left blocking.
static void
test_adopt (void)
{
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_autoptr (GError) error = NULL;

  g_assert_false (wd_net_address_adopt (fd, "imap", &error));
  g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS);
  g_clear_error (&error);
  g_assert_false (wd_net_address_adopt (-1, "imap", &error));
  g_assert_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS);
  g_clear_error (&error);

  g_assert_cmpint (listen (fd, 1), ==, 0);
  g_assert_true (wd_net_address_adopt (fd, "imap", &error));
  g_assert_no_error (error);
  g_assert_true (fcntl (fd, F_GETFL) & O_NONBLOCK);
  close (fd);
}

// What is no socket at the path is left alone.
static void
test_foreign_file (void)
{
  g_autofree char *directory = g_dir_make_tmp ("wd-net-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *address = g_strdup_printf ("unix:%s", path);

  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
  g_assert_cmpint (wd_net_address_listen (address, NULL), ==, -1);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/address/good", test_good);
  g_test_add_func ("/net/address/bad", test_bad);
  g_test_add_func ("/net/address/in-use", test_in_use);
  g_test_add_func ("/net/address/adopt", test_adopt);
  g_test_add_func ("/net/address/foreign-file", test_foreign_file);
  return g_test_run ();
}
