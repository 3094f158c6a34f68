// SPDX-License-Identifier: EUPL-1.2
// TLS by GnuTLS.
#include "config.h"

#include "net-tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "core-clock.h"
#include "core-secret.h"

// GnuTLS derives a fresh ticket key from the master key every few hours; the master key itself is
// replaced after a day, so that one taken from memory opens no older tickets.
#define TICKET_KEY_LIFE_US (24 * 3600 * (gint64) G_USEC_PER_SEC)

// Small commands, several of them; records of bulk input are read to where they belong.
#define AHEAD_BYTES 4096

#define BINDING_LABEL "EXPORTER-Channel-Binding"

typedef struct
{
  _Atomic guint refs; // One of WdTls, one of each session.
  gnutls_certificate_credentials_t certificate;
  gnutls_priority_t priority;
} Credentials;

struct _WdTls
{
  // Guards all below. Rank 3.
  pthread_mutex_t lock;
  Credentials *current;
  gnutls_datum_t ticket_key;
  gint64 ticket_key_made_us;
};

struct _WdTlsSession
{
  gnutls_session_t session;
  int fd;
  // What was read for GnuTLS beyond what it asked for; it reads the five octets of a record's head
  // by themselves.
  char *ahead;
  guint ahead_start;
  guint ahead_end;
  Credentials *credentials;
  char *name;
  int failure;
};

G_DEFINE_QUARK (wd - net - error - quark, wd_net_tls_error)

static void
credentials_unref (Credentials *self)
{
  if (self == NULL || atomic_fetch_sub (&self->refs, 1) > 1)
    return;

  if (self->certificate != NULL)
    gnutls_certificate_free_credentials (self->certificate);
  if (self->priority != NULL)
    gnutls_priority_deinit (self->priority);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Credentials, credentials_unref)

WdTls *
wd_net_tls_new (void)
{
  WdTls *self = g_new0 (WdTls, 1);

  pthread_mutex_init (&self->lock, NULL);
  return self;
}

static void
drop_ticket_key (WdTls *self)
{
  if (self->ticket_key.data == NULL)
    return;

  gnutls_memset (self->ticket_key.data, 0, self->ticket_key.size);
  gnutls_free (self->ticket_key.data);
  self->ticket_key = (gnutls_datum_t){ 0 };
}

void
wd_net_tls_free (WdTls *self)
{
  if (self == NULL)
    return;

  credentials_unref (self->current);
  drop_ticket_key (self);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

// Returns (nullable): NULL without an error when the key is in the certificate's file.
static WdSecret *
load_key (WdConfig *config, GError **error)
{
  const char *path = wd_core_config_get_string (config, "tls", "key");
  char *data = NULL;
  gsize len;
  WdSecret *key;

  if (path[0] == '\0')
    return wd_core_secret_load_credential ("tls-key", error);
  if (!g_file_get_contents (path, &data, &len, error))
    return NULL;

  key = wd_core_secret_new (data, len);
  explicit_bzero (data, len);
  g_free (data);
  return key;
}

static gboolean
check (int code, const char *what, GError **error)
{
  if (code >= 0)
    return TRUE;
  g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE, "%s: %s", what,
               gnutls_strerror (code));
  return FALSE;
}

static gboolean
load_certificate (Credentials *self, WdConfig *config, GError **error)
{
  const char *path = wd_core_config_get_string (config, "tls", "certificate");
  g_autoptr (GError) key_error = NULL;
  g_autoptr (WdSecret) key = load_key (config, &key_error);
  g_autofree char *chain = NULL;
  gnutls_datum_t chain_datum;
  gnutls_datum_t key_datum;
  gsize len;
  int code;

  if (key_error != NULL)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE, "[tls] key: %s",
                   key_error->message);
      return FALSE;
    }
  if (!g_file_get_contents (path, &chain, &len, &key_error))
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE, "[tls] certificate: %s",
                   key_error->message);
      return FALSE;
    }

  chain_datum = (gnutls_datum_t){ (unsigned char *) chain, (unsigned int) len };
  key_datum = chain_datum;
  if (key != NULL)
    key_datum = (gnutls_datum_t){ (unsigned char *) wd_core_secret_get (key),
                                  (unsigned int) wd_core_secret_get_len (key) };
  code = gnutls_certificate_set_x509_key_mem (self->certificate, &chain_datum, &key_datum,
                                              GNUTLS_X509_FMT_PEM);
  // The file may hold the key, too.
  explicit_bzero (chain, len);
  return check (code, path, error);
}

