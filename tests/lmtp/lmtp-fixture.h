// SPDX-License-Identifier: EUPL-1.2
// The service in a thread of the test, on a scratch store, and scripts that talk to it.
#pragma once

#include "net-service-private.h"
#include "test-fail.h"

typedef struct
{
  char *dir;
  WdStore *store;      // The real one.
  WdTestFail *failing; // (transfer none): around it, and what the service sees.
  WdService *service;
  guint lmtp_port;
  guint smtp_port;
  char *unix_path;
} LmtpFixture;

// `settings`: SECTION.KEY=VALUE separated by spaces (nullable). Users anna, bert, carl and
// андрис, with addresses at example.com and андрис@уайлддак.орг. The signature is that of a
// fixture.
void lmtp_fixture_set_up (LmtpFixture *self, gconstpointer settings);
void lmtp_fixture_tear_down (LmtpFixture *self, gconstpointer settings);

typedef enum
{
  LMTP_SCRIPT_LINES,   // A line a write, each after the replies to the one before.
  LMTP_SCRIPT_OCTETS,  // An octet a write.
  LMTP_SCRIPT_AT_ONCE, // Everything at once, before any reply is read.
  LMTP_SCRIPT_N_MODES,
} LmtpScriptMode;

// Runs a script: lines "C: …" are sent with CRLF, those after "R: " as they are (with \r, \n, \0
// written so); "S: …" is the beginning of the reply line that must come, and "E" the end of the
// connection. The port is that of LMTP or of the drop.
void lmtp_fixture_run (guint port, LmtpScriptMode mode, const char *script);

// The same on a socket that is already there.
void lmtp_fixture_talk (int fd, LmtpScriptMode mode, const char *script);

// Runs it in every mode, each on a connection of its own.
void lmtp_fixture_run_all (guint port, const char *script);

WdId lmtp_fixture_get_user (LmtpFixture *self, const char *login);
guint lmtp_fixture_count (LmtpFixture *self, const char *login, const char *path);

// The octets of the newest message of a mailbox. Returns (transfer full).
GString *lmtp_fixture_read (LmtpFixture *self, const char *login, const char *path);

// The same without the three lines that delivery adds, which must be there.
GString *lmtp_fixture_read_body (LmtpFixture *self, const char *login, const char *path);

void lmtp_fixture_create_mailbox (LmtpFixture *self, const char *login, const char *path);

// Changes the user as `fields` say.
void lmtp_fixture_update (LmtpFixture *self,
                          const char *login,
                          const WdUser *changes,
                          WdUserFields fields);
