// SPDX-License-Identifier: EUPL-1.2
// FETCH and UID FETCH, with CHANGEDSINCE (RFC 7162 3.1.4.1).
#include "config.h"

#include "imap-error.h"
#include "imap-fetch-content.h"
#include "imap-partial.h"
#include "imap-rows.h"
#include "imap-vanished.h"

typedef struct
{
  WdImapRows rows;
  guint32 n_expected;
  gboolean marks_seen;
  WdUidSet *vanished;         // (nullable) To be told first.
  WdUidSet *to_see;           // Get \Seen once the store may be called again.
  WdImapFetchContent content; // The message that is going out.
  GError *error;              // The first that went wrong: NO at the end.
  gboolean is_broken;         // The rest cannot be had.
} Fetch;

static void
fetch_free (gpointer data)
{
  Fetch *self = data;

  wd_imap_rows_clear (&self->rows);
  wd_imap_fetch_content_clear (&self->content);
  wd_uidset_free (self->vanished);
  wd_uidset_free (self->to_see);
  g_clear_error (&self->error);
  g_free (self);
}

typedef struct
{
  WdModseq changed_since; // 0: not there.
  gboolean vanished;
  gboolean has_partial;
  WdImapPartial partial;
} Modifiers;

static gboolean
parse_modifier (WdImapParser *parser, Modifiers *modifiers)
{
  if (wd_imap_parse_skip_word (parser, "VANISHED"))
    {
      modifiers->vanished = TRUE;
      return TRUE;
    }
  if (wd_imap_parse_skip_word (parser, "PARTIAL"))
    {
      modifiers->has_partial = TRUE;
      return wd_imap_parse_space (parser) && wd_imap_partial_parse (parser, &modifiers->partial);
    }
  if (!wd_imap_parse_skip_word (parser, "CHANGEDSINCE"))
    return wd_imap_parse_fail (parser, "Unknown FETCH modifier");
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_number64 (parser, &modifiers->changed_since))
    return FALSE;
  return modifiers->changed_since != 0 || wd_imap_parse_fail (parser, "CHANGEDSINCE must not be 0");
}

// (CHANGEDSINCE n VANISHED) behind the items.
static gboolean
parse_modifiers (WdImapSession *session,
                 WdImapParser *parser,
                 gboolean is_uid,
                 Modifiers *out_modifiers)
{
  *out_modifiers = (Modifiers){ 0 };
  if (!wd_imap_parse_skip (parser, ' '))
    return wd_imap_parse_end (parser);
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    if (!parse_modifier (parser, out_modifiers))
      return FALSE;
  while (wd_imap_parse_skip (parser, ' '));
  // RFC 7162 3.2.6.
  if (out_modifiers->vanished
      && (!is_uid || out_modifiers->changed_since == 0
          || !wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_QRESYNC)))
    return wd_imap_parse_fail (parser, "VANISHED needs UID FETCH, CHANGEDSINCE and QRESYNC");
  // RFC 9394 3.3.
  if (out_modifiers->has_partial && !is_uid)
    return wd_imap_parse_fail (parser, "PARTIAL needs UID FETCH");
  return wd_imap_parse_close (parser) && wd_imap_parse_end (parser);
}

// The row as it is once \Seen is set.
static void
see_row (WdImapRows *rows, WdMessageRow *row)
{
  Fetch *fetch = rows->user_data;

  if (!fetch->marks_seen || (row->flags & WD_FLAG_SEEN) != 0)
    return;
  row->flags |= WD_FLAG_SEEN;
  wd_uidset_add (fetch->to_see, row->uid);
}

