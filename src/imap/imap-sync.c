// SPDX-License-Identifier: EUPL-1.2
// Tells the client what others did to the selected mailbox.
#include "config.h"

#include "imap-sync.h"

#include "imap-error.h"
#include "imap-fetch-item.h"
#include "imap-format.h"
#include "imap-rows.h"
#include "imap-vanished.h"

// The journal does not reach back: compares with the mailbox as it is now.
static gboolean
poll_anew (WdImapSession *session, GError **error)
{
  WdImapView *view = session->view;
  g_autoptr (WdMailboxState) state = wd_store_select_mailbox (
      session->server->store, &session->actor, &view->mailbox, wd_imap_view_claims_recent (view),
      wd_imap_session_get_cancellable (session), error);

  if (state == NULL)
    return FALSE;
  wd_imap_view_apply_state (view, state);
  return TRUE;
}

static gboolean
poll_journal (WdImapSession *session, gboolean *out_is_gone, GError **error)
{
  WdImapView *view = session->view;
  g_autoptr (WdMailboxChanges) changes
      = wd_store_list_changes (session->server->store, &session->actor, &view->mailbox,
                               view->modseq, wd_imap_view_claims_recent (view), view->n_keywords,
                               wd_imap_session_get_cancellable (session), error);

  *out_is_gone = FALSE;
  if (changes == NULL)
    return FALSE;
  if (changes->is_gone)
    {
      *out_is_gone = TRUE;
      return TRUE;
    }
  if (!changes->is_complete)
    return poll_anew (session, error);
  wd_imap_view_apply (view, changes);
  return TRUE;
}

gboolean
wd_imap_sync_poll (WdImapSession *session)
{
  g_autoptr (GError) error = NULL;
  gboolean is_gone;

  // Before the reading, so that what happens during it counts again.
  g_atomic_int_set (&session->is_dirty, FALSE);
  if (!poll_journal (session, &is_gone, &error))
    {
      is_gone = g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND);
      if (!is_gone)
        {
          // Not a reason to end the session: the next command looks again.
          wd_imap_error_log (session, error);
          g_atomic_int_set (&session->is_dirty, TRUE);
          return TRUE;
        }
    }
  if (is_gone)
    // RFC 2180 3.3: a session cannot go on without its mailbox.
    wd_imap_session_bye (session, "Selected mailbox was deleted");
  return !is_gone;
}

// EXPUNGE in ascending order: each one moves those behind it up by one. Returns those that are
// told.
static WdUidSet *
write_expunges (WdImapSession *session)
{
  WdImapView *view = session->view;
  GString *out = wd_imap_session_get_output (session);
  WdUidSet *told = wd_uidset_new ();
  WdImapSeqCursor at;
  WdUidSetIter iter;
  WdUid uid;

  wd_imap_set_cursor_init (&at, view->uids);
  wd_uidset_iter_init (&iter, view->expunged);
  while (!wd_imap_session_is_output_full (session) && wd_uidset_iter_next (&iter, &uid))
    {
      guint32 seq = wd_imap_set_cursor_seek (&at, uid) - wd_uidset_get_count (told);
      char *p = wd_imap_format_reserve (out, 12 + WD_IMAP_FORMAT_NUMBER_LEN);

      p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "* ");
      p = wd_imap_format_write_number (p, seq);
      wd_imap_format_commit (out, WD_IMAP_FORMAT_WRITE_LITERAL (p, " EXPUNGE\r\n"));
      wd_uidset_add (told, uid);
    }
  return told;
}

// The same by UID (RFC 7162 3.2.10.2).
static WdUidSet *
write_vanished (WdImapSession *session)
{
  WdUidSet *told = wd_uidset_copy (session->view->expunged);
  g_autoptr (WdUidSet) rest = wd_uidset_copy (told);

  if (wd_imap_vanished_write (session, rest, FALSE) == WD_MORE)
    wd_uidset_remove_set (told, rest);
  return told;
}

