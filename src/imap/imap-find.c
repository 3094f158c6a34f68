// SPDX-License-Identifier: EUPL-1.2
// Searches in pieces.
#include "config.h"

#include "imap-find.h"

#include "core-clock.h"

// Messages in the first piece of a search. The next are to take so long, but do not grow too fast:
// what was quick may have been in the index, and what follows may not.
#define FIRST_PIECE 1000
#define PIECE_US (G_USEC_PER_SEC / 20)
#define PIECE_GROWTH 16
// Messages that are read at once.
#define READ_PIECE 500

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

void
wd_imap_find_begin (WdImapFind *self,
                    WdImapSession *session,
                    WdSearchExpr *expr,
                    gboolean has_modseq,
                    gboolean reads)
{
  self->is_slow = is_slow (expr);
  self->expr = self->is_slow ? limit_to_uids (expr) : expr;
  self->has_modseq = has_modseq;
  self->reads = reads;
  self->all = wd_uidset_copy (session->view->uids);
  self->n_all = wd_uidset_get_count (self->all);
  wd_uidset_iter_init (&self->next, self->all);
  self->n_piece = FIRST_PIECE;
  self->found = wd_uidset_new ();
  wd_imap_progress_begin (&self->progress);
}

void
wd_imap_find_clear (WdImapFind *self)
{
  g_clear_pointer (&self->expr, wd_search_expr_free);
  g_clear_pointer (&self->all, wd_uidset_free);
  g_clear_pointer (&self->found, wd_uidset_free);
}

// Returns (transfer full): the next `n_piece` messages. *inout_n counts them.
static WdUidSet *
take_piece (WdUidSetIter *iter, guint32 n_piece, guint32 *inout_n)
{
  WdUidSet *piece = wd_uidset_new ();
  WdUid uid;

  for (guint i = 0; i < n_piece && wd_uidset_iter_next (iter, &uid); i++)
    {
      wd_uidset_add (piece, uid);
      ++*inout_n;
    }
  return piece;
}

// The rest, in one piece or in many, is in the expression.
static void
limit (WdImapFind *self)
{
  WdSearchExpr *uids;

  if (!self->is_slow)
    {
      self->n_done = self->n_all;
      return;
    }
  uids = g_ptr_array_index (self->expr->children, 0);
  wd_uidset_free (uids->uids);
  uids->uids = take_piece (&self->next, self->n_piece, &self->n_done);
}

static void
measure_piece (WdImapFind *self, gint64 took_us)
{
  gint64 fitting = self->n_piece * PIECE_US / MAX (took_us, 1);
  gint64 most = (gint64) self->n_piece * PIECE_GROWTH;

  self->n_piece = (guint32) CLAMP (fitting, 1, MIN (most, G_MAXUINT32));
}

gboolean
wd_imap_find_run (WdImapFind *self, WdImapSession *session, GError **error)
{
  gint64 begin_us = wd_core_clock_monotonic_us ();
  g_autoptr (WdUidSet) found = NULL;
  WdModseq modseq = 0;

  limit (self);
  if (!wd_store_search (session->server->store, &session->actor, &session->view->mailbox,
                        self->expr, &found, self->has_modseq ? &modseq : NULL,
                        wd_imap_session_get_cancellable (session), error))
    return FALSE;
  measure_piece (self, wd_core_clock_monotonic_us () - begin_us);
  // What came meanwhile has no number yet.
  wd_uidset_intersect (found, self->all);
  wd_uidset_add_set (self->found, found);
  if (!wd_uidset_is_empty (found))
    self->modseq = MAX (self->modseq, modseq);
  if (self->n_done == self->n_all)
    {
      self->is_found = TRUE;
      self->n_found = wd_uidset_get_count (self->found);
      wd_uidset_iter_init (&self->next_row, self->found);
    }
  return TRUE;
}

gboolean
wd_imap_find_is_found (const WdImapFind *self)
{
  return self->is_found;
}

gboolean
wd_imap_find_read (WdImapFind *self,
                   WdImapSession *session,
                   WdFetchFields fields,
                   WdFetchFunc func,
                   gpointer user_data,
                   GError **error)
{
  g_autoptr (WdUidSet) piece = take_piece (&self->next_row, READ_PIECE, &self->n_read);

  return wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, piece,
                         fields, 0, func, user_data, wd_imap_session_get_cancellable (session),
                         error);
}

gboolean
wd_imap_find_is_read (const WdImapFind *self)
{
  return self->is_found && self->n_read == self->n_found;
}

void
wd_imap_find_tell_progress (WdImapFind *self, WdImapSession *session, const WdImapCommand *cmd)
{
  guint64 n_all = self->n_all;
  guint64 n_done = self->n_done;

  // Reading is half of it, whatever was found.
  if (self->n_found > 0)
    n_done += n_all * self->n_read / self->n_found;
  wd_imap_progress_tell (&self->progress, session, cmd, n_done, self->reads ? 2 * n_all : n_all);
}
