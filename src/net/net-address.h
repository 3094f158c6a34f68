// SPDX-License-Identifier: EUPL-1.2
// Addresses to listen on, and the sockets made of them.
#pragma once

#include <glib.h>

// Makes a listening socket of "HOST:PORT", "[::1]:PORT", "*:PORT" or "unix:/PATH". A unix socket
// that nobody listens on any more is replaced. Returns -1 with WD_NET_ERROR_ADDRESS.
int wd_net_address_listen (const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Prepares a listening socket that was inherited. FALSE with WD_NET_ERROR_SOCKETS when it is none.
gboolean wd_net_address_adopt (int fd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The path of "unix:/PATH", else NULL.
const char *wd_net_address_get_path (const char *address);

// Returns (transfer full): what the socket is bound to, as it would be written.
char *wd_net_address_dup_of_socket (int fd) G_GNUC_WARN_UNUSED_RESULT;