static gboolean
write_content (WdImapRows *rows, WdMessageRow *row)
{
  Fetch *fetch = rows->user_data;
  GString *out = wd_imap_session_get_output (rows->session);
  gboolean is_first = rows->plan->n_items == 0;

  // Flags that change by this are told with it (RFC 3501 6.4.5); with CONDSTORE they come with
  // their new mod-sequence at the end.
  if ((rows->plan->has & WD_IMAP_FETCH_IS_FLAGS) == 0 && wd_uidset_has (fetch->to_see, row->uid)
      && !wd_imap_session_is_enabled (rows->session, WD_IMAP_ENABLED_CONDSTORE))
    {
      g_string_append (out, is_first ? "" : " ");
      wd_imap_fetch_plan_write_flags (&rows->writer, row, out);
      is_first = FALSE;
    }
  wd_imap_fetch_content_begin (&fetch->content, rows->plan->sections,
                               g_steal_pointer (&row->content), is_first);
  return wd_imap_fetch_content_write (&fetch->content, rows->session, &fetch->error) == WD_DONE;
}

static gboolean
set_seen (WdImapSession *session, WdUidSet *uids, GError **error)
{
  WdFlagChange change = { .op = WD_FLAG_OP_ADD, .flags = WD_FLAG_SEEN };
  g_autoptr (WdUidSet) changed = NULL;
  WdModseq modseq;

  if (wd_uidset_is_empty (uids))
    return TRUE;
  if (!wd_store_store_flags (session->server->store, &session->actor, &session->view->mailbox, uids,
                             &change, &changed, NULL, &modseq,
                             wd_imap_session_get_cancellable (session), error))
    return FALSE;
  wd_uidset_clear (uids);
  if (wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_CONDSTORE)
      || !wd_imap_view_take_own_change (session->view, changed, modseq))
    g_atomic_int_set (&session->is_dirty, TRUE);
  return TRUE;
}

// What the set names as UIDs and is gone since.
static WdUidSet *
find_vanished (WdImapSession *session, const WdImapSet *set, const WdMailboxChanges *changes)
{
  const WdImapView *view = session->view;
  WdUidSet *vanished = wd_imap_set_resolve_numbers (set, wd_uidset_get_last (view->uids));

  // What the client has a number for is told at the end, without EARLIER.
  if (changes != NULL && !wd_uidset_is_empty (changes->expunged))
    g_atomic_int_set (&session->is_dirty, TRUE);
  wd_imap_vanished_find (view, changes, vanished);
  return vanished;
}

static gboolean
is_changed (WdMessageRow *row, gpointer user_data)
{
  wd_uidset_add (user_data, row->uid);
  return TRUE;
}

// The slice is one of what would be sent: where the rows decide, they are looked at first.
static gboolean
use_partial (WdImapSession *session, const Modifiers *modifiers, WdUidSet *uids, GError **error)
{
  g_autoptr (WdUidSet) changed = wd_uidset_new ();

  if (!modifiers->has_partial)
    return TRUE;
  if (modifiers->changed_since != 0)
    {
      if (!wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, uids,
                           WD_FETCH_FLAGS, modifiers->changed_since, is_changed, changed,
                           wd_imap_session_get_cancellable (session), error))
        return FALSE;
      wd_uidset_intersect (uids, changed);
    }
  wd_imap_partial_cut (&modifiers->partial, uids);
  return TRUE;
}

// To what has changed the store narrows the rows by itself; here it is only what is gone.
static gboolean
use_vanished (WdImapSession *session,
              const Modifiers *modifiers,
              const WdImapSet *set,
              Fetch *fetch)
{
  const WdImapView *view = session->view;
  g_autoptr (WdMailboxChanges) changes = NULL;

  if (!modifiers->vanished)
    return TRUE;
  changes = wd_store_list_changes (session->server->store, &session->actor, &view->mailbox,
                                   modifiers->changed_since, FALSE, view->n_keywords,
                                   wd_imap_session_get_cancellable (session), &fetch->error);
  if (changes == NULL)
    return FALSE;
  fetch->vanished = find_vanished (session, set, changes);
  return TRUE;
}

