// SPDX-License-Identifier: EUPL-1.2
// SEARCH.
#include "config.h"

#include "sqlite-store-private.h"

gboolean
wd_sqlite_search_messages (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdSearchExpr *expr,
                           WdUidSet **out_uids,
                           WdModseq *out_modseq,
                           GCancellable *cancellable,
                           GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "search is not built");
  return FALSE;
}
