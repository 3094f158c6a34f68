// SPDX-License-Identifier: EUPL-1.2
// Flags of a command as the store's bits.
#include "config.h"

#include "imap-flag-names.h"

// The bits of keywords that the view knows already, so that the store need not be asked.
static gboolean
find_in_view (const WdImapView *view, const GPtrArray *names, WdFlags *out_mask)
{
  WdFlags mask = 0;

  for (guint i = 0; i + 1 < names->len; i++)
    {
      WdFlags flag;

      if (!wd_imap_view_find_keyword (view, g_ptr_array_index (names, i), &flag))
        return FALSE;
      mask |= flag;
    }
  *out_mask = mask;
  return TRUE;
}

gboolean
wd_imap_flag_names_to_mask (WdImapSession *session,
                            const WdId *mailbox,
                            const WdImapFlags *flags,
                            gboolean create,
                            WdFlags *out_mask,
                            GError **error)
{
  WdFlags mask = 0;

  // The array ends in NULL.
  if (flags->keywords == NULL || flags->keywords->len <= 1
      || (session->view != NULL && wd_core_id_is_equal (&session->view->mailbox, mailbox)
          && find_in_view (session->view, flags->keywords, &mask)))
    {
      *out_mask = flags->system | mask;
      return TRUE;
    }
  if (!wd_store_intern_keywords (session->server->store, &session->actor, mailbox,
                                 (const char *const *) flags->keywords->pdata, create, &mask,
                                 wd_imap_session_get_cancellable (session), error))
    return FALSE;
  *out_mask = flags->system | mask;
  return TRUE;
}
