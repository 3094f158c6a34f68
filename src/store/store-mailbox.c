// SPDX-License-Identifier: EUPL-1.2
// Mailboxes, their states and changes as plain data.
#include "config.h"

#include "store-mailbox.h"
#include "store-path.h"

void
wd_mailbox_info_free (WdMailboxInfo *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->extra_json);
  g_free (self);
}

static int
compare_infos (gconstpointer a, gconstpointer b)
{
  const WdMailboxInfo *info_a = *(WdMailboxInfo *const *) a;
  const WdMailboxInfo *info_b = *(WdMailboxInfo *const *) b;

  return wd_store_path_compare (info_a->path, info_b->path);
}

void
wd_mailbox_info_sort (GPtrArray *infos)
{
  g_ptr_array_sort (infos, compare_infos);
  // What is below a mailbox follows it.
  for (guint i = 0; i + 1 < infos->len; i++)
    {
      WdMailboxInfo *info = g_ptr_array_index (infos, i);
      const WdMailboxInfo *next = g_ptr_array_index (infos, i + 1);

      info->has_children = wd_store_path_is_below (next->path, info->path);
    }
}

void
wd_mailbox_state_free (WdMailboxState *self)
{
  if (self == NULL)
    return;
  wd_mailbox_info_free (self->info);
  wd_uidset_free (self->uids);
  g_clear_pointer (&self->keywords, g_ptr_array_unref);
  g_free (self);
}

void
wd_mailbox_changes_free (WdMailboxChanges *self)
{
  if (self == NULL)
    return;
  wd_uidset_free (self->added);
  wd_uidset_free (self->changed);
  wd_uidset_free (self->expunged);
  g_clear_pointer (&self->keywords, g_ptr_array_unref);
  g_free (self);
}
