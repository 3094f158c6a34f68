// SPDX-License-Identifier: EUPL-1.2
// The QRESYNC parameter of SELECT and EXAMINE.
#include "config.h"

#include "imap-resync.h"

#include "imap-vanished.h"

void
wd_imap_resync_clear (WdImapResync *self)
{
  g_clear_pointer (&self->known_uids, wd_imap_set_free);
  g_clear_pointer (&self->match_seqs, wd_imap_set_free);
  g_clear_pointer (&self->match_uids, wd_imap_set_free);
  g_clear_pointer (&self->vanished, wd_uidset_free);
  if (self->rows.session != NULL)
    wd_imap_rows_clear (&self->rows);
}

static gboolean
parse_set (WdImapParser *parser, WdImapSet **out_set)
{
  return wd_imap_set_parse (parser, out_set)
         && ((!wd_imap_set_has_star (*out_set) && !(*out_set)->is_saved)
             || wd_imap_parse_fail (parser, "'*' and '$' are not allowed here"));
}

static gboolean
parse_matches (WdImapResync *self, WdImapParser *parser)
{
  g_autoptr (WdUidSet) seqs = NULL;
  g_autoptr (WdUidSet) uids = NULL;

  if (!wd_imap_parse_open (parser) || !parse_set (parser, &self->match_seqs)
      || !wd_imap_parse_space (parser) || !parse_set (parser, &self->match_uids)
      || !wd_imap_parse_close (parser))
    return FALSE;
  seqs = wd_imap_set_resolve_numbers (self->match_seqs, 0);
  uids = wd_imap_set_resolve_numbers (self->match_uids, 0);
  return wd_uidset_get_count (seqs) == wd_uidset_get_count (uids)
         || wd_imap_parse_fail (parser, "As many UIDs as sequence numbers are needed");
}

gboolean
wd_imap_resync_parse (WdImapResync *self, WdImapParser *parser)
{
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser)
      || !wd_imap_parse_nz_number (parser, &self->uidvalidity) || !wd_imap_parse_space (parser)
      || !wd_imap_parse_number64 (parser, &self->modseq))
    return FALSE;
  if (self->modseq == 0)
    return wd_imap_parse_fail (parser, "A mod-sequence must not be 0");
  if (wd_imap_parse_skip (parser, ' '))
    {
      if (wd_imap_parse_peek (parser) != '(' && !parse_set (parser, &self->known_uids))
        return FALSE;
      if ((self->known_uids == NULL || wd_imap_parse_skip (parser, ' '))
          && !parse_matches (self, parser))
        return FALSE;
    }
  return wd_imap_parse_close (parser);
}

// The last of the pairs of number and UID that are still true: of the messages up to it the client
// has lost none (RFC 7162 3.2.5.2). Where one is true, those before it are.
static WdUid
find_last_match (const WdImapResync *self, const WdUidSet *now)
{
  g_autoptr (WdUidSet) seqs = NULL;
  g_autoptr (WdUidSet) uids = NULL;
  guint32 low = 0;
  guint32 high;

  if (self->match_seqs == NULL)
    return 0;
  seqs = wd_imap_set_resolve_numbers (self->match_seqs, 0);
  uids = wd_imap_set_resolve_numbers (self->match_uids, 0);
  high = wd_uidset_get_count (seqs);
  while (low < high)
    {
      guint32 middle = high - (high - low) / 2;
      WdSeq seq = { wd_uidset_get_uid (seqs, (WdSeq){ middle }) };

      if (wd_uidset_get_uid (now, seq) == wd_uidset_get_uid (uids, (WdSeq){ middle }))
        low = middle;
      else
        high = middle - 1;
    }
  return low > 0 ? wd_uidset_get_uid (uids, (WdSeq){ low }) : 0;
}

// What is to be fetched again, of what the client knows.
static WdUidSet *
find_changed (const WdImapView *view, const WdMailboxChanges *changes, const WdUidSet *known)
{
  WdUidSet *changed = wd_uidset_copy (known);

  wd_uidset_intersect (changed, view->uids);
  if (!changes->is_complete)
    return changed; // The rows know their mod-sequences.
  wd_uidset_add_set (changes->changed, changes->added);
  wd_uidset_intersect (changed, changes->changed);
  return changed;
}

gboolean
wd_imap_resync_begin (WdImapResync *self, WdImapSession *session, GError **error)
{
  const WdImapView *view = session->view;
  g_autoptr (WdMailboxChanges) changes = NULL;
  g_autoptr (WdUidSet) known = NULL;
  WdImapFetchPlan *plan;

  // Another mailbox of that name: nothing that the client knows is of use (RFC 7162 3.2.5).
  if (self->uidvalidity != view->uidvalidity)
    return TRUE;
  changes = wd_store_list_changes (session->server->store, &session->actor, &view->mailbox,
                                   self->modseq, FALSE, view->n_keywords,
                                   wd_imap_session_get_cancellable (session), error);
  if (changes == NULL)
    return FALSE;
  if (changes->is_gone)
    return TRUE;
  known = self->known_uids != NULL ? wd_imap_set_resolve_numbers (self->known_uids, 0)
                                   : wd_uidset_new_range (1, G_MAXUINT32);
  plan = wd_imap_fetch_plan_new ();
  wd_imap_fetch_plan_add (plan, "UID");
  wd_imap_fetch_plan_add (plan, "FLAGS");
  wd_imap_fetch_plan_add (plan, "MODSEQ");
  wd_imap_rows_init (&self->rows, session, plan, find_changed (view, changes, known));
  self->rows.changed_since = self->modseq;
  wd_imap_vanished_find (view, changes, known);
  if (!changes->is_complete)
    {
      WdUid last = find_last_match (self, view->uids);

      if (last != 0)
        wd_uidset_remove_range (known, 1, last);
    }
  self->vanished = g_steal_pointer (&known);
  return TRUE;
}

WdStep
wd_imap_resync_write (WdImapResync *self, WdImapSession *session, GError **error)
{
  if (self->vanished == NULL)
    return WD_DONE;
  // Before the FETCH responses (RFC 7162 3.2.5.1).
  if (wd_imap_vanished_write (session, self->vanished, TRUE) == WD_MORE)
    return WD_MORE;
  if (!wd_imap_rows_run (&self->rows, error))
    return WD_FAIL;
  return wd_imap_rows_is_done (&self->rows) ? WD_DONE : WD_MORE;
}
