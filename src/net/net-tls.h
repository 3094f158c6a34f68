// SPDX-License-Identifier: EUPL-1.2
// TLS by GnuTLS: certificates that can be replaced while sessions use the old ones, and sessions
// that never block.
#pragma once

#include <gio/gio.h>

#include "core-config.h"

typedef enum
{
  WD_NET_ERROR_ADDRESS,     // An address to listen on cannot be read or bound.
  WD_NET_ERROR_SOCKETS,     // The sockets passed are not those of the service, or there are none.
  WD_NET_ERROR_CERTIFICATE, // The certificate, its key or the priority string is unusable.
  WD_NET_ERROR_SYSTEM,      // The system refuses: descriptors, memory.
} WdNetError;

#define WD_NET_ERROR (wd_net_tls_error_quark ())
GQuark wd_net_tls_error_quark (void);

typedef struct _WdTls WdTls;
typedef struct _WdTlsSession WdTlsSession;

typedef enum
{
  WD_NET_TLS_DONE,
  WD_NET_TLS_WANT_READ,
  WD_NET_TLS_WANT_WRITE,
  WD_NET_TLS_FAILED,
} WdTlsState;

// What new sessions use; empty until the first load. Thread-safe.
WdTls *wd_net_tls_new (void) G_GNUC_WARN_UNUSED_RESULT;
void wd_net_tls_free (WdTls *self);

// Loads what [tls] names, in place of what there is; on failure that stays. Without a certificate
// in the configuration TLS is not offered. Reads files.
gboolean wd_net_tls_load (WdTls *self, WdConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_net_tls_is_loaded (WdTls *self);

// Returns (transfer full) (nullable): NULL without a certificate, or without memory.
WdTlsSession *wd_net_tls_session_new (WdTls *self, int fd) G_GNUC_WARN_UNUSED_RESULT;
void wd_net_tls_session_free (WdTlsSession *self);

WdTlsState wd_net_tls_session_handshake (WdTlsSession *self);

// Why the session failed, for the log.
const char *wd_net_tls_session_get_failure (WdTlsSession *self);

// Octets read or sent; 0 when it would block; -1 when it is broken. `recv` sets `out_eof` and
// returns 0 at the peer's close_notify. `send` of NULL goes on with what would have blocked.
gssize wd_net_tls_session_recv (WdTlsSession *self, char *data, gsize len, gboolean *out_eof);
gssize wd_net_tls_session_send (WdTlsSession *self, const char *data, gsize len);

// TRUE with octets that were read from the socket, so that no epoll will tell of them. They may be
// half a record: a recv that would block then has taken them.
gboolean wd_net_tls_session_has_pending (WdTlsSession *self);

// Frees what an idle session does without.
void wd_net_tls_session_shrink (WdTlsSession *self);

// Sends close_notify, if the socket takes it now.
void wd_net_tls_session_bye (WdTlsSession *self);

// As the functions of WdConn.
const char *wd_net_tls_session_get_name (WdTlsSession *self);
gboolean wd_net_tls_session_get_channel_binding (WdTlsSession *self, guint8 out_binding[32]);
