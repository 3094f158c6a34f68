// SPDX-License-Identifier: EUPL-1.2
// An IMAP service over a scratch store, and blocking clients of it. What fails here ends the test.
#pragma once

#include "net-service.h"
#include "test-fail.h"
#include "test-store.h"

#define IMAP_FIXTURE_PASSWORD "secretpass"

typedef struct
{
  WdTestStore *scratch;
  WdService *service; // Opens the store once more, as another process would.
  guint port;
  guint tls_port;   // 0 without a certificate.
  char *hash;       // Of the password.
  gboolean is_far;  // Set before: clients seem to come from 192.0.2.1, not from loopback.
  WdTestFail *fail; // The store of the service, but for logging in. Borrowed.
} ImapFixture;

// `args` (nullable) are more arguments of the service.
void
imap_fixture_set_up (ImapFixture *self, const WdStoreOptions *options, const char *const *args);
void imap_fixture_tear_down (ImapFixture *self);

// Makes a user with the password.
WdId imap_fixture_add_user (ImapFixture *self, const char *username);

typedef struct _ImapClient ImapClient;

// Connects to `port`.
ImapClient *imap_client_new (guint port) G_GNUC_WARN_UNUSED_RESULT;
void imap_client_free (ImapClient *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImapClient, imap_client_free)

// The socket, to be used blocking and directly from here on.
int imap_client_get_fd (ImapClient *self);

// In pieces of `step` octets, 0: at once.
void imap_client_send (ImapClient *self, const char *data, gsize len, gsize step);
// Sends a line.
void imap_client_say (ImapClient *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

// Sends nothing more.
void imap_client_end (ImapClient *self);

// Returns (transfer full) (nullable): one line without its CRLF; NULL at the end.
char *imap_client_read_line (ImapClient *self) G_GNUC_WARN_UNUSED_RESULT;
// Reads exactly so many octets. Returns (transfer full).
char *imap_client_read (ImapClient *self, gsize len) G_GNUC_WARN_UNUSED_RESULT;
// Reads lines up to one that begins with `prefix`, which is returned (transfer full). Literals are
// not understood.
char *imap_client_read_until (ImapClient *self, const char *prefix) G_GNUC_WARN_UNUSED_RESULT;
// The same, which must be there, and is thrown away.
void imap_client_expect (ImapClient *self, const char *prefix);

// Connects, reads the greeting and logs in.
ImapClient *imap_client_new_login (ImapFixture *fixture, const char *username)
    G_GNUC_WARN_UNUSED_RESULT;
