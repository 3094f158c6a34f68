// SPDX-License-Identifier: EUPL-1.2
// Commands: the table of all of them, and one that runs.
#pragma once

#include "imap-parse.h"

typedef struct _WdImapSession WdImapSession;
typedef struct _WdImapCommand WdImapCommand;

// What a function that writes output returns.
typedef enum
{
  WD_DONE,
  WD_MORE, // The output is past its mark: call again once it is out.
  WD_FAIL, // The connection cannot go on: a response broke off in its middle.
} WdStep;

// States of a session (RFC 3501 3), as bits.
typedef enum
{
  WD_IMAP_STATE_NOT_AUTHENTICATED = 1 << 0,
  WD_IMAP_STATE_AUTHENTICATED = 1 << 1,
  WD_IMAP_STATE_SELECTED = 1 << 2,
} WdImapState;

// Runs on a worker. Reads its arguments in the first call, keeps what it needs to go on in
// cmd->state, and sets the tagged reply; without one it is OK.
typedef WdStep (*WdImapHandler) (WdImapSession *session, WdImapCommand *cmd);

enum
{
  WD_IMAP_COMMAND_HAS_UID = 1 << 0,    // UID may stand before it.
  WD_IMAP_COMMAND_NO_EXPUNGE = 1 << 1, // No untagged EXPUNGE, but with UID (RFC 3501 7.4.1).
  WD_IMAP_COMMAND_NO_SYNC = 1 << 2,    // No untagged updates at its end.
  WD_IMAP_COMMAND_POLLS = 1 << 3,      // Looks for changes even when no beacon came.
  WD_IMAP_COMMAND_STREAMS = 1 << 4,    // Its literals are messages.
  WD_IMAP_COMMAND_BINARY = 1 << 5,     // Takes literal8 as an argument.
};

typedef struct
{
  const char *name;
  guint states; // WdImapState bits in which it is allowed.
  guint flags;
  WdImapHandler handler;
} WdImapCommandSpec;

// By name in upper case. Returns (transfer none) (nullable).
const WdImapCommandSpec *wd_imap_command_find (const char *name);

typedef enum
{
  WD_IMAP_OK,
  WD_IMAP_NO,
  WD_IMAP_BAD,
} WdImapStatus;

struct _WdImapCommand
{
  const WdImapCommandSpec *spec;
  char *tag;
  gboolean is_uid;      // UID stood before it.
  gboolean is_answered; // The tagged reply is out already.
  gboolean has_run;     // The handler is done; what is left are updates and the tagged reply.
  WdImapParser args;    // Behind the name; of the reader's text.
  gpointer state;       // Of the handler.
  GDestroyNotify state_free;

  WdImapStatus status;
  gboolean tells_modseq; // HIGHESTMODSEQ is the code of OK, as it is after the updates.
  char *code;            // Response code without brackets (nullable).
  const char *text;      // Static (nullable).
};

void wd_imap_command_free (WdImapCommand *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapCommand, wd_imap_command_free)

// Reads tag and name, and finds the command. *out_tag is set whenever there is one, so that BAD can
// name it. Returns (transfer full) (nullable): NULL with parser->error.
WdImapCommand *wd_imap_command_new (WdImapParser *parser, char **out_tag) G_GNUC_WARN_UNUSED_RESULT;

// Set the tagged reply and return WD_DONE. `code` (nullable) is copied; `text` is static.
WdStep wd_imap_command_ok (WdImapCommand *self, const char *code, const char *text);
WdStep wd_imap_command_no (WdImapCommand *self, const char *code, const char *text);
WdStep wd_imap_command_bad (WdImapCommand *self, const char *text);
// BAD with what the parser of the arguments found.
WdStep wd_imap_command_bad_args (WdImapCommand *self);

// The handlers.
WdStep wd_imap_cmd_any_capability (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_any_noop (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_any_logout (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_any_id (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_any_enable (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_login_unauthenticate (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_any_compress (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_login_starttls (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_login_login (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_login_authenticate (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_select_select (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_select_examine (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_select_unselect (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_select_close (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_mailbox_create (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_mailbox_delete (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_mailbox_rename (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_mailbox_subscribe (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_mailbox_unsubscribe (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_list_list (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_list_lsub (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_status (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_quota_namespace (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_quota_get_quota (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_quota_get_quota_root (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_quota_set_quota (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_append (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_replace (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_metadata_get (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_metadata_set (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_idle (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_expunge_expunge (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_search (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_sort (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_thread (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_fetch (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_store (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_copy_copy (WdImapSession *session, WdImapCommand *cmd);
WdStep wd_imap_cmd_copy_move (WdImapSession *session, WdImapCommand *cmd);
