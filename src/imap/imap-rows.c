// SPDX-License-Identifier: EUPL-1.2
// Writes FETCH responses straight from the store's rows.
#include "config.h"

#include "imap-rows.h"

#include "imap-format.h"

void
wd_imap_rows_init (WdImapRows *self, WdImapSession *session, WdImapFetchPlan *plan, WdUidSet *uids)
{
  *self = (WdImapRows){ .session = session, .plan = plan, .uids = uids };
  self->known_flags = WD_FLAG_KEYWORD (session->view->n_keywords) - 1;
  wd_imap_fetch_plan_writer_init (&self->writer, session->view->keywords,
                                  session->view->n_keywords);
  self->writer.is_utf8 = wd_imap_session_is_utf8 (session);
}

void
wd_imap_rows_clear (WdImapRows *self)
{
  wd_imap_fetch_plan_writer_clear (&self->writer);
  g_clear_pointer (&self->plan, wd_imap_fetch_plan_free);
  g_clear_pointer (&self->uids, wd_uidset_free);
}

static gboolean
write_row (WdMessageRow *row, gpointer user_data)
{
  WdImapRows *self = user_data;
  GString *out = wd_imap_session_get_output (self->session);
  const WdUidSet *recent = self->session->view->recent;
  guint32 seq = wd_imap_set_cursor_seek (&self->at, row->uid);
  char *p;

  self->last = row->uid;
  if (seq == 0)
    return TRUE;
  self->n_rows++;
  // A keyword that is news to us: its name and these flags come with the updates.
  if ((row->flags & ~self->known_flags) != 0)
    g_atomic_int_set (&self->session->is_dirty, TRUE);
  self->writer.is_recent
      = row->uid >= wd_uidset_get_first (recent) && wd_uidset_has (recent, row->uid);
  if (self->begin_row != NULL)
    self->begin_row (self, row);
  p = wd_imap_format_reserve (out, 10 + WD_IMAP_FORMAT_NUMBER_LEN);
  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "* ");
  p = wd_imap_format_write_number (p, seq);
  wd_imap_format_commit (out, WD_IMAP_FORMAT_WRITE_LITERAL (p, " FETCH ("));
  wd_imap_fetch_plan_write (self->plan, &self->writer, row, out);
  if (self->end_row != NULL && !self->end_row (self, row))
    {
      self->is_stopped = TRUE;
      return FALSE;
    }
  p = wd_imap_format_reserve (out, 3);
  wd_imap_format_commit (out, WD_IMAP_FORMAT_WRITE_LITERAL (p, ")\r\n"));
  self->is_stopped = wd_imap_session_is_output_full (self->session);
  return !self->is_stopped;
}

gboolean
wd_imap_rows_run (WdImapRows *self, GError **error)
{
  WdImapSession *session = self->session;

  wd_imap_set_cursor_init (&self->at, session->view->uids);
  self->last = 0;
  self->is_stopped = FALSE;
  if (!wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, self->uids,
                       self->plan->needs_row ? self->plan->fields : WD_FETCH_ONLY_FLAGS,
                       self->changed_since, write_row, self,
                       wd_imap_session_get_cancellable (session), error))
    return FALSE;
  if (self->is_stopped)
    wd_uidset_remove_range (self->uids, 1, self->last);
  else
    wd_uidset_clear (self->uids);
  return TRUE;
}

void
wd_imap_rows_take (WdImapRows *self, const WdFlagsNow *now)
{
  wd_imap_set_cursor_init (&self->at, self->session->view->uids);
  for (guint i = 0; i < now->n_messages; i++)
    {
      WdMessageRow row = {
        .uid = now->messages[i].uid,
        .flags = now->messages[i].flags,
        .modseq = now->messages[i].modseq,
      };

      if (wd_uidset_has (self->uids, row.uid))
        write_row (&row, self);
    }
  wd_uidset_clear (self->uids);
}

gboolean
wd_imap_rows_is_done (const WdImapRows *self)
{
  return wd_uidset_is_empty (self->uids);
}
