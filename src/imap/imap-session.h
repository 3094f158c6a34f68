// SPDX-License-Identifier: EUPL-1.2
// One IMAP session: its state, its input, and the command that runs.
#pragma once

#include "auth.h"
#include "imap-command.h"
#include "imap-reader.h"
#include "imap-view.h"
#include "net-service.h"
#include "store.h"

// What all sessions of the process share.
typedef struct
{
  WdService *service;
  WdStore *store;
  WdAuth *auth;
} WdImapServer;

// Extensions that change what is sent (RFC 5161), as bits.
enum
{
  WD_IMAP_ENABLED_CONDSTORE = 1 << 0,
  WD_IMAP_ENABLED_QRESYNC = 1 << 1, // With CONDSTORE.
  WD_IMAP_ENABLED_UTF8 = 1 << 2,    // RFC 6855.
  WD_IMAP_ENABLED_REV2 = 1 << 3,    // RFC 9051.
};

// Takes one line that is no command (AUTHENTICATE, IDLE), without its line end.
typedef WdStep (*WdImapLineFunc) (WdImapSession *session,
                                  WdImapCommand *cmd,
                                  const char *line,
                                  gsize len);

// Opaque to all but imap-cmd-append.c.
typedef struct _WdImapAppend WdImapAppend;

struct _WdImapSession
{
  WdConn *conn;
  WdImapServer *server;
  WdImapState state;
  guint enabled;         // WD_IMAP_ENABLED_…
  WdActor actor;         // Once authenticated.
  guint64 session_epoch; // Of the user, then.
  WdImapReader reader;
  WdImapCommand *cmd;       // (nullable) The one that runs.
  WdImapLineFunc take_line; // (nullable) Set: the next line goes there.
  WdImapAppend *append;     // (nullable) Messages that have come in for the command.
  WdImapView *view;         // (nullable) The selected mailbox.
  WdWatch *watch;           // (nullable) Of the mailbox, or of the account.
  guint n_bad;              // BADs in a row.
  guint n_logins;           // Failed ones.
  gboolean has_id;          // What the client is was logged.
  gboolean is_closing;      // Nothing more is read.
  gint64 active_us;         // The last command ended, or a message came in.

  // Shared with the watch, which runs on other threads.
  gint is_idling;       // Wake the connection when the mailbox changes.
  gint is_dirty;        // The mailbox has changed.
  gint is_account_news; // The account has changed.
  GThread *owner;       // Runs the session just now: its own changes are no news.
};

// The callbacks of WdServiceSpec. `data` is a WdImapServer.
gpointer wd_imap_session_new (WdConn *conn, WdService *service, gpointer data);
WdRun wd_imap_session_run (gpointer session, WdConn *conn, WdWhy why);
void wd_imap_session_free (gpointer session);

// Returns (transfer none).
GString *wd_imap_session_get_output (WdImapSession *self);
gboolean wd_imap_session_is_output_full (WdImapSession *self);
// For store calls of the running command.
GCancellable *wd_imap_session_get_cancellable (WdImapSession *self);

// Whether a password may come over this connection as it is.
gboolean wd_imap_session_may_login (WdImapSession *self);

// The user is known from here on. (transfer none)
void wd_imap_session_authenticate (WdImapSession *self, const WdUser *user);

// As after the greeting, on the same connection (RFC 8437).
void wd_imap_session_unauthenticate (WdImapSession *self);

// Selects `view` (transfer full), or nothing with NULL.
void wd_imap_session_take_view (WdImapSession *self, WdImapView *view);

// Turns an extension on.
void wd_imap_session_enable (WdImapSession *self, guint extension);
// Whether any of them is on.
gboolean wd_imap_session_is_enabled (WdImapSession *self, guint extensions);
// Whether mailbox names go over the wire as UTF-8.
gboolean wd_imap_session_is_utf8 (WdImapSession *self);

// The handler that set `take_line` is done: what is left are updates and the tagged reply.
void wd_imap_session_end_lines (WdImapSession *self);

// Writes the tagged reply. Too many BADs in a row end the session.
void wd_imap_session_answer (WdImapSession *self, const WdImapCommand *cmd);
// BAD for what did not become a command. `tag` (nullable).
void wd_imap_session_answer_bad (WdImapSession *self, const char *tag, const char *text);

// Wipes the text of the command, which has a password in it.
void wd_imap_session_forget_text (WdImapSession *self);

// Sends BYE and ends the session. `text` is static.
void wd_imap_session_bye (WdImapSession *self, const char *text);

// Octets that an idle session takes, without the connection's.
gsize wd_imap_session_get_size_bytes (const WdImapSession *self);
