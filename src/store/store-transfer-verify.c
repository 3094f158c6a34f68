// SPDX-License-Identifier: EUPL-1.2
// Comparing a user's mail in two stores: counters, and of every message octets, flags and dates.
#include "config.h"

#include <stdarg.h>
#include <string.h>

#include "store-transfer-private.h"

#define READ_BYTES (256 * 1024)

void
wd_transfer_verify_note (WdTransfer *self, const char *format, ...)
{
  g_autofree char *detail = NULL;
  va_list args;

  va_start (args, format);
  detail = g_strdup_vprintf (format, args);
  va_end (args);
  self->report.n_differences++;
  if (self->funcs != NULL && self->funcs->difference != NULL)
    self->funcs->difference (detail, self->funcs->user_data);
}

// The hash of its octets. Returns (transfer full): NULL with an error.
static char *
hash (WdContent *content, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GString) octets = g_string_sized_new (READ_BYTES);
  guint64 size = wd_content_get_size_bytes (content);
  guint64 at = 0;

  do
    {
      g_string_truncate (octets, 0);
      if (at < size && !wd_content_read (content, at, READ_BYTES, octets, error))
        return NULL;
      g_checksum_update (sum, (const guchar *) octets->str, (gssize) octets->len);
      at += octets->len;
    }
  while (octets->len > 0);
  return g_strdup (g_checksum_get_string (sum));
}

static const char *
compare_octets (WdMessageRow *a, WdMessageRow *b)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash_a = hash (a->content, &error);
  g_autofree char *hash_b = hash_a == NULL ? NULL : hash (b->content, &error);

  if (hash_b == NULL)
    return "octets (they cannot be read)";
  return strcmp (hash_a, hash_b) == 0 ? NULL : "octets";
}

// What is not the same, or NULL.
static const char *
compare_rows (const WdTransfer *self, WdMessageRow *a, WdMessageRow *b)
{
  WdFlags flags;

  if (!wd_transfer_batch_map (self, a->flags, &flags) || flags != b->flags)
    return "flags";
  if (a->modseq != b->modseq)
    return "modseq";
  if (a->internal_date_ms != b->internal_date_ms || a->zone_minutes != b->zone_minutes)
    return "internal date";
  if (a->save_date_ms != b->save_date_ms)
    return "save date";
  if (!wd_core_id_is_equal (&a->id, &b->id))
    return "id";
  if (a->size_bytes != b->size_bytes)
    return "size";
  return compare_octets (a, b);
}

static void
compare_batch (WdTransfer *self, const char *path, GPtrArray *rows, GPtrArray *others)
{
  guint k = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      WdMessageRow *row = &((WdTransferRow *) rows->pdata[i])->row;
      WdMessageRow *other = k < others->len ? &((WdTransferRow *) others->pdata[k])->row : NULL;
      const char *what;

      self->report.n_verified++;
      if (other == NULL || other->uid != row->uid)
        {
          wd_transfer_verify_note (self, "%s: UID %u is missing", path, row->uid);
          continue;
        }
      k++;
      what = compare_rows (self, row, other);
      if (what != NULL)
        wd_transfer_verify_note (self, "%s: UID %u: other %s", path, row->uid, what);
    }
}

static gboolean
verify_messages (WdTransfer *self, const WdMailboxInfo *info, WdUidSet *uids, GError **error)
{
  while (!wd_uidset_is_empty (uids))
    {
      g_autoptr (WdUidSet) asked = wd_uidset_copy (uids);
      g_autoptr (GPtrArray) rows
          = wd_transfer_batch_read (self, self->from, &info->id, uids, WD_FETCH_CONTENT, error);
      g_autoptr (GPtrArray) others = NULL;

      if (rows == NULL)
        return FALSE;
      wd_uidset_remove_set (asked, uids);
      others = wd_transfer_batch_read (self, self->to, &info->id, asked, WD_FETCH_CONTENT, error);
      if (others == NULL)
        return FALSE;
      compare_batch (self, info->path, rows, others);
      wd_transfer_step (self, rows->len);
    }
  return TRUE;
}

static void
compare_number (WdTransfer *self, const char *path, const char *what, guint64 a, guint64 b)
{
  if (a != b)
    wd_transfer_verify_note (
        self, "%s: %s: %" G_GUINT64_FORMAT " there, %" G_GUINT64_FORMAT " here", path, what, a, b);
}

static void
compare_infos (WdTransfer *self, const WdMailboxInfo *a, const WdMailboxInfo *b)
{
  if (strcmp (a->path, b->path) != 0)
    wd_transfer_verify_note (self, "%s: other path", a->path);
  if (g_strcmp0 (a->extra_json, b->extra_json) != 0)
    wd_transfer_verify_note (self, "%s: other settings", a->path);
  compare_number (self, a->path, "special use", a->special_use, b->special_use);
  compare_number (self, a->path, "UIDVALIDITY", a->uidvalidity, b->uidvalidity);
  compare_number (self, a->path, "UIDNEXT", a->uidnext, b->uidnext);
  compare_number (self, a->path, "HIGHESTMODSEQ", a->highest_modseq, b->highest_modseq);
  compare_number (self, a->path, "messages", a->n_messages, b->n_messages);
  compare_number (self, a->path, "unseen", a->n_unseen, b->n_unseen);
  compare_number (self, a->path, "deleted", a->n_deleted, b->n_deleted);
  compare_number (self, a->path, "octets", a->size_bytes, b->size_bytes);
  compare_number (self, a->path, "subscribed", a->subscribed, b->subscribed);
}

static gboolean
verify_mailbox (WdTransfer *self, const WdId *id, GError **error)
{
  g_autoptr (WdMailboxState) from
      = wd_store_select_mailbox (self->from, &self->actor, id, FALSE, self->cancellable, error);
  g_autoptr (WdMailboxState) to = NULL;

  if (from == NULL
      || (to
          = wd_store_select_mailbox (self->to, &self->actor, id, FALSE, self->cancellable, error))
             == NULL)
    return FALSE;
  compare_infos (self, from->info, to->info);
  return verify_messages (self, from->info, from->uids, error);
}

static gboolean
verify_quota (WdTransfer *self, GError **error)
{
  WdQuota from, to;

  if (!wd_store_get_quota (self->from, &self->actor, &from, self->cancellable, error)
      || !wd_store_get_quota (self->to, &self->actor, &to, self->cancellable, error))
    return FALSE;
  compare_number (self, "quota", "octets", from.used_bytes, to.used_bytes);
  compare_number (self, "quota", "messages", from.n_messages, to.n_messages);
  return TRUE;
}

gboolean
wd_transfer_verify_all (WdTransfer *self, GPtrArray *mailboxes, GError **error)
{
  g_autoptr (GPtrArray) there
      = wd_store_list_mailboxes (self->to, &self->actor, self->cancellable, error);

  if (there == NULL)
    return FALSE;
  compare_number (self, "all", "mailboxes", mailboxes->len, there->len);
  for (guint i = 0; i < mailboxes->len; i++)
    if (!verify_mailbox (self, &((WdMailboxInfo *) mailboxes->pdata[i])->id, error))
      return FALSE;
  return verify_quota (self, error);
}
