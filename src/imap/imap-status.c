// SPDX-License-Identifier: EUPL-1.2
// The table of STATUS items.
#include "config.h"

#include "imap-status.h"

#include <string.h>

#include "imap-name.h"

typedef struct
{
  const char *name;
  guint enables; // WD_IMAP_ENABLED_…
  gboolean (*write) (WdImapSession *session,
                     const WdMailboxInfo *info,
                     GString *out,
                     GError **error);
} Item;

#define NUMBER_ITEM(name, format, value)                                                           \
  static gboolean write_##name (WdImapSession *session, const WdMailboxInfo *info, GString *out,   \
                                GError **error)                                                    \
  {                                                                                                \
    g_string_append_printf (out, "%" format, value);                                               \
    return TRUE;                                                                                   \
  }

NUMBER_ITEM (messages, "u", info->n_messages)
NUMBER_ITEM (recent, "u", info->n_recent)
NUMBER_ITEM (uidnext, "u", info->uidnext)
NUMBER_ITEM (uidvalidity, "u", info->uidvalidity)
NUMBER_ITEM (unseen, "u", info->n_unseen)
NUMBER_ITEM (deleted, "u", info->n_deleted)
NUMBER_ITEM (size, G_GUINT64_FORMAT, info->size_bytes)
NUMBER_ITEM (modseq, G_GUINT64_FORMAT, info->highest_modseq)
NUMBER_ITEM (append_limit,
             G_GUINT64_FORMAT,
             wd_store_get_options (session->server->store)->max_message_size_bytes)

static gboolean
write_mailbox_id (WdImapSession *session, const WdMailboxInfo *info, GString *out, GError **error)
{
  char hex[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (&info->id, hex);
  g_string_append_printf (out, "(%s)", hex);
  return TRUE;
}

static gboolean
add_size (WdMessageRow *row, gpointer user_data)
{
  *(guint64 *) user_data += row->size_bytes;
  return TRUE;
}

// Octets of the messages with \Deleted (RFC 9208 4.1.4). O(deleted messages).
static gboolean
write_deleted_storage (WdImapSession *session,
                       const WdMailboxInfo *info,
                       GString *out,
                       GError **error)
{
  WdStore *store = session->server->store;
  GCancellable *cancellable = wd_imap_session_get_cancellable (session);
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_FLAGS_SET);
  g_autoptr (WdUidSet) uids = NULL;
  guint64 size_bytes = 0;

  expr->flags = WD_FLAG_DELETED;
  if (info->n_deleted > 0
      && (!wd_store_search (store, &session->actor, &info->id, expr, &uids, NULL, cancellable,
                            error)
          || !wd_store_fetch (store, &session->actor, &info->id, uids, WD_FETCH_FLAGS, 0, add_size,
                              &size_bytes, cancellable, error)))
    return FALSE;
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, size_bytes);
  return TRUE;
}

static const Item items[] = {
  { "MESSAGES", 0, write_messages },
  { "RECENT", 0, write_recent },
  { "UIDNEXT", 0, write_uidnext },
  { "UIDVALIDITY", 0, write_uidvalidity },
  { "UNSEEN", 0, write_unseen },
  { "DELETED", 0, write_deleted },
  { "DELETED-STORAGE", 0, write_deleted_storage },
  { "SIZE", 0, write_size },
  { "HIGHESTMODSEQ", WD_IMAP_ENABLED_CONDSTORE, write_modseq },
  { "APPENDLIMIT", 0, write_append_limit },
  { "MAILBOXID", 0, write_mailbox_id },
};

G_STATIC_ASSERT (G_N_ELEMENTS (items) <= 32);

static gboolean
parse_item (WdImapSession *session, WdImapParser *parser, guint *inout_items)
{
  char name[32];

  if (!wd_imap_parse_name (parser, name))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    if (strcmp (items[i].name, name) == 0)
      {
        *inout_items |= 1u << i;
        return TRUE;
      }
  return wd_imap_parse_fail (parser, "Unknown STATUS item");
}

gboolean
wd_imap_status_parse (WdImapSession *session, WdImapParser *parser, guint *out_items)
{
  guint bits = 0;

  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    if (!parse_item (session, parser, &bits))
      return FALSE;
  while (wd_imap_parse_skip (parser, ' '));
  if (!wd_imap_parse_close (parser))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    if ((bits & 1u << i) != 0)
      wd_imap_session_enable (session, items[i].enables);
  *out_items = bits;
  return TRUE;
}

gboolean
wd_imap_status_write (WdImapSession *session, const WdMailboxInfo *info, guint bits, GError **error)
{
  GString *out = wd_imap_session_get_output (session);
  gsize start = out->len;
  const char *separator = "";

  g_string_append (out, "* STATUS ");
  wd_imap_name_append (out, info->path, wd_imap_session_is_utf8 (session));
  g_string_append (out, " (");
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    {
      if ((bits & 1u << i) == 0)
        continue;
      g_string_append_printf (out, "%s%s ", separator, items[i].name);
      separator = " ";
      if (!items[i].write (session, info, out, error))
        {
          g_string_truncate (out, start);
          return FALSE;
        }
    }
  g_string_append (out, ")\r\n");
  return TRUE;
}
