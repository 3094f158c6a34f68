// SPDX-License-Identifier: EUPL-1.2
// Mailboxes, their states and changes as plain data.
#include "config.h"

#include "store-mailbox.h"

void
wd_mailbox_info_free (WdMailboxInfo *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_free (self->extra_json);
  g_free (self);
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
