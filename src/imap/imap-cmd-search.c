// SPDX-License-Identifier: EUPL-1.2
// SEARCH and UID SEARCH, with ESEARCH (RFC 4731).
#include "config.h"

#include <string.h>

#include "imap-error.h"
#include "imap-format.h"
#include "imap-search.h"
#include "imap-set.h"

enum
{
  RETURN_MIN = 1 << 0,
  RETURN_MAX = 1 << 1,
  RETURN_ALL = 1 << 2,
  RETURN_COUNT = 1 << 3,
};

static const struct
{
  const char *name;
  guint bit;
} returns[] = {
  { "MIN", RETURN_MIN },
  { "MAX", RETURN_MAX },
  { "ALL", RETURN_ALL },
  { "COUNT", RETURN_COUNT },
};

// What is found, on its way out as numbers.
typedef struct
{
  WdUidSet *uids;
  WdModseq modseq; // 0: not asked for.
  WdUidSetIter iter;
  WdImapSeqCursor at;
} Found;

static void
found_free (gpointer data)
{
  Found *self = data;

  wd_uidset_free (self->uids);
  g_free (self);
}

// RETURN (…) and a space, if they are there. RETURN () is RETURN (ALL).
static gboolean
parse_returns (WdImapParser *parser, guint *out_bits)
{
  guint bits = 0;

  *out_bits = 0;
  if (!wd_imap_parse_skip_word (parser, "RETURN"))
    return TRUE;
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  while (wd_imap_parse_peek (parser) != ')')
    {
      gsize i;

      for (i = 0; i < G_N_ELEMENTS (returns); i++)
        if (wd_imap_parse_skip_word (parser, returns[i].name))
          break;
      if (i == G_N_ELEMENTS (returns))
        return wd_imap_parse_fail (parser, "Unknown search result");
      bits |= returns[i].bit;
      if (!wd_imap_parse_skip (parser, ' '))
        break;
    }
  *out_bits = bits != 0 ? bits : RETURN_ALL;
  return wd_imap_parse_close (parser) && wd_imap_parse_space (parser);
}

static gboolean
find_keyword (const char *name, WdFlags *out_flag, gpointer user_data)
{
  WdImapSession *session = user_data;
  const char *const names[] = { name, NULL };
  WdFlags mask = 0;

  if (wd_imap_view_find_keyword (session->view, name, out_flag))
    return TRUE;
  // Made by another session since we looked.
  if (!wd_store_intern_keywords (session->server->store, &session->actor, &session->view->mailbox,
                                 names, FALSE, &mask, wd_imap_session_get_cancellable (session),
                                 NULL)
      || mask == 0)
    return FALSE;
  *out_flag = mask;
  return TRUE;
}

typedef struct
{
  WdId id;
  WdUidSet *uids;
} ById;

static gboolean
compare_id (WdMessageRow *row, gpointer user_data)
{
  ById *by_id = user_data;

  if (wd_core_id_is_equal (&row->id, &by_id->id))
    wd_uidset_add (by_id->uids, row->uid);
  return TRUE;
}

static WdUidSet *
find_email_id (const char *id, gpointer user_data)
{
  WdImapSession *session = user_data;
  ById by_id;

  if (!wd_core_id_from_hex (id, &by_id.id))
    return NULL;
  by_id.uids = wd_uidset_new ();
  if (!wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox,
                       session->view->uids, WD_FETCH_FLAGS, 0, compare_id, &by_id,
                       wd_imap_session_get_cancellable (session), NULL))
    wd_uidset_clear (by_id.uids);
  return by_id.uids;
}

static gboolean
take_modseq (WdMessageRow *row, gpointer user_data)
{
  WdModseq *modseq = user_data;

  *modseq = MAX (*modseq, row->modseq);
  return TRUE;
}

// With MIN or MAX alone the mod-sequence is that of what is returned (RFC 7162 3.1.10).
static gboolean
narrow_modseq (
    WdImapSession *session, const WdUidSet *uids, guint bits, WdModseq *modseq, GError **error)
{
  g_autoptr (WdUidSet) ends = NULL;

  if ((bits & (RETURN_ALL | RETURN_COUNT)) != 0 || wd_uidset_is_empty (uids))
    return TRUE;
  ends = wd_uidset_new ();
  if ((bits & RETURN_MIN) != 0)
    wd_uidset_add (ends, wd_uidset_get_first (uids));
  if ((bits & RETURN_MAX) != 0)
    wd_uidset_add (ends, wd_uidset_get_last (uids));
  *modseq = 0;
  return wd_store_fetch (session->server->store, &session->actor, &session->view->mailbox, ends,
                         WD_FETCH_FLAGS, 0, take_modseq, modseq,
                         wd_imap_session_get_cancellable (session), error);
}

