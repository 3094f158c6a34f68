// SPDX-License-Identifier: EUPL-1.2
// Upkeep.
#include "config.h"

#include "sqlite-store-private.h"

gboolean
wd_sqlite_maintain_all (WdStore *store, GCancellable *cancellable, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "upkeep is not built");
  return FALSE;
}