static WdStep
tell_expunged (WdImapSession *session)
{
  WdImapView *view = session->view;
  g_autoptr (WdUidSet) told = wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_QRESYNC)
                                  ? write_vanished (session)
                                  : write_expunges (session);

  view->told_exists -= wd_uidset_get_count (told);
  wd_uidset_remove_set (view->uids, told);
  wd_uidset_remove_set (view->recent, told);
  wd_uidset_remove_set (view->expunged, told);
  if (view->changed != NULL)
    wd_uidset_remove_set (view->changed, told);
  if (!wd_uidset_is_empty (view->expunged))
    return WD_MORE;
  g_clear_pointer (&view->expunged, wd_uidset_free);
  return WD_DONE;
}

static void
write_counts (WdImapSession *session)
{
  WdImapView *view = session->view;
  GString *out = wd_imap_session_get_output (session);
  guint32 exists = wd_uidset_get_count (view->uids);
  guint32 recent = wd_uidset_get_count (view->recent);

  if (exists != view->told_exists)
    g_string_append_printf (out, "* %u EXISTS\r\n", exists);
  if (view->has_recent && (exists != view->told_exists || recent != view->told_recent))
    g_string_append_printf (out, "* %u RECENT\r\n", recent);
  view->told_exists = exists;
  view->told_recent = recent;
}

void
wd_imap_sync_append_flags (WdImapSession *session)
{
  WdImapView *view = session->view;
  GString *out = wd_imap_session_get_output (session);
  g_autoptr (GString) flags = g_string_new (NULL);
  WdFlags all = WD_FLAGS_SYSTEM;

  for (guint i = 0; i < view->n_keywords; i++)
    all |= WD_FLAG_KEYWORD (i);
  wd_imap_fetch_item_append_flags (flags, all, FALSE, view->keywords, view->n_keywords);
  g_string_append_printf (out, "* FLAGS (%s)\r\n", flags->str);
  if (view->is_read_only)
    g_string_append (out, "* OK [PERMANENTFLAGS ()] Read-only mailbox\r\n");
  else
    g_string_append_printf (out, "* OK [PERMANENTFLAGS (%s \\*)] Flags permitted\r\n", flags->str);
}

// The flags of those that changed.
static WdStep
write_flags (WdImapSession *session, gboolean with_uid)
{
  WdImapView *view = session->view;
  WdImapFetchPlan *plan = wd_imap_fetch_plan_new ();
  g_autoptr (GError) error = NULL;
  g_auto (WdImapRows) rows = { 0 };

  if (with_uid || wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_QRESYNC))
    wd_imap_fetch_plan_add (plan, "UID");
  wd_imap_fetch_plan_add (plan, "FLAGS");
  if (wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_CONDSTORE))
    wd_imap_fetch_plan_add (plan, "MODSEQ");
  wd_imap_rows_init (&rows, session, plan, g_steal_pointer (&view->changed));
  if (!wd_imap_rows_run (&rows, &error))
    {
      wd_imap_error_log (session, error);
      return WD_DONE;
    }
  if (wd_imap_rows_is_done (&rows))
    return WD_DONE;
  view->changed = g_steal_pointer (&rows.uids);
  return WD_MORE;
}

void
wd_imap_sync_tell_keywords (WdImapSession *session)
{
  if (!session->view->new_keywords)
    return;
  session->view->new_keywords = FALSE;
  wd_imap_sync_append_flags (session);
}

WdStep
wd_imap_sync_run (WdImapSession *session, gboolean allow_expunge, gboolean with_uid)
{
  WdImapView *view = session->view;

  if (view == NULL)
    return WD_DONE;
  if (allow_expunge && view->expunged != NULL && tell_expunged (session) == WD_MORE)
    return WD_MORE;
  write_counts (session);
  // Before the FETCH that uses them.
  wd_imap_sync_tell_keywords (session);
  if (view->changed != NULL)
    return write_flags (session, with_uid);
  return WD_DONE;
}
