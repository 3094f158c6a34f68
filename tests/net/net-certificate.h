// SPDX-License-Identifier: EUPL-1.2
// Certificates that are made when a test runs, and TLS clients.
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

// Writes a self-signed certificate of this name, and its key, to one PEM file.
void net_certificate_write (const char *path, const char *common_name);
// The same in two files.
void net_certificate_write_pair (const char *path, const char *key_path, const char *common_name);

typedef struct
{
  int fd;
  gnutls_session_t session;
  gnutls_certificate_credentials_t credentials;
} NetTlsClient;

// Shakes hands over a connected socket. `resume` (nullable) is session data of an earlier one.
// Returns the code of GnuTLS: 0 when it worked.
int net_tls_client_handshake (NetTlsClient *self,
                              int fd,
                              const char *priority,
                              const gnutls_datum_t *resume);
void net_tls_client_send (NetTlsClient *self, const char *text);
void net_tls_client_expect (NetTlsClient *self, const char *text);
// Reads so many octets and throws them away.
void net_tls_client_skip (NetTlsClient *self, gsize len);
// Reads the end of the stream: TRUE when it was closed as TLS wants.
gboolean net_tls_client_expect_end (NetTlsClient *self);
// Returns (transfer full): the common name that the service showed.
char *net_tls_client_dup_name (NetTlsClient *self);
void net_tls_client_clear (NetTlsClient *self);
