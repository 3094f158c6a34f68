// SPDX-License-Identifier: EUPL-1.2
// Listening sockets.
#include "config.h"

#include "net-address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net-tls.h"

#define UNIX_PREFIX "unix:"

static int
fail (const char *address, const char *what, GError **error)
{
  g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_ADDRESS, "cannot listen on %s: %s", address, what);
  return -1;
}

const char *
wd_net_address_get_path (const char *address)
{
  return g_str_has_prefix (address, UNIX_PREFIX) ? address + strlen (UNIX_PREFIX) : NULL;
}

// Accepted sockets inherit both: answers go out at once, and dead peers are found out some day.
static void
set_options (int fd)
{
  int on = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static int
listen_on (const char *text, const struct sockaddr *address, socklen_t len, GError **error)
{
  int fd = socket (address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int on = 1;
  int code;

  if (fd >= 0)
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd >= 0 && bind (fd, address, len) == 0 && listen (fd, SOMAXCONN) == 0)
    {
      if (address->sa_family != AF_UNIX)
        set_options (fd);
      return fd;
    }

  code = errno;
  if (fd >= 0)
    close (fd);
  return fail (text, g_strerror (code), error);
}

// A socket file that nobody listens on is left over from a crash. Another one is in use.
static void
remove_stale (const struct sockaddr_un *address)
{
  struct stat info;
  int fd;

  // Connecting to any other kind of file is refused, too.
  if (lstat (address->sun_path, &info) < 0 || !S_ISSOCK (info.st_mode))
    return;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return;
  if (connect (fd, (const struct sockaddr *) address, sizeof *address) < 0 && errno == ECONNREFUSED)
    unlink (address->sun_path);
  close (fd);
}

static int
listen_unix (const char *text, const char *path, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (path[0] != '/' || strlen (path) >= sizeof address.sun_path)
    return fail (text, "the path must be absolute and not longer than 107 octets", error);

  memcpy (address.sun_path, path, strlen (path));
  remove_stale (&address);
  return listen_on (text, (const struct sockaddr *) &address, sizeof address, error);
}

static int
listen_ip (const char *text, const char *host, const char *port, GError **error)
{
  struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
  gboolean is_any = strcmp (host, "*") == 0 || host[0] == '\0';
  struct addrinfo *found = NULL;
  int code;
  int fd;

  // One socket for IPv4 and IPv6 both.
  if (is_any)
    hints.ai_family = AF_INET6;
  code = getaddrinfo (is_any ? NULL : host, port, &hints, &found);
  if (code != 0)
    return fail (text, gai_strerror (code), error);
  fd = listen_on (text, found->ai_addr, found->ai_addrlen, error);
  freeaddrinfo (found);
  return fd;
}

int
wd_net_address_listen (const char *address, GError **error)
{
  const char *path = wd_net_address_get_path (address);
  const char *colon = strrchr (address, ':');
  g_autofree char *host = NULL;
  guint64 port;
  gsize len;

  if (path != NULL)
    return listen_unix (address, path, error);
  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return fail (address, "it is none of HOST:PORT, [IPV6]:PORT and unix:/PATH", error);

  len = (gsize) (colon - address);
  if (len >= 2 && address[0] == '[' && address[len - 1] == ']')
    host = g_strndup (address + 1, len - 2);
  else
    host = g_strndup (address, len);
  return listen_ip (address, host, colon + 1, error);
}

gboolean
wd_net_address_adopt (int fd, const char *name, GError **error)
{
  int is_listening = 0;
  socklen_t len = sizeof is_listening;
  int flags = fcntl (fd, F_GETFL);

  if (flags < 0 || getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) < 0
      || !is_listening || fcntl (fd, F_SETFL, flags | O_NONBLOCK) < 0)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS,
                   "the inherited descriptor %d (%s) is not a listening socket", fd, name);
      return FALSE;
    }
  set_options (fd);
  return TRUE;
}

char *
wd_net_address_dup_of_socket (int fd)
{
  union
  {
    struct sockaddr_storage any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
  } address = { 0 };

  socklen_t len = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";

  if (getsockname (fd, (struct sockaddr *) &address, &len) < 0)
    return g_strdup ("unknown");
  if (address.any.ss_family == AF_INET)
    {
      inet_ntop (AF_INET, &address.v4.sin_addr, text, sizeof text);
      return g_strdup_printf ("%s:%u", text, ntohs (address.v4.sin_port));
    }
  if (address.any.ss_family == AF_INET6)
    {
      inet_ntop (AF_INET6, &address.v6.sin6_addr, text, sizeof text);
      return g_strdup_printf ("[%s]:%u", text, ntohs (address.v6.sin6_port));
    }
  return g_strdup_printf (UNIX_PREFIX "%.*s", (int) sizeof address.local.sun_path,
                          address.local.sun_path);
}