static gboolean
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (WdImapSet) set = NULL;
  g_autoptr (WdImapFetchPlan) plan = NULL;
  g_autoptr (WdUidSet) uids = NULL;
  Modifiers modifiers;
  gboolean is_valid;
  Fetch *fetch;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_set_parse (&cmd->args, &set)
      || !wd_imap_parse_space (&cmd->args) || !wd_imap_fetch_plan_parse (&cmd->args, &plan)
      || !parse_modifiers (session, &cmd->args, cmd->is_uid, &modifiers))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  uids = wd_imap_view_resolve (session->view, set, cmd->is_uid, &is_valid);
  if (!is_valid)
    {
      wd_imap_command_bad (cmd, "No such message");
      return FALSE;
    }
  if (cmd->is_uid)
    wd_imap_fetch_plan_add (plan, "UID");
  fetch = g_new0 (Fetch, 1);
  cmd->state = fetch;
  cmd->state_free = fetch_free;
  if (modifiers.changed_since != 0)
    {
      wd_imap_fetch_plan_add (plan, "MODSEQ");
      if (!use_vanished (session, &modifiers, set, fetch))
        {
          wd_imap_error_reply (session, cmd, fetch->error);
          return FALSE;
        }
    }
  if (!use_partial (session, &modifiers, uids, &fetch->error))
    {
      wd_imap_error_reply (session, cmd, fetch->error);
      return FALSE;
    }
  if ((plan->has & WD_IMAP_FETCH_IS_MODSEQ) != 0)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  fetch->marks_seen = plan->marks_seen && !session->view->is_read_only;
  fetch->to_see = wd_uidset_new ();
  fetch->n_expected = modifiers.changed_since == 0 && !cmd->is_uid ? wd_uidset_get_count (uids) : 0;
  wd_imap_rows_init (&fetch->rows, session, g_steal_pointer (&plan), g_steal_pointer (&uids));
  fetch->rows.changed_since = modifiers.changed_since;
  fetch->rows.user_data = fetch;
  if (fetch->rows.plan->sections->len > 0)
    {
      fetch->rows.begin_row = see_row;
      fetch->rows.end_row = write_content;
    }
  return TRUE;
}

static WdStep
finish (WdImapSession *session, WdImapCommand *cmd, Fetch *fetch)
{
  if (fetch->error != NULL)
    return wd_imap_error_reply (session, cmd, fetch->error);
  // RFC 2180 4.1.2: what is there was sent, and the client hears that the rest is gone.
  if (fetch->rows.n_rows < fetch->n_expected)
    {
      g_atomic_int_set (&session->is_dirty, TRUE);
      return wd_imap_command_no (cmd, "EXPUNGEISSUED", "Some of the messages no longer exist");
    }
  return WD_DONE;
}

// The next rows. FALSE: the store failed.
static gboolean
run (WdImapSession *session, Fetch *fetch)
{
  g_autoptr (GError) error = NULL;

  if (wd_imap_rows_run (&fetch->rows, &error) && set_seen (session, fetch->to_see, &error))
    return TRUE;
  // FLAGS that were told too early are put right with the updates.
  if (!wd_uidset_is_empty (fetch->to_see))
    wd_imap_view_add_changed (session->view, fetch->to_see);
  if (fetch->error == NULL)
    fetch->error = g_steal_pointer (&error);
  return FALSE;
}

WdStep
wd_imap_cmd_fetch (WdImapSession *session, WdImapCommand *cmd)
{
  Fetch *fetch;

  if (cmd->state == NULL && !begin (session, cmd))
    return WD_DONE;
  fetch = cmd->state;
  if (fetch->vanished != NULL && wd_imap_vanished_write (session, fetch->vanished, TRUE) == WD_MORE)
    return WD_MORE;
  if (wd_imap_fetch_content_is_open (&fetch->content))
    {
      // Where the output was full the last time.
      WdStep step = wd_imap_fetch_content_write (&fetch->content, session, &fetch->error);

      if (step != WD_DONE)
        return step;
      g_string_append (wd_imap_session_get_output (session), ")\r\n");
    }
  if (!fetch->is_broken && !wd_imap_rows_is_done (&fetch->rows))
    fetch->is_broken = !run (session, fetch);
  if (wd_imap_fetch_content_is_open (&fetch->content)
      || (!fetch->is_broken && !wd_imap_rows_is_done (&fetch->rows)))
    return WD_MORE;
  return finish (session, cmd, fetch);
}
