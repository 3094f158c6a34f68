// SPDX-License-Identifier: EUPL-1.2
// SEARCH and UID SEARCH. A search that has to read messages goes through the mailbox piece by
// piece, and says how far it is when it takes long (RFC 9585).
#include "config.h"

#include "core-clock.h"
#include "imap-error.h"
#include "imap-format.h"
#include "imap-return.h"
#include "imap-search-keys.h"
#include "imap-set.h"

// Messages in one piece.
#define PIECE 500
#define PROGRESS_SECS 10

typedef struct
{
  WdImapReturn what;
  WdSearchExpr *expr; // With `left`, or its piece, as the first of its children.
  gboolean has_modseq;
  gboolean is_slow;
  gint64 told_us; // When the search began, or its progress was told last.

  WdUidSet *left;
  WdUidSet *found;
  WdModseq modseq; // The highest of what was found.

  // On its way out as numbers.
  gboolean is_writing;
  WdUidSetIter iter;
  WdImapSeqCursor at;
} Search;

static void
search_free (gpointer data)
{
  Search *self = data;

  wd_search_expr_free (self->expr);
  wd_uidset_free (self->left);
  wd_uidset_free (self->found);
  g_free (self);
}

// Whether messages have to be read for it. The depth is that of the parser.
static gboolean
is_slow (const WdSearchExpr *expr)
{
  if (expr->op == WD_SEARCH_HEADER || expr->op == WD_SEARCH_BODY || expr->op == WD_SEARCH_TEXT)
    return TRUE;
  for (guint i = 0; expr->children != NULL && i < expr->children->len; i++)
    if (is_slow (g_ptr_array_index (expr->children, i)))
      return TRUE;
  return FALSE;
}

static WdSearchExpr *
limit_to_uids (WdSearchExpr *expr)
{
  WdSearchExpr *both = wd_search_expr_new (WD_SEARCH_AND);

  wd_search_expr_take_child (both, wd_search_expr_new (WD_SEARCH_UIDS));
  wd_search_expr_take_child (both, expr);
  return both;
}

static gboolean
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (WdSearchExpr) expr = NULL;
  Search *self = g_new0 (Search, 1);

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
  if (!wd_imap_search_keys_parse (session, cmd, FALSE, &expr, &self->has_modseq))
    {
      // RFC 5182 2.1: NO saves the empty result, BAD none.
      if (cmd->status == WD_IMAP_NO && (self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
        wd_imap_view_take_saved (session->view, NULL);
      return FALSE;
    }
  if (self->has_modseq)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  self->is_slow = is_slow (expr);
  self->expr = self->is_slow ? limit_to_uids (g_steal_pointer (&expr)) : g_steal_pointer (&expr);
  self->left = wd_uidset_copy (session->view->uids);
  self->found = wd_uidset_new ();
  self->told_us = wd_core_clock_monotonic_us ();
  return TRUE;
}

// Takes the next piece out of what is left, into the expression.
static void
take_piece (Search *self)
{
  WdSearchExpr *limit;
  WdUid last;

  if (!self->is_slow)
    {
      wd_uidset_clear (self->left);
      return;
    }
  limit = g_ptr_array_index (self->expr->children, 0);
  last = wd_uidset_get_uid (self->left, (WdSeq){ PIECE });
  last = last != 0 ? last : wd_uidset_get_last (self->left);
  wd_uidset_free (limit->uids);
  limit->uids = wd_uidset_copy (self->left);
  if (last != 0)
    wd_uidset_remove_range (self->left, 1, last);
  wd_uidset_remove_set (limit->uids, self->left);
}

static gboolean
search_piece (WdImapSession *session, Search *self, GError **error)
{
  g_autoptr (WdUidSet) found = NULL;
  WdModseq modseq = 0;

  take_piece (self);
  if (!wd_store_search (session->server->store, &session->actor, &session->view->mailbox,
                        self->expr, &found, self->has_modseq ? &modseq : NULL,
                        wd_imap_session_get_cancellable (session), error))
    return FALSE;
  // What came meanwhile has no number yet.
  wd_uidset_intersect (found, session->view->uids);
  wd_uidset_add_set (self->found, found);
  self->modseq = MAX (self->modseq, modseq);
  return TRUE;
}

static void
tell_progress (WdImapSession *session, WdImapCommand *cmd, Search *self)
{
  GString *out = wd_imap_session_get_output (session);
  guint32 n_all = wd_uidset_get_count (session->view->uids);
  gint64 now_us = wd_core_clock_monotonic_us ();

  if (now_us - self->told_us < PROGRESS_SECS * G_USEC_PER_SEC)
    return;
  self->told_us = now_us;
  g_string_append (out, "* OK [INPROGRESS (");
  wd_imap_format_string (out, cmd->tag);
  g_string_append_printf (out, " %u %u)] Still searching\r\n",
                          n_all - wd_uidset_get_count (self->left), n_all);
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
  if (!self->has_modseq || wd_uidset_is_equal (picked, self->found))
    return TRUE;
  self->modseq = 0;
  return wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, picked,
                         WD_FETCH_FLAGS, 0, take_modseq, &self->modseq,
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
      wd_uidset_iter_init (&self->iter, self->found);
      wd_imap_set_cursor_init (&self->at, session->view->uids);
      g_string_append (wd_imap_session_get_output (session), "* SEARCH");
      return WD_MORE;
    }
  picked = wd_imap_return_pick (&self->what, self->found);
  if (!narrow_modseq (session, self, picked, &error))
    return wd_imap_error_reply (session, cmd, error);
  wd_imap_return_write (&self->what, session, cmd, self->found, self->modseq);
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
  if (self->modseq != 0)
    g_string_append_printf (out, " (MODSEQ %" G_GUINT64_FORMAT ")", self->modseq);
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
  if (!search_piece (session, self, &error))
    {
      if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
        wd_imap_view_take_saved (session->view, NULL);
      return wd_imap_error_reply (session, cmd, error);
    }
  if (wd_uidset_is_empty (self->left))
    return answer (session, cmd, self) == WD_MORE ? write_numbers (session, cmd, self) : WD_DONE;
  tell_progress (session, cmd, self);
  return WD_MORE;
}
