// SPDX-License-Identifier: EUPL-1.2
// Reading messages of either store in batches, and what the keywords of one are in the other.
#include "config.h"

#include "store-transfer-private.h"

#define BATCH_MESSAGES 256
#define BATCH_BYTES (8 * 1024 * 1024)
#define BATCH_FLAGS 50000

typedef struct
{
  GPtrArray *rows;
  guint max_rows;
  guint64 size_bytes;
} Batch;

static void
free_row (gpointer data)
{
  WdTransferRow *row = data;

  wd_content_free (row->row.content);
  g_free (row);
}

// WdFetchFunc
static gboolean
keep_row (WdMessageRow *row, gpointer user_data)
{
  Batch *batch = user_data;
  WdTransferRow *kept = g_new0 (WdTransferRow, 1);

  kept->row = *row;
  kept->row.envelope = kept->row.body = kept->row.body_structure = kept->row.preview = NULL;
  row->content = NULL;
  g_ptr_array_add (batch->rows, kept);
  batch->size_bytes += row->size_bytes;
  return batch->rows->len < batch->max_rows && batch->size_bytes < BATCH_BYTES;
}

GPtrArray *
wd_transfer_batch_read (WdTransfer *self,
                        WdStore *store,
                        const WdId *mailbox,
                        WdUidSet *uids,
                        WdFetchFields fields,
                        GError **error)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (free_row);
  gboolean is_content = (fields & WD_FETCH_CONTENT) != 0;
  Batch batch = { rows, is_content ? BATCH_MESSAGES : BATCH_FLAGS, 0 };

  if (!wd_store_fetch (store, &self->actor, mailbox, uids, fields, 0, keep_row, &batch,
                       self->cancellable, error))
    return NULL;
  if (rows->len > 0)
    wd_uidset_remove_range (uids, 1, ((WdTransferRow *) rows->pdata[rows->len - 1])->row.uid);
  else
    wd_uidset_clear (uids);
  return g_steal_pointer (&rows);
}

gboolean
wd_transfer_batch_learn (WdTransfer *self, const WdId *mailbox, GError **error)
{
  g_autoptr (WdMailboxState) state = wd_store_select_mailbox (self->from, &self->actor, mailbox,
                                                              FALSE, self->cancellable, error);

  if (state == NULL)
    return FALSE;
  for (; self->n_keywords < MIN (state->keywords->len, G_N_ELEMENTS (self->keywords));
       self->n_keywords++)
    {
      const char *names[] = { state->keywords->pdata[self->n_keywords], NULL };

      if (!wd_store_intern_keywords (self->to, &self->actor, mailbox, names, TRUE,
                                     &self->keywords[self->n_keywords], self->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
wd_transfer_batch_map (const WdTransfer *self, WdFlags flags, WdFlags *out_flags)
{
  WdFlags mapped = flags & WD_FLAGS_SYSTEM;

  for (guint i = 0; i < G_N_ELEMENTS (self->keywords); i++)
    if ((flags & WD_FLAG_KEYWORD (i)) != 0)
      {
        if (i >= self->n_keywords)
          return FALSE;
        mapped |= self->keywords[i];
      }
  *out_flags = mapped;
  return TRUE;
}
