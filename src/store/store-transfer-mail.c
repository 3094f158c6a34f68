// SPDX-License-Identifier: EUPL-1.2
// Copying a user's mailboxes: what is gone goes, what is new comes, what has changed changes.
#include "config.h"

#include <string.h>

#include "store-transfer-private.h"

#define READ_BYTES (256 * 1024)

static const WdMailboxInfo *
find_info (GPtrArray *mailboxes, const WdId *id)
{
  for (guint i = 0; i < mailboxes->len; i++)
    if (wd_core_id_is_equal (&((WdMailboxInfo *) mailboxes->pdata[i])->id, id))
      return mailboxes->pdata[i];
  return NULL;
}

static gboolean
set_aside (WdTransfer *self, const WdMailboxInfo *info, GError **error)
{
  g_autofree char *hex = wd_core_id_dup_hex (&info->id);
  g_autofree char *path = g_strconcat ("moving-", hex, NULL);
  WdMailboxInfo aside = *info;

  aside.path = path;
  return wd_store_import_mailbox (self->to, &self->actor, &aside, self->cancellable, error);
}

// Those of the target that the source has not, and the paths of those that have another by now, so
// that two can change places.
static gboolean
clear_target (WdTransfer *self, GPtrArray *mailboxes, GError **error)
{
  g_autoptr (GPtrArray) old
      = wd_store_list_mailboxes (self->to, &self->actor, self->cancellable, error);

  if (old == NULL)
    return FALSE;
  for (guint i = 0; i < old->len; i++)
    {
      const WdMailboxInfo *target = old->pdata[i];
      const WdMailboxInfo *source = find_info (mailboxes, &target->id);

      // The INBOX of a new user gives way by itself.
      if (strcmp (target->path, "INBOX") == 0)
        continue;
      if (source == NULL
              ? !wd_store_delete_mailbox (self->to, &self->actor, &target->id, self->cancellable,
                                          error)
              : strcmp (source->path, target->path) != 0 && !set_aside (self, target, error))
        return FALSE;
    }
  return TRUE;
}

static gint
compare_metadata (const WdMetadata *a, const WdMetadata *b)
{
  return strcmp (a->name, b->name);
}

// The changes that make `to` the same as `from`; both are sorted.
static GArray *
list_changes (GPtrArray *from, GPtrArray *to)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (WdMetadata));
  guint i = 0, k = 0;

  while (i < from->len || k < to->len)
    {
      const WdMetadata *a = i < from->len ? from->pdata[i] : NULL;
      const WdMetadata *b = k < to->len ? to->pdata[k] : NULL;
      gint order = a == NULL ? 1 : b == NULL ? -1 : compare_metadata (a, b);
      WdMetadata change = { order > 0 ? b->name : a->name, order > 0 ? NULL : a->value };

      if (order != 0 || !g_bytes_equal (a->value, b->value))
        g_array_append_val (changes, change);
      i += order <= 0;
      k += order >= 0;
    }
  return changes;
}

// `mailbox` (nullable): those of the account.
static gboolean
copy_metadata (WdTransfer *self, const WdId *mailbox, GError **error)
{
  g_autoptr (GPtrArray) from = NULL;
  g_autoptr (GPtrArray) to = NULL;
  g_autoptr (GArray) changes = NULL;

  if (!wd_store_has_metadata (self->from))
    return TRUE;
  from = wd_store_list_metadata (self->from, &self->actor, mailbox, self->cancellable, error);
  if (from == NULL
      || (to = wd_store_list_metadata (self->to, &self->actor, mailbox, self->cancellable, error))
             == NULL)
    return FALSE;
  changes = list_changes (from, to);
  return changes->len == 0
         || wd_store_set_metadata (self->to, &self->actor, mailbox,
                                   (const WdMetadata *) (gpointer) changes->data, changes->len,
                                   self->cancellable, error);
}

static gboolean
set_subscriptions (WdTransfer *self, GPtrArray *paths, gboolean subscribed, GError **error)
{
  for (guint i = 0; i < paths->len; i++)
    if (!wd_store_set_subscribed (self->to, &self->actor, paths->pdata[i], subscribed,
                                  self->cancellable, error))
      return FALSE;
  return TRUE;
}

