// SPDX-License-Identifier: EUPL-1.2
// Finding mailboxes by the names of commands.
#include "config.h"

#include "imap-mailbox.h"

#include <string.h>

#include "imap-name.h"

WdMailboxInfo *
wd_imap_mailbox_get (WdImapSession *session, const char *path, GError **error)
{
  WdMailboxInfo *info = NULL;

  if (path != NULL
      && !wd_store_find_mailbox (session->server->store, &session->actor, path, &info,
                                 wd_imap_session_get_cancellable (session), error))
    return NULL;
  if (info == NULL)
    g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such mailbox");
  return info;
}

gboolean
wd_imap_mailbox_find (WdImapSession *session, const char *path, WdId *out_id, GError **error)
{
  g_autoptr (WdMailboxInfo) info = wd_imap_mailbox_get (session, path, error);

  if (info == NULL)
    return FALSE;
  *out_id = info->id;
  return TRUE;
}

void
wd_imap_mailbox_write_name (WdImapSession *session, const WdMailboxInfo *info, const char *old_name)
{
  GString *out = wd_imap_session_get_output (session);
  const char *use = wd_store_special_use_to_string (info->special_use);

  g_string_append_printf (out, "* LIST (%s%s%s) \"/\" ",
                          info->has_children ? "\\HasChildren" : "\\HasNoChildren",
                          use != NULL ? " " : "", use != NULL ? use : "");
  wd_imap_name_append (out, info->path, TRUE);
  if (old_name != NULL)
    {
      g_string_append (out, " (\"OLDNAME\" (");
      wd_imap_name_append (out, old_name, TRUE);
      g_string_append (out, "))");
    }
  g_string_append (out, "\r\n");
}

gboolean
wd_imap_mailbox_has_inferiors (WdImapSession *session,
                               const char *path,
                               gboolean *out_has,
                               GError **error)
{
  g_autofree char *prefix = g_strconcat (path, "/", NULL);
  g_autoptr (GPtrArray) infos = wd_store_list_mailboxes (
      session->server->store, &session->actor, wd_imap_session_get_cancellable (session), error);

  if (infos == NULL)
    return FALSE;
  *out_has = FALSE;
  for (guint i = 0; i < infos->len && !*out_has; i++)
    {
      const WdMailboxInfo *info = g_ptr_array_index (infos, i);

      *out_has = g_str_has_prefix (info->path, prefix);
    }
  return TRUE;
}