static Credentials *
load_credentials (WdConfig *config, GError **error)
{
  g_autoptr (Credentials) self = g_new0 (Credentials, 1);
  const char *priority = wd_core_config_get_string (config, "tls", "priority");

  self->refs = 1;
  if (!check (gnutls_certificate_allocate_credentials (&self->certificate), "[tls]", error)
      || !check (gnutls_priority_init (&self->priority, priority, NULL), "[tls] priority", error)
      || !load_certificate (self, config, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
wd_net_tls_load (WdTls *self, WdConfig *config, GError **error)
{
  const char *path = wd_core_config_get_string (config, "tls", "certificate");
  Credentials *fresh = NULL;
  Credentials *old;

  if (path[0] != '\0')
    {
      fresh = load_credentials (config, error);
      if (fresh == NULL)
        return FALSE;
    }

  pthread_mutex_lock (&self->lock);
  old = self->current;
  self->current = fresh;
  // A ticket must not outlive the certificate that it was given under.
  drop_ticket_key (self);
  pthread_mutex_unlock (&self->lock);
  credentials_unref (old);
  return TRUE;
}

gboolean
wd_net_tls_is_loaded (WdTls *self)
{
  gboolean loaded;

  pthread_mutex_lock (&self->lock);
  loaded = self->current != NULL;
  pthread_mutex_unlock (&self->lock);
  return loaded;
}

// With the lock held. Without a key the session does without tickets.
static void
enable_tickets (WdTls *self, gnutls_session_t session)
{
  gint64 now_us = wd_core_clock_monotonic_us ();

  if (self->ticket_key.data == NULL || now_us - self->ticket_key_made_us > TICKET_KEY_LIFE_US)
    {
      drop_ticket_key (self);
      if (gnutls_session_ticket_key_generate (&self->ticket_key) < 0)
        return;
      self->ticket_key_made_us = now_us;
    }
  // Copies the key.
  gnutls_session_ticket_enable_server (session, &self->ticket_key);
}

static gssize
receive (WdTlsSession *self, void *data, gsize len)
{
  gssize n = recv (self->fd, data, len, MSG_DONTWAIT);

  if (n < 0)
    gnutls_transport_set_errno (self->session, errno);
  return n;
}

static gssize
push (gnutls_transport_ptr_t transport, const void *data, gsize len)
{
  WdTlsSession *self = transport;
  gssize n = send (self->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

  if (n < 0)
    gnutls_transport_set_errno (self->session, errno);
  return n;
}

// GnuTLS asks for octets.
static gssize
pull (gnutls_transport_ptr_t transport, void *data, gsize len)
{
  WdTlsSession *self = transport;
  gssize n;

  if (self->ahead_start == self->ahead_end)
    {
      if (len >= AHEAD_BYTES)
        return receive (self, data, len);
      if (self->ahead == NULL)
        self->ahead = g_malloc (AHEAD_BYTES);
      n = receive (self, self->ahead, AHEAD_BYTES);
      if (n <= 0)
        return n;
      self->ahead_start = 0;
      self->ahead_end = (guint) n;
    }

  len = MIN (len, self->ahead_end - self->ahead_start);
  memcpy (data, self->ahead + self->ahead_start, len);
  self->ahead_start += (guint) len;
  return (gssize) len;
}

WdTlsSession *
wd_net_tls_session_new (WdTls *self, int fd)
{
  WdTlsSession *session;
  Credentials *credentials;
  gnutls_session_t gnutls;

  if (gnutls_init (&gnutls, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
    return NULL;

  pthread_mutex_lock (&self->lock);
  credentials = self->current;
  if (credentials != NULL)
    {
      atomic_fetch_add (&credentials->refs, 1);
      enable_tickets (self, gnutls);
    }
  pthread_mutex_unlock (&self->lock);

  if (credentials == NULL || gnutls_priority_set (gnutls, credentials->priority) < 0
      || gnutls_credentials_set (gnutls, GNUTLS_CRD_CERTIFICATE, credentials->certificate) < 0)
    {
      gnutls_deinit (gnutls);
      credentials_unref (credentials);
      return NULL;
    }
  session = g_new0 (WdTlsSession, 1);
  session->session = gnutls;
  session->fd = fd;
  gnutls_transport_set_ptr (gnutls, session);
  gnutls_transport_set_pull_function (gnutls, pull);
  gnutls_transport_set_push_function (gnutls, push);
  session->credentials = credentials;
  return session;
}

void
wd_net_tls_session_free (WdTlsSession *self)
{
  if (self == NULL)
    return;

  gnutls_deinit (self->session);
  credentials_unref (self->credentials);
  g_free (self->ahead);
  g_free (self->name);
  g_free (self);
}

static void
note_name (WdTlsSession *self)
{
  gnutls_protocol_t version = gnutls_protocol_get_version (self->session);
  const char *version_name = gnutls_protocol_get_name (version);
  g_autofree char *suite = gnutls_ciphersuite_get (self->session) != NULL
                               ? g_strdup (gnutls_ciphersuite_get (self->session))
                               : g_strdup ("unknown");

  // GnuTLS says "TLS1.3".
  if (version_name != NULL && g_str_has_prefix (version_name, "TLS"))
    self->name = g_strdup_printf ("TLSv%s %s", version_name + 3, suite);
  else
    self->name = g_strdup (suite);
}

static WdTlsState
want (WdTlsSession *self)
{
  return gnutls_record_get_direction (self->session) == 0 ? WD_NET_TLS_WANT_READ
                                                          : WD_NET_TLS_WANT_WRITE;
}

WdTlsState
wd_net_tls_session_handshake (WdTlsSession *self)
{
  int code;

  do
    code = gnutls_handshake (self->session);
  while (code == GNUTLS_E_INTERRUPTED
         || (code < 0 && code != GNUTLS_E_AGAIN && !gnutls_error_is_fatal (code)));

  if (code == GNUTLS_E_AGAIN)
    return want (self);
  if (code < 0)
    {
      self->failure = code;
      gnutls_alert_send_appropriate (self->session, code);
      return WD_NET_TLS_FAILED;
    }
  note_name (self);
  return WD_NET_TLS_DONE;
}

const char *
wd_net_tls_session_get_failure (WdTlsSession *self)
{
  return gnutls_strerror (self->failure);
}

// TRUE when the call is to be made again: an interrupt, or a renegotiation that is refused.
static gboolean
is_again (WdTlsSession *self, gssize code)
{
  if (code == GNUTLS_E_INTERRUPTED)
    return TRUE;
  if (code != GNUTLS_E_REHANDSHAKE)
    return FALSE;
  return gnutls_alert_send (self->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION) >= 0;
}

gssize
wd_net_tls_session_recv (WdTlsSession *self, char *data, gsize len, gboolean *out_eof)
{
  gssize n;

  do
    n = gnutls_record_recv (self->session, data, len);
  while (is_again (self, n));

  if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION)
    {
      *out_eof = TRUE;
      return 0;
    }
  if (n > 0)
    return n;
  if (n == GNUTLS_E_AGAIN)
    return 0;
  self->failure = (int) n;
  return -1;
}

gssize
wd_net_tls_session_send (WdTlsSession *self, const char *data, gsize len)
{
  gssize n;

  do
    n = gnutls_record_send (self->session, data, len);
  while (n == GNUTLS_E_INTERRUPTED);

  if (n >= 0)
    return n;
  if (n == GNUTLS_E_AGAIN)
    return 0;
  self->failure = (int) n;
  return -1;
}

gboolean
wd_net_tls_session_has_pending (WdTlsSession *self)
{
  return self->ahead_start < self->ahead_end || gnutls_record_check_pending (self->session) > 0;
}

void
wd_net_tls_session_shrink (WdTlsSession *self)
{
  if (self->ahead_start == self->ahead_end)
    g_clear_pointer (&self->ahead, g_free);
}

void
wd_net_tls_session_bye (WdTlsSession *self)
{
  gnutls_bye (self->session, GNUTLS_SHUT_WR);
}

const char *
wd_net_tls_session_get_name (WdTlsSession *self)
{
  return self->name;
}

gboolean
wd_net_tls_session_get_channel_binding (WdTlsSession *self, guint8 out_binding[32])
{
  // RFC 9266 4.2: before TLS 1.3 only with the extended master secret.
  if (gnutls_protocol_get_version (self->session) < GNUTLS_TLS1_3
      && gnutls_session_ext_master_secret_status (self->session) == 0)
    return FALSE;
  return gnutls_prf_rfc5705 (self->session, strlen (BINDING_LABEL), BINDING_LABEL, 0, "", 32,
                             (char *) out_binding)
         >= 0;
}
