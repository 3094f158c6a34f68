// SPDX-License-Identifier: EUPL-1.2
// SORT and UID SORT (RFC 5256, RFC 5957), with RETURN (RFC 5267 ESORT).
#include "config.h"

#include "imap-error.h"
#include "imap-find.h"
#include "imap-format.h"
#include "imap-return.h"
#include "imap-search-keys.h"
#include "imap-sort.h"

typedef struct
{
  WdImapReturn what;
  WdImapSort *sort;
  WdImapFind find;
  GArray *sorted; // (nullable) (element-type WdUid)
  guint n_written;
} Sort;

static void
sort_free (gpointer data)
{
  Sort *self = data;

  wd_imap_sort_free (self->sort);
  wd_imap_find_clear (&self->find);
  g_clear_pointer (&self->sorted, g_array_unref);
  g_free (self);
}

static guint32
get_number (const WdImapSession *session, const WdImapCommand *cmd, WdUid uid)
{
  return cmd->is_uid ? uid : wd_uidset_get_seq (session->view->uids, uid).n;
}

static void
append_slice (const WdImapSession *session,
              const WdImapCommand *cmd,
              const Sort *self,
              guint first,
              guint last)
{
  GString *out = wd_imap_session_get_output ((WdImapSession *) session);

  // No ranges: their order would be that of the numbers.
  for (guint i = first; i <= last; i++)
    {
      if (i > first)
        g_string_append_c (out, ',');
      wd_imap_format_number (out,
                             get_number (session, cmd, g_array_index (self->sorted, WdUid, i - 1)));
    }
}

static void
append_partial (WdImapSession *session, const WdImapCommand *cmd, const Sort *self)
{
  GString *out = wd_imap_session_get_output (session);
  guint32 first;
  guint32 last;

  g_string_append (out, " PARTIAL (");
  wd_imap_partial_append (&self->what.partial, out);
  g_string_append_c (out, ' ');
  if (wd_imap_partial_resolve (&self->what.partial, self->sorted->len, &first, &last))
    append_slice (session, cmd, self, first, last);
  else
    g_string_append (out, "NIL");
  g_string_append_c (out, ')');
}

// MIN and MAX are the first and the last in order (RFC 5267 4.1).
static void
write_esearch (WdImapSession *session, const WdImapCommand *cmd, const Sort *self)
{
  GString *out = wd_imap_session_get_output (session);
  guint bits = self->what.bits;
  guint n = self->sorted->len;

  if (bits == WD_IMAP_RETURN_SAVE)
    return;
  g_string_append (out, "* ESEARCH (TAG ");
  wd_imap_format_string (out, cmd->tag);
  g_string_append (out, cmd->is_uid ? ") UID" : ")");
  if ((bits & WD_IMAP_RETURN_MIN) != 0 && n > 0)
    {
      g_string_append (out, " MIN ");
      append_slice (session, cmd, self, 1, 1);
    }
  if ((bits & WD_IMAP_RETURN_MAX) != 0 && n > 0)
    {
      g_string_append (out, " MAX ");
      append_slice (session, cmd, self, n, n);
    }
  if ((bits & WD_IMAP_RETURN_ALL) != 0 && n > 0)
    {
      g_string_append (out, " ALL ");
      append_slice (session, cmd, self, 1, n);
    }
  if ((bits & WD_IMAP_RETURN_PARTIAL) != 0)
    append_partial (session, cmd, self);
  if ((bits & WD_IMAP_RETURN_COUNT) != 0)
    g_string_append_printf (out, " COUNT %u", n);
  if (self->find.modseq != 0)
    g_string_append_printf (out, " MODSEQ %" G_GUINT64_FORMAT, self->find.modseq);
  g_string_append (out, "\r\n");
}

static gboolean
parse (WdImapSession *session, WdImapCommand *cmd, Sort *self)
{
  g_autoptr (WdSearchExpr) expr = NULL;
  gboolean has_modseq;

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_return_parse (&cmd->args, &self->what)
      || !wd_imap_sort_parse (&cmd->args, &self->sort) || !wd_imap_parse_space (&cmd->args))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  if (!wd_imap_search_keys_parse (session, cmd, TRUE, &expr, &has_modseq))
    return FALSE;
  if (has_modseq)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  wd_imap_find_begin (&self->find, session, g_steal_pointer (&expr), has_modseq, TRUE);
  return TRUE;
}

static gboolean
take_row (WdMessageRow *row, gpointer user_data)
{
  return wd_imap_sort_add (user_data, row);
}

