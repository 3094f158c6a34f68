// SPDX-License-Identifier: EUPL-1.2
// The one place where outcomes of the store become IMAP response codes.
#include "config.h"

#include "imap-error.h"

G_DEFINE_QUARK (wd - imap - error - quark, wd_imap_error)

typedef struct
{
  const char *code;
  const char *text;
  const char *msgid; // (nullable) Worth the administrator's attention.
} Outcome;

// No default: a new outcome does not compile until it has a code.
static Outcome
map_store_error (WdStoreError code)
{
  switch (code)
    {
    case WD_STORE_ERROR_NOT_FOUND:
      return (Outcome){ "NONEXISTENT", "No such mailbox", NULL };
    case WD_STORE_ERROR_EXISTS:
      return (Outcome){ "ALREADYEXISTS", "Mailbox exists", NULL };
    case WD_STORE_ERROR_FORBIDDEN:
      return (Outcome){ "NOPERM", "Not permitted", NULL };
    case WD_STORE_ERROR_OVER_QUOTA:
      return (Outcome){ "OVERQUOTA", "Quota exceeded", NULL };
    case WD_STORE_ERROR_TOO_LARGE:
      return (Outcome){ "TOOBIG", "Message too large", NULL };
    case WD_STORE_ERROR_EXPUNGED:
      return (Outcome){ "EXPUNGEISSUED", "Some of the messages no longer exist", NULL };
    case WD_STORE_ERROR_CONFLICT:
      return (Outcome){ "INUSE", "Changed by another session, try again", NULL };
    case WD_STORE_ERROR_LIMIT:
      return (Outcome){ "LIMIT", "Limit reached", NULL };
    case WD_STORE_ERROR_BUSY:
      return (Outcome){ "INUSE", "Busy, try again", NULL };
    case WD_STORE_ERROR_UNAVAILABLE:
      return (Outcome){ "UNAVAILABLE", "Mail store not available, try again later",
                        WD_MSG_STORE_UNAVAILABLE };
    case WD_STORE_ERROR_CORRUPT:
      return (Outcome){ "CORRUPTION", "Mailbox data is damaged", WD_MSG_STORE_CORRUPT };
    case WD_STORE_ERROR_INVALID:
      return (Outcome){ "CANNOT", "Not a valid name or value", NULL };
    case WD_STORE_ERROR_CANCELLED:
      return (Outcome){ "UNAVAILABLE", "Command was interrupted", NULL };
    }
  return (Outcome){ "SERVERBUG", "Internal error", WD_MSG_INTERNAL_ERROR };
}

static Outcome
map_imap_error (WdImapError code)
{
  switch (code)
    {
    case WD_IMAP_ERROR_UNKNOWN_CTE:
      return (Outcome){ "UNKNOWN-CTE", "Transfer encoding cannot be converted", NULL };
    }
  return (Outcome){ "SERVERBUG", "Internal error", WD_MSG_INTERNAL_ERROR };
}

static Outcome
map_error (const GError *error)
{
  if (error != NULL && error->domain == WD_STORE_ERROR)
    return map_store_error ((WdStoreError) error->code);
  if (error != NULL && error->domain == WD_IMAP_ERROR)
    return map_imap_error ((WdImapError) error->code);
  return (Outcome){ "SERVERBUG", "Internal error", WD_MSG_INTERNAL_ERROR };
}

static void
log_outcome (WdImapSession *session, const Outcome *outcome, const GError *error)
{
  const char *name = session->cmd != NULL ? session->cmd->spec->name : NULL;

  if (outcome->msgid == NULL)
    return;
  wd_core_log (G_LOG_LEVEL_CRITICAL, wd_net_conn_get_log (session->conn), outcome->msgid,
               "WD_COMMAND", name != NULL ? name : "-", NULL, "%s",
               error != NULL ? error->message : "no reason given");
}

WdStep
wd_imap_error_reply (WdImapSession *session, WdImapCommand *cmd, const GError *error)
{
  Outcome outcome = map_error (error);

  log_outcome (session, &outcome, error);
  return wd_imap_command_no (cmd, outcome.code, outcome.text);
}

WdStep
wd_imap_error_reply_target (WdImapSession *session, WdImapCommand *cmd, const GError *error)
{
  if (g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    return wd_imap_command_no (cmd, "TRYCREATE", "No such mailbox");
  return wd_imap_error_reply (session, cmd, error);
}

void
wd_imap_error_log (WdImapSession *session, const GError *error)
{
  Outcome outcome = map_error (error);

  log_outcome (session, &outcome, error);
}