static void
write_esearch (WdImapSession *session, WdImapCommand *cmd, const Found *found, guint bits)
{
  GString *out = wd_imap_session_get_output (session);
  g_autoptr (WdUidSet) numbers = cmd->is_uid
                                     ? wd_uidset_copy (found->uids)
                                     : wd_imap_set_seqs_of (found->uids, session->view->uids);

  g_string_append (out, "* ESEARCH (TAG ");
  wd_imap_format_string (out, cmd->tag);
  g_string_append (out, cmd->is_uid ? ") UID" : ")");
  if ((bits & RETURN_MIN) != 0 && !wd_uidset_is_empty (numbers))
    g_string_append_printf (out, " MIN %u", wd_uidset_get_first (numbers));
  if ((bits & RETURN_MAX) != 0 && !wd_uidset_is_empty (numbers))
    g_string_append_printf (out, " MAX %u", wd_uidset_get_last (numbers));
  if ((bits & RETURN_ALL) != 0 && !wd_uidset_is_empty (numbers))
    {
      g_string_append (out, " ALL ");
      wd_uidset_to_string (numbers, out);
    }
  if ((bits & RETURN_COUNT) != 0)
    g_string_append_printf (out, " COUNT %u", wd_uidset_get_count (numbers));
  if (found->modseq != 0)
    g_string_append_printf (out, " MODSEQ %" G_GUINT64_FORMAT, found->modseq);
  g_string_append (out, "\r\n");
}

// " 1 2 3 …", as far as there is room.
static WdStep
write_numbers (WdImapSession *session, WdImapCommand *cmd, Found *found)
{
  GString *out = wd_imap_session_get_output (session);
  WdUid uid;

  while (wd_uidset_iter_next (&found->iter, &uid))
    {
      char *p = wd_imap_format_reserve (out, 1 + WD_IMAP_FORMAT_NUMBER_LEN);

      *p++ = ' ';
      p = wd_imap_format_write_number (p, cmd->is_uid ? uid
                                                      : wd_imap_set_cursor_seek (&found->at, uid));
      wd_imap_format_commit (out, p);
      if (wd_imap_session_is_output_full (session))
        return WD_MORE;
    }
  if (found->modseq != 0)
    g_string_append_printf (out, " (MODSEQ %" G_GUINT64_FORMAT ")", found->modseq);
  g_string_append (out, "\r\n");
  return WD_DONE;
}

static gboolean
parse (WdImapSession *session,
       WdImapCommand *cmd,
       guint *out_bits,
       WdSearchExpr **out_expr,
       gboolean *out_has_modseq)
{
  WdImapSearch search = {
    .known = session->view->uids,
    .recent = session->view->recent,
    .find_keyword = find_keyword,
    .find_email_id = find_email_id,
    .user_data = session,
  };
  gboolean ok = wd_imap_parse_space (&cmd->args) && parse_returns (&cmd->args, out_bits)
                && wd_imap_search_parse (&search, &cmd->args, out_expr);

  *out_has_modseq = search.has_modseq;
  if (!ok && search.bad_charset)
    wd_imap_command_no (cmd, "BADCHARSET (US-ASCII UTF-8)", "Charset is not supported");
  else if (!ok)
    wd_imap_command_bad_args (cmd);
  wd_imap_search_clear (&search);
  return ok;
}

// Searches. WD_MORE: there are numbers to write.
static WdStep
begin (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSearchExpr) expr = NULL;
  Found *found;
  WdModseq modseq = 0;
  gboolean has_modseq;
  guint bits;

  if (!parse (session, cmd, &bits, &expr, &has_modseq))
    return WD_DONE;
  if (has_modseq)
    wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
  found = g_new0 (Found, 1);
  cmd->state = found;
  cmd->state_free = found_free;
  if (!wd_store_search (session->server->store, &session->actor, &session->view->mailbox, expr,
                        &found->uids, has_modseq ? &modseq : NULL,
                        wd_imap_session_get_cancellable (session), &error))
    return wd_imap_error_reply (session, cmd, error);
  // What came meanwhile has no number yet.
  wd_uidset_intersect (found->uids, session->view->uids);
  if (bits == 0)
    {
      found->modseq = wd_uidset_is_empty (found->uids) ? 0 : modseq;
      wd_uidset_iter_init (&found->iter, found->uids);
      wd_imap_set_cursor_init (&found->at, session->view->uids);
      g_string_append (wd_imap_session_get_output (session), "* SEARCH");
      return WD_MORE;
    }
  if (has_modseq && !narrow_modseq (session, found->uids, bits, &modseq, &error))
    return wd_imap_error_reply (session, cmd, error);
  found->modseq = wd_uidset_is_empty (found->uids) ? 0 : modseq;
  write_esearch (session, cmd, found, bits);
  return WD_DONE;
}

WdStep
wd_imap_cmd_search (WdImapSession *session, WdImapCommand *cmd)
{
  if (cmd->state == NULL && begin (session, cmd) == WD_DONE)
    return WD_DONE;
  return write_numbers (session, cmd, cmd->state);
}