// Finds or reads the next of them.
static gboolean
run_piece (WdImapSession *session, Sort *self, GError **error)
{
  if (!wd_imap_find_is_found (&self->find))
    return wd_imap_find_run (&self->find, session, error);
  if (!wd_imap_find_read (&self->find, session, wd_imap_sort_get_fields (self->sort), take_row,
                          self->sort, error))
    return FALSE;
  if (!wd_imap_sort_is_full (self->sort))
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too much to sort");
  return FALSE;
}

// What SAVE keeps with MIN or MAX alone are these two (RFC 5182 2.4), which here are not those of
// the numbers.
static WdUidSet *
pick_saved (const Sort *self)
{
  WdUidSet *saved;
  guint32 first;
  guint32 last;
  guint n = self->sorted->len;

  if ((self->what.bits & (WD_IMAP_RETURN_ALL | WD_IMAP_RETURN_COUNT)) != 0
      || self->what.bits == WD_IMAP_RETURN_SAVE)
    return wd_uidset_copy (self->find.found);
  saved = wd_uidset_new ();
  if ((self->what.bits & WD_IMAP_RETURN_MIN) != 0 && n > 0)
    wd_uidset_add (saved, g_array_index (self->sorted, WdUid, 0));
  if ((self->what.bits & WD_IMAP_RETURN_MAX) != 0 && n > 0)
    wd_uidset_add (saved, g_array_index (self->sorted, WdUid, n - 1));
  if ((self->what.bits & WD_IMAP_RETURN_PARTIAL) != 0
      && wd_imap_partial_resolve (&self->what.partial, n, &first, &last))
    for (guint32 i = first; i <= last; i++)
      wd_uidset_add (saved, g_array_index (self->sorted, WdUid, i - 1));
  return saved;
}

static gboolean
begin (WdImapSession *session, WdImapCommand *cmd)
{
  Sort *self = g_new0 (Sort, 1);

  cmd->state = self;
  cmd->state_free = sort_free;
  if (parse (session, cmd, self))
    return TRUE;
  // RFC 5182 2.1: NO saves the empty result, BAD none.
  if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0 && cmd->status == WD_IMAP_NO)
    wd_imap_view_take_saved (session->view, NULL);
  return FALSE;
}

static WdStep
fail (WdImapSession *session, WdImapCommand *cmd, const Sort *self, const GError *error)
{
  if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
    wd_imap_view_take_saved (session->view, NULL);
  return wd_imap_error_reply (session, cmd, error);
}

// All have been read. WD_MORE: there are numbers to write.
static WdStep
answer (WdImapSession *session, WdImapCommand *cmd, Sort *self)
{
  self->sorted = wd_imap_sort_run (self->sort);
  g_clear_pointer (&self->sort, wd_imap_sort_free);
  if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0)
    wd_imap_view_take_saved (session->view, pick_saved (self));
  if (self->what.bits != 0)
    {
      write_esearch (session, cmd, self);
      return WD_DONE;
    }
  g_string_append (wd_imap_session_get_output (session), "* SORT");
  return WD_MORE;
}

// " 1 2 3 …", as far as there is room.
static WdStep
write_numbers (WdImapSession *session, WdImapCommand *cmd, Sort *self)
{
  GString *out = wd_imap_session_get_output (session);

  while (self->n_written < self->sorted->len)
    {
      WdUid uid = g_array_index (self->sorted, WdUid, self->n_written++);

      g_string_append_c (out, ' ');
      wd_imap_format_number (out, get_number (session, cmd, uid));
      if (wd_imap_session_is_output_full (session))
        return WD_MORE;
    }
  if (self->find.modseq != 0)
    g_string_append_printf (out, " (MODSEQ %" G_GUINT64_FORMAT ")", self->find.modseq);
  g_string_append (out, "\r\n");
  return WD_DONE;
}

WdStep
wd_imap_cmd_sort (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  Sort *self;

  if (cmd->state == NULL && !begin (session, cmd))
    return WD_DONE;
  self = cmd->state;
  if (self->sorted != NULL)
    return write_numbers (session, cmd, self);
  if (!run_piece (session, self, &error))
    return fail (session, cmd, self, error);
  if (wd_imap_find_is_read (&self->find))
    return answer (session, cmd, self) == WD_MORE ? write_numbers (session, cmd, self) : WD_DONE;
  wd_imap_find_tell_progress (&self->find, session, cmd);
  return WD_MORE;
}
