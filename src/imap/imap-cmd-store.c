// SPDX-License-Identifier: EUPL-1.2
// STORE and UID STORE, with UNCHANGEDSINCE (RFC 7162 3.1.3).
#include "config.h"

#include <string.h>

#include "imap-error.h"
#include "imap-flag-names.h"
#include "imap-rows.h"
#include "imap-sync.h"

static const struct
{
  const char *name;
  WdFlagOp op;
  gboolean is_silent;
} operations[] = {
  { "FLAGS", WD_FLAG_OP_REPLACE, FALSE }, { "FLAGS.SILENT", WD_FLAG_OP_REPLACE, TRUE },
  { "+FLAGS", WD_FLAG_OP_ADD, FALSE },    { "+FLAGS.SILENT", WD_FLAG_OP_ADD, TRUE },
  { "-FLAGS", WD_FLAG_OP_REMOVE, FALSE }, { "-FLAGS.SILENT", WD_FLAG_OP_REMOVE, TRUE },
};

typedef struct
{
  WdImapRows rows; // What is reported.
  guint32 n_expected;
  WdUidSet *conflicts;
} Store;

static void
store_free (gpointer data)
{
  Store *self = data;

  wd_imap_rows_clear (&self->rows);
  wd_uidset_free (self->conflicts);
  g_free (self);
}

// (UNCHANGEDSINCE n) and a space, if they are there.
static gboolean
parse_modifiers (WdImapSession *session, WdImapParser *parser, WdFlagChange *change)
{
  if (wd_imap_parse_peek (parser) != '(')
    return TRUE;
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    {
      if (!wd_imap_parse_skip_word (parser, "UNCHANGEDSINCE"))
        return wd_imap_parse_fail (parser, "Unknown STORE modifier");
      if (!wd_imap_parse_space (parser)
          || !wd_imap_parse_number64 (parser, &change->unchanged_since))
        return FALSE;
      change->has_unchanged_since = TRUE;
      wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
    }
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser) && wd_imap_parse_space (parser);
}

static gboolean
parse_operation (WdImapParser *parser, WdFlagChange *change, gboolean *out_is_silent)
{
  const char *atom;
  gsize len;

  if (!wd_imap_parse_atom (parser, &atom, &len))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    if (strlen (operations[i].name) == len
        && g_ascii_strncasecmp (operations[i].name, atom, len) == 0)
      {
        change->op = operations[i].op;
        *out_is_silent = operations[i].is_silent;
        return wd_imap_parse_space (parser);
      }
  return wd_imap_parse_fail (parser, "Expected FLAGS, +FLAGS or -FLAGS");
}

// What is told afterwards: the flags, or, where they were not to be told, the new mod-sequences.
// NULL: nothing.
static WdImapFetchPlan *
make_plan (WdImapSession *session, WdImapCommand *cmd, gboolean is_silent)
{
  gboolean with_modseq = wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_CONDSTORE);
  WdImapFetchPlan *plan;

  if (is_silent && !with_modseq)
    return NULL;
  plan = wd_imap_fetch_plan_new ();
  if (cmd->is_uid || wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_QRESYNC))
    wd_imap_fetch_plan_add (plan, "UID");
  if (!is_silent)
    wd_imap_fetch_plan_add (plan, "FLAGS");
  if (with_modseq)
    wd_imap_fetch_plan_add (plan, "MODSEQ");
  return plan;
}

static WdStep
reply (WdImapSession *session, WdImapCommand *cmd, const WdUidSet *conflicts, gboolean is_missing)
{
  g_autoptr (GString) code = NULL;

  if (conflicts == NULL || wd_uidset_is_empty (conflicts))
    return is_missing
               ? wd_imap_command_no (cmd, "EXPUNGEISSUED", "Some of the messages no longer exist")
               : WD_DONE;
  code = g_string_new ("MODIFIED ");
  if (cmd->is_uid)
    wd_uidset_to_string (conflicts, code);
  else
    {
      g_autoptr (WdUidSet) seqs = wd_imap_set_seqs_of (conflicts, session->view->uids);

      wd_uidset_to_string (seqs, code);
    }
  return is_missing ? wd_imap_command_no (cmd, code->str, "Conditional STORE failed")
                    : wd_imap_command_ok (cmd, code->str, "Conditional STORE failed");
}

