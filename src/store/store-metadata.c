// SPDX-License-Identifier: EUPL-1.2
// Annotations: what every backend shares.
#include "config.h"

#include "store-metadata.h"

#include "core-limits.h"
#include "store-backend.h"

void
wd_metadata_free (WdMetadata *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_free (self);
}

gboolean
wd_store_has_metadata (WdStore *store)
{
  g_return_val_if_fail (WD_IS_STORE (store), FALSE);
  return WD_STORE_GET_IFACE (store)->list_metadata != NULL;
}

static gboolean
require_metadata (WdStore *store, GError **error)
{
  if (wd_store_has_metadata (store))
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "no annotations here");
  return FALSE;
}

GPtrArray *
wd_store_list_metadata (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        GCancellable *cancellable,
                        GError **error)
{
  g_return_val_if_fail (actor != NULL, NULL);
  if (!require_metadata (store, error))
    return NULL;
  return WD_STORE_GET_IFACE (store)->list_metadata (store, actor, mailbox, cancellable, error);
}

gboolean
wd_store_set_metadata (WdStore *store,
                       const WdActor *actor,
                       const WdId *mailbox,
                       const WdMetadata *entries,
                       guint n_entries,
                       GCancellable *cancellable,
                       GError **error)
{
  g_return_val_if_fail (actor != NULL && (entries != NULL || n_entries == 0), FALSE);
  if (!require_metadata (store, error))
    return FALSE;
  for (guint i = 0; i < n_entries; i++)
    if (entries[i].value != NULL
        && g_bytes_get_size (entries[i].value) > WD_LIMIT_METADATA_VALUE_BYTES)
      {
        g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE,
                             "a value is too long");
        return FALSE;
      }
  return WD_STORE_GET_IFACE (store)->set_metadata (store, actor, mailbox, entries, n_entries,
                                                   cancellable, error);
}