// Those of `a` that are not among `b`.
static GPtrArray *
subtract (GPtrArray *a, GPtrArray *b)
{
  GPtrArray *left = g_ptr_array_new ();

  for (guint i = 0; i < a->len; i++)
    if (!g_ptr_array_find_with_equal_func (b, a->pdata[i], g_str_equal, NULL))
      g_ptr_array_add (left, a->pdata[i]);
  return left;
}

static gboolean
copy_subscriptions (WdTransfer *self, GPtrArray *from, GError **error)
{
  g_autoptr (GPtrArray) to
      = wd_store_list_subscriptions (self->to, &self->actor, self->cancellable, error);
  g_autoptr (GPtrArray) missing = NULL;
  g_autoptr (GPtrArray) wrong = NULL;

  if (to == NULL)
    return FALSE;
  missing = subtract (from, to);
  wrong = subtract (to, from);
  return set_subscriptions (self, missing, TRUE, error)
         && set_subscriptions (self, wrong, FALSE, error);
}

static WdIncoming *
take_content (WdTransfer *self, WdContent *content, GError **error)
{
  g_autoptr (WdIncoming) incoming = wd_incoming_new (self->to);
  g_autoptr (GString) octets = g_string_sized_new (READ_BYTES);
  guint64 size = wd_content_get_size_bytes (content);

  // Many are in memory at once.
  wd_incoming_set_memory_bytes (incoming, READ_BYTES);
  for (guint64 at = 0; at < size; at += octets->len)
    {
      g_string_truncate (octets, 0);
      if (!wd_content_read (content, at, READ_BYTES, octets, error)
          || !wd_incoming_write (incoming, octets->str, octets->len, error))
        return NULL;
      if (octets->len == 0)
        {
          g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                               "a message is shorter than it says");
          return NULL;
        }
    }
  return wd_incoming_finish (incoming, error) ? g_steal_pointer (&incoming) : NULL;
}

static gboolean
fill_item (
    WdTransfer *self, const WdId *mailbox, WdTransferRow *source, WdImport *item, GError **error)
{
  WdMessageRow *row = &source->row;

  *item = (WdImport){
    .id = row->id,
    .uid = row->uid,
    .modseq = row->modseq,
    .internal_date_ms = row->internal_date_ms,
    .zone_minutes = row->zone_minutes,
    .save_date_ms = row->save_date_ms,
  };
  // A keyword may have come to be meanwhile.
  if (!wd_transfer_batch_map (self, row->flags, &item->flags))
    {
      if (!wd_transfer_batch_learn (self, mailbox, error))
        return FALSE;
      if (!wd_transfer_batch_map (self, row->flags, &item->flags))
        {
          g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                       "UID %u has a keyword without a name", row->uid);
          return FALSE;
        }
    }
  if (row->content == NULL)
    return TRUE;
  item->incoming = take_content (self, row->content, error);
  if (item->incoming == NULL)
    g_prefix_error (error, "UID %u: ", row->uid);
  return item->incoming != NULL;
}

static void
clear_items (WdImport *items, guint n)
{
  for (guint i = 0; i < n; i++)
    wd_incoming_unref (items[i].incoming);
  g_free (items);
}

static gboolean
import_rows (WdTransfer *self, const WdId *mailbox, GPtrArray *rows, GError **error)
{
  WdImport *items = g_new0 (WdImport, MAX (rows->len, 1));
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < rows->len; i++)
    ok = fill_item (self, mailbox, rows->pdata[i], &items[i], error);
  ok = ok
       && wd_store_import_messages (self->to, &self->actor, mailbox, items, rows->len,
                                    self->cancellable, error);
  clear_items (items, rows->len);
  return ok;
}

static gboolean
copy_new (WdTransfer *self, const WdId *mailbox, WdUidSet *uids, GError **error)
{
  while (!wd_uidset_is_empty (uids))
    {
      g_autoptr (GPtrArray) rows
          = wd_transfer_batch_read (self, self->from, mailbox, uids, WD_FETCH_CONTENT, error);

      if (rows == NULL || !import_rows (self, mailbox, rows, error))
        return FALSE;
      self->report.n_added += rows->len;
      for (guint i = 0; i < rows->len; i++)
        self->report.size_bytes += ((WdTransferRow *) rows->pdata[i])->row.size_bytes;
      wd_transfer_step (self, rows->len);
    }
  return TRUE;
}

