// SPDX-License-Identifier: EUPL-1.2
// The search keys of a command, read against the selected mailbox.
#include "config.h"

#include "imap-search-keys.h"

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

gboolean
wd_imap_search_keys_parse (WdImapSession *session,
                           WdImapCommand *cmd,
                           gboolean has_bare_charset,
                           WdSearchExpr **out_expr,
                           gboolean *out_has_modseq)
{
  WdImapSearch search = {
    .known = session->view->uids,
    .recent = session->view->recent,
    .saved = session->view->saved,
    .find_keyword = find_keyword,
    .find_email_id = find_email_id,
    .user_data = session,
    .is_utf8_only = wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_UTF8),
    .has_bare_charset = has_bare_charset,
  };
  gboolean ok = wd_imap_search_parse (&search, &cmd->args, out_expr);

  *out_has_modseq = search.has_modseq;
  if (!ok && search.bad_charset)
    wd_imap_command_no (cmd, "BADCHARSET (US-ASCII UTF-8)", "Charset is not supported");
  else if (!ok)
    wd_imap_command_bad_args (cmd);
  wd_imap_search_clear (&search);
  return ok;
}
