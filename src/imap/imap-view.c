// SPDX-License-Identifier: EUPL-1.2
// What one session knows of its selected mailbox.
#include "config.h"

#include "imap-view.h"

#include "imap-keyword.h"

WdImapView *
wd_imap_view_new (WdMailboxState *state, gboolean is_read_only)
{
  WdImapView *self = g_new0 (WdImapView, 1);

  self->mailbox = state->info->id;
  self->is_read_only = is_read_only;
  self->has_recent = TRUE;
  self->uidvalidity = state->info->uidvalidity;
  self->uidnext = state->info->uidnext;
  self->modseq = state->info->highest_modseq;
  self->uids = g_steal_pointer (&state->uids);
  self->recent = wd_uidset_new ();
  if (state->first_recent != 0 && state->first_recent < self->uidnext)
    {
      wd_uidset_add_range (self->recent, state->first_recent, self->uidnext - 1);
      wd_uidset_intersect (self->recent, self->uids);
    }
  wd_imap_view_set_keywords (self, state->keywords);
  self->new_keywords = FALSE;
  self->told_exists = wd_uidset_get_count (self->uids);
  self->told_recent = wd_uidset_get_count (self->recent);
  return self;
}

static void
clear_keywords (WdImapView *self)
{
  for (guint i = 0; i < self->n_keywords; i++)
    wd_imap_keyword_unref (self->keywords[i]);
  g_clear_pointer (&self->keywords, g_free);
  self->n_keywords = 0;
}

void
wd_imap_view_free (WdImapView *self)
{
  if (self == NULL)
    return;
  wd_uidset_free (self->uids);
  wd_uidset_free (self->recent);
  wd_uidset_free (self->saved);
  wd_uidset_free (self->expunged);
  wd_uidset_free (self->changed);
  clear_keywords (self);
  g_free (self);
}

void
wd_imap_view_set_keywords (WdImapView *self, const GPtrArray *keywords)
{
  const char **names;

  if (keywords == NULL || keywords->len == 0)
    return;
  names = g_new (const char *, keywords->len);
  for (guint i = 0; i < keywords->len; i++)
    names[i] = wd_imap_keyword_ref (g_ptr_array_index (keywords, i));
  clear_keywords (self);
  self->keywords = names;
  self->n_keywords = keywords->len;
  self->new_keywords = TRUE;
}

gboolean
wd_imap_view_find_keyword (const WdImapView *self, const char *name, WdFlags *out_flag)
{
  for (guint i = 0; i < self->n_keywords; i++)
    if (g_ascii_strcasecmp (self->keywords[i], name) == 0)
      {
        *out_flag = WD_FLAG_KEYWORD (i);
        return TRUE;
      }
  return FALSE;
}

WdUidSet *
wd_imap_view_resolve (const WdImapView *self,
                      const WdImapSet *set,
                      gboolean is_uid,
                      gboolean *out_is_valid)
{
  WdUidSet *uids;

  if (!set->is_saved)
    return wd_imap_set_resolve (set, self->uids, is_uid, out_is_valid);
  *out_is_valid = TRUE;
  uids = self->saved != NULL ? wd_uidset_copy (self->saved) : wd_uidset_new ();
  wd_uidset_intersect (uids, self->uids);
  return uids;
}

void
wd_imap_view_take_saved (WdImapView *self, WdUidSet *uids)
{
  wd_uidset_free (self->saved);
  self->saved = uids;
}

gboolean
wd_imap_view_is_recent (const WdImapView *self, WdUid uid)
{
  return wd_uidset_has (self->recent, uid);
}

void
wd_imap_view_ignore_recent (WdImapView *self)
{
  self->has_recent = FALSE;
  wd_uidset_clear (self->recent);
  self->told_recent = 0;
}

gboolean
wd_imap_view_claims_recent (const WdImapView *self)
{
  return self->has_recent && !self->is_read_only;
}

static void
add_to (WdUidSet **inout_set, const WdUidSet *uids)
{
  if (*inout_set == NULL)
    *inout_set = wd_uidset_copy (uids);
  else
    wd_uidset_add_set (*inout_set, uids);
}

void
wd_imap_view_add_expunged (WdImapView *self, const WdUidSet *uids)
{
  g_autoptr (WdUidSet) known = wd_uidset_copy (uids);

  wd_uidset_intersect (known, self->uids);
  if (!wd_uidset_is_empty (known))
    add_to (&self->expunged, known);
}

void
wd_imap_view_add_changed (WdImapView *self, const WdUidSet *uids)
{
  add_to (&self->changed, uids);
}

// UIDs that are new to this session. Since the store hands out ascending ones, and the journal is
// read in order, they lie behind all that is known.
static void
add_new (WdImapView *self, const WdUidSet *added, WdUid first_recent, WdUid uidnext)
{
  WdUid last = MAX (wd_uidset_get_last (added), uidnext - 1);

  wd_uidset_add_set (self->uids, added);
  if (!self->has_recent || first_recent == 0 || first_recent > last)
    return;
  g_autoptr (WdUidSet) recent = wd_uidset_new_range (first_recent, last);
  wd_uidset_intersect (recent, added);
  wd_uidset_add_set (self->recent, recent);
}

void
wd_imap_view_apply (WdImapView *self, const WdMailboxChanges *changes)
{
  if (!wd_uidset_is_empty (changes->expunged))
    wd_imap_view_add_expunged (self, changes->expunged);
  if (!wd_uidset_is_empty (changes->added))
    add_new (self, changes->added, changes->first_recent, changes->uidnext);
  if (!wd_uidset_is_empty (changes->changed))
    add_to (&self->changed, changes->changed);
  if (changes->keywords != NULL)
    wd_imap_view_set_keywords (self, changes->keywords);
  self->modseq = MAX (self->modseq, changes->highest_modseq);
  self->uidnext = MAX (self->uidnext, changes->uidnext);
}

void
wd_imap_view_apply_state (WdImapView *self, const WdMailboxState *state)
{
  g_autoptr (WdUidSet) gone = wd_uidset_copy (self->uids);
  g_autoptr (WdUidSet) added = wd_uidset_copy (state->uids);
  g_autoptr (WdUidSet) stayed = wd_uidset_copy (self->uids);

  wd_uidset_remove_set (gone, state->uids);
  wd_uidset_remove_set (added, self->uids);
  wd_uidset_intersect (stayed, state->uids);
  wd_imap_view_add_expunged (self, gone);
  add_new (self, added, state->first_recent, state->info->uidnext);
  // Which flags changed is not known.
  add_to (&self->changed, stayed);
  if (state->keywords != NULL && state->keywords->len > self->n_keywords)
    wd_imap_view_set_keywords (self, state->keywords);
  self->modseq = MAX (self->modseq, state->info->highest_modseq);
  self->uidnext = MAX (self->uidnext, state->info->uidnext);
}

gboolean
wd_imap_view_take_own_change (WdImapView *self, const WdUidSet *uids, WdModseq modseq)
{
  if (modseq == self->modseq)
    return TRUE;
  // The next one is ours only if we did something.
  if (wd_uidset_is_empty (uids) || modseq != self->modseq + 1)
    return FALSE;
  self->modseq = modseq;
  return TRUE;
}

gsize
wd_imap_view_get_size_bytes (const WdImapView *self)
{
  return sizeof *self + wd_uidset_get_size_bytes (self->uids)
         + wd_uidset_get_size_bytes (self->recent)
         + (self->saved != NULL ? wd_uidset_get_size_bytes (self->saved) : 0)
         + self->n_keywords * sizeof (char *);
}