// Keywords that were made just now are told before the first FETCH with them.
static gboolean
learn_keywords (WdImapSession *session, WdFlags mask)
{
  WdImapView *view = session->view;
  WdFlags known = WD_FLAG_KEYWORD (view->n_keywords) - 1;

  if ((mask & ~known) == 0)
    return TRUE;
  if (!wd_imap_sync_poll (session))
    return FALSE;
  wd_imap_sync_tell_keywords (session);
  return TRUE;
}

// Changes the flags, and makes ready what is to be told.
static WdStep
change_flags (WdImapSession *session,
              WdImapCommand *cmd,
              WdUidSet *uids,
              WdFlagChange *change,
              gboolean is_silent)
{
  WdImapView *view = session->view;
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUidSet) changed = NULL;
  g_autoptr (WdUidSet) conflicts = NULL;
  WdImapFetchPlan *plan;
  WdFlagsNow now;
  WdModseq modseq;
  Store *store;

  change->now = &now;
  if (!wd_store_store_flags (session->server->store, &session->actor, &view->mailbox, uids, change,
                             &changed, &conflicts, &modseq,
                             wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  if (!wd_imap_view_take_own_change (view, changed, modseq))
    g_atomic_int_set (&session->is_dirty, TRUE);
  plan = make_plan (session, cmd, is_silent);
  if (plan == NULL)
    return reply (session, cmd, conflicts, FALSE);
  store = g_new0 (Store, 1);
  cmd->state = store;
  cmd->state_free = store_free;
  if (conflicts != NULL)
    wd_uidset_remove_set (uids, conflicts);
  wd_imap_rows_init (&store->rows, session, plan, wd_uidset_copy (is_silent ? changed : uids));
  store->n_expected = wd_uidset_get_count (store->rows.uids);
  store->conflicts = g_steal_pointer (&conflicts);
  if (now.is_known)
    wd_imap_rows_take (&store->rows, &now);
  return WD_MORE;
}

static WdStep
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdImapSet) set = NULL;
  g_autoptr (WdUidSet) uids = NULL;
  g_auto (WdImapFlags) flags = { 0 };
  WdFlagChange change = { 0 };
  gboolean is_silent = FALSE;
  gboolean is_valid;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_set_parse (&cmd->args, &set)
      || !wd_imap_parse_space (&cmd->args) || !parse_modifiers (session, &cmd->args, &change)
      || !parse_operation (&cmd->args, &change, &is_silent)
      || !wd_imap_flags_parse (&cmd->args, TRUE, &flags) || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  uids = wd_imap_view_resolve (session->view, set, cmd->is_uid, &is_valid);
  if (!is_valid)
    return wd_imap_command_bad (cmd, "No such message");
  if (flags.has_recent)
    return wd_imap_command_bad (cmd, "\\Recent cannot be set");
  if (session->view->is_read_only)
    return wd_imap_command_no (cmd, "READ-ONLY", "Mailbox is read-only");
  if (!wd_imap_flag_names_to_mask (session, &session->view->mailbox, &flags,
                                   change.op != WD_FLAG_OP_REMOVE, &change.flags, &error))
    return wd_imap_error_reply (session, cmd, error);
  if (!learn_keywords (session, change.flags))
    return WD_DONE;
  return change_flags (session, cmd, uids, &change, is_silent);
}

WdStep
wd_imap_cmd_store (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  Store *store;

  if (cmd->state == NULL && begin (session, cmd) == WD_DONE)
    return WD_DONE;
  store = cmd->state;
  if (!wd_imap_rows_is_done (&store->rows) && !wd_imap_rows_run (&store->rows, &error))
    return wd_imap_error_reply (session, cmd, error);
  if (!wd_imap_rows_is_done (&store->rows))
    return WD_MORE;
  return reply (session, cmd, store->conflicts,
                !cmd->is_uid && store->rows.n_rows < store->n_expected);
}
