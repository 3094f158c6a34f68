// SPDX-License-Identifier: EUPL-1.2
// SORT and UID SORT (RFC 5256, RFC 5957), with RETURN (RFC 5267 ESORT).
#include "config.h"

#include "imap-error.h"
#include "imap-format.h"
#include "imap-return.h"
#include "imap-search-keys.h"
#include "imap-sort.h"

typedef struct
{
  WdImapReturn what;
  WdImapSort *sort;
  gboolean has_modseq;
  WdUidSet *found;
  WdModseq modseq;
  GArray *sorted; // (nullable) (element-type WdUid)
  guint n_written;
} Sort;

static void
sort_free (gpointer data)
{
  Sort *self = data;

  wd_imap_sort_free (self->sort);
  wd_uidset_free (self->found);
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
  if (self->modseq != 0)
    g_string_append_printf (out, " MODSEQ %" G_GUINT64_FORMAT, self->modseq);
  g_string_append (out, "\r\n");
}

static gboolean
parse (WdImapSession *session, WdImapCommand *cmd, Sort *self, WdSearchExpr **out_expr)
{
  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_return_parse (&cmd->args, &self->what)
      || !wd_imap_sort_parse (&cmd->args, &self->sort) || !wd_imap_parse_space (&cmd->args))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  return wd_imap_search_keys_parse (session, cmd, TRUE, out_expr, &self->has_modseq);
}

static gboolean
take_row (WdMessageRow *row, gpointer user_data)
{
  wd_imap_sort_add (user_data, row);
  return TRUE;
}

static gboolean
find_and_sort (WdImapSession *session, Sort *self, const WdSearchExpr *expr, GError **error)
{
  WdStore *store = session->server->store;
  GCancellable *cancellable = wd_imap_session_get_cancellable (session);

  if (!wd_store_search (store, &session->actor, &session->view->mailbox, expr, &self->found,
                        self->has_modseq ? &self->modseq : NULL, cancellable, error))
    return FALSE;
  // What came meanwhile has no number yet.
  wd_uidset_intersect (self->found, session->view->uids);
  if (wd_uidset_is_empty (self->found))
    self->modseq = 0;
  if (!wd_store_fetch (store, &session->actor, &session->view->mailbox, self->found,
                       wd_imap_sort_get_fields (self->sort), 0, take_row, self->sort, cancellable,
                       error))
    return FALSE;
  self->sorted = wd_imap_sort_run (self->sort);
  g_clear_pointer (&self->sort, wd_imap_sort_free);
  return TRUE;
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
    return wd_uidset_copy (self->found);
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

// WD_MORE: there are numbers to write.
static WdStep
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (WdSearchExpr) expr = NULL;
  g_autoptr (GError) error = NULL;
  Sort *self = g_new0 (Sort, 1);
  gboolean ok;

  cmd->state = self;
  cmd->state_free = sort_free;
  ok = parse (session, cmd, self, &expr);
  if (ok && self->has_modseq)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  if (ok && !find_and_sort (session, self, expr, &error))
    {
      wd_imap_error_reply (session, cmd, error);
      ok = FALSE;
    }
  // RFC 5182 2.1: NO saves the empty result, BAD none.
  if ((self->what.bits & WD_IMAP_RETURN_SAVE) != 0 && (ok || cmd->status == WD_IMAP_NO))
    wd_imap_view_take_saved (session->view, ok ? pick_saved (self) : NULL);
  if (!ok)
    return WD_DONE;
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
  if (self->modseq != 0)
    g_string_append_printf (out, " (MODSEQ %" G_GUINT64_FORMAT ")", self->modseq);
  g_string_append (out, "\r\n");
  return WD_DONE;
}

WdStep
wd_imap_cmd_sort (WdImapSession *session, WdImapCommand *cmd)
{
  if (cmd->state == NULL && begin (session, cmd) == WD_DONE)
    return WD_DONE;
  return write_numbers (session, cmd, cmd->state);
}