// Of those in both, the ones whose modseq or flags differ.
static gboolean
copy_changed (WdTransfer *self, const WdId *mailbox, WdUidSet *uids, GError **error)
{
  g_autoptr (WdUidSet) other = wd_uidset_copy (uids);

  while (!wd_uidset_is_empty (uids))
    {
      g_autoptr (GPtrArray) rows
          = wd_transfer_batch_read (self, self->from, mailbox, uids, WD_FETCH_FLAGS, error);
      g_autoptr (GPtrArray) theirs = NULL;
      guint n, k = 0;

      if (rows == NULL
          || (theirs
              = wd_transfer_batch_read (self, self->to, mailbox, other, WD_FETCH_FLAGS, error))
                 == NULL)
        return FALSE;
      n = rows->len;
      // From the end, so that those that are the same can be taken out.
      for (guint i = n; i-- > 0;)
        {
          const WdMessageRow *row = &((WdTransferRow *) rows->pdata[i])->row;
          const WdMessageRow *old
              = i < theirs->len ? &((WdTransferRow *) theirs->pdata[i])->row : NULL;
          WdFlags flags;

          if (old != NULL && old->uid == row->uid && old->modseq == row->modseq
              && wd_transfer_batch_map (self, row->flags, &flags) && flags == old->flags)
            g_ptr_array_remove_index (rows, i);
          else
            k++;
        }
      if (k > 0 && !import_rows (self, mailbox, rows, error))
        return FALSE;
      self->report.n_changed += k;
      wd_transfer_step (self, n);
    }
  return TRUE;
}

static gboolean
remove_gone (WdTransfer *self, const WdId *mailbox, const WdUidSet *gone, GError **error)
{
  g_autoptr (WdUidSet) expunged = NULL;
  WdModseq modseq;

  self->report.n_removed += wd_uidset_get_count (gone);
  return wd_uidset_is_empty (gone)
         || wd_store_expunge (self->to, &self->actor, mailbox, gone, TRUE, &expunged, &modseq,
                              self->cancellable, error);
}

static gboolean
copy_messages (WdTransfer *self, const WdMailboxInfo *info, GError **error)
{
  const WdId *id = &info->id;
  g_autoptr (WdMailboxState) from
      = wd_store_select_mailbox (self->from, &self->actor, id, FALSE, self->cancellable, error);
  g_autoptr (WdMailboxState) to = NULL;
  g_autoptr (WdUidSet) new = NULL;
  g_autoptr (WdUidSet) gone = NULL;
  g_autoptr (WdUidSet) both = NULL;

  if (from == NULL
      || (to
          = wd_store_select_mailbox (self->to, &self->actor, id, FALSE, self->cancellable, error))
             == NULL)
    return FALSE;
  new = wd_uidset_copy (from->uids);
  wd_uidset_remove_set (new, to->uids);
  gone = wd_uidset_copy (to->uids);
  wd_uidset_remove_set (gone, from->uids);
  both = wd_uidset_copy (from->uids);
  wd_uidset_remove_set (both, new);
  return wd_transfer_batch_learn (self, id, error) && remove_gone (self, id, gone, error)
         && copy_changed (self, id, both, error) && copy_new (self, id, new, error)
         && wd_store_import_finish (self->to, &self->actor, id, from->info->uidnext,
                                    from->info->highest_modseq, self->cancellable, error);
}

gboolean
wd_transfer_mail_copy (WdTransfer *self, GPtrArray *mailboxes, GError **error)
{
  g_autoptr (GPtrArray) subscriptions
      = wd_store_list_subscriptions (self->from, &self->actor, self->cancellable, error);

  if (subscriptions == NULL || !clear_target (self, mailboxes, error))
    return FALSE;
  for (guint i = 0; i < mailboxes->len; i++)
    if (!wd_store_import_mailbox (self->to, &self->actor, mailboxes->pdata[i], self->cancellable,
                                  error))
      return FALSE;
  for (guint i = 0; i < mailboxes->len; i++)
    {
      const WdMailboxInfo *info = mailboxes->pdata[i];

      if (!copy_messages (self, info, error) || !copy_metadata (self, &info->id, error))
        {
          g_prefix_error (error, "%s: ", info->path);
          return FALSE;
        }
    }
  return copy_metadata (self, NULL, error) && copy_subscriptions (self, subscriptions, error);
}
