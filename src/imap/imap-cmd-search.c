// SPDX-License-Identifier: EUPL-1.2
// SEARCH and UID SEARCH.
#include "config.h"

#include "imap-error.h"
#include "imap-find.h"
#include "imap-format.h"
#include "imap-return.h"
#include "imap-search-keys.h"
#include "imap-set.h"

typedef struct
{
  WdImapReturn what;
  WdImapFind find;

  // On its way out as numbers.
  gboolean is_writing;
  WdUidSetIter iter;
  WdImapSeqCursor at;
} Search;

static void
search_free (gpointer data)
{
  Search *self = data;

  wd_imap_find_clear (&self->find);
  g_free (self);
}

static gboolean
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (WdSearchExpr) expr = NULL;
  Search *self = g_new0 (Search, 1);
  gboolean has_modseq;

  cmd->state = self;
  cmd->state_free = search_free;
  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_return_parse (&cmd->args, &self->what))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  // RFC 9051 6.4.4.
  if (self->what.bits == 0 && wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2))
    self->what.bits = WD_IMAP_RETURN_ALL;
  if (!wd_imap_search_keys_parse (session, cmd, FALSE, &expr, &has_modseq))
    {
      // RFC 5182 2.1: NO saves the empty result, BAD none.
      if (cmd->status == WD_IMAP_NO && (self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
        wd_imap_view_take_saved (session->view, NULL);
      return FALSE;
    }
  if (has_modseq)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  wd_imap_find_begin (&self->find, session, g_steal_pointer (&expr), has_modseq, FALSE);
  return TRUE;
}

static gboolean
take_modseq (WdMessageRow *row, gpointer user_data)
{
  WdModseq *modseq = user_data;

  *modseq = MAX (*modseq, row->modseq);
  return TRUE;
}

// The mod-sequence is that of what is returned (RFC 7162 3.1.10).
static gboolean
narrow_modseq (WdImapSession *session, Search *self, const WdUidSet *picked, GError **error)
{
  if (!self->find.has_modseq || wd_uidset_is_equal (picked, self->find.found))
    return TRUE;
  self->find.modseq = 0;
  return wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, picked,
                         WD_FETCH_FLAGS, 0, take_modseq, &self->find.modseq,
                         wd_imap_session_get_cancellable (session), error);
}

// All is found. WD_MORE: there are numbers to write.
static WdStep
answer (WdImapSession *session, WdImapCommand *cmd, Search *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUidSet) picked = NULL;

  if (self->what.bits == 0)
    {
      self->is_writing = TRUE;
      wd_uidset_iter_init (&self->iter, self->find.found);
      wd_imap_set_cursor_init (&self->at, session->view->uids);
      g_string_append (wd_imap_session_get_output (session), "* SEARCH");
      return WD_MORE;
    }
  picked = wd_imap_return_pick (&self->what, self->find.found);
  if (!narrow_modseq (session, self, picked, &error))
    return wd_imap_error_reply (session, cmd, error);
  wd_imap_return_write (&self->what, session, cmd, self->find.found, self->find.modseq);
  if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
    wd_imap_view_take_saved (session->view, g_steal_pointer (&picked));
  return WD_DONE;
}

// " 1 2 3 …", as far as there is room.
static WdStep
write_numbers (WdImapSession *session, WdImapCommand *cmd, Search *self)
{
  GString *out = wd_imap_session_get_output (session);
  WdUid uid;

  while (wd_uidset_iter_next (&self->iter, &uid))
    {
      char *p = wd_imap_format_reserve (out, 1 + WD_IMAP_FORMAT_NUMBER_LEN);

      *p++ = ' ';
      p = wd_imap_format_write_number (p, cmd->is_uid ? uid
                                                      : wd_imap_set_cursor_seek (&self->at, uid));
      wd_imap_format_commit (out, p);
      if (wd_imap_session_is_output_full (session))
        return WD_MORE;
    }
  if (self->find.modseq != 0)
    g_string_append_printf (out, " (MODSEQ %" G_GUINT64_FORMAT ")", self->find.modseq);
  g_string_append (out, "\r\n");
  return WD_DONE;
}

WdStep
wd_imap_cmd_search (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  Search *self;

  if (cmd->state == NULL && !begin (session, cmd))
    return WD_DONE;
  self = cmd->state;
  if (self->is_writing)
    return write_numbers (session, cmd, self);
  if (!wd_imap_find_run (&self->find, session, &error))
    {
      if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
        wd_imap_view_take_saved (session->view, NULL);
      return wd_imap_error_reply (session, cmd, error);
    }
  if (wd_imap_find_is_found (&self->find))
    return answer (session, cmd, self) == WD_MORE ? write_numbers (session, cmd, self) : WD_DONE;
  wd_imap_find_tell_progress (&self->find, session, cmd);
  return WD_MORE;
}
