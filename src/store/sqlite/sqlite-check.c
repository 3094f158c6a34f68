// SPDX-License-Identifier: EUPL-1.2
// Checking and repairing.
#include "config.h"

#include "sqlite-store-private.h"

gboolean
wd_sqlite_check_store (WdStore *store,
                       const WdId *user,
                       gboolean repair,
                       WdStoreFindingFunc finding_func,
                       WdStoreProgressFunc progress_func,
                       gpointer user_data,
                       GCancellable *cancellable,
                       GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "checking is not built");
  return FALSE;
}
