// SPDX-License-Identifier: EUPL-1.2
// Certificates that are made when a test runs, and TLS clients.
#include "config.h"

#include "net-certificate.h"

#include <gnutls/x509.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
append_pem (GString *out, gnutls_datum_t *pem)
{
  g_string_append_len (out, (const char *) pem->data, pem->size);
  gnutls_free (pem->data);
}

static void
write_text (const char *path, const GString *text)
{
  g_assert_true (g_file_set_contents (path, text->str, (gssize) text->len, NULL));
}

void
net_certificate_write (const char *path, const char *common_name)
{
  net_certificate_write_pair (path, NULL, common_name);
}

void
net_certificate_write_pair (const char *path, const char *key_path, const char *common_name)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t certificate;
  gnutls_datum_t pem;
  guint8 serial = 1;
  time_t now = time (NULL);

  g_assert_cmpint (gnutls_x509_privkey_init (&key), ==, 0);
  g_assert_cmpint (gnutls_x509_privkey_generate (
                       key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                   ==, 0);
  g_assert_cmpint (gnutls_x509_crt_init (&certificate), ==, 0);
  gnutls_x509_crt_set_version (certificate, 3);
  gnutls_x509_crt_set_serial (certificate, &serial, sizeof serial);
  gnutls_x509_crt_set_activation_time (certificate, now - 3600);
  gnutls_x509_crt_set_expiration_time (certificate, now + 24 * 3600);
  gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                 (unsigned int) strlen (common_name));
  gnutls_x509_crt_set_key (certificate, key);
  g_assert_cmpint (gnutls_x509_crt_sign2 (certificate, certificate, key, GNUTLS_DIG_SHA256, 0), ==,
                   0);

  g_assert_cmpint (gnutls_x509_crt_export2 (certificate, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
  append_pem (text, &pem);
  if (key_path != NULL)
    {
      write_text (path, text);
      g_string_truncate (text, 0);
    }
  g_assert_cmpint (gnutls_x509_privkey_export2 (key, GNUTLS_X509_FMT_PEM, &pem), ==, 0);
  append_pem (text, &pem);
  write_text (key_path != NULL ? key_path : path, text);
  gnutls_x509_crt_deinit (certificate);
  gnutls_x509_privkey_deinit (key);
}

int
net_tls_client_handshake (NetTlsClient *self,
                          int fd,
                          const char *priority,
                          const gnutls_datum_t *resume)
{
  int code;

  self->fd = fd;
  g_assert_cmpint (gnutls_init (&self->session, GNUTLS_CLIENT), ==, 0);
  g_assert_cmpint (gnutls_certificate_allocate_credentials (&self->credentials), ==, 0);
  g_assert_cmpint (gnutls_priority_set_direct (self->session, priority, NULL), ==, 0);
  gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, self->credentials);
  if (resume != NULL)
    gnutls_session_set_data (self->session, resume->data, resume->size);
  gnutls_transport_set_int (self->session, fd);
  do
    code = gnutls_handshake (self->session);
  while (code < 0 && !gnutls_error_is_fatal (code));
  return code;
}

void
net_tls_client_send (NetTlsClient *self, const char *text)
{
  gssize len = (gssize) strlen (text);

  g_assert_cmpint (gnutls_record_send (self->session, text, (gsize) len), ==, len);
}

static gssize
receive (NetTlsClient *self, char *data, gsize len)
{
  gssize n;

  // A session ticket may come between.
  do
    n = gnutls_record_recv (self->session, data, len);
  while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
  return n;
}

void
net_tls_client_expect (NetTlsClient *self, const char *text)
{
  gsize len = strlen (text);
  g_autofree char *got = g_malloc0 (len + 1);
  gsize n_got = 0;

  while (n_got < len)
    {
      gssize n = receive (self, got + n_got, len - n_got);

      if (n <= 0)
        break;
      n_got += (gsize) n;
    }
  g_assert_cmpstr (got, ==, text);
}

void
net_tls_client_skip (NetTlsClient *self, gsize len)
{
  char junk[16384];

  while (len > 0)
    {
      gssize n = receive (self, junk, MIN (sizeof junk, len));

      g_assert_cmpint (n, >, 0);
      len -= (gsize) n;
    }
}

gboolean
net_tls_client_expect_end (NetTlsClient *self)
{
  char junk[1];

  return receive (self, junk, sizeof junk) == 0;
}

char *
net_tls_client_dup_name (NetTlsClient *self)
{
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (self->session, &n);
  gnutls_x509_crt_t certificate;
  char name[100];
  gsize len = sizeof name;

  g_assert_cmpuint (n, >, 0);
  gnutls_x509_crt_init (&certificate);
  g_assert_cmpint (gnutls_x509_crt_import (certificate, &chain[0], GNUTLS_X509_FMT_DER), ==, 0);
  g_assert_cmpint (
      gnutls_x509_crt_get_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len),
      ==, 0);
  gnutls_x509_crt_deinit (certificate);
  return g_strndup (name, len);
}

void
net_tls_client_clear (NetTlsClient *self)
{
  gnutls_deinit (self->session);
  gnutls_certificate_free_credentials (self->credentials);
  close (self->fd);
}
